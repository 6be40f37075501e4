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
_FEW = 2000  # terms, of 64 characters at most, that always find room in one
_MOST_TIMES = 40  # places of one term that PostgreSQL is told; it ranks by their number
_WEIGHTS = "ABC"
_STALE_SQLITE = "SELECT {table}_id FROM fts_{table}_row WHERE stale ORDER BY number LIMIT :limit"
_STALE_POSTGRESQL = """
    SELECT {table}_id FROM fts_{table} WHERE stale ORDER BY {table}_id LIMIT :limit FOR UPDATE SKIP LOCKED
"""
# One row of values with each, never what a query finds: for that SQLite keeps a way back, before which FTS5 writes out all that
# it has gathered, and then merges a thousand pieces.
_WRITE_SQLITE = (
    "INSERT OR REPLACE INTO fts_{table} (rowid, scope, {columns}) VALUES (:number, :scope, {values})",
    "UPDATE fts_{table}_row SET stale = 0 WHERE number = :number",
)
_LEAVING_SQLITE = (
    "DELETE FROM fts_{table} WHERE rowid = :number",
    "DELETE FROM fts_{table}_row WHERE number = :number",
)
_WRITE_POSTGRESQL = """
    UPDATE fts_{table} SET search = CAST(given.search AS tsvector), stale = false
    FROM unnest(CAST(:ids AS uuid[]), CAST(:found AS text[])) AS given (id, search) WHERE {table}_id = given.id
"""

Written = Mapping[Any, Any]  # a row that is searched: its id, its places, its texts
Prepared = Sequence[dict[str, Any]]  # rows as the index takes them


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
_WRITE_POSTGRESQL_OF = {each.table: sa.text(_WRITE_POSTGRESQL.format(table=each.table)) for each in ALL}


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
        sqlite = self._session.get_bind().dialect.name == "sqlite"
        if sum(len(row[column]) for row in rows for column in searched.texts) < _QUICK:
            values = prepared(searched, rows, sqlite=sqlite)
        else:  # half a millisecond for each chunk
            values = await asyncio.to_thread(prepared, searched, rows, sqlite=sqlite)
        await self.write(searched, values)

    async def write(self, searched: Searched, values: Prepared) -> None:
        """Do the same for rows whose words are at hand."""
        await (await self._session.connection()).run_sync(_write, searched, values)

    async def leave(self, searched: Searched, rows: sa.Select[Any]) -> None:
        """Take rows that are about to go, of which *rows* are the ids, out of SQLite's index; PostgreSQL's loses them as quickly by itself.

        A trigger would make FTS5 write out a piece for each of them.
        """
        connection = await self._session.connection()
        if connection.dialect.name != "sqlite":
            return
        index, key = searched.index(sqlite=True), sa.column(f"{searched.table}_id", sa.Uuid())
        query = sa.select(sa.column("number")).select_from(sa.table(index)).where(key.in_(rows))
        numbers = [{"number": number} for number in (await connection.scalars(query)).all()]
        for statement in _LEAVING_SQLITE if numbers else ():
            await connection.execute(sa.text(statement.format(table=searched.table)), numbers)

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
    sqlite = connection.dialect.name == "sqlite"
    done = 0
    for searched in ALL:
        rows = _stale(connection, searched, limit)
        _write(connection, searched, prepared(searched, _read(connection, searched, rows), sqlite=sqlite))
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


def _write(connection: sa.Connection, searched: Searched, values: Prepared) -> None:
    if not values:
        return
    if connection.dialect.name == "sqlite":
        numbers = _numbers(connection, searched, [row["id"] for row in values])
        numbered = [row | {"number": numbers[row["id"]]} for row in values if row["id"] in numbers]
        for statement in _writing(searched) if numbered else ():
            connection.execute(statement, numbered)
        return
    ids, found = [row["id"] for row in values], [row["search"] for row in values]
    connection.execute(_WRITE_POSTGRESQL_OF[searched.table], {"ids": ids, "found": found})


@cache
def _writing(searched: Searched) -> tuple[sa.TextClause, ...]:
    names = {
        "table": searched.table,
        "columns": ", ".join(searched.texts),
        "values": ", ".join(f":{column}" for column in searched.texts),
    }
    return tuple(sa.text(statement.format(**names)) for statement in _WRITE_SQLITE)


def _numbers(connection: sa.Connection, searched: Searched, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the numbers of rows in SQLite's index."""
    found: dict[UUID, int] = {}
    for first in range(0, len(ids), BATCH):
        rows = connection.execute(_numbering(searched), {"ids": ids[first : first + BATCH]})
        found |= {row[0]: row[1] for row in rows}
    return found


@cache
def _numbering(searched: Searched) -> sa.Select[UUID, int]:
    key, number = sa.column(f"{searched.table}_id", sa.Uuid()), sa.column("number", sa.Integer())
    rows = sa.table(searched.index(sqlite=True))
    return sa.select(key, number).select_from(rows).where(key.in_(sa.bindparam("ids", expanding=True)))


def prepared(searched: Searched, rows: Iterable[Written], *, sqlite: bool) -> Prepared:
    """Return what is written of *rows*: it takes its time, and no database."""
    return (_for_sqlite if sqlite else _for_postgresql)(searched, rows)


def _for_sqlite(searched: Searched, found: Iterable[Written]) -> list[dict[str, Any]]:
    return [
        {"id": row["id"], "scope": " ".join(searched.scope(row))}
        | {
            column: " ".join(dict.fromkeys(words))  # how often is not asked there
            for column, words in zip(searched.texts, _words(searched, row), strict=True)
        }
        for row in found
    ]


def _for_postgresql(searched: Searched, found: Iterable[Written]) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "search": " ".join((*map("'{}'".format, searched.scope(row)), tsvector(_words(searched, row)))),
        }
        for row in found
    ]


def _words(searched: Searched, row: Written) -> list[list[str]]:
    texts = [row[column][:_LONGEST] for column in searched.texts]
    languages = languages_of(texts[0])  # the others are too short to tell
    return [terms(text, languages) for text in texts]


def tsvector(fields: Sequence[Sequence[str]]) -> str:
    """Return the terms of each field as PostgreSQL writes them, with the field's weight at each place."""
    if len(fields) == 1 and len(fields[0]) < _FEW:
        return " ".join([f"'{term}':{_placed(times)}" for term, times in Counter(fields[0]).items()])
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


@cache
def _placed(times: int) -> str:
    """Return the places of a term of the first field."""
    return ",".join(f"{n + 1}{_WEIGHTS[0]}" for n in range(min(times, _MOST_TIMES)))


def _plain(value: Any) -> str:
    return value.hex if isinstance(value, UUID) else str(value)
