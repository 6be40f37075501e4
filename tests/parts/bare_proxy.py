"""A proxy that is told nothing: it replaces Host, drops Upgrade and Connection, and speaks HTTP/1.0, as nginx does by default."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_DROPPED = (b"host:", b"connection:", b"upgrade:")


@asynccontextmanager
async def bare_proxy(upstream: str) -> AsyncGenerator[str]:
    """Serve on a port of this machine what *upstream* serves; yields the address."""
    parts = urlsplit(upstream)
    host, port = parts.hostname or "", parts.port or 80

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing.add(task := asyncio.current_task())
        try:
            await exchange(reader, writer)
        finally:
            writer.close()
            passing.discard(task)

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            request, *headers = head.rstrip(b"\r\n").split(b"\r\n")
            kept = [line for line in headers if not line.lower().startswith(_DROPPED)]
            lines = [request.replace(b"HTTP/1.1", b"HTTP/1.0"), b"Host: 127.0.0.1:%d" % port, *kept]
            theirs, ours = await asyncio.open_connection(host, port)
            ours.write(b"\r\n".join(lines) + b"\r\nConnection: close\r\n\r\n")
            sending = asyncio.create_task(_pump(reader, ours))
            try:
                await _pump(theirs, writer)
            finally:
                sending.cancel()
                ours.close()

    passing: set[asyncio.Task[None] | None] = set()
    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}"
        server.close()
        open_ones = [task for task in passing if task]
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
