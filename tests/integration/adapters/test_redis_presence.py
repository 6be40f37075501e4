"""Which processes are there, as Redis knows it."""

import pytest
from redis.asyncio import Redis

from gantry.adapters.redis.live import RedisPresence, connect
from gantry.domain.live import Presence
from tests.parts.live import eventually
from tests.parts.redis import RedisServer


@pytest.fixture(autouse=True)
async def _empty(redis: Redis) -> None:
    await redis.delete("gantry:roster")


async def test_silent_process_is_noticed(redis: Redis) -> None:
    """A process that stops saying that it is there is told to the others, and none that goes on."""
    presence: Presence = RedisPresence(redis)
    assert await presence.beat("one", silence_seconds=0.3) == []
    assert await presence.beat("two", silence_seconds=0.3) == []

    async def one_is_silent() -> bool:
        return await presence.beat("two", silence_seconds=0.3) == ["one"]

    await eventually(one_is_silent)
    await presence.beat("one", silence_seconds=0.3)
    assert await presence.beat("two", silence_seconds=0.3) == []


async def test_leaving_is_noticed_at_once(redis: Redis) -> None:
    """A process that ends need not be waited for."""
    presence = RedisPresence(redis)
    await presence.beat("one", silence_seconds=5)
    await presence.leave("one", silence_seconds=5)
    assert await presence.beat("two", silence_seconds=5) == ["one"]


async def test_nobody_is_silent_without_redis(redis_server: RedisServer) -> None:
    """While Redis is away nobody is taken for dead; nor when it comes back empty."""
    async with connect(redis_server.url) as redis:
        presence = RedisPresence(redis)
        await presence.beat("one", silence_seconds=0)
        redis_server.stop()
        assert await presence.beat("two", silence_seconds=0) == []
        redis_server.start()
        assert await presence.beat("two", silence_seconds=0) == []
