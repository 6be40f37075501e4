"""What a connection may cost before anybody has signed in: headers, time, and how many there are."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from gantry.serving_limits import Limits, ServerConfig, allow_files
from tests.parts.ports import free_port

PATIENCE = 5.0


async def _read_body(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())}")


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.receive()


@asynccontextmanager
async def bounded(limits: Limits, trusted: str = "10.0.0.1") -> AsyncGenerator[int]:
    """Serve a small application as Gantry is served; yields the port."""
    app = Starlette(
        routes=[Route("/", _read_body, methods=["GET", "POST"]), WebSocketRoute("/socket", _echo)]
    )
    port = free_port()
    config = ServerConfig(
        app,
        limits=limits,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="off",
        forwarded_allow_ips=trusted,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


async def said(port: int, *pieces: bytes) -> bytes:
    """Send *pieces*, and return all that is said until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
TOO_MUCH = {
    "one long header": (REQUEST + b"X: " + b"a" * 40_000 + b"\r\n\r\n",),
    "one header without an end": (REQUEST + b"X: ", *[b"a" * 10_000] * 5),
    "many headers": (REQUEST + b"".join(b"X-%d: 1\r\n" % n for n in range(101)) + b"\r\n",),
    "many headers without an end": (REQUEST, *[b"A: 1\r\n" * 50] * 3),
    "a long address": (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: here\r\n\r\n",),
    "an address without an end": (b"GET /", *[b"a" * 10_000] * 5),
    "a websocket": (
        REQUEST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    ),
}


@pytest.mark.parametrize("sent", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_large_headers_are_refused(sent: tuple[bytes, ...]) -> None:
    """However they come, headers are read up to 32 KB and 100 lines, and then the connection ends."""
    async with bounded(Limits()) as port:
        assert (await said(port, *sent)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "trailer",
    [(b"0\r\nX: ", *[b"a" * 10_000] * 60), (b"0\r\n" + b"A: 1\r\n" * 200,), (b"5;", *[b"e" * 10_000] * 60)],
    ids=["long", "many", "extension"],
)
async def test_what_follows_a_body_is_bounded(trailer: tuple[bytes, ...]) -> None:
    """Trailers and the words beside a chunk's size count as headers do."""
    async with bounded(Limits()) as port:
        answered = await said(port, CHUNKED, *trailer)
        assert answered == b"" or answered.startswith(b"HTTP/1.1 431 ")  # hung up on in mid-sentence, or told


async def test_what_browsers_send_is_taken() -> None:
    """Some kilobytes of cookies are no attack, nor is a body much larger than that, nor a second request behind it."""
    cookie = b"Cookie: " + b"c=1; " * 3_000 + b"\r\n"
    body = REQUEST.replace(b"GET", b"POST") + cookie + b"Content-Length: 500000\r\n\r\n" + b"x" * 500_000
    last = REQUEST + cookie + b"Connection: close\r\n\r\n"
    async with bounded(Limits()) as port:
        answers = await said(port, body + last[:100], last[100:])
        assert answers.count(b"HTTP/1.1 200 OK") == 2
        assert b"500000" in answers


@pytest.mark.parametrize(
    "sent",
    [b"", REQUEST, b"\r\n\r\n", REQUEST + b"\r\n" + REQUEST],
    ids=["nothing", "half", "empty lines", "half of the second"],
)
async def test_slow_headers_are_not_waited_for(sent: bytes) -> None:
    """Who does not end the headers of a request in time is hung up on."""
    async with bounded(Limits(header_seconds=0.1)) as port:
        answered = await said(port, sent)
        assert answered.startswith(b"HTTP/1.1 200") == (REQUEST + b"\r\n" in sent)


async def test_an_idle_connection_is_kept() -> None:
    """Between two requests a connection may rest for as long as a proxy in front counts on; a response may come early."""
    early = REQUEST.replace(b"GET /", b"POST /nothing") + b"Content-Length: 4\r\n\r\nab"
    async with bounded(Limits(header_seconds=0.1)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(PATIENCE):
            for sent, rest, status in (
                (REQUEST + b"\r\n", b"", b"200"),
                (early, b"cd", b"404"),
                (REQUEST + b"\r\n", b"", b"200"),
            ):
                writer.write(sent)
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 " + status)
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(rest)
                await asyncio.sleep(0.3)
        assert not reader.at_eof()
        writer.close()


async def test_a_body_that_stands_still_is_not_waited_for() -> None:
    """A body may be slow as long as something comes."""
    head = REQUEST.replace(b"GET", b"POST") + b"Content-Length: 6\r\nConnection: close\r\n\r\n"
    async with bounded(Limits(body_seconds=0.3, header_seconds=0.2)) as port:
        assert await said(port, head + b"abc") == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        for letter in b"abcdef":
            writer.write(bytes([letter]))
            await asyncio.sleep(0.1)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_one_address_does_not_take_all_places() -> None:
    """Beyond the limit of one address a connection is refused; a websocket counts, and gives its place back."""
    request = REQUEST + b"Connection: close\r\n\r\n"
    async with bounded(Limits(connections_per_address=2)) as port:
        async with connect(f"ws://127.0.0.1:{port}/socket"), connect(f"ws://127.0.0.1:{port}/socket"):
            assert (await said(port, request)).startswith(b"HTTP/1.1 503 ")
        async with asyncio.timeout(PATIENCE):
            while not (await said(port, request)).startswith(b"HTTP/1.1 200 "):
                await asyncio.sleep(0.01)


def test_files_are_left_for_the_rest() -> None:
    """No more connections are taken than there may be open files, less some for the database and model servers."""
    assert 50 <= allow_files(Limits(connections=10**9)).connections <= 10**9
