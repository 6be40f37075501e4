"""HTTP/1.1 for httpx over asyncio and a parser in C, read only when somebody asks for more.

httpx's own transport hands each chunk of a stream through h11 and six generators, which was more than half of what a token
cost (docs/adr/0014-model-servers-are-read-at-a-pace.md). Here all that has come is one piece. Between two pieces the socket is left alone:
what comes meanwhile waits in the kernel, where it costs nothing.
"""

import asyncio
import re
import selectors
import ssl
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from socket import SOCK_STREAM
from typing import cast

import httptools
import httpx
from aiohappyeyeballs import start_connection

_MAX_HEAD_BYTES = 256 * 1024
_MAX_IDLE = 20  # connections kept to one server
_NEXT_ADDRESS_SECONDS = 0.25  # after which a host's next address is tried as well
_ILLEGAL = re.compile(rb"[\r\n\0]")
# What other clients read, and what some servers send. Nothing can be smuggled past the one reader of a connection.
_LENIENCIES = {
    "lenient_headers": True,
    "lenient_chunked_length": True,
    "lenient_optional_lf_after_cr": True,
    "lenient_optional_cr_before_lf": True,
    "lenient_optional_crlf_after_chunk": True,
    "lenient_spaces_after_chunk_size": True,
    "lenient_data_after_close": True,
}

_Place = tuple[str, str, int]  # scheme, host, port


