"""Looking at how a Redis is set up; what is tried is removed at once."""

import time
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

from gantry.adapters.redis.link import AWAY, connect
from gantry.domain.errors import Unavailable
from gantry.domain.health import RedisFacts
from gantry.domain.messages import _

_EVENT_SECONDS = 1.0


async def inspect_redis(url: str) -> RedisFacts:
    """Ask a Redis about itself.

    Raises:
        Unavailable: It does not answer, or does not let us in.
    """
    try:
        async with connect(url) as redis:
            return await _facts(redis)
    except AuthenticationError as error:
        raise Unavailable(_("Redis refuses the password."), advice=_("Correct REDIS_URL.")) from error
    except AWAY as error:
        raise Unavailable(_("Redis does not answer."), advice=_("Start it, or correct REDIS_URL.")) from error


async def _facts(redis: Redis) -> RedisFacts:
    told = await redis.info()
    begun = time.time()
    seconds, microseconds = await redis.time()
    ours = (begun + time.time()) / 2
    return RedisFacts(
        version=str(told.get("redis_version", "unknown")),
        open_to_all=await _open_to_all(redis),
        policy=str(told.get("maxmemory_policy", "")),
        save_failed=told.get("rdb_last_bgsave_status", "ok") != "ok",
        events_seen=await _sends_events(redis),
        events_configurable=await _may_configure(redis),
        ahead_seconds=seconds + microseconds / 1e6 - ours,
    )


async def _open_to_all(redis: Redis) -> bool:
    """Whether a client that says nothing is let in; told by a second connection to the same place."""
    options = redis.connection_pool.connection_kwargs
    if "path" in options:
        return False  # a socket file has permissions instead
    stranger = connect(f"redis://{options.get('host', 'localhost')}:{options.get('port', 6379)}")
    try:
        await stranger.execute_command("DBSIZE")
    except AWAY:  # asks for a password, or speaks TLS only
        return False
    finally:
        await stranger.aclose()
    return True


async def _sends_events(redis: Redis) -> bool:
    database = redis.connection_pool.connection_kwargs.get("db", 0)
    key = f"gantry:doctor:{uuid4()}"
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(f"__keyspace@{database}__:{key}")
        await pubsub.get_message(timeout=_EVENT_SECONDS)
        await redis.set(key, b"", ex=10)
        await redis.delete(key)
        seen = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_EVENT_SECONDS)
    return seen is not None


async def _may_configure(redis: Redis) -> bool:
    try:
        await redis.config_get("notify-keyspace-events")
    except RedisError:
        return False
    return True
