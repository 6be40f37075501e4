"""The text of one attempt at an answer as it grows, and a reader's way through it. No waiting happens here."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from gantry.domain.live import LiveEvent, LiveKind, Opening, Position

_NOTHING = Position()


class Growing:
    """Text that only grows: adding and resuming cost the same however long it is."""

    __slots__ = ("_ends", "_pieces", "length")

    def __init__(self, text: str = "") -> None:
        self._pieces = [text] if text else []
        self._ends = [len(text)] if text else []
        self.length = len(text)

    def add(self, piece: str) -> None:
        """Add a piece that is not empty."""
        self.length += len(piece)
        self._pieces.append(piece)
        self._ends.append(self.length)

    def since(self, count: int) -> str:
        """Return what follows the first *count* characters."""
        if count >= self.length:
            return ""
        index = bisect_right(self._ends, count)
        # The place within the piece is counted from its end, which is what _ends has.
        tail = self._pieces[index][count - self._ends[index] :]
        return "".join((tail, *self._pieces[index + 1 :])) if index + 1 < len(self._pieces) else tail


class Attempt:
    """One attempt: its texts, the newest announcement of each kind, and how it ended.

    ``ticks`` counts announcements; each is kept with its own tick, so that a reader knows which are new to it.
    """

    __slots__ = ("continues", "end", "number", "prefix", "reasoning", "said", "text", "ticks")

    def __init__(self, opening: Opening) -> None:
        self.number = opening.attempt
        self.continues = opening.continues
        self.prefix = (len(opening.text), len(opening.reasoning))
        self.text = Growing(opening.text)
        self.reasoning = Growing(opening.reasoning)
        self.said: dict[LiveKind, tuple[int, Mapping[str, Any]]] = {}
        self.ticks = 0
        self.end: str | None = None

    def append(self, text: str, reasoning: str) -> None:
        """Add what is new; text makes the status before it pointless."""
        if reasoning:
            self.reasoning.add(reasoning)
        if text:
            self.text.add(text)
            if self.said:
                self.said.pop(LiveKind.STATUS, None)

    def announce(self, kind: LiveKind, data: Mapping[str, Any]) -> None:
        """Keep *data* as the newest of its kind."""
        self.ticks += 1
        self.said[kind] = (self.ticks, data)

    def news(self, ticks: int) -> dict[LiveKind, Mapping[str, Any]]:
        """Return the announcements made after the first *ticks* that are still of interest."""
        return {kind: data for kind, (tick, data) in self.said.items() if tick > ticks}

    def reaches(self, place: Position) -> bool:
        """Whether this attempt has all that a reader at *place* has.

        Who has text but not the thought it began with has read that thought as text, before it was told apart.
        """
        if place.text and place.reasoning < self.prefix[1]:
            return False
        return place.text <= self.text.length and place.reasoning <= self.reasoning.length

    def continues_from(self, place: Position) -> bool:
        """Whether a reader at *place* in the attempt before need not start over."""
        text, reasoning = self.prefix
        return (
            self.continues
            and place.attempt == self.number - 1
            and place.text <= text
            and place.reasoning <= reasoning
        )


class Cursor:
    """One reader's place, through all attempts.

    A *patient* cursor waits for an attempt that lacks what the reader already has: the log is then a copy that
    lags behind, and will catch up. An impatient one starts the reader over.
    """

    __slots__ = ("_attempt", "_patient", "_place", "_told", "finished")

    def __init__(self, after: Position, *, patient: bool = False) -> None:
        self._place = after
        self._patient = patient
        self._attempt: Attempt | None = None
        self._told = 0
        self.finished = False

    def take(self, attempt: Attempt) -> list[LiveEvent]:
        """Return everything the reader has not had, one event of each kind, and move past it."""
        events: list[LiveEvent] = []
        if attempt is not self._attempt and not self._step_into(attempt, events):
            return events
        news: dict[LiveKind, Mapping[str, Any]] = {}
        if attempt.ticks > self._told:
            news = attempt.news(self._told)
            self._told = attempt.ticks
        text = attempt.text.since(self._place.text)
        # A status that outlived text was announced after it, so it follows the text.
        before = (LiveKind.SOURCES,) if text else (LiveKind.SOURCES, LiveKind.STATUS)
        said = [(kind, news.pop(kind)) for kind in before if kind in news]
        events.extend(LiveEvent(kind, data, self._stand(attempt)) for kind, data in said)
        if reasoning := attempt.reasoning.since(self._place.reasoning):
            place = self._stand(attempt, reasoning=len(reasoning))
            events.append(LiveEvent(LiveKind.REASONING, {"text": reasoning}, place))
        if text:
            place = self._stand(attempt, text=len(text))
            events.append(LiveEvent(LiveKind.TEXT, {"text": text}, place))
        events.extend(LiveEvent(kind, data, self._stand(attempt)) for kind, data in news.items())
        if attempt.end is not None:
            self.finished = True
            events.append(LiveEvent(LiveKind.END, {"status": attempt.end}, self._stand(attempt)))
        return events

    def _stand(self, attempt: Attempt, *, text: int = 0, reasoning: int = 0) -> Position:
        """Move on by that many characters. Only here: a reader told nothing yet stands in no attempt."""
        self._place = Position(attempt.number, self._place.text + text, self._place.reasoning + reasoning)
        return self._place

    def _step_into(self, attempt: Attempt, events: list[LiveEvent]) -> bool:
        """Go from one attempt to another; False when a patient reader has to wait for it to catch up."""
        place, first = self._place, self._attempt is None
        if place != _NOTHING:
            same = first and place.attempt == attempt.number
            if same and attempt.reaches(place):
                pass
            elif attempt.continues_from(place):
                self._stand(attempt)
            elif self._patient and attempt.end is None and (same or place.attempt > attempt.number):
                return False
            else:
                self._place = Position(attempt.number)
                events.append(LiveEvent(LiveKind.RESTARTED, {}, self._place))
        self._attempt, self._told = attempt, 0
        return True
