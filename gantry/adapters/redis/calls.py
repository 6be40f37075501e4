"""Answers that wait for a function, for all replicas together, in Redis."""

from uuid import UUID

from redis.asyncio import Redis

from gantry.adapters.redis.link import AWAY, Reach
from gantry.domain.errors import Unavailable
from gantry.domain.messages import _
from gantry.domain.open_calls import KEPT_SECONDS, MAX_CALLS_BYTES

# One script: what an account keeps stays within its limit whatever two replicas do at once.
_KEEP = """
redis.call('SET', KEYS[1] .. ':' .. ARGV[1], ARGV[2], 'EX', ARGV[3])
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local size = 0
for _, name in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local own = redis.call('STRLEN', KEYS[1] .. ':' .. name)
  size = size + own
  if own == 0 or size > tonumber(ARGV[4]) then
    redis.call('DEL', KEYS[1] .. ':' .. name)
    redis.call('LREM', KEYS[1], 1, name)
  end
end
"""


class RedisCalls:
    """Implements ``domain.open_calls.CallStore`` for all replicas that share a Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_KEEP)
        self._reach = Reach("calls")

    async def keep(self, account: UUID, answer: UUID, value: bytes) -> None:
        """Keep *value*, in the place of what is over and of the oldest."""
        try:
            await self._script(keys=[_name(account)], args=[answer.hex, value, KEPT_SECONDS, MAX_CALLS_BYTES])
        except AWAY as error:
            self._reach.lost(error)
        else:
            self._reach.found()

    async def find(self, account: UUID, answer: UUID) -> bytes | None:
        """Return what was kept."""
        try:
            found = await self._redis.get(f"{_name(account)}:{answer.hex}")
        except AWAY as error:
            self._reach.lost(error)
            raise Unavailable(
                _("What this answer goes on from cannot be read just now."),
                advice=_("Send it again in a moment; ask an administrator to start Redis if it goes on."),
            ) from error
        self._reach.found()
        return found


def _name(account: UUID) -> str:
    return f"gantry:calls:{account.hex}"
