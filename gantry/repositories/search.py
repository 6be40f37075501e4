"""Full-text search over messages: FTS5 in SQLite, tsvector in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from gantry.models.base import UtcDateTime

_SQLITE = """
    SELECT m.id, m.conversation_id, c.title, m.role, m.content, m.created_at, -bm25(fts_message) AS score
    FROM fts_message
    JOIN fts_message_row r ON r.number = fts_message.rowid
    JOIN message m ON m.id = r.message_id
    JOIN conversation c ON c.id = m.conversation_id
    WHERE fts_message MATCH :words AND m.account_id = :owner AND c.deleted_at IS NULL AND NOT c.temporary
      AND m.conversation_id <> :apart AND (m.model IS NULL OR m.model <> :unlike)
    ORDER BY score DESC LIMIT :limit
"""
_POSTGRESQL = """
    SELECT m.id, m.conversation_id, c.title, m.role, m.content, m.created_at,
           ts_rank_cd(to_tsvector('english', left(m.content, 200000)), q.words) AS score
    FROM to_tsquery('english', :words) AS q(words), message m
    JOIN conversation c ON c.id = m.conversation_id
    WHERE to_tsvector('english', left(m.content, 200000)) @@ q.words AND m.status <> 'streaming'
      AND m.account_id = :owner AND c.deleted_at IS NULL AND NOT c.temporary
      AND m.conversation_id <> :apart AND (m.model IS NULL OR m.model <> :unlike)
    ORDER BY score DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that holds some of the words; a higher ``score`` is better, comparable only inside one search."""

    message_id: UUID
    conversation_id: UUID
    title: str
    role: str
    content: str
    created_at: datetime
    score: float


class SearchRepository:
    """Full-text search."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def messages(
        self, words: Sequence[str], *, owner: UUID, apart: UUID, unlike: str, limit: int
    ) -> list[FoundMessage]:
        """Return *owner*'s messages that hold any of *words*, best first.

        Args:
            words: Only letters and digits each (``domain.passages.search_words``).
            apart: A conversation to leave out.
            unlike: A model whose answers are left out.
        """
        if not words:
            return []
        sqlite = self._session.get_bind().dialect.name == "sqlite"
        query = (
            text(_SQLITE if sqlite else _POSTGRESQL)
            .bindparams(bindparam("owner", owner, Uuid()), bindparam("apart", apart, Uuid()))
            .columns(id=Uuid(), conversation_id=Uuid(), created_at=UtcDateTime())
        )
        match = " OR ".join(f'"{word}"' for word in words) if sqlite else " | ".join(words)
        rows = await self._session.execute(query, {"words": match, "unlike": unlike, "limit": limit})
        return [FoundMessage(*row) for row in rows]
