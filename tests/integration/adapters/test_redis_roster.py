"""Which processes are there, as Redis knows it."""

import pytest
from redis.asyncio import Redis

from gantry.adapters.redis_live import RedisRoster, connect
from gantry.domain.live import Roster
from tests.parts.live import eventually
from tests.parts.redis import RedisServer


@pytest.fixture(autouse=True)
async def _empty(redis: Redis) -> None:
    await redis.delete("gantry:roster")


async def test_silent_process_is_noticed(redis: Redis) -> None:
    """A process that stops saying that it is there is told to the others, and none that goes on."""
    roster: Roster = RedisRoster(redis)
    assert await roster.beat("one", silence_seconds=0.3) == []
    assert await roster.beat("two", silence_seconds=0.3) == []

    async def one_is_silent() -> bool:
        return await roster.beat("two", silence_seconds=0.3) == ["one"]

    await eventually(one_is_silent)
    await roster.beat("one", silence_seconds=0.3)
    assert await roster.beat("two", silence_seconds=0.3) == []


async def test_leaving_is_noticed_at_once(redis: Redis) -> None:
    """A process that ends need not be waited for."""
    roster = RedisRoster(redis)
    await roster.beat("one", silence_seconds=5)
    await roster.leave("one", silence_seconds=5)
    assert await roster.beat("two", silence_seconds=5) == ["one"]


async def test_nobody_is_silent_without_redis(redis_server: RedisServer) -> None:
    """While Redis is away nobody is taken for dead; nor when it comes back empty."""
    async with connect(redis_server.url) as redis:
        roster = RedisRoster(redis)
        await roster.beat("one", silence_seconds=0)
        redis_server.stop()
        assert await roster.beat("two", silence_seconds=0) == []
        redis_server.start()
        assert await roster.beat("two", silence_seconds=0) == []
