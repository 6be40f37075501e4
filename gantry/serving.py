"""The HTTP server's way out, behind a proxy that keeps connections open between requests."""

import asyncio
import gc
import socket

import uvicorn

from gantry.thrift import trim_memory


class Server(uvicorn.Server):
    """Says when it serves, and leaves without cutting off a request.

    uvicorn closes idle connections as soon as it is told to stop. A proxy may just have sent a request over one of
    them, and may not send it again elsewhere if it changes something: its client is told 502. So new connections are
    refused at once, by which a proxy sees to use another replica, while those that are there are served for a little
    longer, each response asking not to use its connection again.

    Args:
        config: As uvicorn takes it.
        address: Where people find this server, for the line on the terminal.
        linger_seconds: How long connections are served after the order to stop; shorter than the time for which the
            proxy avoids a replica that has refused a connection.
    """

    def __init__(self, config: uvicorn.Config, *, address: str, linger_seconds: float = 0.0) -> None:
        super().__init__(config)
        self._address = address
        self._linger_seconds = linger_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, and say where."""
        await super().startup(sockets)
        # Most of what there is now stays until the end: the collector need not go through it again and again.
        gc.collect()
        gc.freeze()
        trim_memory()
        if self.started:
            print(f"Gantry is running on {self._address}", flush=True)  # noqa: T201 - for whoever started it

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse connections, serve those there are for a moment, and end."""
        if self._linger_seconds:
            for listening in (*self.servers, *(sockets or ())):
                listening.close()
            self.server_state.default_headers = [
                *self.server_state.default_headers,
                (b"connection", b"close"),
            ]
            await asyncio.sleep(self._linger_seconds)
        await super().shutdown(sockets)
