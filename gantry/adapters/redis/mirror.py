"""The reader's side of live answers on Redis: copies of answers that other replicas write."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis

from gantry.adapters.in_process.event_log import InProcessEventLog
from gantry.adapters.in_process.live_text import Attempt
from gantry.adapters.redis.link import AWAY, BLOCK_SECONDS, RETRY_SECONDS, Reach
from gantry.adapters.redis.wire import FIELD, Batch, stream_key

MAX_READ = 500  # entries of one stream in one reply: decoding more would hold up the event loop
PACE_SECONDS = 0.02  # many answers then share a read


@dataclass(slots=True, eq=False)
class Mirror:
    """One answer followed for the readers of this process."""

    generation: UUID
    readers: int = 0
    last_id: bytes = b"0-0"


class Mirrors:
    """Replays streams into the process's log: one per answer however many read it, one XREAD for them all.

    Args:
        redis: The client.
        log: Where the copies go.
        writes: Tells whether this process itself writes an answer.
        overtaken: Called when a stream shows a later attempt than the one written here.
    """

    def __init__(
        self,
        redis: Redis,
        log: InProcessEventLog,
        *,
        writes: Callable[[UUID], bool],
        overtaken: Callable[[UUID], None],
    ) -> None:
        self._redis = redis
        self._log = log
        self._writes = writes
        self._overtaken = overtaken
        self._mirrors: dict[UUID, Mirror] = {}
        self._live: dict[bytes, Mirror] = {}  # by stream key: those that have not ended
        self._some = asyncio.Event()
        self._new = asyncio.Event()
        self._blocked = False
        self._bell = f"gantry:bell:{uuid4()}".encode()  # a stream of our own, to end a waiting XREAD
        self._bell_id: bytes = b"0-0"
        self._reach = Reach("mirrors")

    @property
    def followed(self) -> int:
        """How many answers are mirrored."""
        return len(self._mirrors)

    def hold(self, generation: UUID) -> Mirror:
        """Follow an answer until it is released as often as it was held."""
        mirror = self._mirrors.get(generation)
        if mirror is None:
            mirror = self._mirrors[generation] = Mirror(generation)
            self._live[stream_key(generation)] = mirror
            self._some.set()
            if self._blocked:
                self._new.set()
        mirror.readers += 1
        return mirror

    def release(self, mirror: Mirror) -> None:
        """Let one reader go; the copy goes with the last."""
        mirror.readers -= 1
        if not mirror.readers and self._mirrors.get(mirror.generation) is mirror:
            self._lose(mirror)

    def unfollow(self, generation: UUID) -> None:
        """Stop following because the answer is written here from now on; its readers stay."""
        if self._mirrors.pop(generation, None) is not None:
            self._quiet(generation)

    async def run(self) -> None:
        """Read for ever, as long as there is something to follow."""
        while True:
            await self._some.wait()
            reading = dict(self._live)
            try:
                replies = await self._read(reading)
            except AWAY as error:
                self._reach.lost(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._reach.found()
            for key, entries in replies:
                if key == self._bell:
                    self._bell_id = entries[-1][0]
                elif self._live.get(key) is reading[key]:  # not left, and held anew, while it was read
                    self._replay(reading[key], entries)
            await asyncio.sleep(PACE_SECONDS)

    async def ring(self) -> None:
        """Have the waiting XREAD take up what has been added, for ever."""
        while True:
            await self._new.wait()
            self._new.clear()
            pipe = self._redis.pipeline(transaction=False)
            pipe.xadd(self._bell, {b"ring": b""}, maxlen=1)
            pipe.expire(self._bell, 60)
            try:
                await pipe.execute()
            except AWAY as error:
                self._reach.lost(error)  # the waiting read will fail as well, and begin anew with all

    async def _read(self, reading: Mapping[bytes, Mirror]) -> Sequence[Any]:
        places: dict[Any, Any] = {key: mirror.last_id for key, mirror in reading.items()}
        places[self._bell] = self._bell_id
        self._blocked = True
        try:
            return await self._redis.xread(places, count=MAX_READ, block=int(BLOCK_SECONDS * 1000)) or ()
        finally:
            self._blocked = False

    def _replay(self, mirror: Mirror, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for entry_id, entry in entries:
            mirror.last_id = entry_id
            try:
                sound = self._apply(mirror.generation, Batch.decode(entry.get(FIELD, b"")))
            except ValueError:  # written by a version that speaks otherwise
                sound = False
            if not sound:
                self._lose(mirror)
                return
            if self._mirrors.get(mirror.generation) is not mirror:
                return

    def _apply(self, generation: UUID, batch: Batch) -> bool:
        """Add what the log lacks; False when something between is missing."""
        attempt = self._log.attempt(generation)
        if attempt is not None and batch.attempt <= attempt.number and self._writes(generation):
            return True  # our own, or of an earlier attempt: what is written here is ahead of it
        # An opening of the same attempt with another prefix: what was said before was told apart anew.
        if (
            attempt is None
            or batch.attempt > attempt.number
            or (batch.attempt == attempt.number and batch.prefix not in {None, attempt.prefix})
        ):
            opening = batch.opening
            if opening is None:
                return False
            self._overtaken(generation)
            self._log.open(generation, opening)
            attempt = self._log.attempt(generation)
        # An earlier attempt: its writer has lost its lease and does not know it yet.
        if attempt is None or batch.attempt < attempt.number:
            return True
        return self._add(generation, batch, attempt)

    def _add(self, generation: UUID, batch: Batch, attempt: Attempt) -> bool:
        text, reasoning = attempt.text.length - batch.text_at, attempt.reasoning.length - batch.reasoning_at
        if text < 0 or reasoning < 0:
            return False
        self._log.append(generation, text=batch.text[text:], reasoning=batch.reasoning[reasoning:])
        for kind, data in batch.announcements.items():
            if attempt.said.get(kind, (0, None))[1] != data:  # an opening sent again repeats them
                self._log.announce(generation, kind, data)
        if batch.end is not None:
            self._log.end(generation, batch.end)
            self._quiet(generation)
        return True

    def _lose(self, mirror: Mirror) -> None:
        """Forget a copy; whoever still reads it falls back to the database."""
        self._mirrors.pop(mirror.generation, None)
        self._quiet(mirror.generation)
        if not self._writes(mirror.generation):
            self._log.forget(mirror.generation)

    def _quiet(self, generation: UUID) -> None:
        self._live.pop(stream_key(generation), None)
        if not self._live:
            self._some.clear()
