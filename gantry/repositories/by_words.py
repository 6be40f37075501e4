"""Searching an index by words: FTS5 in SQLite, tsvector in PostgreSQL.

Owner and place are words of the index too, so that it leaves other people's rows out by itself; the conditions on the columns say it again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from uuid import UUID

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from gantry.domain.words import Asked

# Both databases can rank, but not by what one person keeps: SQLite counts how rare a word is among everybody's rows (and
# takes longer the more they keep), PostgreSQL not at all. So each word is asked for by itself, and weighed by how many of the
# owner's rows have it.
_HELD_SQLITE = "SELECT (SELECT count(*) FROM {table} WHERE account_id = :owner) AS held, {counts}"
_COUNT_SQLITE = "(SELECT count(*) FROM fts_{table} WHERE fts_{table} MATCH :any{n}) AS rows{n}"
_HIT_SQLITE = "SELECT rowid AS number, :weight{n}{column} AS weight FROM fts_{table} WHERE fts_{table} MATCH :{column}{n}"
_BEST_SQLITE = """
    SELECT found.{table}_id AS id, best.score FROM (
        SELECT number, sum(weight) AS score FROM ({hits}) GROUP BY number ORDER BY score DESC, number DESC LIMIT :limit
    ) AS best JOIN fts_{table}_row found ON found.number = best.number JOIN {table} ON {table}.id = found.{table}_id
    WHERE {table}.account_id = :owner
"""
# Rows without an id tell how many rows there are (0), and how many of them hold each word, by its place among :words.
# The rank of a word with several terms is divided by their number there, which says nothing.
_BEST_POSTGRESQL = """
    WITH hit AS (
        SELECT f.{table}_id AS id, word, (numnode(word) + 1) / 2 * ts_rank('{{{weights}}}', f.search, word, 1) AS rank
        FROM (SELECT DISTINCT CAST(one AS tsquery) AS word FROM unnest(CAST(:words AS text[])) AS one) AS asked
        JOIN fts_{table} f ON f.search @@ (CAST(:scope AS tsquery) && word)
    ), held AS (SELECT count(*) AS rows FROM {table} WHERE account_id = :owner),
    rarity AS (SELECT word, count(*) AS holding, ln(1 + max(rows) / (0.5 + count(*))) AS weight FROM hit, held GROUP BY word)
    SELECT best.id, best.score, CAST(NULL AS bigint) AS number FROM (
        SELECT id, sum(rank * weight) AS score
        FROM hit JOIN rarity USING (word) GROUP BY id ORDER BY score DESC LIMIT :limit
    ) AS best JOIN {table} ON {table}.id = best.id
    WHERE {table}.account_id = :owner
    UNION ALL SELECT NULL, rows, 0 FROM held
    UNION ALL SELECT NULL, holding, number
        FROM rarity JOIN unnest(CAST(:words AS text[])) WITH ORDINALITY AS asked(one, number) ON CAST(one AS tsquery) = word
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is searched: its table, what a word counts in each column of SQLite's index, and in PostgreSQL's from D to A."""

    table: str
    columns: Mapping[str, float]
    weights: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Which rows are looked at, in words of the index: those with one of each group, without those with *apart*."""

    owner: UUID
    groups: Sequence[Sequence[str]]
    apart: str = ""

    def sqlite(self) -> str:
        """Return it as FTS5 takes it."""
        inside = " AND ".join(f"scope : ({_any(group)})" for group in self.groups)
        return f'({inside}) NOT scope : "{self.apart}"' if self.apart else inside

    def postgresql(self) -> str:
        """Return it as a tsquery."""
        groups = [f"({' | '.join(_quoted(word) for word in group)})" for group in self.groups]
        return " & ".join((*groups, *([f"!{_quoted(self.apart)}"] if self.apart else [])))


