"""Live text, notices and limits on Redis. Import it only where Redis is used: it needs the redis package."""

from gantry.adapters.redis_board import RedisNoticeBoard
from gantry.adapters.redis_limits import RedisRateLimiter
from gantry.adapters.redis_link import connect
from gantry.adapters.redis_log import RedisEventLog
from gantry.adapters.redis_roster import RedisRoster

__all__ = ["RedisEventLog", "RedisNoticeBoard", "RedisRateLimiter", "RedisRoster", "connect"]
