"""What one connection may cost before anybody has signed in.

uvicorn bounds neither the size of a request's headers nor the time they take: a few connections could hold all memory
and every file descriptor. A proxy in front has limits of its own; on one port there is none.
"""

import asyncio
import logging
import resource
from dataclasses import dataclass, replace
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gantry.domain.crowd import Crowd
from gantry.thrift import give_back_memory, quick_imports

_SPARE_FILES = 200  # for the database, model servers, Redis, documents
_MOST_FILES = 65_536
_PIECE_BYTES = 16_384  # of what is parsed at once while headers may come

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for connections.

    Attributes:
        header_bytes: Of a request's first line and headers together, and of what follows a body.
        headers: How many a request may have.
        header_seconds: From the connection, or a request's first byte, until its headers are there.
        body_seconds: How long a body may stand still.
        connections: At the same time, in this process.
        connections_per_address: Of them from one address (a /64 of IPv6) that is no trusted proxy's; 0 for no limit.
    """

    header_bytes: int = 32_768
    headers: int = 100
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    connections: int = 5_000
    connections_per_address: int = 500


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, with our limits."""

    def __init__(self, app: Any, *, limits: Limits | None = None, **options: Any) -> None:
        self.limits = limits or Limits()
        super().__init__(app, http=BoundedHttp, ws=BoundedSocket, **options)
        self.crowd = Crowd(
            self.limits.connections,
            each=self.limits.connections_per_address,
            proxies=str(options.get("forwarded_allow_ips") or ""),
        )

    def load(self) -> None:
        """Import the application; each process that serves comes through here."""
        give_back_memory()
        with quick_imports():
            super().load()


class _TooMuchError(Exception):
    """Raised inside the parser's callbacks; the parser turns it into an error of its own."""


class BoundedSocket(WebSocketsSansIOProtocol):
    """A websocket that gives its place back."""

    config: ServerConfig
    place: str | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the crowd."""
        super().connection_lost(exc)
        if self.place is not None:
            self.config.crowd.leave(self.place)
            self.place = None


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits for headers, for waiting, and for how many there are."""

    config: ServerConfig

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = self.config.limits
        self._place: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in_headers = self._in_body = self._handed_on = self._told = False
        self._heard_at = 0.0
        self._silent = 0  # bytes since the parser last had something complete to tell
        self._size = 0
        self._refused = 0

    # the connection

    def connection_made(self, transport: Any) -> None:
        """Take a place, or say that there is none."""
        super().connection_made(transport)
        self._place = self.config.crowd.enter(self.client[0] if self.client else "")
        if self._place is None:
            log.warning("connection.refused", extra={"address": self.client[0] if self.client else ""})
            self._answer(503, "Too many connections.")
            return
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._stop_waiting()
        if self._place is not None:
            self.config.crowd.leave(self._place)
            self._place = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is too much of what has no end yet."""
        if self._in_body:
            self._parse(data)
            return
        for begin in range(0, len(data), _PIECE_BYTES):
            self._parse(data[begin : begin + _PIECE_BYTES])

    def _parse(self, data: bytes) -> None:
        if self._handed_on or self.transport.is_closing():
            return
        self._silent += len(data)
        self._heard_at = self.loop.time()
        self._told = False
        super().data_received(data)
        if self._silent > self._limits.header_bytes:
            self._too_much()
        elif self._timer is None and not (self._in_body or self._handed_on or self.transport.is_closing()):
            self._wait_for_what_follows()

    def _wait_for_what_follows(self) -> None:
        if (
            self._in_headers or not self._told
        ):  # empty lines begin nothing, and must not keep a connection open
            self._wait_for_headers()
        elif self.cycle.response_complete and self.timeout_keep_alive_task is None:
            # The response was there before the end of the request, and uvicorn has begun to wait too early.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def handle_websocket_upgrade(self) -> None:
        """Hand the place on with the connection."""
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, BoundedSocket):
            protocol.place, self._place = self._place, None
        self._handed_on = True
        self._stop_waiting()

    # what the parser tells

    def on_message_begin(self) -> None:
        """Start counting a request."""
        super().on_message_begin()
        self._silent = self._size = 0
        self._in_headers = self._told = True

    def on_url(self, url: bytes) -> None:
        """Count it."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count it; what follows a body counts as well."""
        self._count(len(name) + len(value) + 4)
        if len(self.headers) >= self._limits.headers:
            self._refused = 431
            raise _TooMuchError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the body now."""
        self._silent = 0
        self._in_headers, self._in_body = False, True
        self._stop_waiting()
        super().on_headers_complete()
        self._timer = self.loop.call_later(self._limits.body_seconds, self._body_is_late)

    def on_body(self, body: bytes) -> None:
        """Note that something came."""
        self._silent = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing until the next request begins."""
        self._silent = 0
        self._in_body, self._told = False, True
        self._stop_waiting()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Say what was too much, or that the request cannot be read."""
        if self.transport.is_closing():
            return
        if self._refused:
            self._too_much()
        else:
            super().send_400_response(msg)

    # the pieces

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._limits.header_bytes:
            self._refused = 431
            raise _TooMuchError

    def _too_much(self) -> None:
        if not self.transport.is_closing():
            log.warning("request.headers_refused", extra={"address": self.client[0] if self.client else ""})
            self._answer(431, "The headers of a request may have 32 KB and 100 lines.")

    def _answer(self, status: int, sentence: str) -> None:
        """Answer outside any request, and hang up."""
        answering = (
            self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        )
        if not answering:
            text = sentence.encode("ascii")
            head = (
                b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(STATUS_LINE[status] + head % len(text) + text)
        self._stop_waiting()
        self.transport.close()

    def _wait_for_headers(self) -> None:
        self._timer = self.loop.call_later(self._limits.header_seconds, self._headers_are_late)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _headers_are_late(self) -> None:
        self._timer = None
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy:  # else the next request of a pipeline is early, not late
            self.transport.close()

    def _body_is_late(self) -> None:
        """Hang up on a body that stands still; one that is not read, because the disk is slow, does not."""
        self._timer = None
        left = self._heard_at + self._limits.body_seconds - self.loop.time()
        if self.flow.read_paused:
            left = self._limits.body_seconds
        if left > 0:
            self._timer = self.loop.call_later(left, self._body_is_late)
        else:
            self.transport.close()


def allow_files(limits: Limits) -> Limits:
    """Raise this process's limit of open files as far as the system lets it; return *limits* that fit into it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft == resource.RLIM_INFINITY:
        return limits
    return replace(limits, connections=max(50, min(limits.connections, soft - _SPARE_FILES)))
