"""Which conversations a model has read for facts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    exists,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import MessageRole, MessageStatus
from gantry.models import Account, Conversation, Message, is_held_back


class StudyRepository:
    """Conversations that are quiet, and how far a model has read them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def to_study(
        self, *, quiet_since: datetime, now: datetime, until: datetime
    ) -> tuple[Conversation, Account] | None:
        """Take a conversation that has been quiet and has messages no model has read; it is the caller's up to *until*."""
        fresh = exists().where(
            col(Message.conversation_id) == col(Conversation.id),
            col(Message.role) == MessageRole.USER,
            or_(col(Conversation.studied_id).is_(None), col(Message.id) > col(Conversation.studied_id)),
        )
        query = (
            select(Conversation, Account)
            .join(Account, col(Account.id) == col(Conversation.account_id))
            .where(
                col(Account.memory_enabled).is_(True),
                col(Account.memory_by_model).is_(True),
                col(Conversation.remembered).is_(True),
                col(Conversation.temporary).is_(False),
                col(Conversation.deleted_at).is_(None),
                col(Conversation.updated_at) <= quiet_since,
                or_(col(Conversation.study_after).is_(None), col(Conversation.study_after) <= now),
                fresh,
            )
            .order_by(col(Conversation.updated_at).desc())
            .limit(1)
            .with_for_update(skip_locked=True, of=Conversation)
        )
        row = (await self._session.execute(query)).first()
        if row is None:
            return None
        thread, account = row
        await self._study(thread.id, study_after=until)
        return thread, account

    async def unstudied(self, thread: Conversation, *, limit: int) -> Sequence[Message]:
        """Return finished messages no model has read, oldest first."""
        query = select(Message).where(
            col(Message.conversation_id) == thread.id,
            col(Message.status) != MessageStatus.STREAMING,
            or_(col(Message.memorised_at).is_(None), not_(is_held_back(Message))),
        )
        if thread.studied_id is not None:
            query = query.where(col(Message.id) > thread.studied_id)
        return (await self._session.execute(query.order_by(col(Message.id)).limit(limit))).scalars().all()

    async def may_study(self, conversation: UUID, *, since: UUID | None) -> bool:
        """Whether what was learned from a conversation may be kept: it is still allowed, and nothing was forgotten since.

        It holds to the end of the transaction: who forgets now waits for that, and finds what was kept.
        """
        query = (
            select(col(Conversation.studied_id))
            .join(Account, col(Account.id) == col(Conversation.account_id))
            .where(
                col(Conversation.id) == conversation,
                col(Conversation.remembered).is_(True),
                col(Conversation.deleted_at).is_(None),
                col(Account.memory_enabled).is_(True),
                col(Account.memory_by_model).is_(True),
            )
            .with_for_update(key_share=True, of=Conversation)  # with the key shared, as the learner needs it
        )
        row = (await self._session.execute(query)).first()
        return row is not None and row[0] == since

    async def studied(self, conversation: UUID, upto: UUID) -> None:
        """Note how far a model has read."""
        await self._study(conversation, studied_id=upto, study_after=None)

    async def study_later(self, conversation: UUID, after: datetime) -> None:
        """Note that it could not be read, and when to try again."""
        await self._study(conversation, study_after=after)

    async def study_nothing_of(self, owner: UUID, until: datetime) -> None:
        """Leave all conversations of *owner* alone until then: their model does not answer."""
        soon = or_(col(Conversation.study_after).is_(None), col(Conversation.study_after) < until)
        query = update(Conversation).where(col(Conversation.account_id) == owner, soon)
        await self._session.execute(
            query.values(study_after=until).execution_options(synchronize_session=False)
        )

    async def count_as_studied(self, owner: UUID, conversation: UUID | None = None) -> None:
        """Have no model read what has been said so far: its owner has forgotten something of it."""
        newest = (
            select(col(Message.id))
            .where(col(Message.conversation_id) == col(Conversation.id))
            .order_by(col(Message.id).desc())
            .limit(1)
            .correlate(Conversation)
            .scalar_subquery()
        )
        query = update(Conversation).where(col(Conversation.account_id) == owner)
        if conversation is not None:
            query = query.where(col(Conversation.id) == conversation)
        await self._session.execute(
            query.values(studied_id=newest).execution_options(synchronize_session=False)
        )

    async def _study(self, conversation: UUID, **values: Any) -> None:
        query = update(Conversation).where(col(Conversation.id) == conversation)
        await self._session.execute(query.values(**values).execution_options(synchronize_session=False))
