"""Searching an index by words: FTS5 in SQLite, tsvector in PostgreSQL.

Owner and place are words of the index too, so that it leaves other people's rows out by itself; the conditions on the columns say it again.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from heapq import nlargest
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.types import Uuid

from gantry.domain.words import Asked

# Both databases can rank, but not by what one person keeps: SQLite counts how rare a word is among everybody's rows (and
# takes longer the more they keep), PostgreSQL not at all. So each word is asked for by itself, and weighed by how many of the
# owner's rows have it. SQLite gives the rows of each word as one text: adding them up here takes a third of what it needs.
# Of who keeps more than _MOST rows it gives none at first, then each word's newest, which takes half as long again for each row.
_MOST = 20_000  # rows of a word that are looked at; half a million of them took 100 MB
_HELD_SQLITE = """
    WITH held AS (SELECT count(*) AS rows FROM {table} WHERE account_id = ?) SELECT rows, {hits} FROM held
"""
_HIT_SQLITE = """
    CASE WHEN rows <= {most} THEN (SELECT json_group_array(rowid) FROM fts_{table} WHERE fts_{table} MATCH ?) END
"""
_NEWEST_SQLITE = """
    (SELECT json_group_array(rowid) FROM (
        SELECT rowid FROM fts_{table} WHERE fts_{table} MATCH ? ORDER BY rowid DESC LIMIT {most}
    ))
"""
_HOLDING_SQLITE = "(SELECT count(*) FROM fts_{table} WHERE fts_{table} MATCH ?)"
_BEST_SQLITE = """
    SELECT found.number, {table}.id FROM json_each(?) AS best CROSS JOIN fts_{table}_row found ON found.number = best.value
    CROSS JOIN {table} ON {table}.id = found.{table}_id WHERE {table}.account_id = ?
"""  # in this order: the planner would go over all rows of the owner
_MANY = 60_000  # characters that tell the rows of all words, about ten thousand: adding them up takes milliseconds, and others wait
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
    session: AsyncSession,
    kept: Kept,
    words: Sequence[Asked],
    inside: Inside,
    *,
    limit: int,
    most: int = _MOST,
) -> WordsFound:
    """Return the rows that hold any of *words*, with scores to compare, and how many hold each.

    Args:
        limit: The best that are returned.
        most: In SQLite a word counts only in so many of the newest rows that hold it.
    """
    if not words or not all(inside.groups):
        return WordsFound()
    if session.get_bind().dialect.name == "sqlite":
        return await _sqlite(session, kept, words, inside, limit, most)
    return await _postgresql(session, kept, words, inside, limit)


async def _sqlite(
    session: AsyncSession, kept: Kept, words: Sequence[Asked], inside: Inside, limit: int, most: int
) -> WordsFound:
    alike, within, owner = _alike(kept), inside.sqlite(), inside.owner.hex
    matches = [_match(columns, word, within) for word in words for columns in alike]
    connection = await session.connection()
    told = await connection.exec_driver_sql(_hits(kept.table, len(matches), most), (owner, *matches))
    row = told.one()
    held: int = row[0]
    texts: Sequence[str] = row[1:]
    many: Mapping[int, int] = {}
    if held > most:
        query = _of_each(_NEWEST_SQLITE, kept.table, len(matches), most)
        texts = (await connection.exec_driver_sql(query, tuple(matches))).one()
        many = await _holding(connection, kept, words, within, _cut(texts, len(alike), most))
    summed = partial(_summed, texts, tuple(alike.values()), held=held, many=many, limit=limit)
    best, counts = await asyncio.to_thread(summed) if sum(map(len, texts)) > _MANY else summed()
    if not best:
        return WordsFound(kept=held)
    numbers = orjson.dumps(list(best)).decode()
    found: Any = await connection.exec_driver_sql(_BEST_SQLITE.format(table=kept.table), (numbers, owner))
    holders = {one.word: count for one, count in zip(words, counts, strict=True) if count}
    return WordsFound({UUID(row): best[number] for number, row in found}, held, holders)


def _alike(kept: Kept) -> dict[str, float]:
    """Return the columns in which a word counts the same, together, with what it counts there."""
    columns: dict[float, str] = {}
    for column, weight in kept.columns.items():
        columns[weight] = f"{columns[weight]} {column}" if weight in columns else column
    return {names: weight for weight, names in columns.items()}


def _match(columns: str, word: Asked, within: str) -> str:
    return f"{{{columns}}} : ({_any(word.terms)}) AND {within}"


@cache
def _hits(table: str, matches: int, most: int) -> str:
    """Return what finds the rows of so many words and columns."""
    hits = ", ".join([_HIT_SQLITE.format(table=table, most=most)] * matches)
    return _HELD_SQLITE.format(table=table, hits=hits)


@cache
def _of_each(query: str, table: str, matches: int, most: int = _MOST) -> str:
    return "SELECT " + ", ".join([query.format(table=table, most=most)] * matches)


def _cut(texts: Sequence[str], columns: int, most: int) -> list[int]:
    """Return the places of the words that more rows may hold than *texts* tell."""
    return sorted({at // columns for at, text in enumerate(texts) if text.count(",") + 1 >= most})


async def _holding(
    connection: AsyncConnection, kept: Kept, words: Sequence[Asked], within: str, places: Sequence[int]
) -> dict[int, int]:
    """Return how many rows hold the words in these places."""
    if not places:
        return {}
    columns = " ".join(kept.columns)
    matches = tuple(_match(columns, words[place], within) for place in places)
    query = _of_each(_HOLDING_SQLITE, kept.table, len(matches))
    counts = (await connection.exec_driver_sql(query, matches)).one()
    return dict(zip(places, counts, strict=True))


def _summed(
    texts: Sequence[str], weights: Sequence[float], *, held: int, many: Mapping[int, int], limit: int
) -> tuple[dict[int, float], list[int]]:
    """Return the best rows with their scores, newest first among equals, and how many rows hold each word.

    Args:
        texts: For each word the rows that hold it, as JSON, by the columns in which it counts the same.
        weights: What it counts there.
        many: How many rows hold a word of which not all are told, by its place.
    """
    scores: dict[int, float] = {}
    counts: list[int] = []
    for first in range(0, len(texts), len(weights)):
        of_word: list[list[int]] = [orjson.loads(each) for each in texts[first : first + len(weights)]]
        holding = many.get(first // len(weights)) or len(set[int]().union(*of_word))
        rarity = math.log(1 + (max(0, held - holding) + 0.5) / (holding + 0.5))
        counts.append(holding)
        for each, weight in zip(of_word, weights, strict=True):
            worth = weight * rarity
            for row in each:
                scores[row] = scores.get(row, 0.0) + worth
    best = nlargest(limit, zip(scores.values(), scores, strict=True))
    return {row: score for score, row in best}, counts


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
