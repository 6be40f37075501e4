"""Searching chunks and memories by their words: FTS5 in SQLite, tsvector in PostgreSQL.

Owner and place are words of the index too, so that it leaves other people's rows out by itself; the conditions on the columns say it again.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Result, bindparam, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid
from sqlmodel import col

from gantry.domain.memory import MemoryKind
from gantry.domain.vault import DocumentState
from gantry.models import Chunk, Conversation, Document, MemoryItem, Message

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
_CHUNKS_POSTGRESQL = """
    WITH hit AS (
        SELECT f.chunk_id AS id, word, ts_rank('{{0, 0, 0.75, 0.25}}', f.search, word, 1) AS rank
        FROM {asked} JOIN fts_chunk f ON f.search @@ ({scope} && word)
    ), held AS (SELECT count(*) AS rows FROM chunk WHERE account_id = :owner),
    rarity AS (SELECT word, ln(1 + max(rows) / (0.5 + count(*))) AS weight FROM hit, held GROUP BY word)
    SELECT best.id, best.score FROM (
        SELECT id, sum(rank * weight) AS score
        FROM hit JOIN rarity USING (word) GROUP BY id ORDER BY score DESC LIMIT :limit
    ) AS best JOIN chunk c ON c.id = best.id
    WHERE c.account_id = :owner ORDER BY best.score DESC
"""
_ASKED_POSTGRESQL = """(
    SELECT DISTINCT query AS word
    FROM unnest(CAST(:words AS text[])) AS one, LATERAL to_tsquery('english', one) AS query WHERE numnode(query) > 0
) AS asked"""
_MEMORIES_POSTGRESQL = """
    WITH hit AS (
        SELECT f.memory_item_id AS id, word, ts_rank('{{0, 0.15, 0.6, 0.3}}', f.search, word, 1) AS rank
        FROM {asked} JOIN fts_memory_item f ON f.search @@ ({scope} && word)
    ), held AS (SELECT count(*) AS rows FROM memory_item WHERE account_id = :owner),
    rarity AS (SELECT word, ln(1 + max(rows) / (0.5 + count(*))) AS weight FROM hit, held GROUP BY word)
    SELECT best.id, best.score FROM (
        SELECT id, sum(rank * weight) AS score
        FROM hit JOIN rarity USING (word) GROUP BY id ORDER BY score DESC LIMIT :limit
    ) AS best JOIN memory_item i ON i.id = best.id
    WHERE i.account_id = :owner ORDER BY best.score DESC
"""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is searched: its table, what a word counts in each column of SQLite's index, PostgreSQL's query."""

    table: str
    columns: Mapping[str, float]
    postgresql: str


# A chunk's context are its name and headings; a memory's are speaker and date.
_CHUNKS = _Kept("chunk", {"content": 1.0, "context": 1.5}, _CHUNKS_POSTGRESQL)
_MEMORIES = _Kept("memory_item", {"content": 1.0, "context": 1.0, "around": 0.5}, _MEMORIES_POSTGRESQL)


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, already known to be the owner's: None means everywhere, an empty one nowhere."""

    collections: Collection[UUID] | None = None
    documents: Collection[UUID] | None = None

    @property
    def everywhere(self) -> bool:
        """Whether nothing of the owner's is left out."""
        return self.collections is None and self.documents is None


@dataclass(frozen=True, slots=True)
class ChunkFound:
    """A chunk with the name of its document."""

    id: UUID
    document_id: UUID
    ordinal: int
    page: int | None
    heading: str
    start_offset: int
    end_offset: int
    content: str
    context: str
    name: str


@dataclass(frozen=True, slots=True)
class MemoryFound:
    """A memory with where it stands: its conversation's title, the message above its own, and the one above that."""

    id: UUID
    kind: MemoryKind
    conversation_id: UUID | None
    message_id: UUID | None
    speaker: str
    content: str
    context: str
    around: str
    said_at: datetime | None
    title: str
    parent_id: UUID | None
    before_id: UUID | None


_READABLE = col(Document.state).in_((DocumentState.READY, DocumentState.EMBEDDING))

