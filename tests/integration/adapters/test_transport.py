"""The transport to model servers, against sockets that play servers byte by byte."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from gantry.adapters.http.transport import PacedTransport

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def served(play: Play) -> AsyncIterator[tuple[httpx.AsyncClient, str, list[int]]]:
    """Yield a client, the address of a server that does *play* on each connection, and the connections made."""
    made: list[int] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(len(made))
        try:
            await play(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        transport = PacedTransport(keepalive_seconds=5)
        async with asyncio.timeout(20), httpx.AsyncClient(transport=transport, timeout=5) as client:
            yield client, address, made


async def asked(reader: asyncio.StreamReader) -> bytes:
    """Read one request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    return head + await reader.readexactly(length)


def saying(*pieces: bytes) -> Play:
    """Answer the one request with *pieces*, then hang up."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return play


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ((HEAD + b"Content-Length: 5\r\n\r\nhello",), b"hello"),
        ((CHUNKED + b"2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n"), b"hello"),
        ((HEAD + b"\r\nhel", b"lo"), b"hello"),  # until it hangs up
        ((b"HTTP/1.0 200 OK\r\n\r\nhello",), b"hello"),
        ((b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",), b"hello"),
        ((b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",), b"hello"),
        (
            (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", HEAD + b"Content-Length: 5\r\n\r\nhello"),
            b"hello",
        ),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b""),
    ],
)
async def test_bodies_of_every_kind_are_read(pieces: tuple[bytes, ...], body: bytes) -> None:
    """Whatever tells where they end, and however many pieces they come in."""
    async with served(saying(*pieces)) as (client, address, _):
        answer = await client.post(address, json={"a": 1})
    assert (answer.content, answer.is_success, answer.headers.get("link")) == (body, True, None)


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ((), httpx.RemoteProtocolError),
        ((b"HTTP/1.1 200 OK\r\nContent-",), httpx.RemoteProtocolError),
        ((HEAD + b"Content-Length: 9\r\n\r\nhello",), httpx.RemoteProtocolError),
        ((CHUNKED + b"9\r\nhello",), httpx.RemoteProtocolError),
        ((CHUNKED + b"no\r\nhello",), httpx.RemoteProtocolError),
        ((b"SSH-2.0-OpenSSH_9\r\n",), httpx.RemoteProtocolError),
        (
            (b"HTTP/1.1 200 OK\r\n", *([b"X-Filler: " + b"a" * 4000 + b"\r\n"] * 100)),
            httpx.RemoteProtocolError,
        ),
    ],
)
async def test_what_is_no_whole_answer_is_an_error(pieces: tuple[bytes, ...], kind: type[Exception]) -> None:
    """Cut off before or within the answer, or no HTTP at all: it is never taken for an answer."""
    async with served(saying(*pieces)) as (client, address, _):
        with pytest.raises(kind):
            await client.post(address, json={"a": 1})


async def test_nothing_is_lost_while_nobody_reads() -> None:
    """The server has said all and hung up long before the reader comes back for the rest."""
    rest = [b"%x\r\n%b\r\n" % (1000, bytes([65 + at % 26]) * 1000) for at in range(40)]
    gone = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(CHUNKED + b"5\r\nfirst\r\n")
        await writer.drain()
        writer.write(b"".join(rest) + b"0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with served(play) as (client, address, _), client.stream("POST", address) as answer:
        pieces = answer.aiter_raw()
        body = await anext(pieces)
        await gone.wait()
        body += b"".join([piece async for piece in pieces])
    assert len(body) == 5 + 40_000
    assert body.endswith(b"N" * 1000)


async def test_what_came_meanwhile_is_one_piece() -> None:
    """Who looks seldom is not given each chunk by itself."""
    written = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await writer.drain()
        await reader.read(1)  # the client has the first piece
        for _ in range(50):
            writer.write(b"1\r\nb\r\n")
            await writer.drain()
        written.set()
        writer.write(b"0\r\n\r\n")
        await reader.read(1)

    async with served(play) as (client, address, _), client.stream("POST", address) as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"a"
        (connection,) = client._transport._all  # type: ignore[attr-defined]
        connection.send(b"!", has_body=True)
        await written.wait()
        count = len([piece async for piece in pieces])
    assert count <= 3


async def test_a_connection_serves_again() -> None:
    """Also with a request whose answer has no body; one whose answer was not read to its end does not."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                request = await asked(reader)
            except asyncio.IncompleteReadError:
                return
            body = b"x" * 300_000 if b"/long" in request else b"ok"
            writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async with served(play) as (client, address, made):
        for _ in range(3):
            assert (await client.get(address)).text == "ok"
        assert len(made) == 1
        async with client.stream("GET", f"{address}/long") as answer:
            await anext(answer.aiter_raw())
        assert (await client.get(address)).text == "ok"
        assert len(made) == 2


