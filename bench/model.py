"""The model server of the benchmark: a process of its own, so that its CPU is told from the product's.

``python -m bench.model`` plays answers of numbered words and prints its address. The marker ``[[bench:1000:100]]``
in a question asks for 1,000 tokens at 100 a second. ``GET /_times`` tells when each request came and each token went.
"""

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench.processes import start_module, stopped
from tests.parts.llm_server import Recorded, Script, ScriptedServer

_MARKER = re.compile(r"\[\[bench:(\d+):([\d.]+)\]\]")
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


def question(tokens: int, rate: float, name: str = "") -> str:
    """Return a question that the model answers with *tokens* tokens at *rate* a second."""
    return f"Please write{name}. [[bench:{tokens}:{rate:g}]]"


def numbered(tokens: int) -> list[str]:
    """Return tokens that tell their own number, ``t0000`` on, in a text with headings, lists and code."""
    return [_numbered(number) for number in range(tokens)]


def _numbered(number: int) -> str:
    shape = _SHAPES.get(number % _CYCLE, "")
    if number and number % _CYCLE == 0:
        shape = f"\n\n{shape}"
    return f"{shape or ' '}t{number:04d}"


def _asked(request: Recorded) -> str:
    return str(request.body["messages"][-1]["content"])


def _respond(request: Recorded) -> Script | None:
    found = _MARKER.search(_asked(request))
    if found is None:
        return None
    return Script(text=numbered(int(found[1])), tokens_per_second=float(found[2]))


@dataclass(frozen=True, slots=True)
class Times:
    """One request as the model server saw it; seconds since the epoch."""

    asked: str
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


@contextmanager
def running_model() -> Iterator[ModelServer]:
    """Run the model server while the block runs."""
    process = start_module("bench.model")
    with stopped(process):
        assert process.stdout is not None
        yield ModelServer(process.stdout.readline().strip())


async def _serve() -> None:
    server = ScriptedServer(Script(text="Hello."), respond=_respond)
    server.routes["GET /_times"] = lambda _: [
        {"asked": _asked(request), "at": request.at, "tokens": request.token_times}
        for request in server.requests
    ]
    async with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)  # until the benchmark has gone


if __name__ == "__main__":
    asyncio.run(_serve())
