"""What everything on Redis shares: the client, one warning per outage, and tasks with an owner."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

AWAY = (RedisError, OSError, TimeoutError)
BLOCK_SECONDS = 2.0  # well under the socket timeout, or every quiet read would look like an outage
RETRY_SECONDS = 0.5


def connect(url: str) -> Redis:
    """Return a client for *url*, with bytes as replies; connects when first used.

    It does not retry by itself: the callers here know better what to do when Redis is away, and a sign-in
    must not wait for it. Connections that broke while unused are still replaced.
    """
    return Redis.from_url(
        url,
        decode_responses=False,
        socket_connect_timeout=2.0,
        socket_timeout=BLOCK_SECONDS + 3.0,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )


class Reach:
    """Whether Redis can be reached; says so in the log once per change.

    Args:
        part: What cannot reach it.
        on_change: Called after each change.
    """

    def __init__(self, part: str, on_change: Callable[[], None] = lambda: None) -> None:
        self._part = part
        self._on_change = on_change
        self.away = False

    def lost(self, error: BaseException) -> None:
        """Note a failure."""
        if not self.away:
            self.away = True
            log.warning("live.redis_away", extra={"part": self._part, "error": type(error).__name__})
            self._on_change()

    def found(self) -> None:
        """Note a success."""
        if self.away:
            self.away = False
            log.info("live.redis_back", extra={"part": self._part})
            self._on_change()


class Background:
    """Tasks that run until their owner closes."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *work: Coroutine[Any, Any, None]) -> None:
        """Run each of *work* from now on; needs a running loop. One that fails says so in the log at once."""
        for each in work:
            task = asyncio.get_running_loop().create_task(each)
            task.add_done_callback(_complain)
            self._tasks.append(task)

    async def aclose(self) -> None:
        """Cancel what runs and wait for it."""
        pending = set(self._tasks)
        self._tasks.clear()
        while pending:  # Python 3.11's wait_for, which redis uses, may swallow a cancellation (gh-86296)
            for task in pending:
                task.cancel()
            _done, pending = await asyncio.wait(pending, timeout=0.1)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("live.task_failed", exc_info=error)
