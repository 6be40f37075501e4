"""Searching chunks and memories by their words: FTS5 in SQLite, tsvector in PostgreSQL.

Owner and place are words of the index too, so that it leaves other people's rows out by itself; the conditions on the columns say it again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid
from sqlmodel import col

from gantry.domain.memory import MemoryKind
from gantry.domain.vault import DocumentState
from gantry.models import Chunk, Conversation, Document, MemoryItem, Message

# Weights of content, context (name and headings; speaker and date) and, for memories, of the turns around.
_CHUNKS_SQLITE = """
    SELECT r.chunk_id AS id, -bm25(fts_chunk, 0, 1.0, 3.0) AS score
    FROM fts_chunk JOIN fts_chunk_row r ON r.number = fts_chunk.rowid JOIN chunk c ON c.id = r.chunk_id
    WHERE fts_chunk MATCH :words AND c.account_id = :owner ORDER BY score DESC LIMIT :limit
"""
# PostgreSQL ranks without the rarity of words, so each word is asked for by itself, and weighed by how many rows have it.
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
_MEMORIES_SQLITE = """
    SELECT r.memory_item_id AS id, -bm25(fts_memory_item, 0, 1.0, 2.0, 0.5) AS score
    FROM fts_memory_item JOIN fts_memory_item_row r ON r.number = fts_memory_item.rowid
    JOIN memory_item i ON i.id = r.memory_item_id
    WHERE fts_memory_item MATCH :words AND i.account_id = :owner ORDER BY score DESC LIMIT :limit
"""
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
    """A chunk with what is shown of its document."""

    chunk: Chunk
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


_MEMORY_COLUMNS = (
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
        queries = (_CHUNKS_SQLITE, _CHUNKS_POSTGRESQL)
        return await self._by_words(queries, "content context", words, scope, owner=owner, limit=limit)

    async def memories_by_words(
        self, words: Sequence[str], *, owner: UUID, kind: MemoryKind, limit: int
    ) -> dict[UUID, float]:
        """Return *owner*'s memories of a kind that hold any of *words*, with scores to compare."""
        scope = [[f"a{owner.hex}"], [f"k{kind.value}"]]
        queries = (_MEMORIES_SQLITE, _MEMORIES_POSTGRESQL)
        return await self._by_words(queries, "content context around", words, scope, owner=owner, limit=limit)

    async def _by_words(
        self,
        queries: tuple[str, str],
        columns: str,
        words: Sequence[str],
        scope: list[list[str]],
        *,
        owner: UUID,
        limit: int,
    ) -> dict[UUID, float]:
        if not words or not all(scope):
            return {}
        if self._sqlite:
            places = " AND ".join(f"scope : ({_any(group)})" for group in scope)
            query = text(queries[0]).bindparams(bindparam("owner", owner, Uuid()))
            values = {"words": f"({places}) AND {{{columns}}} : ({_any(words)})", "limit": limit}
        else:
            inside = " && ".join(f"CAST(:scope{n} AS tsquery)" for n in range(len(scope)))
            query = text(queries[1].format(asked=_ASKED_POSTGRESQL, scope=f"({inside})")).bindparams(
                bindparam("owner", owner, Uuid())
            )
            values = {f"scope{n}": " | ".join(f"'{word}'" for word in group) for n, group in enumerate(scope)}
            values |= {"words": list(words), "limit": limit}
        rows = await self._session.execute(query.columns(id=Uuid()), values)
        return {row.id: float(row.score) for row in rows}

    async def chunks(self, ids: Collection[UUID], *, owner: UUID, places: Places) -> list[ChunkFound]:
        """Return the chunks among *ids* that are *owner*'s and in *places*."""
        if not ids:
            return []
        query = (
            select(Chunk, col(Document.name))
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
        return [ChunkFound(chunk, name) for chunk, name in await self._session.execute(query)]

    async def memories(self, ids: Collection[UUID], *, owner: UUID, apart: UUID | None) -> list[MemoryFound]:
        """Return the memories among *ids* that are *owner*'s and may be told: not of conversation *apart* nor of deleted ones."""
        if not ids:
            return []
        above = aliased(Message)
        query = (
            select(  # columns, not objects: they are hundreds, and most are only looked at
                *(col(column) for column in _MEMORY_COLUMNS),
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
        query = select(func.count()).where(
            col(Document.account_id) == owner,
            col(Document.state).in_((DocumentState.READY, DocumentState.EMBEDDING)),
        )
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

    async def collections(self, *, owner: UUID) -> list[UUID]:
        """Return the ids of the owner's collections."""
        query = select(col(Document.collection_id)).where(
            col(Document.account_id) == owner, col(Document.collection_id).is_not(None)
        )
        return [one for one in (await self._session.execute(query.distinct())).scalars() if one is not None]

    async def attached(self, conversation: UUID, *, owner: UUID) -> list[UUID]:
        """Return the documents that were sent in a conversation."""
        query = select(col(Document.id)).where(
            col(Document.conversation_id) == conversation, col(Document.account_id) == owner
        )
        return list((await self._session.execute(query)).scalars())


def _any(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)
