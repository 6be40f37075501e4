"""Many answers at once, followed by plain HTTP clients: the server alone, without a browser."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.answers import lags_ms, sent_within
from bench.app import PASSWORD, Product
from bench.model import ModelServer, question
from bench.processes import cpu_seconds, stopped
from bench.reader import Follower
from bench.seed import CROWD
from tests.parts.ports import free_port

_ASKERS = 30  # people who ask in one run: an address may sign in a hundred times
_EDGE_SECONDS = 0.5  # at both ends, where answers begin and end, nothing is counted


@dataclass(frozen=True, slots=True)
class Redis:
    """A running Redis."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class WireRun:
    """Concurrent answers; CPU in milliseconds for 1,000 tokens."""

    readers: int
    rate: float
    server_ms: float
    redis_ms: float
    bytes_per_token: float
    lags_ms: list[float]
    admitted_seconds: float  # from the first question to the last first token


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks over REST, and reads at *port*."""

    client: httpx.AsyncClient
    port: int
    token: str

    async def ask(self, text: str) -> str:
        """Ask in a new conversation; return the answer's id."""
        made = await self.client.post("/api/v1/conversations", json={"model": "openai/scripted"})
        made.raise_for_status()
        path = f"/api/v1/conversations/{made.json()['id']}/messages"
        sent = await self.client.post(path, json={"content": text})
        sent.raise_for_status()
        return sent.json()["generation_id"]

    async def ask_and_follow(self, text: str, follower: Follower) -> None:
        """Ask, and read the answer to its end."""
        await follower.follow(self.port, await self.ask(text), self.token)


async def signed_in(product: Product, email: str, *, reads_at: Product | None = None) -> Person:
    """Sign in; the client lives as long as the process. What is asked may be read at another replica."""
    client = httpx.AsyncClient(base_url=product.origin, trust_env=False, timeout=60)
    answer = await client.post("/api/v1/session", json={"email": email, "password": PASSWORD})
    answer.raise_for_status()
    token = client.cookies["gantry_session"]
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {token}"
    return Person(client, (reads_at or product).port, token)


async def follow_many(
    replicas: Sequence[Product],
    model: ModelServer,
    readers: int,
    rate: float,
    seconds: float,
    redis: Redis | None = None,
) -> WireRun:
    """Have *readers* answers written and followed at once, each person having some of them.

    Of several replicas one writes an answer and the next is read.
    """
    tokens = min(int(rate * seconds), 9999)
    asked = [question(tokens, rate) for _ in range(readers)]
    followers = {number: Follower() for _text, number in asked}

    def used() -> tuple[float, float, float]:
        servers = sum(replica.cpu_seconds() for replica in replicas)
        return time.time(), servers, cpu_seconds(redis.pid) if redis else 0.0

    people = [
        await signed_in(replicas[at % len(replicas)], email, reads_at=replicas[(at + 1) % len(replicas)])
        for at, email in enumerate(CROWD[: min(readers, _ASKERS)])
    ]
    first = time.time()
    tasks = [
        asyncio.create_task(people[at % len(people)].ask_and_follow(text, followers[number]))
        for at, (text, number) in enumerate(asked)
    ]
    while not all(each.seen for each in followers.values()):
        await asyncio.sleep(0.05)
        _raise_failed(tasks)
    admitted = max(each.seen[0][1] for each in followers.values()) - first
    await asyncio.sleep(_EDGE_SECONDS)
    began, server_before, redis_before = used()
    last = first + tokens / rate  # when the first of them may end
    await asyncio.sleep(max(1.0, last - _EDGE_SECONDS - time.time()))
    ended, server_after, redis_after = used()
    await asyncio.gather(*tasks)
    for person in people:
        await person.client.aclose()
    return _run(
        model,
        followers,
        (began, ended),
        rate=rate,
        used=(server_after - server_before, redis_after - redis_before),
        admitted=admitted,
    )


def _run(
    model: ModelServer,
    followers: dict[int, Follower],
    span: tuple[float, float],
    *,
    rate: float,
    used: tuple[float, float],
    admitted: float,
) -> WireRun:
    began, ended = span
    times = [row for row in model.times() if row.asked in followers]
    played = sent_within(times, began, ended)
    inside = sum(size for each in followers.values() for at, size in each.arrivals if began <= at < ended)
    return WireRun(
        readers=len(followers),
        rate=rate,
        server_ms=used[0] * 1e6 / played,
        redis_ms=used[1] * 1e6 / played,
        bytes_per_token=inside / played,
        lags_ms=[lag for row in times for lag in lags_ms(row.tokens, followers[row.asked].seen)],
        admitted_seconds=admitted,
    )


def _raise_failed(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


@contextmanager
def running_redis(data: Path) -> Iterator[Redis | None]:
    """Run a Redis of our own while the block runs; yields None when there is none installed."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True)
    with stopped(process):
        time.sleep(0.5)
        yield Redis(f"redis://127.0.0.1:{port}/0", process.pid)
