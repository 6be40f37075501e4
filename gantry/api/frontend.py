"""The exported front end, served by the backend process when there is no Caddy in front."""

import asyncio
import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Mount
from starlette.types import Receive, Scope, Send

from gantry.api.problems import NO_ADDRESS, problem

_FALLBACK = "/__spa-fallback.html"
_NOT_FOUND = "/404.html"
_PROGRAMS = ("/api/", "/v1/")  # paths that only programs ask for
_MACHINES = frozenset({"/health", "/ready", "/metrics", "/mcp"})
SHARED, NOT_LISTED = (
    "/s/",
    "noindex, nofollow, noarchive",
)  # links to conversations are for those who have them
_READING = frozenset({"GET", "HEAD"})
_FOREVER = "public, max-age=31536000, immutable"  # names under /assets/ contain a hash of the content
_REVALIDATE = "no-cache"
_KINDS = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".html": "text/html",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".ico": "image/x-icon",
}


@dataclass(frozen=True, slots=True)
class _File:
    """One built file; ``packed`` is its gzip twin when the build wrote one."""

    path: Path
    packed: Path | None
    etag: str
    kind: str


class Rest(Mount):
    """What is left over for the front end.

    Not the addresses of programs: the API answers also those that it does not have, or not with that method.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave a request to the API if it is for a program."""
        if scope["type"] == "http" and (scope["path"] in _MACHINES or scope["path"].startswith(_PROGRAMS)):
            return Match.NONE, {}
        return super().matches(scope)


class Frontend:
    """ASGI application over the files that existed when it was made.

    Only names found then are served, so no path can lead outside the folder.

    Args:
        root: The folder of the build; missing means that everything is a 404.
        is_page: Whether a path (``/c/17``) is one of the application's routes.
    """

    def __init__(self, root: Path, is_page: Callable[[str], bool]) -> None:
        self._files = {f"/{path.relative_to(root).as_posix()}": _described(path) for path in _served(root)}
        self._is_page = is_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        response = await self._respond(scope)
        await response(scope, receive, send)

    async def _respond(self, scope: Scope) -> Response:
        path = scope["path"]
        if path.startswith(_PROGRAMS):
            return problem(404, "not-found", NO_ADDRESS)
        name, status = self._resolve(path)
        if name not in self._files or (status == 404 and scope["method"] not in _READING):
            return PlainTextResponse("Not found\n", 404)
        if scope["method"] not in _READING:
            return PlainTextResponse("Method not allowed\n", 405, {"Allow": "GET, HEAD"})
        return await _answer(self._files[name], status, path, Headers(scope=scope))

    def _resolve(self, path: str) -> tuple[str, int]:
        """Return the name of the file to send, and the status to send it with."""
        if path.startswith("/assets/"):  # a missing chunk must not be answered with a page
            return path, 200
        if path in self._files and not path.endswith(".html"):
            return path, 200
        if not self._is_page(path):
            return _NOT_FOUND, 404
        page = path.rstrip("/")
        for name in (f"{page}.html" if page else "/index.html", f"{page}/index.html"):
            if name in self._files:
                return name, 200
        return _FALLBACK, 200


def _served(root: Path) -> list[Path]:
    return [path for path in root.glob("**/*") if path.is_file() and path.suffix != ".gz"]


def _described(path: Path) -> _File:
    packed = path.with_name(f"{path.name}.gz")
    digest = hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(path, packed if packed.is_file() else None, digest, kind)


async def _answer(file: _File, status: int, path: str, asked: Headers) -> Response:
    packed = file.packed if file.packed and accepts_gzip(asked.get("accept-encoding", "")) else None
    etag = f'"{file.etag}{"-gz" if packed else ""}"'
    headers = {
        "etag": etag,
        "cache-control": _FOREVER if path.startswith("/assets/") else _REVALIDATE,
        "vary": "Accept-Encoding",
    }
    if status == 200 and matches_etag(etag, asked.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if path.startswith(SHARED):
        headers["x-robots-tag"] = NOT_LISTED
    if packed:
        headers["content-encoding"] = "gzip"
    content = await asyncio.to_thread((packed or file.path).read_bytes)
    return Response(content, status, headers, media_type=file.kind)


def accepts_gzip(accepted: str) -> bool:
    """Whether *accepted*, an ``Accept-Encoding``, allows gzip."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def matches_etag(etag: str, wanted: str) -> bool:
    """Whether *wanted*, an ``If-None-Match``, names *etag*."""
    return wanted.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in wanted.split(","))
