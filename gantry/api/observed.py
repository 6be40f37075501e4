"""Every request is counted, has an id, and leaves a line in the access log if that is wanted.

The outermost layer, outside the guard: what the guard refuses is seen, too. Nothing but the route's template, the
method and the status becomes a label; nothing of the query, the headers or the body is looked at, but for the id that
the proxy in front may have given.
"""

import logging
import re
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gantry.api.origins import header_values
from gantry.domain.telemetry import Open, RequestReport, Telemetry
from gantry.log import ACCESS, current_log_context, log_context
from gantry.runtime import services

REQUEST_ID = b"x-request-id"
UNSEEN = frozenset({"/health", "/ready", "/metrics"})  # asked every few seconds, by machines
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SOCKETS = {"/_event": Open.TAB, "/_event/": Open.TAB, "/api/v1/feed": Open.FEED}
_MOST_PATH_CHARACTERS = 500

log = logging.getLogger(ACCESS)


class Observed:
    """ASGI middleware; the services must be installed while it serves."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        with log_context(request=request_id):
            exchange = _Exchange(scope, send, request_id, services().operations.telemetry)
            try:
                await self.app(scope, receive, exchange.send)
            finally:
                exchange.end()


class _Exchange:
    """One request or websocket, from its first byte to its last."""

    def __init__(self, scope: Scope, send: Send, request_id: str, telemetry: Telemetry) -> None:
        self._scope = scope
        self._send = send
        self._id = (REQUEST_ID, request_id.encode("ascii"))
        self._telemetry = telemetry
        self._begun = perf_counter()
        self._status = 500  # unless something better is said
        self._bytes = 0
        self._endless = scope["type"] == "websocket"
        self._open: AbstractContextManager[None] = nullcontext()

    async def send(self, message: Message) -> None:
        """Pass *message* on, with the request's id where it has headers."""
        kind = message["type"]
        if kind == "http.response.body":
            self._bytes += len(message.get("body", b""))
        elif kind == "websocket.send":
            self._bytes += len(message.get("bytes") or message.get("text") or "")
        else:
            message = self._begin(message)
        await self._send(message)

    def _begin(self, message: Message) -> Message:
        """Note how the response begins."""
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self._status = message["status"]
                if _is_event_stream(message):
                    self._endless = True
                    self._count_as(Open.EVENT_STREAM)
            case "websocket.accept":
                self._status = 101
                what = _SOCKETS.get(self._scope["path"])
                if what is not None:
                    self._count_as(what)
            case "websocket.close" if self._status != 101:
                self._status = 403  # what servers answer to a handshake that is refused
                return message
            case _:
                return message
        return {**message, "headers": [*message.get("headers", []), self._id]}

    def _count_as(self, what: Open) -> None:
        self._open = self._telemetry.opened(what)
        self._open.__enter__()

    def end(self) -> None:
        """Count the request and log it."""
        seconds = perf_counter() - self._begun
        self._open.__exit__(None, None, None)
        if self._scope["path"] in UNSEEN:
            return
        method = self._scope.get("method", "WEBSOCKET")
        known = method if method in _METHODS or self._scope["type"] == "websocket" else "other"
        route = self._route()
        report = RequestReport(known, route, self._status, None if self._endless else seconds)
        self._telemetry.request(report)
        if log.isEnabledFor(logging.INFO):
            log.info("request.finished", extra=self._line(method, route, seconds))

    def _route(self) -> str:
        """Return the route's template; paths themselves are anybody's to make up."""
        if self._scope["type"] == "websocket":
            path = self._scope["path"].rstrip("/")
            return path if path in _SOCKETS else "none"
        route = self._scope.get("route")
        template = getattr(route, "path_format", None) or getattr(route, "path", None)
        if template:
            return template
        return "pages" if "endpoint" in self._scope else "none"

    def _line(self, method: str, route: str, seconds: float) -> dict[str, Any]:
        client = self._scope.get("client")
        line: dict[str, Any] = {
            "method": method[:20],
            "path": _path(self._scope),
            "route": route,
            "status": self._status,
            "duration_ms": round(seconds * 1000, 1),
            "bytes": self._bytes,
            "client": client[0] if client else "",
        }
        generation = self._scope.get("path_params", {}).get("generation_id")
        if generation is not None and "generation" not in current_log_context():
            line["generation"] = str(generation)[:36]
        return line


def _request_id(scope: Scope) -> str:
    """Return the id that the proxy gave the request if it looks like one, else a new one."""
    given = header_values(scope, REQUEST_ID)
    return given[0] if len(given) == 1 and _SANE_ID.fullmatch(given[0]) else uuid4().hex


def _path(scope: Scope) -> str:
    """Return the path as it was sent, still encoded, without the query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("ascii", "backslashreplace")[:_MOST_PATH_CHARACTERS]


def _is_event_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", [])
    )
