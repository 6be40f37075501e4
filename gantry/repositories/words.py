"""The keyword index: what it holds of each row, and the rows whose text is new.

The database marks them as stale (triggers of the migrations 20261127_1000 and 20261127_2240); giving them their words is done here, in the
transaction that writes them, or in batches for what came another way: a restore, a migration, a replica of an earlier version.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from gantry.domain.words import languages_of, terms

BATCH = 200  # rows of a transaction
_LONGEST = 100_000  # characters of a text that are indexed
_QUICK = 4000  # characters of texts whose words are found sooner than another thread begins
_LARGEST = 900_000  # bytes of terms with their places: a tsvector holds one megabyte at most
_MOST_TIMES = 40  # places of one term that PostgreSQL is told; it ranks by their number
_WEIGHTS = "ABC"
_STALE_SQLITE = "SELECT {table}_id FROM fts_{table}_row WHERE stale ORDER BY number LIMIT :limit"
_STALE_POSTGRESQL = """
    SELECT {table}_id FROM fts_{table} WHERE stale ORDER BY {table}_id LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_WRITE_SQLITE = (
    """INSERT OR REPLACE INTO fts_{table} (rowid, scope, {columns})
    SELECT number, :scope, {values} FROM fts_{table}_row WHERE {table}_id = :id""",
    "UPDATE fts_{table}_row SET stale = 0 WHERE {table}_id = :id",
)
_WRITE_POSTGRESQL = """
    UPDATE fts_{table} SET search = array_to_tsvector(CAST(:scope AS text[])) || CAST(:search AS tsvector), stale = false
    WHERE {table}_id = :id
"""


Written = Mapping[Any, Any]  # a row that is searched: its id, its places, its texts


@dataclass(frozen=True, slots=True)
class Searched:
    """A table that is searched by words: the columns that say whose and where a row is, and its texts, the longest first."""

    table: str
    places: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]

    def scope(self, row: Written) -> list[str]:
        """Return owner and place of a row as words of the index."""
        values = ((letter, row[column]) for letter, column in self.places)
        return [f"{letter}{_plain(value)}" for letter, value in values if value is not None]

    def of(self, row: object) -> Written:
        """Return of a row of a table what is searched."""
        names = ("id", *(column for _letter, column in self.places), *self.texts)
        return {name: getattr(row, name) for name in names}

    def index(self, *, sqlite: bool) -> str:
        """Return the table that says which rows are stale."""
        return f"fts_{self.table}_row" if sqlite else f"fts_{self.table}"


CHUNKS = Searched(
    "chunk",
    (("a", "account_id"), ("d", "document_id"), ("c", "collection_id"), ("v", "conversation_id")),
    ("content", "context"),
)
MEMORIES = Searched(
    "memory_item",
    (("a", "account_id"), ("v", "conversation_id"), ("k", "kind")),
    ("content", "context", "around"),
)
MESSAGES = Searched("message", (("a", "account_id"), ("v", "conversation_id")), ("content",))
TITLES = Searched("conversation", (("a", "account_id"),), ("title",))
ALL = (CHUNKS, MEMORIES, MESSAGES, TITLES)


