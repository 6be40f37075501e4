"""Full-text search over messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.words import Asked
from gantry.models import Conversation, Message
from gantry.repositories.by_words import Inside, Kept, by_words

_MESSAGES = Kept("message", {"content": 1.0}, "0, 0, 0, 1")
_LOOKED_THROUGH = 400  # found messages; some may stand where they are not to be told


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
        self, words: Sequence[Asked], *, owner: UUID, apart: UUID, unlike: str, limit: int
    ) -> list[FoundMessage]:
        """Return *owner*'s messages that hold any of *words*, best first.

        Args:
            apart: A conversation to leave out.
            unlike: A model whose answers are left out.
        """
        inside = Inside(owner, [[f"a{owner.hex}"]], apart=f"v{apart.hex}")
        scores = (await by_words(self._session, _MESSAGES, words, inside, limit=_LOOKED_THROUGH)).scores
        if not scores:
            return []
        query = (
            select(
                col(Message.id),
                col(Message.conversation_id),
                col(Conversation.title),
                col(Message.role),
                col(Message.content),
                col(Message.created_at),
            )
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(
                col(Message.id).in_(scores),
                col(Message.account_id) == owner,
                col(Message.conversation_id) != apart,
                col(Conversation.deleted_at).is_(None),
                col(Conversation.temporary).is_(False),
                or_(col(Message.model).is_(None), col(Message.model) != unlike),
            )
        )
        rows = await self._session.execute(query)
        found = [FoundMessage(*row, score=scores[row.id]) for row in rows]  # pyright: ignore[reportCallIssue]
        return sorted(found, key=lambda message: (-message.score, message.message_id))[:limit]
