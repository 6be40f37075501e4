"""A proxy between the browser and the product that counts what really goes over the wire.

It sees all bytes: headers, framing of chunks and websockets, compressed payloads. Each connection counts for what it
carries just now: the event stream of an answer, a websocket, or anything else. ``python -m bench.proxy PORT`` prints
its own port; a line on its input is answered with the counts so far, as JSON.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.processes import start_module, stopped

KINDS = ("events", "state", "feed", "other")
_REQUEST = re.compile(rb"^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+) HTTP/1\.1\r\n")


@dataclass(frozen=True, slots=True)
class Counts:
    """Bytes by kind of traffic, towards the browser and from it."""

    down: dict[str, int]
    up: dict[str, int]
    last_at: float

    def __sub__(self, before: "Counts") -> "Counts":
        """Return what came since *before*."""
        down = {kind: self.down[kind] - before.down[kind] for kind in KINDS}
        up = {kind: self.up[kind] - before.up[kind] for kind in KINDS}
        return Counts(down, up, self.last_at)

    @property
    def received(self) -> int:
        """All bytes towards the browser."""
        return sum(self.down.values())

    @property
    def sent(self) -> int:
        """All bytes from the browser."""
        return sum(self.up.values())


class Proxy:
    """The running proxy, asked over its pipes."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.origin = f"http://127.0.0.1:{port}"

    def counts(self) -> Counts:
        """Return the counts so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counts(**json.loads(self._process.stdout.readline()))


@contextmanager
def running_proxy(target: int) -> Iterator[Proxy]:
    """Run a proxy to the port *target* while the block runs."""
    process = start_module("bench.proxy", str(target))
    with stopped(process):
        assert process.stdout is not None
        yield Proxy(process, int(process.stdout.readline()))


class _Counters:
    def __init__(self) -> None:
        self.down: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.up: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.last_at = 0.0


class _Pipe(asyncio.Protocol):
    """One side of a connection; ``other`` is the other one."""

    other: "_Pipe | None" = None
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.early: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def forward(self, data: bytes) -> None:
        """Hand *data* on, or keep it until the other side is there."""
        if self.other is None:
            self.early.append(data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()


class _FromBrowser(_Pipe):
    """A browser's connection: it decides what the connection carries."""

    def __init__(self, counters: _Counters, target: int) -> None:
        super().__init__()
        self.counters = counters
        self.target = target
        self.kind = "other"

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, there = await loop.create_connection(lambda: _FromProduct(self), "127.0.0.1", self.target)
        except OSError:
            self.transport.close()
            return
        self.other = there
        for data in self.early:
            there.transport.write(data)
        self.early.clear()

    def data_received(self, data: bytes) -> None:
        if self.kind not in {"state", "feed"} and (request := _REQUEST.match(data)):
            self.kind = _kind_of(request[1])
        self.counters.up[self.kind] += len(data)
        self.counters.last_at = time.time()
        self.forward(data)


class _FromProduct(_Pipe):
    """The product's end of it."""

    def __init__(self, browser: _FromBrowser) -> None:
        super().__init__()
        self.browser = browser
        self.other = browser

    def data_received(self, data: bytes) -> None:
        counters = self.browser.counters
        counters.down[self.browser.kind] += len(data)
        counters.last_at = time.time()
        self.forward(data)


def _kind_of(path: bytes) -> str:
    if path.startswith(b"/_event"):
        return "state"
    if path.startswith(b"/api/v1/feed"):
        return "feed"
    return "events" if path.partition(b"?")[0].endswith(b"/events") else "other"


async def _serve(target: int) -> None:
    counters = _Counters()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _FromBrowser(counters, target), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        told = {"down": counters.down, "up": counters.up, "last_at": counters.last_at}
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
