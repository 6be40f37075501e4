"""Live text, notices and limits on Redis. Import it only where Redis is used: it needs the redis package."""

from gantry.adapters.redis.calls import RedisCalls
from gantry.adapters.redis.event_log import RedisEventLog
from gantry.adapters.redis.limits import RedisRateLimiter
from gantry.adapters.redis.link import connect
from gantry.adapters.redis.notices import RedisNotices
from gantry.adapters.redis.presence import RedisPresence

__all__ = ["RedisCalls", "RedisEventLog", "RedisNotices", "RedisPresence", "RedisRateLimiter", "connect"]