@dataclass(frozen=True, slots=True)
class WordsFound:
    """Rows that hold any of the words that were asked for.

    Attributes:
        scores: By row, to compare.
        kept: How many rows the owner has, wherever they lie.
        holders: How many rows of the places searched hold each word; without those that none holds.
    """

    scores: dict[UUID, float] = field(default_factory=dict[UUID, float])
    kept: int = 0
    holders: dict[str, int] = field(default_factory=dict[str, int])


async def by_words(
    session: AsyncSession, kept: Kept, words: Sequence[Asked], inside: Inside, *, limit: int
) -> WordsFound:
    """Return the rows that hold any of *words*, with scores to compare, and how many hold each."""
    if not words or not all(inside.groups):
        return WordsFound()
    sqlite = session.get_bind().dialect.name == "sqlite"
    return await (_sqlite if sqlite else _postgresql)(session, kept, words, inside, limit)


async def _sqlite(
    session: AsyncSession, kept: Kept, words: Sequence[Asked], inside: Inside, limit: int
) -> WordsFound:
    columns, within = kept.columns, inside.sqlite()
    counting, best = _statements(kept.table, tuple(columns), len(words))
    everywhere = " ".join(columns)
    asked = {
        f"any{n}": f"{{{everywhere}}} : ({_any(word.terms)}) AND {within}" for n, word in enumerate(words)
    }
    held, *having = (await session.execute(counting, asked | {"owner": inside.owner})).one()
    values: dict[str, object] = {"limit": limit, "owner": inside.owner}
    for n, (word, rows) in enumerate(zip(words, having, strict=True)):
        rarity = math.log(1 + (max(0, held - rows) + 0.5) / (rows + 0.5))
        match = f"({_any(word.terms)}) AND {within}"
        for column, weight in columns.items():
            values[f"{column}{n}"] = f"{column} : {match}"
            values[f"weight{n}{column}"] = weight * rarity
    rows = await session.execute(best, values)
    holders = {one.word: int(count) for one, count in zip(words, having, strict=True) if count}
    return WordsFound({UUID(row): float(score) for row, score in rows}, held, holders)


@lru_cache(maxsize=128)  # reading the names of so many parameters costs more than asking
def _statements(table: str, columns: tuple[str, ...], words: int) -> tuple[TextClause, TextClause]:
    """Return what counts, and what finds, the rows that hold so many words."""
    numbers = range(words)
    counts = ", ".join(_COUNT_SQLITE.format(table=table, n=n) for n in numbers)
    hits = " UNION ALL ".join(
        _HIT_SQLITE.format(table=table, n=n, column=column) for n in numbers for column in columns
    )
    return (
        _of_owner(_HELD_SQLITE.format(table=table, counts=counts)),
        _of_owner(_BEST_SQLITE.format(table=table, hits=hits)),
    )


async def _postgresql(
    session: AsyncSession, kept: Kept, words: Sequence[Asked], inside: Inside, limit: int
) -> WordsFound:
    values = {
        "words": [_tsquery(word) for word in words],
        "scope": inside.postgresql(),
        "limit": limit,
        "owner": inside.owner,
    }
    found = await session.execute(_best_postgresql(kept.table, kept.weights), values)
    rows = found.all()
    scores: dict[UUID, float] = {row.id: float(row.score) for row in rows if row.id}
    counts: dict[int, int] = {row.number: int(row.score) for row in rows if not row.id}
    held = counts.pop(0, 0)
    return WordsFound(scores, held, {words[number - 1].word: count for number, count in counts.items()})


@cache
def _best_postgresql(table: str, weights: str) -> TextClause:
    return _of_owner(_BEST_POSTGRESQL.format(table=table, weights=weights))


def _of_owner(query: str) -> TextClause:
    return text(query).bindparams(bindparam("owner", type_=Uuid()))


def _tsquery(word: Asked) -> str:
    return " | ".join(_quoted(term) for term in word.terms)


def _any(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)


def _quoted(word: str) -> str:
    return f"'{word}'"
