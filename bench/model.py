"""The model server of the benchmark: a process of its own, so that its CPU is told from the product's.

``python -m bench.model`` plays answers of numbered words and prints its address. The marker ``[[bench:1000:100:7]]``
in a question asks for 1,000 tokens at 100 a second; the last number is the question's own, and the highest one in a
prompt is the question's that is asked (what is remembered of others stands there too). ``GET /_times`` tells when each request came
and each token went. It is lean, as hundreds of answers come from it at once.
"""

import asyncio
import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import httpx
import uvloop

from bench.processes import start_module, stopped

_MARKER = re.compile(r"\[\[bench:(\d+):([\d.]+):(\d+)\]\]")
_numbers = itertools.count(1)
# What stands before a word: the shapes of markdown that an answer of a model has.
_SHAPES = {
    0: "## ",
    6: "\n\n",
    26: " **",
    27: "** ",
    40: "\n\n- ",
    48: "\n- ",
    56: "\n- ",
    64: "\n\n",
    90: "\n\n1. ",
}
_SHAPES |= {98: "\n2. ", 106: "\n\n```python\n", 112: "\n", 118: "\n", 124: "\n```\n\n", 150: "\n\n"}
_CYCLE = 170


def question(tokens: int, rate: float) -> tuple[str, int]:
    """Return a question that the model answers with *tokens* tokens at *rate* a second, and its number."""
    number = next(_numbers)
    return f"Please write about number {number}. [[bench:{tokens}:{rate:g}:{number}]]", number


def numbered(tokens: int) -> list[str]:
    """Return tokens that tell their own number, ``t0000`` on, in a text with headings, lists and code."""
    return [_numbered(number) for number in range(tokens)]


def _numbered(number: int) -> str:
    shape = _SHAPES.get(number % _CYCLE, "")
    if number and number % _CYCLE == 0:
        shape = f"\n\n{shape}"
    return f"{shape or ' '}t{number:04d}"


@dataclass(frozen=True, slots=True)
class Times:
    """One request as the model server saw it; seconds since the epoch."""

    asked: int
    at: float
    tokens: list[float]


@dataclass(frozen=True, slots=True)
class ModelServer:
    """The running model server."""

    url: str

    def times(self) -> list[Times]:
        """Return all requests so far, oldest first."""
        origin = self.url.removesuffix("/v1")
        rows = httpx.get(f"{origin}/_times", timeout=20, trust_env=False).json()
        return [Times(**row) for row in rows]

    def times_of(self, number: int) -> Times:
        """Return how the question with *number* was answered."""
        return next(row for row in reversed(self.times()) if row.asked == number)


@contextmanager
def running_model() -> Iterator[ModelServer]:
    """Run the model server while the block runs."""
    process = start_module("bench.model")
    with stopped(process):
        assert process.stdout is not None
        yield ModelServer(process.stdout.readline().strip())


@lru_cache(maxsize=20_000)
def _chunk(token: str) -> bytes:
    return _event({"index": 0, "delta": {"content": token}, "finish_reason": None})


def _event(choice: dict[str, object]) -> bytes:
    event = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    return _framed(b"data: %b\n\n" % json.dumps(event | {"choices": [choice]}).encode())


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_LAST = (
    _event({"index": 0, "delta": {}, "finish_reason": "stop"}) + _framed(b"data: [DONE]\n\n") + _framed(b"")
)
_MODELS = {"object": "list", "data": [{"id": "scripted", "object": "model", "owned_by": "bench"}]}
_seen: list[dict[str, object]] = []


class _Speaker(asyncio.Protocol):
    """One connection: reads requests, plays answers."""

    def __init__(self) -> None:
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        size = int(length[1]) if length else 0
        if not found or len(rest) < size:
            return
        self._data = rest[size:]
        path = head.split(b" ", 2)[1]
        if path.endswith(b"/chat/completions"):
            self._answer(json.loads(rest[:size]))
        elif path == b"/_times":
            self._tell(_seen)
        else:
            self._tell(_MODELS)

    def _tell(self, value: object) -> None:
        body = json.dumps(value).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)

    def _answer(self, asked: dict[str, object]) -> None:
        said = json.dumps(asked["messages"])
        found = max(_MARKER.findall(said), key=lambda each: int(each[2]), default=("1", "100", "0"))
        tokens, rate, number = int(found[0]), float(found[1]), int(found[2])
        times: list[float] = []
        _seen.append({"asked": number, "at": time.time(), "tokens": times})
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self._transport.write(head)
        loop = asyncio.get_running_loop()
        began = loop.time()

        def play(position: int) -> None:
            if self._transport.is_closing():
                return
            if position == tokens:
                self._transport.write(_LAST)
                return
            times.append(time.time())
            self._transport.write(_chunk(_numbered(position)))
            loop.call_at(began + (position + 1) / rate, play, position + 1)

        play(0)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Speaker, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}/v1\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until the benchmark has gone


if __name__ == "__main__":
    uvloop.run(_serve())
