"""What is remembered of a person; every query takes the owner, except the learner's own, which work for all."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from gantry.domain.chat import MessageRole, MessageStatus
from gantry.domain.errors import NotFound
from gantry.domain.memory import PASSED_OVER, MemoryKind
from gantry.models import Account, Conversation, Entity, MemoryItem, Mention, Message, Relation
from gantry.repositories.inserting import insert_of

_ENTITY_UNIQUE = ("account_id", "key")
_REMOVED_AT_ONCE = 1000  # names: both databases have a limit


class MemoryRepository:
    """Memories, and the graph of names in them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def account(self, owner: UUID) -> Account:
        """Return whose memory it is."""
        row = await self._session.get(Account, owner)
        if row is None:
            raise NotFound("This account does not exist.")
        return row

    async def facts(
        self, owner: UUID, *, words: Sequence[str] = (), after: UUID | None = None, limit: int = 100
    ) -> list[tuple[MemoryItem, str]]:
        """Return facts with the title of the conversation they came from, pinned ones first, then newest first.

        Raises:
            NotFound: There is no fact *after* (any more).
        """
        query = (
            select(MemoryItem, col(Conversation.title))
            .outerjoin(Conversation, col(Conversation.id) == col(MemoryItem.conversation_id))
            .where(
                col(MemoryItem.account_id) == owner,
                col(MemoryItem.kind) == MemoryKind.FACT,
                col(Conversation.deleted_at).is_(None),
            )
        )
        for word in words:
            query = query.where(func.lower(col(MemoryItem.content)).contains(word, autoescape=True))
        if after is not None:
            last = await self.get(after, owner=owner)
            place = tuple_(col(MemoryItem.pinned), col(MemoryItem.id))
            query = query.where(place < tuple_(literal(last.pinned), literal(last.id)))
        query = query.order_by(col(MemoryItem.pinned).desc(), col(MemoryItem.id).desc()).limit(limit)
        return [(item, title or "") for item, title in await self._session.execute(query)]

    async def get(self, item: UUID, *, owner: UUID) -> MemoryItem:
        """Return a fact of *owner*."""
        row = await self._session.get(MemoryItem, item)
        if row is None or row.account_id != owner or row.kind is not MemoryKind.FACT:
            raise NotFound("This memory does not exist.")
        return row

    async def add(self, row: Any) -> None:
        """Store a memory, an entity, a mention or a relation."""
        self._session.add(row)
        await self._session.flush()

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
        query = select(func.count()).where(
            col(MemoryItem.account_id) == owner, col(MemoryItem.kind) == MemoryKind.TURN
        )
        return (await self._session.execute(query)).scalar_one()

    # The graph

    async def entities(self, owner: UUID, *, limit: int) -> list[tuple[Entity, int]]:
        """Return names with how often they are mentioned, most often first."""
        count = func.count(col(Mention.id))
        query = (
            select(Entity, count)
            .join(Mention, col(Mention.entity_id) == col(Entity.id))
            .where(col(Entity.account_id) == owner)
            .group_by(col(Entity.id))
            .order_by(count.desc(), col(Entity.name))
            .limit(limit)
        )
        return [(row, mentions) for row, mentions in await self._session.execute(query)]

    async def relations(self, owner: UUID) -> Sequence[Relation]:
        """Return what is known between names."""
        query = select(Relation).where(col(Relation.account_id) == owner).limit(500)
        return (await self._session.execute(query)).scalars().all()

    async def keep_entities(self, owner: UUID, rows: Collection[Entity]) -> dict[str, Entity]:
        """Store those names of *owner* that are not there; returns all by their keys, there to the transaction's end.

        In order of key, so that two who make the same names cannot wait for each other.
        """
        kept: dict[str, Entity] = {}
        ordered = sorted(rows, key=lambda row: row.key)
        while missing := [row for row in ordered if row.key not in kept]:  # again where one was being removed
            insert = insert_of(self._session, Entity, [row.model_dump() for row in missing])
            await self._session.execute(insert.on_conflict_do_nothing(index_elements=_ENTITY_UNIQUE))
            query = (
                select(Entity)
                .where(col(Entity.account_id) == owner, col(Entity.key).in_([row.key for row in missing]))
                .order_by(col(Entity.key))
                .with_for_update(read=True, key_share=True)
            )
            kept |= {row.key: row for row in (await self._session.execute(query)).scalars()}
        return kept

    async def facts_naming(self, owner: UUID, keys: Collection[str], *, limit: int) -> Sequence[MemoryItem]:
        """Return facts that name any of these entities."""
        query = _facts_with(owner, col(Entity.key).in_(keys)).limit(limit)
        return (await self._session.execute(query)).scalars().all()

    async def facts_near(
        self, owner: UUID, keys: Collection[str], *, apart_from: str, limit: int
    ) -> Sequence[MemoryItem]:
        """Return facts that name what is related to any of these entities, newest first; not across the one *apart_from*."""
        named = select(col(Entity.id)).where(
            col(Entity.account_id) == owner, col(Entity.key).in_(keys), col(Entity.key) != apart_from
        )
        beside = union(
            select(col(Relation.object_id)).where(col(Relation.subject_id).in_(named)),
            select(col(Relation.subject_id)).where(col(Relation.object_id).in_(named)),
        )
        query = _facts_with(owner, col(Entity.id).in_(beside), col(Entity.key) != apart_from)
        query = query.order_by(col(MemoryItem.id).desc()).limit(limit)
        return (await self._session.execute(query)).scalars().all()

    async def unname(self, item: UUID) -> None:
        """Remove the names a memory mentions, and what it says of how they stand to each other."""
        for table in (Mention, Relation):
            await self._session.execute(
                delete(table)
                .where(col(table.memory_item_id) == item)
                .execution_options(synchronize_session=False)
            )

    async def named_in(self, item: UUID) -> set[UUID]:
        """Return the names a memory mentions."""
        query = select(col(Mention.entity_id)).where(col(Mention.memory_item_id) == item)
        return set((await self._session.execute(query)).scalars())

    async def related(self, item: UUID, subject: UUID, predicate: str, target: UUID) -> bool:
        """Whether a memory says already how two names stand to each other."""
        query = select(col(Relation.id)).where(
            col(Relation.memory_item_id) == item,
            col(Relation.subject_id) == subject,
            col(Relation.predicate) == predicate,
            col(Relation.object_id) == target,
        )
        return (await self._session.execute(query)).first() is not None

    async def remove_unmentioned(self) -> None:
        """Remove names that no memory mentions any more, but for those that somebody is about to mention."""
        named = exists().where(col(Mention.entity_id) == col(Entity.id))
        query = select(col(Entity.id)).where(~named).limit(_REMOVED_AT_ONCE).with_for_update(skip_locked=True)
        while unnamed := (await self._session.execute(query)).scalars().all():
            # A statement of its own sees what was mentioned just before it was locked.
            gone = delete(Entity).where(col(Entity.id).in_(unnamed), ~named)
            await self._session.execute(gone.execution_options(synchronize_session=False))

    # What the learner does

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
        """Have memory read the messages it passed over: it was switched on."""
        query = update(Message).where(
            col(Message.account_id) == owner, col(Message.memorised_at) == PASSED_OVER
        )
        if conversation is not None:
            query = query.where(col(Message.conversation_id) == conversation)
        await self._session.execute(
            query.values(memorised_at=None).execution_options(synchronize_session=False)
        )

    async def find_turn(self, message: UUID) -> MemoryItem | None:
        """Return the memory of a message."""
        query = select(MemoryItem).where(
            col(MemoryItem.message_id) == message, col(MemoryItem.kind) == MemoryKind.TURN
        )
        return (await self._session.execute(query)).scalar_one_or_none()

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

    async def learned_from(self, conversations: Collection[UUID]) -> Sequence[MemoryItem]:
        """Return the facts that were learned from these conversations."""
        query = select(MemoryItem).where(
            col(MemoryItem.conversation_id).in_(conversations), col(MemoryItem.kind) == MemoryKind.FACT
        )
        return (await self._session.execute(query)).scalars().all()

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

    # What a model reads

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
            col(Message.conversation_id) == thread.id, col(Message.status) != MessageStatus.STREAMING
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

    # Summaries

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


def _facts_with(owner: UUID, *entity: ColumnElement[bool]) -> Select[MemoryItem]:
    """Return a query for the facts that name such an entity."""
    return (
        select(MemoryItem)
        .join(Mention, col(Mention.memory_item_id) == col(MemoryItem.id))
        .join(Entity, col(Entity.id) == col(Mention.entity_id))
        .where(col(Entity.account_id) == owner, col(MemoryItem.kind) == MemoryKind.FACT, *entity)
        .distinct()
    )
