"""The OpenAPI document, and a page that shows it.

The page is Swagger UI, whose files a package holds: nothing comes from another host. That package's code is not imported.
"""

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import orjson
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from gantry.api.described import OPEN
from gantry.api.frontend import accepts_gzip, matches_etag
from gantry.api.policy import inline_script_hashes
from gantry.api.refusals import refusals

router = APIRouter(prefix="/api/v1", tags=["operations"])
_PACKAGE = "fastapi_swagger"
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gantry: API</title>
<link rel="icon" href="/favicon.ico">
<link rel="stylesheet" href="docs/swagger-ui.css">
<style>
body { margin: 0; background: #faf9f5 }
.dark-mode body { background: #262624 }
</style>
</head>
<body>
<main id="docs"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script>
let theme;
try { theme = localStorage.theme } catch {}
const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.classList.toggle("dark-mode", dark);
SwaggerUIBundle({ url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
</script>
</body>
</html>
"""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        " ".join(("script-src 'self'", *sorted(inline_script_hashes(_PAGE)))),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Something that stays as it is while the process lives."""

    content: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, content: bytes) -> "_Kept":
        packed = gzip.compress(content, 6, mtime=0)
        return cls(content, packed, hashlib.blake2b(content, digest_size=12).hexdigest())


@router.get(
    "/openapi.json",
    operation_id="get_openapi",
    openapi_extra=OPEN,
    responses=refusals(421)
    | {200: {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}},
    response_class=Response,
)
async def get_openapi(request: Request) -> Response:
    """Return this document."""
    return _sent(request, await asyncio.to_thread(_document, request.app), "application/json")


@router.get("/docs", operation_id="read_docs", include_in_schema=False)  # a page, for people
async def read_docs() -> Response:
    """Show the OpenAPI document."""
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return Response(_PAGE, media_type="text/html", headers=headers)


@router.get("/docs/{name}", operation_id="read_docs_file", include_in_schema=False)
async def read_docs_file(
    request: Request, name: Literal["swagger-ui-bundle.js", "swagger-ui.css"]
) -> Response:
    """Return a file of that page."""
    return _sent(request, await asyncio.to_thread(_file, name), _KINDS[Path(name).suffix])


@cache
def _document(api: FastAPI) -> _Kept:
    return _Kept.of(orjson.dumps(api.openapi()))


@cache
def _file(name: str) -> _Kept:
    found = find_spec(_PACKAGE)
    assert found is not None and found.origin is not None  # noqa: S101, PT018 - requirements.txt
    return _Kept.of((Path(found.origin).parent / "resources" / name).read_bytes())


def _sent(request: Request, kept: _Kept, media_type: str) -> Response:
    packed = accepts_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{kept.etag}{"-gz" if packed else ""}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if matches_etag(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(kept.packed if packed else kept.content, headers=headers, media_type=media_type)
