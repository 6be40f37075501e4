"""The writer's side of live answers on Redis: one task per process sends what is new, in batches."""

import asyncio
import math
from collections.abc import Iterable
from time import monotonic
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from gantry.adapters.in_process.event_log import InProcessEventLog
from gantry.adapters.redis.link import AWAY, RETRY_SECONDS, Reach
from gantry.adapters.redis.wire import FIELD, Batch, Sent, stream_key

MAX_ENTRIES = 20_000  # half an hour of an answer that never pauses
SAFETY_SECONDS = 3600  # a stream whose writer died goes after this
RENEW_SECONDS = 600.0


class Outbox:
    """Copies the answers written in this process into their streams, each at most once per ``flush_seconds``.

    Nothing is queued: what is sent is read from the log when its turn comes, so an outage costs no memory and
    loses nothing. After a failure the whole attempt is sent again as its opening.
    """

    def __init__(self, redis: Redis, log: InProcessEventLog, flush_seconds: float) -> None:
        self._redis = redis
        self._log = log
        self._flush_seconds = flush_seconds
        self._written: dict[UUID, Sent] = {}
        self._renew_at: dict[UUID, float] = {}
        self._dirty: set[UUID] = set()
        self._wake = asyncio.Event()
        self.reach = Reach("answers")

    def writes(self, generation: UUID) -> bool:
        """Whether this process writes the answer, as far as it knows."""
        return generation in self._written

    def adopt(self, generation: UUID) -> None:
        """Copy this answer from now on."""
        for known in [each for each in self._written if self._log.attempt(each) is None]:
            self.disown(known)  # abandoned by their writers, and forgotten by the log
        self._written.setdefault(generation, Sent())

    def disown(self, generation: UUID) -> None:
        """Copy this answer no longer: it is complete, or another process has taken it over."""
        self._written.pop(generation, None)
        self._renew_at.pop(generation, None)
        self._dirty.discard(generation)

    def touch(self, generation: UUID) -> bool:
        """Note that there is something to send; False when the answer is not written here."""
        if generation not in self._written:
            return False
        self._dirty.add(generation)
        if not self._wake.is_set():
            self._wake.set()
        return True

    async def run(self) -> None:
        """Send for ever. The first batch after a silence goes out at once."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            started = monotonic()
            pause = self._flush_seconds if await self.flush() else RETRY_SECONDS
            await asyncio.sleep(max(0.0, started + pause - monotonic()))

    async def flush(self) -> bool:
        """Send what is new in every answer, in one round trip; False when something has to be sent again."""
        dirty, self._dirty = self._dirty, set()
        batches = {generation: batch for generation in dirty if (batch := self._next(generation)) is not None}
        if not batches:
            return True
        pipe = self._redis.pipeline(transaction=False)
        for generation, batch in batches.items():
            fields: dict[Any, Any] = {FIELD: batch.encode()}
            # Only an opening makes a stream: when it has gone, the reply says so and all is sent again.
            made = batch.prefix is not None
            pipe.xadd(
                stream_key(generation), fields, maxlen=MAX_ENTRIES, approximate=True, nomkstream=not made
            )
        for generation, batch in batches.items():
            if seconds := self._expiry(generation, batch):
                pipe.expire(stream_key(generation), seconds)
        try:
            replies = await pipe.execute(raise_on_error=False)
        except AWAY as error:
            replies = [error] * len(batches)
        except (
            asyncio.CancelledError
        ):  # closing: whether they arrived is unknown, so the last flush repeats them
            self._unsend(batches)
            raise
        sent = True
        for each, reply in zip(batches.items(), replies, strict=False):
            sent &= self._note(*each, reply)
        return sent

    def _next(self, generation: UUID) -> Batch | None:
        sent, attempt = self._written.get(generation), self._log.attempt(generation)
        if sent is None or attempt is None:
            self.disown(generation)
            return None
        return Batch.next(attempt, sent)

    def _expiry(self, generation: UUID, batch: Batch) -> int | None:
        """Return the seconds to set, or None while the ones set before will do."""
        if batch.end is not None:
            return math.ceil(self._log.keep_seconds)
        now = monotonic()
        if batch.prefix is None and now < self._renew_at.get(generation, 0.0):
            return None
        self._renew_at[generation] = now + RENEW_SECONDS
        return SAFETY_SECONDS

    def _note(self, generation: UUID, batch: Batch, reply: bytes | BaseException | None) -> bool:
        """Learn from Redis's reply to one batch; False when it failed."""
        if isinstance(reply, BaseException):
            self.reach.lost(reply)
            self._unsend([generation])
            return False
        self.reach.found()
        if reply is None:
            self._unsend([generation])
        elif batch.end is not None:
            self.disown(generation)
        return True

    def _unsend(self, generations: Iterable[UUID]) -> None:
        """Have these answers sent again, whole."""
        for generation in generations:
            if self.touch(generation):
                self._written[generation].attempt = None
