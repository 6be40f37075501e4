"""Which processes of a deployment are there, kept in Redis by Redis's own clock."""

import asyncio
from typing import Any

from redis.asyncio import Redis

from gantry.adapters.redis.link import AWAY, Reach

_KEY = "gantry:roster"
_FORGET_SECONDS = 60  # by then the leases of a process that died have run out anyway

# One script, so that all processes are measured by the same clock, whatever theirs say.
_BEAT = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZADD', KEYS[1], ms - ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ms - ARGV[4])
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms - ARGV[2])
"""


class RedisPresence:
    """Implements ``domain.live.Presence`` for all processes that share a Redis.

    Args:
        redis: From ``link.connect``; stays open.
        patience_seconds: How long a beat waits for Redis.
    """

    def __init__(self, redis: Redis, *, patience_seconds: float = 2.0) -> None:
        self._script = redis.register_script(_BEAT)
        self._patience_seconds = patience_seconds
        self._reach = Reach("presence")

    async def beat(self, name: str, *, silence_seconds: float) -> list[str]:
        """Note that *name* is there; return who was and has not been heard for *silence_seconds*."""
        return await self._run(name, silence_seconds, 0.0)

    async def leave(self, name: str, *, silence_seconds: float) -> None:
        """Count *name* as silent from now on."""
        await self._run(name, silence_seconds, silence_seconds)

    async def _run(self, name: str, silence_seconds: float, ago_seconds: float) -> list[str]:
        numbers = [int(seconds * 1000) for seconds in (silence_seconds, ago_seconds, _FORGET_SECONDS)]
        try:
            async with asyncio.timeout(self._patience_seconds):
                silent: Any = await self._script(keys=[_KEY], args=[name, *numbers])
        except AWAY as error:
            self._reach.lost(error)
            return []
        self._reach.found()
        return [each.decode() for each in silent if each.decode() != name]
