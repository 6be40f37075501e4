"""Which collections of an embedded index are written anew: its engine keeps the vectors that are removed, in memory and on the disk.

Of each removed vector 2 KB stay, for as long as its collection is there: also when the index is opened again.
"""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from uuid import UUID

_REMOVED = 1000  # vectors, of all collections, from which it is worth while
_OF_ONE = 50  # of a collection at least,
_SHARE = 4  # and one for so many that stay: these are what it costs
_MOST = 5000  # vectors of a collection: writing more holds questions up for seconds
_PAUSE_SECONDS = 300.0


class Gate:
    """Many may use the engine at once; who writes a collection anew has it alone for a moment, and is not made to wait by new ones."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = 0
        self._closed = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """Use the engine beside others."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the engine alone, once those who use it are done."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: not self._users)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()


class Removed:
    """How many vectors were removed from each collection since it was written, as far as this process knows."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._not_before = 0.0
        self._lock = threading.Lock()

    def note(self, name: str, count: int) -> bool:
        """Hear of vectors that were removed; returns whether collections should be written anew now."""
        with self._lock:
            self._counts[name] += count
            due = self._counts.total() >= _REMOVED and time.monotonic() >= self._not_before
            if due:
                self._not_before = time.monotonic() + _PAUSE_SECONDS
            return due

    def names(self) -> list[str]:
        """Return the collections that have lost some."""
        with self._lock:
            return [name for name, count in self._counts.items() if count >= _OF_ONE]

    def is_worth_it(self, name: str, left: int) -> bool:
        """Whether writing the *left* vectors of a collection anew gives back more than it takes."""
        with self._lock:
            return left <= min(_MOST, _SHARE * self._counts[name])

    def forget(self, name: str) -> None:
        """Hear that a collection was written anew, or dropped."""
        with self._lock:
            self._counts.pop(name, None)


def sweep(folder: Path) -> None:
    """Delete the files of collections that are gone, which the engine leaves behind; before it is opened."""
    database = folder / "chroma.sqlite3"
    if not database.is_file():
        return
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection,
    ):
        known = {row[0] for row in connection.execute("SELECT id FROM segments")}
        for each in folder.iterdir():
            if each.is_dir() and _is_id(each.name) and each.name not in known:
                rmtree(each, ignore_errors=True)


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
