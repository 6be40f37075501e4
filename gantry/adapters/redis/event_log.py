"""The live text of answers across replicas, on Redis Streams."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Self
from uuid import UUID

from redis.asyncio import Redis

from gantry.adapters.in_process.event_log import InProcessEventLog
from gantry.adapters.redis.link import Background
from gantry.adapters.redis.mirror import Mirrors
from gantry.adapters.redis.outbox import Outbox
from gantry.domain.live import LiveEvent, LiveKind, Opening, Position


class RedisEventLog:
    """Implements ``domain.live.EventLog`` for all replicas that share a Redis.

    Every process has one log in memory, from which all its readers read. What this process writes goes there
    directly and to Redis in batches; what others write is mirrored into it for as long as somebody here reads.
    While Redis is away readers on the writer's replica notice nothing; the others fall back to the database.

    A reader here that is ahead of its copy waits for the copy instead of being restarted.

    Args:
        redis: From ``link.connect``; stays open when the log closes.
        idle_seconds: Silence after which a reader is sent to the database.
        keep_seconds: How long a finished answer stays readable, here and in Redis.
        flush_seconds: Least time between two batches of one answer.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        idle_seconds: float = 5.0,
        keep_seconds: float = 60.0,
        flush_seconds: float = 0.1,
    ) -> None:
        self.idle_seconds = idle_seconds
        self._log = InProcessEventLog(idle_seconds, keep_seconds, patient=True)
        self._outbox = Outbox(redis, self._log, flush_seconds)
        self._mirrors = Mirrors(redis, self._log, writes=self._outbox.writes, overtaken=self._outbox.disown)
        self._background = Background()

    def start(self) -> None:
        """Begin to send and to mirror; needs a running loop."""
        self._background.start(self._outbox.run(), self._mirrors.run(), self._mirrors.ring())

    async def aclose(self) -> None:
        """Stop, after sending what waits, which takes as long as one command may."""
        await self._background.aclose()
        if not self._outbox.reach.away:
            await self._outbox.flush()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    def open(self, generation: UUID, opening: Opening) -> None:
        """Begin an attempt, written in this process from now on."""
        self._mirrors.unfollow(generation)
        self._log.open(generation, opening)
        self._outbox.adopt(generation)
        self._outbox.touch(generation)

    def append(self, generation: UUID, *, text: str = "", reasoning: str = "") -> None:
        """Add what is new; ignored when another process has taken the answer over."""
        if self._outbox.touch(generation):
            self._log.append(generation, text=text, reasoning=reasoning)

    def announce(self, generation: UUID, kind: LiveKind, data: Mapping[str, Any]) -> None:
        """Tell readers everywhere; *data* must be JSON."""
        if self._outbox.touch(generation):
            self._log.announce(generation, kind, data)

    def end(self, generation: UUID, status: str) -> None:
        """Close the answer for readers everywhere."""
        if self._outbox.touch(generation):
            self._log.end(generation, status)

    def forget(self, generation: UUID) -> None:
        """Drop an answer written here. One that was seen to be taken over is another's already, and stays."""
        if self._outbox.writes(generation):
            self._outbox.disown(generation)
            self._log.forget(generation)

    def read(self, generation: UUID, after: Position) -> AsyncGenerator[LiveEvent]:
        """Yield what lies after *after*, then what comes; see ``domain.live.EventLog``."""
        return (
            self._log.read(generation, after)
            if self._is_here(generation, after)
            else self._mirrored(generation, after)
        )

    def _is_here(self, generation: UUID, after: Position) -> bool:
        """Whether the log in memory has all there is."""
        attempt = self._log.attempt(generation)
        if attempt is None or after.attempt > attempt.number:
            return False
        # A writer that has been silent may have lost the answer to another replica: then the stream knows.
        mine = self._outbox.writes(generation) and self._log.silent_seconds(generation) < self.idle_seconds
        return mine or attempt.end is not None

    async def _mirrored(self, generation: UUID, after: Position) -> AsyncGenerator[LiveEvent]:
        mirror = self._mirrors.hold(generation)
        try:
            async with aclosing(self._log.read(generation, after)) as events:
                async for event in events:
                    yield event
        finally:
            self._mirrors.release(mirror)
