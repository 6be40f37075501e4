"""Connections to SQLite for SQLAlchemy: a thread for each, asked once for each statement.

aiosqlite goes to its thread for the cursor, the statement, the rows and the end of the cursor; each way there and back costs more than
most of our statements do. Where a transaction is brief, its statements are run at once instead: only what may wait for another
process or for the disk goes to the thread (its beginning to write, its end).
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self

import aiosqlite

BUSY_MS = 5000
# Of one statement: for more an index of words takes milliseconds. Rows cost 4 µs to change, 16 to index, 100 to index anew.
_BRIEF_ROWS = 50
_BRIEF_CHARACTERS = 20_000
# Statements are kept as they were prepared, 16 KB each, by every connection: a question has about fifty.
_SETTINGS: dict[str, Any] = {"check_same_thread": False, "cached_statements": 64}


def configure(connection: Any, _record: Any) -> None:
    """Set up one connection: we begin transactions ourselves, write-ahead log, foreign keys."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        "cache_size=-2000",  # KB, of each connection; more is in the system's own cache
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class SqliteConnection(aiosqlite.Connection):
    """A connection as SQLAlchemy's dialect uses it: one statement at a time, its rows read at once.

    It is stopped once: when a statement is cancelled and its closing is cancelled too, SQLAlchemy stops the connection while it
    closes. The thread would end with the first of the two, and the other would wait for it without end.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        connect = partial(sqlite3.connect, *args, **(settings | _SETTINGS))
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy sets it for connections that it makes itself
        self._stopped: asyncio.Future[Any] | None = None
        self._was_stopped = False
        self.brief = False  # the transaction: each of its statements takes well below a millisecond
        # Statements that the thread was given and that it has ended: one whose task was cancelled runs on.
        self._begun = self._ended = 0

    def cursor(self) -> "_Cursor":  # type: ignore[override]
        """Return a cursor at once: making one does nothing in the database."""
        return _Cursor(self, self._conn.cursor())

    async def run(self, function: Any, *arguments: Any) -> Any:
        """Call *function* in the connection's thread."""
        self._begun += 1
        return await self._execute(self._run, function, *arguments)

    def _run(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        finally:
            self._ended += 1

    def begin_reading(self) -> None:
        """Begin a transaction here and now: it takes no lock."""
        self._conn.execute("BEGIN")

    @property
    def is_busy(self) -> bool:
        """Whether a statement runs."""
        return self._begun != self._ended

    async def rollback(self) -> None:
        """Roll back here and now, or after the statement that still runs."""
        if self.is_busy:
            await self.run(self._conn.rollback)
        else:
            self._conn.rollback()

    async def close(self) -> None:
        """Close it, after the statement that still runs."""
        self._tx.put_nowait((None, self._give_up))
        await super().close()

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread, once."""
        if not self._was_stopped:
            self._was_stopped = True
            self._tx.put_nowait((None, self._give_up))
            self._stopped = super().stop()
        return self._stopped

    def _give_up(self) -> None:
        """End the transaction: a connection that is closed keeps its lock as long as somebody knows one of its cursors."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.rollback()


class _Cursor:
    """What SQLAlchemy needs of a cursor of aiosqlite."""

    def __init__(self, connection: SqliteConnection, cursor: sqlite3.Cursor) -> None:
        self._connection = connection
        self._cursor = cursor
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "_Cursor":
        """Run one statement and take its rows."""
        if self._connection.brief:
            self._rows = self._execute(sql, parameters)
        else:
            self._rows = await self._connection.run(self._execute, sql, parameters)
        return self

    def _execute(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchall() if self._cursor.description else []

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> "_Cursor":
        """Run one statement for each of *parameters*."""
        rows = list(parameters)
        if self._connection.brief and _are_brief(rows):
            self._cursor.executemany(sql, rows)
        else:
            await self._connection.run(self._cursor.executemany, sql, rows)
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Close it, after the statement that still runs."""
        if self._connection.is_busy:
            await self._connection.run(self._cursor.close)
        else:
            self._cursor.close()

    @property
    def description(self) -> Any:
        """The columns of the rows, if any."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """How many rows were written."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The number of the row written last."""
        return self._cursor.lastrowid


def _are_brief(rows: Sequence[Sequence[Any]]) -> bool:
    if len(rows) > _BRIEF_ROWS:
        return False
    return sum(len(value) for row in rows for value in row if isinstance(value, str)) <= _BRIEF_CHARACTERS
