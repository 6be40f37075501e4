"""The way to a PostgreSQL server, which a test can close and open again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url


@dataclass
class Gate:
    """Passes connections on. While it is closed, those there are have broken off and new ones are refused."""

    host: str
    port: int
    refused: int = 0  # connections, since it was closed
    closed: bool = False
    lost: asyncio.Event = field(default_factory=asyncio.Event)  # set when a reply was kept back
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])
    _passing: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])
    _losing: bytes = b""

    def close(self) -> None:
        """Break every connection off, and refuse those that come."""
        self.closed, self.refused = True, 0
        for writer in list(self._open):
            writer.transport.abort()

    def open(self) -> None:
        """Let connections through."""
        self.closed = False

    def lose_reply_after(self, statement: bytes) -> None:
        """Break the connection off on which *statement* is sent, once its transaction is committed and nobody knows."""
        self._losing = statement

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self.closed:
            self.refused += 1
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        self._open.add(writer)  # closing breaks it off also while the server is being reached
        server_reader, server = await asyncio.open_connection(self.host, self.port)
        self._open.add(server)
        back = asyncio.create_task(_pump(server_reader, writer))
        try:
            with suppress(OSError):
                if await self._forward(reader, server):
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)
                    while await server_reader.read(65_536):
                        continue  # until it has ended: then it is committed
                    self.lost.set()
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            self._open -= {writer, server}
            self._passing.discard(task)
            writer.transport.abort()
            server.close()
            await asyncio.gather(server.wait_closed(), return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> bool:
        """Pass on what is sent; returns whether the reply to the last of it is to be lost."""
        seen = b""
        while data := await reader.read(65_536):
            server.write(data)
            if self._losing:
                seen += data
                if self._losing in seen and b"COMMIT" in data:
                    self._losing = b""
                    server.write(b"X\x00\x00\x00\x04")  # goodbye, which is read after it
                    await server.drain()
                    return True
            await server.drain()
        return False

    async def aclose(self) -> None:
        """End every connection."""
        self.close()
        await asyncio.gather(*self._passing, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def gate_to(database_url: str) -> AsyncGenerator[tuple[Gate, str]]:
    """Yield a gate to the server of *database_url*, and the URL that leads through it."""
    url = make_url(database_url)
    gate = Gate(url.host or "127.0.0.1", url.port or 5432)
    server = await asyncio.start_server(gate.pass_on, "127.0.0.1", 0)
    async with server:
        through = url.set(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        try:
            yield gate, through.render_as_string(hide_password=False)
        finally:
            server.close()
            await gate.aclose()