# Columns, not objects, are read: they are hundreds, and most are only looked at.
_OF_CHUNK = (
    Chunk.id,
    Chunk.document_id,
    Chunk.ordinal,
    Chunk.page,
    Chunk.heading,
    Chunk.start_offset,
    Chunk.end_offset,
    Chunk.content,
    Chunk.context,
)
_OF_MEMORY = (
    MemoryItem.id,
    MemoryItem.kind,
    MemoryItem.conversation_id,
    MemoryItem.message_id,
    MemoryItem.speaker,
    MemoryItem.content,
    MemoryItem.context,
    MemoryItem.around,
    MemoryItem.said_at,
)


class KnowledgeSearchRepository:
    """Search by words, and the rows that search by meaning has found."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @property
    def _sqlite(self) -> bool:
        return self._session.get_bind().dialect.name == "sqlite"

    async def chunks_by_words(
        self, words: Sequence[str], *, owner: UUID, places: Places, limit: int
    ) -> dict[UUID, float]:
        """Return *owner*'s chunks that hold any of *words* (letters and digits only), with scores to compare."""
        scope = [[f"a{owner.hex}"]]
        if not places.everywhere:
            scope.append(
                [f"c{one.hex}" for one in places.collections or ()]
                + [f"d{one.hex}" for one in places.documents or ()]
            )
        return await self._by_words(_CHUNKS, words, scope, owner=owner, limit=limit)

    async def memories_by_words(
        self, words: Sequence[str], *, owner: UUID, kind: MemoryKind, limit: int
    ) -> dict[UUID, float]:
        """Return *owner*'s memories of a kind that hold any of *words*, with scores to compare."""
        scope = [[f"a{owner.hex}"], [f"k{kind.value}"]]
        return await self._by_words(_MEMORIES, words, scope, owner=owner, limit=limit)

    async def _by_words(
        self, kept: _Kept, words: Sequence[str], scope: list[list[str]], *, owner: UUID, limit: int
    ) -> dict[UUID, float]:
        if not words or not all(scope):
            return {}
        search = self._by_words_sqlite if self._sqlite else self._by_words_postgresql
        return _scores(await search(kept, words, scope, owner=owner, limit=limit))

    async def _by_words_sqlite(
        self, kept: _Kept, words: Sequence[str], scope: list[list[str]], *, owner: UUID, limit: int
    ) -> Result[Any]:
        table, columns = kept.table, kept.columns
        inside = " AND ".join(f"scope : ({_any(group)})" for group in scope)
        numbers = range(len(words))
        counts = ", ".join(_COUNT_SQLITE.format(table=table, n=n) for n in numbers)
        everywhere = " ".join(columns)
        asked = {f"any{n}": f'{inside} AND {{{everywhere}}} : "{word}"' for n, word in enumerate(words)}
        told = await self._execute(_HELD_SQLITE.format(table=table, counts=counts), asked, owner=owner)
        held, *having = told.one()
        hits = " UNION ALL ".join(
            _HIT_SQLITE.format(table=table, n=n, column=column) for n in numbers for column in columns
        )
        values: dict[str, object] = {"limit": limit}
        for n, (word, rows) in enumerate(zip(words, having, strict=True)):
            rarity = math.log(1 + (max(0, held - rows) + 0.5) / (rows + 0.5))
            for column, weight in columns.items():
                values[f"{column}{n}"] = f'{inside} AND {column} : "{word}"'
                values[f"weight{n}{column}"] = weight * rarity
        query = _BEST_SQLITE.format(table=table, hits=hits)
        return await self._execute(query, values, owner=owner)

    async def _by_words_postgresql(
        self, kept: _Kept, words: Sequence[str], scope: list[list[str]], *, owner: UUID, limit: int
    ) -> Result[Any]:
        inside = " && ".join(f"CAST(:scope{n} AS tsquery)" for n in range(len(scope)))
        values: dict[str, object] = {
            f"scope{n}": " | ".join(f"'{word}'" for word in group) for n, group in enumerate(scope)
        }
        values |= {"words": list(words), "limit": limit}
        query = kept.postgresql.format(asked=_ASKED_POSTGRESQL, scope=f"({inside})")
        return await self._execute(query, values, owner=owner)

    async def _execute(self, query: str, values: Mapping[str, object], *, owner: UUID) -> Result[Any]:
        return await self._session.execute(text(query).bindparams(bindparam("owner", owner, Uuid())), values)

    async def chunks(self, ids: Collection[UUID], *, owner: UUID, places: Places) -> list[ChunkFound]:
        """Return the chunks among *ids* that are *owner*'s and in *places*."""
        if not ids:
            return []
        query = (
            select(*(col(column) for column in _OF_CHUNK), col(Document.name))
            .join(Document, col(Document.id) == col(Chunk.document_id))
            .where(col(Chunk.account_id) == owner, col(Chunk.id).in_(ids))
        )
        if not places.everywhere:
            query = query.where(
                or_(
                    col(Chunk.collection_id).in_(places.collections or ()),
                    col(Chunk.document_id).in_(places.documents or ()),
                )
            )
        return [ChunkFound(*row) for row in await self._session.execute(query)]

    async def memories(self, ids: Collection[UUID], *, owner: UUID, apart: UUID | None) -> list[MemoryFound]:
        """Return the memories among *ids* that are *owner*'s and may be told: not of conversation *apart* nor of deleted ones."""
        if not ids:
            return []
        above = aliased(Message)
        query = (
            select(
                *(col(column) for column in _OF_MEMORY),
                func.coalesce(Conversation.title, "").label("title"),
                col(Message.parent_id),
                col(above.parent_id).label("before_id"),
            )
            .select_from(MemoryItem)
            .outerjoin(Conversation, col(Conversation.id) == col(MemoryItem.conversation_id))
            .outerjoin(Message, col(Message.id) == col(MemoryItem.message_id))
            .outerjoin(above, col(above.id) == col(Message.parent_id))
            .where(
                col(MemoryItem.id).in_(ids),
                col(MemoryItem.account_id) == owner,
                col(Conversation.deleted_at).is_(None),
                or_(col(Conversation.id).is_(None), col(Conversation.remembered).is_(True)),
            )
        )
        if apart is not None:
            query = query.where(
                or_(col(MemoryItem.conversation_id).is_(None), col(MemoryItem.conversation_id) != apart)
            )
        return [MemoryFound(*row) for row in await self._session.execute(query)]

    async def count_documents(self, *, owner: UUID, places: Places) -> int:
        """Return how many documents can be searched in *places*."""
        query = select(func.count()).where(col(Document.account_id) == owner, _READABLE)
        if places.everywhere:
            query = query.where(col(Document.collection_id).is_not(None))
        else:
            query = query.where(
                or_(
                    col(Document.collection_id).in_(places.collections or ()),
                    col(Document.id).in_(places.documents or ()),
                )
            )
        return (await self._session.execute(query)).scalar_one()

    async def count_memories(self, *, owner: UUID) -> int:
        """Return how many messages are remembered."""
        query = select(func.count()).where(
            col(MemoryItem.account_id) == owner, col(MemoryItem.kind) == MemoryKind.TURN
        )
        return (await self._session.execute(query)).scalar_one()

    async def collections(self, *, owner: UUID) -> dict[UUID, int]:
        """Return the owner's collections that are not empty, and how many documents can be searched in each."""
        query = (
            select(col(Document.collection_id), func.count().filter(_READABLE))
            .where(col(Document.account_id) == owner, col(Document.collection_id).is_not(None))
            .group_by(col(Document.collection_id))
        )
        return {one: count for one, count in await self._session.execute(query) if one is not None}

    async def attached(self, conversation: UUID, *, owner: UUID) -> list[UUID]:
        """Return the documents that were sent in a conversation."""
        query = select(col(Document.id)).where(
            col(Document.conversation_id) == conversation, col(Document.account_id) == owner
        )
        return list((await self._session.execute(query)).scalars())


def _scores(rows: Result[Any]) -> dict[UUID, float]:
    return {UUID(str(row.id)): float(row.score) for row in rows}


def _any(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)