async def test_a_connection_that_was_hung_up_is_not_used_again() -> None:
    """The next request gets a new one."""
    async with served(saying(HEAD + b"Content-Length: 2\r\n\r\nok")) as (client, address, made):
        for _ in range(3):
            assert (await client.get(address)).text == "ok"
            while client._transport._all:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
    assert len(made) == 3


async def test_two_at_once_have_two_connections() -> None:
    """An answer may take minutes; nobody waits for it."""
    release = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        await release.wait()
        writer.write(HEAD + b"Content-Length: 2\r\n\r\nok")

    async with served(play) as (client, address, made):
        both = [asyncio.create_task(client.get(address)) for _ in range(2)]
        while len(made) < 2:
            await asyncio.sleep(0)
        release.set()
        assert [answer.text for answer in await asyncio.gather(*both)] == ["ok", "ok"]


async def test_who_gives_up_leaves_no_connection_behind() -> None:
    """A stopped answer frees the model server at once."""
    hung_up = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(CHUNKED + b"5\r\nfirst\r\n")
        if not await reader.read():
            hung_up.set()

    async with served(play) as (client, address, _):
        async with client.stream("POST", address) as answer:
            await anext(answer.aiter_raw())
        await hung_up.wait()


async def test_waits_end() -> None:
    """Before the answer and within it."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/begun" in await asked(reader):
            writer.write(CHUNKED + b"5\r\nfirst\r\n")
        await reader.read()

    async with served(play) as (client, address, _):
        for path in ("", "/begun"):
            with pytest.raises(httpx.ReadTimeout):
                await client.post(address + path, timeout=httpx.Timeout(5, read=0.05))


async def test_no_header_hides_in_a_header() -> None:
    """A key with a line break is refused before anything is sent."""
    async with served(saying()) as (client, address, made):
        with pytest.raises(httpx.LocalProtocolError):
            await client.get(address, headers={"Authorization": "Bearer a\r\nX-Other: b"})
    assert made == []


async def test_a_second_response_belongs_to_nobody() -> None:
    """What a server says unasked is neither mixed into an answer nor taken for the next one."""
    first = HEAD + b"Content-Length: 2\r\n\r\nok"
    for more in (first.replace(b"ok", b"no").replace(b"200 OK", b"500 No"), b"HTTP/1.1 2", b"junk"):
        async with served(saying(first + more)) as (client, address, made):
            answers = [await client.get(address) for _ in range(2)]
            assert [(answer.status_code, answer.text) for answer in answers] == [(200, "ok")] * 2
            assert len(made) == 2


async def test_a_server_that_hangs_up_at_once_is_asked_over_a_new_connection() -> None:
    """It says nothing of it, and the loop has had no time to notice."""
    async with served(saying(HEAD + b"Content-Length: 2\r\n\r\nok")) as (client, address, made):
        for _ in range(20):
            assert (await client.get(address)).text == "ok"
            time.sleep(0.005)
        assert len(made) == 20


@pytest.mark.parametrize("host", ["gpu..lan", "a" * 70 + ".lan", "xn--"])
async def test_a_host_that_no_name_can_be_is_not_reached(host: str) -> None:
    """It is an error of the connection as any other."""
    async with served(saying()) as (client, _, made):
        with pytest.raises((httpx.ConnectError, httpx.InvalidURL, UnicodeError)):
            await client.get(f"http://{host}/v1")
    assert made == []


async def test_an_answer_without_a_body_ends() -> None:
    """HEAD has the length of what would be there."""
    async with served(saying(HEAD + b"Content-Length: 9\r\n\r\n")) as (client, address, _):
        assert (await client.head(address)).content == b""


async def test_closing_the_client_is_no_end_of_an_answer() -> None:
    """Of a body that ends with its connection, too."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(HEAD + b"\r\nhalf")
        await reader.read()

    async with served(play) as (client, address, _), client.stream("GET", address) as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"half"
        rest = asyncio.create_task(anext(pieces, b""))
        await asyncio.sleep(0)
        await client._transport.aclose()
        with pytest.raises(httpx.TransportError):
            await rest