class PacedTransport(httpx.AsyncBaseTransport):
    """Sends requests of one ``httpx.AsyncClient``; knows no proxies.

    Args:
        keepalive_seconds: How long a connection that nobody uses is kept for the next request.
    """

    def __init__(self, *, keepalive_seconds: float) -> None:
        self._keepalive_seconds = keepalive_seconds
        self._idle: defaultdict[_Place, list[_Connection]] = defaultdict(list)
        self._all: set[_Connection] = set()
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; return when the head of the response is here.

        Raises:
            httpx.TransportError: As httpx's own transport does.
        """
        body = await request.aread()
        head = _head_of(request, len(body))
        waits = request.extensions.get("timeout", {})
        place = _place_of(request.url)
        connection = self._take_idle(place) or await self._connect(place, waits.get("connect"))
        try:
            connection.send(head + body, has_body=request.method != "HEAD")
            async with asyncio.timeout(waits.get("read")):
                await connection.head()
        except TimeoutError as error:
            connection.abort()
            raise httpx.ReadTimeout("The server took too long to answer.") from error
        except BaseException:
            connection.abort()
            raise
        return httpx.Response(
            connection.status,
            headers=connection.headers,
            stream=_Body(self, place, connection, waits.get("read")),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": connection.reason},
        )

    def release(self, place: _Place, connection: "_Connection") -> None:
        """Keep a connection for the next request, or close one that cannot serve it."""
        idle = self._idle[place]
        if connection.reusable and len(idle) < _MAX_IDLE:
            idle.append(connection)
            connection.rest(self._keepalive_seconds)
        else:
            connection.abort()

    async def aclose(self) -> None:
        """Close every connection, also those in use."""
        for connection in list(self._all):
            connection.abort()
        self._idle.clear()

    def _take_idle(self, place: _Place) -> "_Connection | None":
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            if connection.wake():
                return connection
        return None

    async def _connect(self, place: _Place, seconds: float | None) -> "_Connection":
        scheme, host, port = place
        loop = asyncio.get_running_loop()
        connection = _Connection(self._all.discard)
        tls = self._tls_context() if scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                addresses = await loop.getaddrinfo(host, port, type=SOCK_STREAM)
                socket = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS)
                try:
                    await loop.create_connection(
                        lambda: connection, sock=socket, ssl=tls, server_hostname=host if tls else None
                    )
                except BaseException:
                    socket.close()
                    raise
        except TimeoutError as error:
            raise httpx.ConnectTimeout("The connection timed out.") from error
        # A fault of TLS is an OSError, a name that no host can have a UnicodeError.
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error
        self._all.add(connection)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


class _Body(httpx.AsyncByteStream):
    """The body of one response: pieces of what has come; the connection goes back when all of it was read."""

    def __init__(
        self, pool: PacedTransport, place: _Place, connection: "_Connection", seconds: float | None
    ) -> None:
        self._pool = pool
        self._place = place
        self._connection: _Connection | None = connection
        self._seconds = seconds

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        connection = self._connection
        if connection is None:
            return
        while True:
            try:
                if self._seconds is None:
                    piece = await connection.piece()
                else:
                    async with asyncio.timeout(self._seconds):
                        piece = await connection.piece()
            except TimeoutError as error:
                raise httpx.ReadTimeout("The server stopped in mid-answer.") from error
            if not piece:
                return
            yield piece

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(self._place, connection)


class _Connection(asyncio.Protocol):
    """One connection, and the response that is read from it. It reads while somebody waits, and no more."""

    def __init__(self, on_lost: "Callable[[_Connection], None]") -> None:
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_LENIENCIES)
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._has_head = False
        self._until_close = False
        self._pieces: list[bytes] = []
        self._complete = False
        self._has_body = True
        self._keeps_alive = False
        self._error: httpx.TransportError | None = None

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._timer is not None or self._complete:  # nobody has asked for anything
            self.abort()
            return
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keeps_alive = False
            if not self._complete:
                self._fail(httpx.RemoteProtocolError(str(error)))
        if not self._has_head and self._head_bytes > _MAX_HEAD_BYTES:
            self._fail(httpx.RemoteProtocolError("The response has headers without end."))
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._keeps_alive = False
        self._on_lost(self)
        if self._until_close and exc is None:
            self._complete = True
        elif not self._complete and exc is not None:
            self._fail(httpx.ReadError(str(exc) or type(exc).__name__))
        elif not self._complete:
            said = (
                "peer closed connection without sending complete message body"
                if self._has_head
                else "Server disconnected without sending a response."
            )
            self._fail(httpx.RemoteProtocolError(said))
        self._wake()

    # What the parser calls; what follows a whole response belongs to no request.

    def on_message_begin(self) -> None:
        if self._complete:
            self._keeps_alive = False

    def on_status(self, status: bytes) -> None:
        if not self._complete:
            self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._complete:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self.status = self._parser.get_status_code()
        self._keeps_alive = self._parser.should_keep_alive()
        names = {name.lower() for name, _value in self.headers}
        self._until_close = not names & {b"content-length", b"transfer-encoding"}
        self._has_head = self.status >= 200
        if self._has_head and not self._has_body:
            self._complete, self._keeps_alive = True, False

    def on_body(self, body: bytes) -> None:
        if not self._complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._has_head:
            self._complete = True
        else:  # a sign of life such as 100 or 103: the response is still to come
            self.status, self.reason, self.headers = 0, b"", []

    # What the reader calls.

    def send(self, request: bytes, *, has_body: bool) -> None:
        self._has_body = has_body
        if self._transport is not None:
            self._transport.write(request)

    async def head(self) -> None:
        """Wait until status and headers are known."""
        while not self._has_head:
            await self._more()
        self._pause()

    async def piece(self) -> bytes:
        """Return all of the body that has come and was not returned yet, waiting for some; nothing at the end."""
        while not self._pieces:
            if self._complete:
                return b""
            await self._more()
        self._pause()
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        if self._transport is None:
            raise httpx.ReadError("The connection is closed.")
        self._transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _pause(self) -> None:
        if self._transport is not None and not self._complete:
            self._transport.pause_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: httpx.TransportError) -> None:
        self._error = self._error or error
        self._keeps_alive = False

    # What the pool calls.

    @property
    def reusable(self) -> bool:
        """Whether another request can be sent."""
        return self._complete and self._keeps_alive and self._transport is not None and not self._pieces

    def rest(self, seconds: float) -> None:
        """Wait for the next request, so long at most; the server may hang up meanwhile."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def wake(self) -> bool:
        """Get ready for another request; False when the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        alive = (
            self._transport is not None
            and not self._transport.is_closing()
            and self._is_quiet(self._transport)
        )
        if not alive:
            self.abort()
        self._reset()
        return alive

    @staticmethod
    def _is_quiet(transport: asyncio.Transport) -> bool:
        """Whether nothing waits to be read: the loop may not have seen yet that the server has hung up."""
        with selectors.DefaultSelector() as selector:
            selector.register(transport.get_extra_info("socket").fileno(), selectors.EVENT_READ)
            return not selector.select(0)

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self._timer is not None:
            self._timer.cancel()
        self._until_close = False  # it is not the server that ends here
        if self._transport is not None:
            self._transport.abort()


def _place_of(url: httpx.URL) -> _Place:
    if url.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"{url.scheme}:// is no address of a web server.")
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _head_of(request: httpx.Request, size: int) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % pair for pair in request.headers.raw if pair[0].lower() != b"transfer-encoding"]
    if "transfer-encoding" in request.headers:  # its length was not known, and is now
        lines.append(b"Content-Length: %d" % size)
    if any(_ILLEGAL.search(line) for line in lines):
        raise httpx.LocalProtocolError("A header or the address has a character that none may have.")
    return b"\r\n".join([*lines, b"", b""])
