"""The contract of ``domain.limits.RateLimiter``, in memory and on Redis."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from gantry.adapters.in_process.live import InProcessRateLimiter
from gantry.adapters.redis.live import RedisRateLimiter, connect
from gantry.domain.limits import RateLimiter
from tests.parts.live import eventually

pytest_plugins = ["tests.parts.redis"]


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[RateLimiter]:
    if request.param == "memory":
        yield InProcessRateLimiter()
        return
    async with connect(request.getfixturevalue("redis_url")) as client:
        yield RedisRateLimiter(client)


@pytest.fixture
def key() -> str:
    return f"sign-in:{uuid4()}:ä@example.org"


async def test_attempts_within_the_limit_pass(limiter: RateLimiter, key: str) -> None:
    """As many attempts as the limit says pass; the next ones are told how long to wait."""
    waits = [await limiter.hit(key, limit=3, window_seconds=60) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(55 <= wait <= 60 for wait in waits[3:])


async def test_keys_are_counted_apart(limiter: RateLimiter, key: str) -> None:
    """One account's attempts do not lock out another."""
    for _ in range(3):
        await limiter.hit(key, limit=1, window_seconds=60)
    assert await limiter.hit(key + "2", limit=1, window_seconds=60) == 0


async def test_window_ends(limiter: RateLimiter, key: str) -> None:
    """When the window is over, attempts that were refused in it count no more."""
    began = time.monotonic()
    assert await limiter.hit(key, limit=1, window_seconds=1) == 0
    assert await limiter.hit(key, limit=1, window_seconds=1) == 1
    await asyncio.sleep(1.05 - (time.monotonic() - began))
    assert await limiter.hit(key, limit=1, window_seconds=1) == 0


async def test_forgetting_starts_over(limiter: RateLimiter, key: str) -> None:
    """After a successful sign-in the count begins anew; an unknown key may be forgotten."""
    await limiter.hit(key, limit=1, window_seconds=60)
    await limiter.forget(key)
    await limiter.forget("unknown")
    assert await limiter.hit(key, limit=1, window_seconds=60) == 0


async def test_simultaneous_attempts_are_all_counted(limiter: RateLimiter, key: str) -> None:
    """Of many attempts at the same moment exactly as many pass as the limit says."""
    waits = await asyncio.gather(*(limiter.hit(key, limit=10, window_seconds=60) for _ in range(50)))
    assert waits.count(0) == 10


async def test_replicas_count_together(redis_url: str, key: str) -> None:
    """Attempts at one replica count at the other."""
    async with connect(redis_url) as one, connect(redis_url) as two:
        replicas = [RedisRateLimiter(one), RedisRateLimiter(two)]
        waits = [await replicas[turn % 2].hit(key, limit=3, window_seconds=60) for turn in range(5)]
    assert [wait == 0 for wait in waits] == [True, True, True, False, False]


async def test_windows_do_not_outlive_their_end(redis: Redis, key: str) -> None:
    """Every count in Redis has an end, so that none stays for ever."""
    await RedisRateLimiter(redis).hit(key, limit=3, window_seconds=60)
    assert 0 < await redis.pttl(f"gantry:limit:{key}") <= 60_000


async def test_redis_away_leaves_a_limit(
    redis_server: Any, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without Redis a sign-in is still possible, and still limited by this process's own count."""
    async with connect(redis_server.url) as client:
        limiter = RedisRateLimiter(client)
        assert await limiter.hit(key, limit=3, window_seconds=60) == 0
        redis_server.stop()
        with caplog.at_level(logging.WARNING, logger="gantry"):
            waits = [await limiter.hit(key, limit=3, window_seconds=60) for _ in range(4)]
        assert [wait == 0 for wait in waits] == [True, True, False, False]
        assert [record.message for record in caplog.records] == ["live.redis_away"]
        await limiter.forget(key)
        redis_server.start()

        async def counts_in_redis() -> bool:
            await limiter.hit(key, limit=3, window_seconds=60)
            return bool(await client.exists(f"gantry:limit:{key}"))

        await eventually(counts_in_redis)


async def test_memory_is_bounded() -> None:
    """However many names are tried, only so many windows are kept, and the newest of them."""
    now = [0.0]
    limiter = InProcessRateLimiter(max_keys=100, clock=lambda: now[0])
    for number in range(1000):
        now[0] += 0.01
        await limiter.hit(str(number), limit=1, window_seconds=60)
    assert len(limiter._windows) <= 100
    assert await limiter.hit("999", limit=1, window_seconds=60) > 0


async def test_a_flood_of_names_does_not_push_out_a_count() -> None:
    """A name that was tried several times stays counted, however many others come after it."""
    limiter = InProcessRateLimiter(max_keys=100)
    for _ in range(3):
        await limiter.hit("owner", limit=3, window_seconds=60)
    for number in range(1000):
        await limiter.hit(str(number), limit=1, window_seconds=60)
    assert await limiter.hit("owner", limit=3, window_seconds=60) > 0