class WordsRepository:
    """Keeps the index for who writes rows."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def index(self, searched: Searched, rows: Sequence[UUID]) -> None:
        """Give rows that were just written their words, so that they are found from the end of the transaction on."""
        if rows:
            connection = await self._session.connection()
            await self.index_texts(searched, await connection.run_sync(_read, searched, rows))

    async def index_texts(self, searched: Searched, rows: Sequence[Written]) -> None:
        """Do the same for rows whose id, places and texts are at hand."""
        connection = await self._session.connection()
        prepare = _for_sqlite if connection.dialect.name == "sqlite" else _for_postgresql
        if sum(len(row[column]) for row in rows for column in searched.texts) < _QUICK:
            values = prepare(searched, rows)
        else:
            values = await asyncio.to_thread(prepare, searched, rows)  # half a millisecond for each chunk
        await connection.run_sync(_write, searched, values)

    async def stale(self) -> bool:
        """Whether the text of any row is new."""
        query = _any_stale(sqlite=self._session.get_bind().dialect.name == "sqlite")
        return (await self._session.execute(query)).first() is not None

    async def catch_up(self, limit: int) -> int:
        """Give at most *limit* stale rows of each table their words; returns how many there were."""
        done = 0
        for searched in ALL:
            rows = await (await self._session.connection()).run_sync(_stale, searched, limit)
            await self.index(searched, rows)
            done += len(rows)
        return done


def catch_up(connection: sa.Connection, limit: int = BATCH) -> int:
    """Give at most *limit* stale rows of each table their words; returns how many there were."""
    prepare = _for_sqlite if connection.dialect.name == "sqlite" else _for_postgresql
    done = 0
    for searched in ALL:
        rows = _stale(connection, searched, limit)
        _write(connection, searched, prepare(searched, _read(connection, searched, rows)))
        done += len(rows)
    return done


@cache
def _any_stale(*, sqlite: bool) -> sa.TextClause:
    return sa.text(
        " UNION ALL ".join(
            f"SELECT 1 WHERE EXISTS (SELECT 1 FROM {searched.index(sqlite=sqlite)} WHERE stale)"  # noqa: S608
            for searched in ALL
        )
    )


def _stale(connection: sa.Connection, searched: Searched, limit: int) -> Sequence[UUID]:
    query = _STALE_SQLITE if connection.dialect.name == "sqlite" else _STALE_POSTGRESQL
    key = sa.column(f"{searched.table}_id", sa.Uuid())
    stale = sa.text(query.format(table=searched.table)).columns(key)
    return connection.execute(stale, {"limit": limit}).scalars().all()


def _read(connection: sa.Connection, searched: Searched, rows: Sequence[UUID]) -> Sequence[sa.RowMapping]:
    names = [sa.column(name, sa.Text() if name == "kind" else sa.Uuid()) for _letter, name in searched.places]
    texts = [sa.column(name, sa.Text()) for name in searched.texts]
    key = sa.column("id", sa.Uuid())
    query = sa.select(key, *names, *texts).select_from(sa.table(searched.table)).where(key.in_(rows))
    return connection.execute(query).mappings().all() if rows else []


def _write(connection: sa.Connection, searched: Searched, values: Sequence[dict[str, Any]]) -> None:
    if not values:
        return
    for statement in _writing(searched, sqlite=connection.dialect.name == "sqlite"):
        connection.execute(statement, values)


@cache
def _writing(searched: Searched, *, sqlite: bool) -> tuple[sa.TextClause, ...]:
    names = {
        "table": searched.table,
        "columns": ", ".join(searched.texts),
        "values": ", ".join(f":{column}" for column in searched.texts),
    }
    statements = _WRITE_SQLITE if sqlite else (_WRITE_POSTGRESQL,)
    return tuple(_with_id(statement.format(**names)) for statement in statements)


def _for_sqlite(searched: Searched, found: Iterable[Written]) -> list[dict[str, Any]]:
    return [
        {"id": row["id"], "scope": " ".join(searched.scope(row))}
        | {
            column: " ".join(words)
            for column, words in zip(searched.texts, _words(searched, row), strict=True)
        }
        for row in found
    ]


def _for_postgresql(searched: Searched, found: Iterable[Written]) -> list[dict[str, Any]]:
    return [
        {"id": row["id"], "scope": searched.scope(row), "search": tsvector(_words(searched, row))}
        for row in found
    ]


def _with_id(statement: str) -> sa.TextClause:
    return sa.text(statement).bindparams(sa.bindparam("id", type_=sa.Uuid()))


def _words(searched: Searched, row: Written) -> list[list[str]]:
    texts = [row[column][:_LONGEST] for column in searched.texts]
    languages = languages_of(texts[0])  # the others are too short to tell
    return [terms(text, languages) for text in texts]


def tsvector(fields: Sequence[Sequence[str]]) -> str:
    """Return the terms of each field as PostgreSQL writes them, with the field's weight at each place."""
    places: dict[str, list[str]] = {}
    for words, weight in zip(fields, _WEIGHTS, strict=False):
        for term, times in Counter(words).items():
            at = places.setdefault(term, [])
            at += [f"{len(at) + n + 1}{weight}" for n in range(min(times, _MOST_TIMES))]
    told: list[str] = []
    size = 0
    for term, at in places.items():
        size += len(term.encode()) + 2 * len(at) + 6
        if size > _LARGEST:
            break
        told.append(f"'{term}':{','.join(at)}")
    return " ".join(told)


def _plain(value: Any) -> str:
    return value.hex if isinstance(value, UUID) else str(value)
