"""Whose rows the vectors of an embedded index are, for those who ask: so that the engine need not find that out for each question.

Asked for the vectors of one place, ChromaDB first reads from its database which those are: 5 ms for 2,000 of them, 1 ms without that.
"""

import logging
import threading
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

_PLACES = 64  # that are known at once
_ROWS = 500_000  # of all of them together; 12 bytes each
_MOST = 200_000  # of one place: who has more has the engine look
_OTHERS = 4  # how many times as many are asked for where others lie between
_PAUSE = 50  # questions for which a place is not tried again that is too large, or among many others

log = logging.getLogger(__name__)

Place = tuple[str, str]  # a collection, and an account with its kind of vectors
# What is said of a place's vectors, page by page.
Read = Callable[[Place], Iterable[list[dict[str, Any]]]]
# The nearest so many vectors of a whole collection.
Ask = Callable[[int], dict[str, Any]]


class _TooManyError(Exception):
    """A place has more rows than are held."""


class HeldRows:
    """The rows of one place with the source of each; a row is told by the random half of its id."""

    def __init__(self) -> None:
        self._rows = array("Q")
        self._from = array("I")
        self._sources: list[str] = []
        self._numbers: dict[str, int] = {}
        self.pause = 0

    def __len__(self) -> int:
        return len(self._rows)

    def fill(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take all rows with their sources."""
        sources = {_number(row): self._number_of(source) for row, source in pairs}
        self._rows = array("Q", sorted(sources))
        self._from = array("I", (sources[row] for row in self._rows))

    def add(self, row: str, source: str) -> None:
        """Take one more, or give one its source."""
        number = _number(row)
        at = bisect_left(self._rows, number)
        if at == len(self._rows) or self._rows[at] != number:
            self._rows.insert(at, number)
            self._from.insert(at, 0)
        self._from[at] = self._number_of(source)

    def source(self, row: str) -> str | None:
        """Return what a row comes from; None when it is not of this place."""
        number = _number(row)
        at = bisect_left(self._rows, number)
        if at == len(self._rows) or self._rows[at] != number:
            return None
        return self._sources[self._from[at]]

    def _number_of(self, source: str) -> int:
        if source not in self._numbers:
            self._numbers[source] = len(self._sources)
            self._sources.append(source)
        return self._numbers[source]


class Held:
    """What is known of an index that this process alone writes to. Places are read in a thread of its own, after the first question."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: OrderedDict[Place, HeldRows] = OrderedDict()
        self._waits: dict[Place, int] = {}  # questions until a place that could not be known is read again
        # Places that are being read, with what was written to them meanwhile; None where something was removed.
        self._reading: dict[Place, list[tuple[str, str]] | None] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chroma-held")

    def nearest(self, place: Place, count: int, ask: Ask) -> dict[str, Any] | None:
        """Return the nearest *count* vectors of *place*, with their sources; None when the engine has to find out which those are."""
        with self._lock:
            rows = self._known.get(place)
            if rows is None:
                self._want(place)
                return None
            self._known.move_to_end(place)
            if rows.pause:
                rows.pause -= 1
                return None
        for asked in (count, _OTHERS * count):
            found = ask(asked)
            with self._lock:
                sources = [rows.source(key.partition(":")[0]) for key in found["ids"][0]]
            own = [at for at, source in enumerate(sources) if source is not None][:count]
            if len(own) == count or len(sources) < asked:
                picked = {field: [[values[0][at] for at in own]] for field, values in found.items()}
                return picked | {"metadatas": [[{"source": sources[at]} for at in own]]}
        rows.pause = _PAUSE
        return None

    def added(self, key: str, abouts: Iterable[dict[str, Any]]) -> None:
        """Hear what is said of vectors that were written to a collection."""
        with self._lock:
            for about in abouts:
                place, pair = (key, about["place"]), (about["row"], about["source"])
                if (rows := self._known.get(place)) is not None:
                    rows.add(*pair)
                if (meanwhile := self._reading.get(place)) is not None:
                    meanwhile.append(pair)

    def forget(self, key: str) -> None:
        """Hear that vectors of a collection were removed."""
        with self._lock:
            for place in [each for each in self._known if each[0] == key]:
                del self._known[place]
            self._reading |= {place: None for place in self._reading if place[0] == key}

    def close(self) -> None:
        """Read no more."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _want(self, place: Place) -> None:
        waits = self._waits.get(place, 0)
        if waits:
            self._waits[place] = waits - 1
        elif place not in self._reading:
            self._waits.pop(place, None)
            self._reading[place] = []
            self._thread.submit(self._learn, place).add_done_callback(_tell)

    def _learn(self, place: Place) -> None:
        """Read a place, unless it is too large."""
        rows: HeldRows | None = None
        try:
            made = HeldRows()
            made.fill(self._pairs(place))
            rows = made
        except _TooManyError:
            pass
        finally:
            with self._lock:
                meanwhile = self._reading.pop(place)
                if rows is None:
                    if len(self._waits) > _PLACES:
                        self._waits.clear()
                    self._waits[place] = _PAUSE
                elif meanwhile is not None:
                    for row, source in meanwhile:
                        rows.add(row, source)
                    self._known[place] = rows
                    while len(self._known) > _PLACES or sum(map(len, self._known.values())) > _ROWS:
                        self._known.popitem(last=False)

    def _pairs(self, place: Place) -> Iterator[tuple[str, str]]:
        count = 0
        for page in self._read(place):
            count += len(page)
            if count > _MOST:
                raise _TooManyError
            yield from ((each["row"], each["source"]) for each in page)


def _tell(reading: Future[None]) -> None:
    if not reading.cancelled() and (error := reading.exception()) is not None:
        log.warning("index.place_unread", extra={"reason": f"{type(error).__name__}: {error}"[:300]})


def _number(row: str) -> int:
    return int(row[16:], 16)
