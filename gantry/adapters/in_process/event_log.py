"""The live text of answers within one process."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from time import monotonic
from typing import Any
from uuid import UUID

from gantry.adapters.in_process.live_text import Attempt, Cursor
from gantry.domain.live import LiveEvent, LiveKind, Opening, Position

ABANDONED_SECONDS = 3600.0  # a writer that lost its lease falls silent without an end
LATE = 0.1  # of the idle time: a timer that fires later than that tells of a process that did not run


class _Answer:
    """One generation: its present attempt and the readers that sleep until something happens."""

    __slots__ = ("attempt", "readers", "sleepers", "touched_at")

    def __init__(self) -> None:
        self.attempt: Attempt | None = None  # None: readers wait for it to be opened
        self.readers = 0
        self.sleepers: set[asyncio.Future[bool]] = set()
        self.touched_at = monotonic()

    def touch(self) -> None:
        """Note that something happened, and wake whoever waits for it."""
        self.touched_at = monotonic()
        if self.sleepers:
            for sleeper in self.sleepers:
                if not sleeper.done():
                    sleeper.set_result(True)
            self.sleepers.clear()


class _Rest:
    """A reader's sleep. Its timer is set anew once per idle time, not once per event.

    Time in which the process did not run is not silence: what came meanwhile has not been read yet.
    """

    __slots__ = ("_answer", "_due", "_idle_seconds", "_since", "_sleeper", "_timer")

    def __init__(self, answer: _Answer, idle_seconds: float) -> None:
        self._answer = answer
        self._idle_seconds = idle_seconds
        self._since = monotonic()
        self._due = 0.0
        self._sleeper: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def until_touched(self) -> bool:
        """Sleep until the answer is touched; False when it was silent for the idle time."""
        self._sleeper = asyncio.get_running_loop().create_future()
        self._answer.sleepers.add(self._sleeper)
        if self._timer is None:
            self._look_in(self._idle_seconds)
        return await self._sleeper

    def _look_in(self, seconds: float) -> None:
        self._due = monotonic() + seconds
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        now = monotonic()
        if now - self._due > LATE * self._idle_seconds:
            self._since = now
        left = self._idle_seconds - (now - max(self._since, self._answer.touched_at))
        if left > 0:
            self._look_in(left)
            return
        self._timer = None
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(False)

    def close(self) -> None:
        """Leave nothing behind in the answer or in the loop."""
        if self._sleeper is not None:
            self._answer.sleepers.discard(self._sleeper)
        if self._timer is not None:
            self._timer.cancel()


class InProcessEventLog:
    """Implements ``domain.live.EventLog`` for one process. Call it from the event loop's thread.

    A generation nobody has opened yet is waited for, up to ``idle_seconds``. Finished answers are forgotten
    ``keep_seconds`` after their end. With ``patient``, a reader that is ahead of the log waits for it to catch
    up instead of being restarted: for logs that are copies of another one.
    """

    def __init__(
        self, idle_seconds: float = 5.0, keep_seconds: float = 60.0, *, patient: bool = False
    ) -> None:
        self.idle_seconds = idle_seconds
        self.keep_seconds = keep_seconds
        self._patient = patient
        self._answers: dict[UUID, _Answer] = {}
        self._sweep_at = 0.0

    def open(self, generation: UUID, opening: Opening) -> None:
        """Begin an attempt in place of what was there; readers of the attempt before are woken."""
        self._sweep()
        answer = self._answers.setdefault(generation, _Answer())
        answer.attempt = Attempt(opening)
        answer.touch()

    def append(self, generation: UUID, *, text: str = "", reasoning: str = "") -> None:
        """Add what is new; nothing happens when the answer is unknown or has ended."""
        answer = self._answers.get(generation)
        if answer is not None and (attempt := answer.attempt) is not None and attempt.end is None:
            attempt.append(text, reasoning)
            answer.touch()

    def announce(self, generation: UUID, kind: LiveKind, data: Mapping[str, Any]) -> None:
        """Tell readers; of announcements of one kind only the newest is kept."""
        answer = self._answers.get(generation)
        if answer is not None and (attempt := answer.attempt) is not None and attempt.end is None:
            attempt.announce(kind, data)
            answer.touch()

    def end(self, generation: UUID, status: str) -> None:
        """Close the answer; its text stays readable for ``keep_seconds``."""
        answer = self._answers.get(generation)
        if answer is not None and (attempt := answer.attempt) is not None and attempt.end is None:
            attempt.end = status
            answer.touch()
        self._sweep()

    def forget(self, generation: UUID) -> None:
        """Forget an answer at once; its readers end without an end event."""
        if (answer := self._answers.pop(generation, None)) is not None:
            answer.touch()

    async def read(self, generation: UUID, after: Position) -> AsyncGenerator[LiveEvent]:
        """Yield what lies after *after*, then what comes; see ``domain.live.EventLog``."""
        self._sweep()
        answer = self._answers.setdefault(generation, _Answer())
        cursor = Cursor(after, patient=self._patient)
        rest = _Rest(answer, self.idle_seconds)
        answer.readers += 1
        try:
            while self._answers.get(generation) is answer:
                events = cursor.take(answer.attempt) if answer.attempt is not None else []
                for event in events:
                    yield event
                if cursor.finished or (not events and not await rest.until_touched()):
                    return
        finally:
            rest.close()
            answer.readers -= 1
            if answer.attempt is None and not answer.readers:  # nobody came to write it
                self._remove(generation, answer)

    def attempt(self, generation: UUID) -> Attempt | None:
        """Return what is known of a generation, for those who copy it elsewhere."""
        answer = self._answers.get(generation)
        return answer.attempt if answer is not None else None

    def silent_seconds(self, generation: UUID) -> float:
        """Return how long ago anything happened; 0 for an unknown generation."""
        answer = self._answers.get(generation)
        return monotonic() - answer.touched_at if answer is not None else 0.0

    def _remove(self, generation: UUID, answer: _Answer) -> None:
        if self._answers.get(generation) is answer:
            del self._answers[generation]

    def _sweep(self) -> None:
        """Forget what is over. Done in passing, a few times per ``keep_seconds``, so no task is needed."""
        now = monotonic()
        if now < self._sweep_at:
            return
        self._sweep_at = now + self.keep_seconds / 4
        for generation, answer in list(self._answers.items()):
            if answer.attempt is None or (answer.readers and answer.attempt.end is None):
                continue
            keep = ABANDONED_SECONDS if answer.attempt.end is None else self.keep_seconds
            if now - answer.touched_at > keep:
                del self._answers[generation]
                answer.touch()
