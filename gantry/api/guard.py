"""The guard in front of everything a browser or program can reach.

It stands outside Reflex, the API and the static files, so none of them can forget it:

- it answers only to its own names, so that no foreign site can pass for this one (DNS rebinding);
- a websocket is opened only by a page of this very site, at Reflex's one address or in the API;
- a request that changes something comes from a page of this site, or carries no cookie that could be abused;
- what a proxy in front does not pass on is noticed, and told apart from a foreign site;
- a front end that is served elsewhere, and that the operator has named, may do what this site's own pages may;
- bodies are bounded, and every response carries the security headers;
- query strings of the websocket, which carry the tab's token, never reach an access log;
- when the process is told to stop, open event streams end cleanly instead of being cut.
"""

import asyncio
import logging
import sys
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gantry.api.cross_origin import is_preflight, opened, permission
from gantry.api.forwarding import IN_SCOPE, Gaps, lost_its_upgrade
from gantry.api.openai.errors import PROGRAMS, error_body
from gantry.api.origins import OriginRule, header_values
from gantry.api.problems import NO_ADDRESS, problem
from gantry.domain.crowd import Crowd
from gantry.domain.forwarding import UPGRADE, Gap
from gantry.domain.hosts import HostNames
from gantry.domain.messages import _
from gantry.domain.programs import MAX_PROGRAM_BODY_BYTES
from gantry.languages import chosen, translated

_EVENT = "/_event"
_API = "/api/"
MAX_BODY_BYTES = 1_000_000
UPLOAD_PATH = "/api/v1/documents"  # the routes that take files; they count them themselves
IMPORT_PATH = "/api/v1/imports"
NOT_A_PAGE = b"default-src 'none'; frame-ancestors 'none'"
WORKER_PATH = "/sw.js"  # what it fetches is governed by the policy it came with itself
WORKER = b"default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
ANOTHER_SITE = _(
    "These pages and their backend are on different sites, and browsers do not keep a session between sites. "
    "Serve both under one domain, like chat.example.com and api.example.com, both with https."
)
ANOTHER_ORIGIN = _("This request came from another site.")
UNKNOWN_HOST = _("Gantry may not be used under this host name.")
UNKNOWN_HOST_ADVICE = _("An administrator can add it to ALLOWED_HOSTS.")
_FOR_MACHINES = frozenset({"/health", "/ready"})  # nothing private, and asked by whatever name a monitor has
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_COMMON_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(self), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
)
_Headers = list[tuple[bytes, bytes]]

log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware; the outermost one.

    Args:
        app: What is guarded.
        page_policy: The Content-Security-Policy of HTML responses (see ``policy.page_policy``).
        origins: How origins are compared.
        upload_bytes: How large the body of an upload may be.
        import_bytes: The same of an export to be imported.
        names: The names it answers to; any, if not given.
        sockets: Counts websockets by the address that a trusted proxy names; the server counts connections.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        page_policy: str,
        origins: OriginRule | None = None,
        upload_bytes: int = MAX_BODY_BYTES,
        import_bytes: int = MAX_BODY_BYTES,
        names: HostNames | None = None,
        sockets: Crowd | None = None,
    ) -> None:
        self.app = app
        self._names = names or HostNames(["*"], [])
        self._sockets = sockets or Crowd(sys.maxsize, each=0)
        self.uploads = {UPLOAD_PATH: upload_bytes, IMPORT_PATH: import_bytes}
        self.page_policy = page_policy.encode("ascii")
        self.origins = origins or OriginRule()
        self.gaps = Gaps()
        self._streams: set[_Exchange] = set()
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        scope[IN_SCOPE] = self.gaps
        if scope["type"] == "http":
            exchange = _Exchange(self, scope, receive, send)
            try:
                await exchange.run()
            finally:
                self._streams.discard(exchange)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def is_named(self, scope: Scope) -> bool:
        """Whether the request is for one of our names; programs of old give none, browsers always do."""
        hosts = header_values(scope, b"host")
        return not hosts or (len(hosts) == 1 and self._names.includes(hosts[0]))

    def note_gaps(self, scope: Scope) -> Gap | None:
        """Notice what a proxy did not pass on with a request of a page; returns what is wrong with its Host."""
        gap, certain = self.origins.gap(scope)
        if gap:
            self.gaps.note(gap, scope, certain=certain)
        elif self.origins.is_allowed(scope):
            self.gaps.note_client(scope)
        return gap

    def follow(self, exchange: "_Exchange") -> None:
        """Remember that *exchange* sends an event stream, which has no end of its own."""
        self._streams.add(exchange)
        if self._draining:
            exchange.end()

    def drain(self) -> None:
        """End every event stream, now and from now on; their readers reconnect elsewhere, or after the restart."""
        self._draining = True
        for exchange in self._streams:
            exchange.end()

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        address = client[0] if client else ""
        place = self._sockets.enter(address) if self._handshake_allowed(scope) else None
        if place is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before accept: the server answers 403
            return
        inner = dict(scope)
        scope["query_string"] = b""  # servers log from their own scope
        try:
            await self.app(inner, receive, send)
        finally:
            self._sockets.leave(place)

    def _handshake_allowed(self, scope: Scope) -> bool:
        if not self.is_named(scope):
            return False
        self.note_gaps(scope)
        if not self.origins.is_allowed(scope):
            return False
        if scope["path"].startswith(_API):
            return True
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return is_event_path(scope["path"]) and query.get("transport") == ["websocket"]


