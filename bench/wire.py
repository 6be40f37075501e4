"""Many answers at once, followed by plain HTTP clients: the server alone, without a browser."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.answers import lags_ms, sent_within
from bench.app import EMAIL, PASSWORD, Product
from bench.model import ModelServer, question
from bench.processes import cpu_seconds, stopped
from bench.reader import Follower
from tests.parts.ports import free_port

_EDGE_SECONDS = 0.5  # at both ends, where answers begin and end, nothing is counted


@dataclass(frozen=True, slots=True)
class Redis:
    """A running Redis."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class WireRun:
    """Concurrent answers."""

    readers: int
    rate: float
    server_ms: float  # for 1,000 tokens
    redis_ms: float
    bytes_per_token: float
    lags_ms: list[float]


async def follow_many(
    product: Product,
    model: ModelServer,
    readers: int,
    rate: float,
    seconds: float,
    redis: Redis | None = None,
) -> WireRun:
    """Have *readers* answers written and followed at once."""
    tokens = min(int(rate * seconds), 9999)
    questions = {question(tokens, rate, f" {number}"): Follower() for number in range(readers)}

    def used() -> tuple[float, float, float]:
        return time.time(), product.cpu_seconds(), cpu_seconds(redis.pid) if redis else 0.0

    async with httpx.AsyncClient(base_url=product.origin, trust_env=False, timeout=30) as client:
        answer = await client.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD})
        answer.raise_for_status()
        token = client.cookies["gantry_session"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        tasks = [
            asyncio.create_task(_ask_and_follow(client, product.port, token, text, each))
            for text, each in questions.items()
        ]
        while not all(each.seen for each in questions.values()):
            await asyncio.sleep(0.05)
            _raise_failed(tasks)
        await asyncio.sleep(_EDGE_SECONDS)
        began, server_before, redis_before = used()
        await asyncio.sleep(max(1.0, seconds - 4 * _EDGE_SECONDS))
        ended, server_after, redis_after = used()
        await asyncio.gather(*tasks)
    times = [row for row in model.times() if row.asked in questions][-readers:]
    played = sent_within(times, began, ended)
    followers = questions.values()
    inside = sum(size for each in followers for at, size in each.arrivals if began <= at < ended)
    return WireRun(
        readers=readers,
        rate=rate,
        server_ms=(server_after - server_before) * 1e6 / played,
        redis_ms=(redis_after - redis_before) * 1e6 / played,
        bytes_per_token=inside / played,
        lags_ms=[lag for row in times for lag in lags_ms(row.tokens, questions[row.asked].seen)],
    )


def _raise_failed(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


async def _ask_and_follow(
    client: httpx.AsyncClient, port: int, token: str, text: str, follower: Follower
) -> None:
    made = await client.post("/api/v1/conversations", json={"model": "openai/scripted"})
    made.raise_for_status()
    path = f"/api/v1/conversations/{made.json()['id']}/messages"
    sent = await client.post(path, json={"content": text})
    sent.raise_for_status()
    await follower.follow(port, sent.json()["generation_id"], token)


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
