"""Read-only links to conversations."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.domain.sharing import StoredShare
from gantry.models import Account, Conversation, Document, Quotation, Share

_FIELDS = StoredShare.__dataclass_fields__


class ShareRepository:
    """Links; every query takes the owner, but for that of whoever has the link."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, share: Share) -> None:
        """Store a new link."""
        self._session.add(share)
        await self._session.flush()

    async def count(self, *, owner: UUID) -> int:
        """Return how many links a person has."""
        query = select(func.count()).select_from(Share).where(col(Share.account_id) == owner)
        return (await self._session.execute(query)).scalar_one()

    async def shares(self, *, owner: UUID, conversation: UUID | None = None) -> list[StoredShare]:
        """Return a person's links, the newest first, those of deleted conversations left out."""
        query = (
            select(*(getattr(Share, name) for name in _FIELDS))
            .join(Conversation, col(Conversation.id) == col(Share.conversation_id))
            .where(col(Share.account_id) == owner, col(Conversation.deleted_at).is_(None))
            .order_by(col(Share.created_at).desc(), col(Share.id).desc())
        )
        if conversation is not None:
            query = query.where(col(Share.conversation_id) == conversation)
        return [StoredShare(*row) for row in await self._session.execute(query)]

    async def remove(self, share: UUID, *, owner: UUID) -> None:
        """Remove a link of *owner*."""
        mine = col(Share.id) == share, col(Share.account_id) == owner
        gone = await self._session.execute(delete(Share).where(*mine).returning(col(Share.id)))
        if gone.first() is None:
            raise NotFound(_("This link no longer exists."))

    async def find(self, token_hash: str, *, now: datetime) -> Share | None:
        """Return the link with this hash, while it holds: its conversation is there, its owner may sign in."""
        query = (
            select(Share)
            .join(Conversation, col(Conversation.id) == col(Share.conversation_id))
            .join(Account, col(Account.id) == col(Share.account_id))
            .where(
                col(Share.token_hash) == token_hash,
                or_(col(Share.expires_at).is_(None), col(Share.expires_at) > now),
                col(Conversation.deleted_at).is_(None),
                col(Account.active).is_(True),
            )
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def passages(self, citations: Sequence[UUID]) -> dict[UUID, str]:
        """Return what these citations quote of documents that are still there."""
        found: dict[UUID, str] = {}
        for first in range(0, len(citations), 500):
            query = select(col(Quotation.citation_id), col(Quotation.passage)).where(
                col(Quotation.citation_id).in_(citations[first : first + 500]),
                col(Quotation.document_id).is_not(None),
            )
            found.update({row.citation_id: row.passage for row in await self._session.execute(query)})
        return found

    async def files(self, documents: Collection[UUID], *, owner: UUID) -> set[UUID]:
        """Return those of these files that are still there."""
        query = select(col(Document.id)).where(
            col(Document.id).in_(documents), col(Document.account_id) == owner
        )
        return set((await self._session.execute(query)).scalars()) if documents else set()
