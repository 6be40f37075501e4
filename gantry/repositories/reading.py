"""Which messages memory has read."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import MessageStatus
from gantry.domain.memory import PASSED_OVER, MemoryKind
from gantry.models import Account, Conversation, MemoryItem, Message, is_held_back


class ReadingRepository:
    """What the learner asks for and notes; it works for all accounts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def unread(self, *, limit: int) -> list[tuple[Message, Conversation, Account]]:
        """Return finished messages that memory has not read, oldest first, each for exactly one caller."""
        query = (
            select(Message, Conversation, Account)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .join(Account, col(Account.id) == col(Message.account_id))
            .where(col(Message.memorised_at).is_(None), col(Message.status) != MessageStatus.STREAMING)
            .order_by(col(Message.id))
            .limit(limit)
            .with_for_update(skip_locked=True, of=Message)
        )
        return [(row[0], row[1], row[2]) for row in await self._session.execute(query)]

    async def mark_read(self, messages: Collection[UUID], *, at: datetime) -> None:
        """Note that memory has read messages, or (*at* is PASSED_OVER) that it is off for them."""
        await self._session.execute(
            update(Message)
            .where(col(Message.id).in_(messages))
            .values(memorised_at=at)
            .execution_options(synchronize_session=False)
        )

    async def take_up(self, answer: UUID) -> None:
        """Have memory read an answer that was held back since it was asked for (``PASSED_OVER`` is another matter)."""
        await self._session.execute(
            update(Message)
            .where(col(Message.id) == answer, is_held_back(Message))
            .values(memorised_at=None)
            .execution_options(synchronize_session=False)
        )

    async def mark_all_read(self, owner: UUID, *, at: datetime) -> None:
        """Have memory read nothing of what has been said so far, now or later."""
        await self._session.execute(
            update(Message)
            .where(col(Message.account_id) == owner, col(Message.status) != MessageStatus.STREAMING)
            .values(memorised_at=at)
            .execution_options(synchronize_session=False)
        )

    async def pass_over(self, conversation: UUID) -> None:
        """Count the messages of a conversation that memory holds as passed over: it is taken out, and may be taken in again."""
        held = select(col(MemoryItem.message_id)).where(
            col(MemoryItem.conversation_id) == conversation, col(MemoryItem.kind) == MemoryKind.TURN
        )
        await self._session.execute(
            update(Message)
            .where(col(Message.id).in_(held))
            .values(memorised_at=PASSED_OVER)
            .execution_options(synchronize_session=False)
        )

    async def pass_over_unread(self, conversation: UUID) -> None:
        """Count what memory has not read of a conversation as passed over, once who is just reading it is done."""
        await self._session.execute(
            update(Message)
            .where(
                col(Message.conversation_id) == conversation,
                col(Message.memorised_at).is_(None),
                col(Message.status) != MessageStatus.STREAMING,
            )
            .values(memorised_at=PASSED_OVER)
            .execution_options(synchronize_session=False)
        )

    async def mark_unread(self, owner: UUID, conversation: UUID | None = None) -> None:
        """Have memory read the messages it passed over: it was switched on.

        Who is just reading some saw that it was off: those are waited for, and count as well.
        """
        there = [col(Message.account_id) == owner]
        if conversation is not None:
            there.append(col(Message.conversation_id) == conversation)
        unread = (col(Message.memorised_at).is_(None), col(Message.status) != MessageStatus.STREAMING)
        await self._session.execute(
            select(col(Message.id)).where(*there, *unread).order_by(col(Message.id)).with_for_update()
        )
        await self._session.execute(
            update(Message)
            .where(*there, col(Message.memorised_at) == PASSED_OVER)
            .values(memorised_at=None)
            .execution_options(synchronize_session=False)
        )

    async def above(self, message: Message, count: int) -> list[Message]:
        """Return the *count* messages above one, the nearest last."""
        found: list[Message] = []
        parent = message.parent_id
        while parent is not None and len(found) < count:
            row = await self._session.get(Message, parent)
            if row is None:
                break
            found.insert(0, row)
            parent = row.parent_id
        return found