class _Exchange:
    """One HTTP request and its response."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard = guard
        self._scope = scope
        self._receive = receive
        self._send = send
        self._front_end = guard.origins.front_end(scope)
        takes_files = scope["method"] == "POST" and scope["path"] in guard.uploads
        self._for_program = scope["path"].startswith(PROGRAMS)
        usual = MAX_PROGRAM_BODY_BYTES if self._for_program else MAX_BODY_BYTES
        self._limit = guard.uploads[scope["path"]] if takes_files else usual
        self._received = 0
        self._started = False
        self._ended = False
        self._cut = False
        self._gap: Gap | None = None
        self._task = asyncio.current_task()

    async def run(self) -> None:
        """Refuse the request, or pass it on."""
        scope = self._scope
        if scope["path"] not in _FOR_MACHINES and not self._guard.is_named(scope):
            log.warning("host.refused", extra={"host": ", ".join(header_values(scope, b"host"))})
            await self._refuse(421, "unknown-host", UNKNOWN_HOST, advice=UNKNOWN_HOST_ADVICE)
        elif self._front_end and is_preflight(scope):
            await self._answer(permission())
        elif self._front_end and header_values(scope, b"sec-fetch-site") == ["cross-site"]:
            await self._refuse(403, "another-site", ANOTHER_SITE)
        elif scope["method"] not in _SAFE_METHODS and not self._may_change():
            await self._refuse_origin()
        elif lost_its_upgrade(scope):
            self._guard.gaps.note(UPGRADE, scope)
            await self._refuse(426, "no-upgrade", UPGRADE.sentence, advice=UPGRADE.advice)
        elif "//" in scope["path"] or any(each < " " for each in scope["path"]):
            await self._refuse(404, "not-found", NO_ADDRESS)
        elif _declared_length(scope) > self._limit:
            await self._refuse_size()
        else:
            await self._pass_on()

    def end(self) -> None:
        """End the response where it is, as if the application had nothing more to say."""
        if self._task and not self._ended:
            self._cut = True
            self._task.cancel()

    async def _pass_on(self) -> None:
        try:
            await self._guard.app(self._scope, self._counted_receive, self._guarded_send)
        except asyncio.CancelledError:
            if not (self._cut and self._task):
                raise
            self._task.uncancel()
        # Frameworks may also swallow the cancellation and return.
        if self._cut and not self._ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _counted_receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                # The application sees an early end and answers what it likes; the client is told the reason.
                return {"type": "http.request", "body": b"", "more_body": False}
        return message

    async def _guarded_send(self, message: Message) -> None:
        if self._received > self._limit:
            if not self._started:
                await self._refuse_size()
            return
        if message["type"] == "http.response.start":
            self._started = True
            headers = self._with_security(message.get("headers", []), status=message["status"])
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            self._ended = not message.get("more_body", False)
        await self._send(message)

    def _with_security(self, headers: _Headers, *, status: int) -> _Headers:
        present = {name.lower(): value for name, value in headers}
        kind = present.get(b"content-type", b"")
        if kind.startswith(b"text/event-stream"):
            self._guard.follow(self)
        added = [pair for pair in _COMMON_HEADERS if pair[0] not in present]
        # Headers of a 304 replace those the browser stored with the page: the page keeps the policy it came with.
        if status != 304 and b"content-security-policy" not in present:
            added.append((b"content-security-policy", self._policy(kind)))
        headers = [*headers, *added]
        return opened(headers, self._front_end) if self._guard.origins.front_ends else headers

    def _policy(self, kind: bytes) -> bytes:
        if kind.startswith(b"text/html"):
            return self._guard.page_policy
        return WORKER if self._scope["path"] == WORKER_PATH else NOT_A_PAGE

    def _may_change(self) -> bool:
        self._gap = self._guard.note_gaps(self._scope)
        return self._guard.origins.may_change(self._scope)

    async def _refuse_origin(self) -> None:
        gap = self._gap
        if gap is None:
            await self._refuse(403, "foreign-origin", ANOTHER_ORIGIN)
        elif header_values(self._scope, b"sec-fetch-site"):
            await self._refuse(403, "foreign-origin", gap.sentence, advice=gap.advice)
        else:
            # The browser does not say which it is.
            either = _("This request came from another site, or: {why}", why=gap.sentence)
            await self._refuse(403, "foreign-origin", either, advice=gap.advice)

    async def _refuse_size(self) -> None:
        await self._refuse(
            413, "too-large", _("A request may carry at most {limit} bytes.", limit=self._limit)
        )

    async def _refuse(self, status: int, kind: str, sentence: str, *, advice: str = "") -> None:
        if self._for_program:
            told = error_body(status, f"{sentence} {advice}".strip(), code=kind.replace("-", "_"))
            response = JSONResponse(told, status)
        else:
            language = chosen("", ", ".join(header_values(self._scope, b"accept-language")))
            response = problem(
                status, kind, translated(sentence, language), advice=translated(advice, language)
            )
        # What is left of the request's body is not read: the connection cannot be used again.
        response.raw_headers.append((b"connection", b"close"))
        await self._answer(response)

    async def _answer(self, response: Response) -> None:
        self._started = True
        response.raw_headers = self._with_security(response.raw_headers, status=response.status_code)
        await response(self._scope, self._receive, self._send)


def is_event_path(path: str) -> bool:
    """Whether *path* is where Reflex takes its websocket."""
    return path in {_EVENT, f"{_EVENT}/"}


def _declared_length(scope: Scope) -> int:
    return max((int(text) for text in header_values(scope, b"content-length") if text.isdecimal()), default=0)
