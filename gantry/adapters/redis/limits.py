"""Counting attempts for all replicas together, in Redis."""

import asyncio
import math
from typing import Any

from redis.asyncio import Redis

from gantry.adapters.in_process.limits import InProcessRateLimiter
from gantry.adapters.redis.link import AWAY, Reach

# One script, so that no window can be left without an end between two commands.
_HIT = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""


class RedisRateLimiter:
    """Implements ``domain.limits.RateLimiter`` for all replicas that share a Redis.

    This process counts as well: while Redis is away its own count decides, so that a sign-in is neither
    unlimited nor impossible.

    Args:
        redis: From ``link.connect``; stays open.
        patience_seconds: How long an attempt waits for Redis before the count of this process decides.
    """

    def __init__(self, redis: Redis, *, patience_seconds: float = 1.0) -> None:
        self._redis = redis
        self._script = redis.register_script(_HIT)
        self._patience_seconds = patience_seconds
        self._own = InProcessRateLimiter()
        self._reach = Reach("limits")

    async def hit(self, key: str, *, limit: int, window_seconds: int) -> int:
        """Count one attempt; return 0 or the seconds (at least 1) until the window ends."""
        own_wait = await self._own.hit(key, limit=limit, window_seconds=window_seconds)
        try:
            async with asyncio.timeout(self._patience_seconds):
                reply: Any = await self._script(keys=[self._name(key)], args=[window_seconds * 1000])
        except AWAY as error:
            self._reach.lost(error)
            return own_wait
        self._reach.found()
        count, left_ms = reply
        return 0 if count <= limit else max(1, math.ceil(left_ms / 1000))

    async def forget(self, key: str) -> None:
        """Start over for *key*."""
        await self._own.forget(key)
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._redis.delete(self._name(key))
        except AWAY as error:
            self._reach.lost(error)
        else:
            self._reach.found()

    @staticmethod
    def _name(key: str) -> str:
        return f"gantry:limit:{key}"
