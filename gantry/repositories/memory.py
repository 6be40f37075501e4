"""What is remembered of a person; every query takes the owner."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from gantry.domain.chat import MessageStatus
from gantry.domain.errors import NotFound
from gantry.domain.memory import Fact, MemoryKind
from gantry.domain.messages import _
from gantry.models import Account, Conversation, Entity, MemoryItem, Message
from gantry.repositories.values import value_of
from gantry.repositories.words import MEMORIES, WordsRepository


class MemoryRepository:
    """Turns, facts and summaries."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def account(self, owner: UUID) -> Account:
        """Return whose memory it is."""
        row = await self._session.get(Account, owner)
        if row is None:
            raise NotFound(_("This account no longer exists."))
        return row

    async def facts(
        self, owner: UUID, *, words: Sequence[str] = (), after: UUID | None = None, limit: int = 100
    ) -> list[Fact]:
        """Return facts, pinned ones first, then newest first.

        Raises:
            NotFound: There is no fact *after* (any more).
        """
        query = _facts_of()
        for word in words:
            query = query.where(func.lower(col(MemoryItem.content)).contains(word, autoescape=True))
        if after is not None:
            last = await self.get(after, owner=owner)
            place = tuple_(col(MemoryItem.pinned), col(MemoryItem.id))
            query = query.where(place < tuple_(literal(last.pinned), literal(last.id)))
        rows = await self._session.execute(query, {"owner": owner, "most": limit})
        return [value_of(Fact, item, title=title or "") for item, title in rows]

    async def get(self, item: UUID, *, owner: UUID) -> MemoryItem:
        """Return a fact of *owner*."""
        row = await self._session.get(MemoryItem, item)
        if row is None or row.account_id != owner or row.kind is not MemoryKind.FACT:
            raise NotFound(_("This memory no longer exists."))
        return row

    async def add(self, row: Any) -> None:
        """Store a memory, an entity, a mention or a relation."""
        self._session.add(row)
        if isinstance(row, MemoryItem):
            await self.index([row])
        else:
            await self._session.flush()

    async def index(self, items: Sequence[MemoryItem]) -> None:
        """Store memories as they are now, and have them found by the words they have now."""
        await self._session.flush()
        await WordsRepository(self._session).index_texts(MEMORIES, [MEMORIES.of(item) for item in items])

    async def find_fact(
        self, owner: UUID, fingerprint: str, *, conversation: UUID | None = None
    ) -> MemoryItem | None:
        """Return a fact that says the same and is seen from *conversation*."""
        query = _facts_seen(owner, conversation).where(col(MemoryItem.fingerprint) == fingerprint)
        return (await self._session.execute(query.limit(1))).scalar_one_or_none()

    async def in_slot(self, owner: UUID, slot: str, *, conversation: UUID | None) -> Sequence[MemoryItem]:
        """Return the facts a new one of *conversation* and of the same slot would replace."""
        query = _facts_seen(owner, conversation).where(
            col(MemoryItem.context) == slot,
            col(MemoryItem.pinned).is_(False),
            col(MemoryItem.by_hand).is_(False),
        )
        return (await self._session.execute(query)).scalars().all()

    async def remove(self, items: Collection[UUID], *, owner: UUID) -> int:
        """Delete memories of *owner*; returns how many there were."""
        gone = await self._session.execute(
            delete(MemoryItem)
            .where(col(MemoryItem.id).in_(items), col(MemoryItem.account_id) == owner)
            .execution_options(synchronize_session=False)
        )
        return gone.rowcount  # pyright: ignore[reportAttributeAccessIssue]

    async def remove_all(self, owner: UUID) -> None:
        """Delete everything that is remembered."""
        await self._session.execute(
            delete(MemoryItem).where(
                col(MemoryItem.account_id) == owner, col(MemoryItem.kind) != MemoryKind.SUMMARY
            )
        )
        await self._session.execute(delete(Entity).where(col(Entity.account_id) == owner))

    async def count_turns(self, owner: UUID) -> int:
        """Return how many messages are remembered."""
        return await self._count(owner, MemoryKind.TURN)

    async def count_facts(self, owner: UUID) -> int:
        """Return how many facts are remembered."""
        return await self._count(owner, MemoryKind.FACT)

    async def _count(self, owner: UUID, kind: MemoryKind) -> int:
        query = select(func.count()).where(col(MemoryItem.account_id) == owner, col(MemoryItem.kind) == kind)
        return (await self._session.execute(query)).scalar_one()

    async def turns_of(self, messages: Collection[UUID]) -> dict[UUID, MemoryItem]:
        """Return the memories of messages, by the message."""
        query = select(MemoryItem).where(
            col(MemoryItem.message_id).in_(messages), col(MemoryItem.kind) == MemoryKind.TURN
        )
        rows = (await self._session.execute(query)).scalars() if messages else ()
        return {row.message_id: row for row in rows if row.message_id}

    async def keep_turns(self, rows: Sequence[MemoryItem]) -> None:
        """Store memories of messages, new or changed, and have them found by the words they have now."""
        self._session.add_all(rows)
        await self.index(rows)

    async def forget_conversation(self, conversation: UUID) -> list[UUID]:
        """Delete what was learned from a conversation; returns the ids."""
        query = (
            delete(MemoryItem)
            .where(
                col(MemoryItem.conversation_id) == conversation, col(MemoryItem.kind) != MemoryKind.SUMMARY
            )
            .returning(col(MemoryItem.id))
            .execution_options(synchronize_session=False)
        )
        return list((await self._session.execute(query)).scalars())

    async def summaries(self, conversation: UUID) -> Sequence[tuple[MemoryItem, int]]:
        """Return a conversation's summaries with the depth of the message each goes up to, the longest way first."""
        query = (
            select(MemoryItem, col(Message.depth))
            .join(Message, col(Message.id) == col(MemoryItem.message_id))
            .where(
                col(MemoryItem.conversation_id) == conversation, col(MemoryItem.kind) == MemoryKind.SUMMARY
            )
            .order_by(col(Message.depth).desc())
        )
        return [(row[0], row[1]) for row in await self._session.execute(query)]

    async def long_conversations(self, *, least_depth: int, limit: int) -> Sequence[Conversation]:
        """Return conversations whose shown path is long and has gone far beyond its last summary."""
        leaf, told, end = aliased(Message), aliased(MemoryItem), aliased(Message)
        recent = (
            select(func.max(col(end.depth)))
            .join(told, col(told.message_id) == col(end.id))
            .where(col(told.conversation_id) == col(Conversation.id), col(told.kind) == MemoryKind.SUMMARY)
            .scalar_subquery()
        )
        query = (
            select(Conversation)
            .join(leaf, col(leaf.id) == col(Conversation.active_leaf_id))
            .where(
                and_(col(leaf.depth) >= least_depth, col(leaf.status) != MessageStatus.STREAMING),
                or_(recent.is_(None), col(leaf.depth) - recent >= least_depth),
                col(Conversation.deleted_at).is_(None),
            )
            .order_by(col(Conversation.updated_at).desc())
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()


@cache
def _facts_of() -> Select[MemoryItem, str]:
    """Return the query of ``facts``, made once: making it costs more than asking, and it is asked for each question."""
    return (
        select(MemoryItem, col(Conversation.title))
        .outerjoin(Conversation, col(Conversation.id) == col(MemoryItem.conversation_id))
        .where(
            col(MemoryItem.account_id) == bindparam("owner"),
            col(MemoryItem.kind) == MemoryKind.FACT,
            col(Conversation.deleted_at).is_(None),
        )
        .order_by(col(MemoryItem.pinned).desc(), col(MemoryItem.id).desc())
        .limit(bindparam("most", type_=Integer))
    )


def _facts_seen(owner: UUID, conversation: UUID | None) -> Select[MemoryItem]:
    """Return a query for facts, without those of deleted conversations other than *conversation*."""
    return (
        select(MemoryItem)
        .outerjoin(Conversation, col(Conversation.id) == col(MemoryItem.conversation_id))
        .where(
            col(MemoryItem.account_id) == owner,
            col(MemoryItem.kind) == MemoryKind.FACT,
            or_(col(Conversation.deleted_at).is_(None), col(Conversation.id) == conversation),
        )
    )
