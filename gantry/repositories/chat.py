"""Conversations and their trees of messages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Update,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from gantry.domain.chat import MessageStatus, Rating
from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.models import Conversation, Feedback, Generation, Message
from gantry.repositories.values import table_of
from gantry.repositories.words import MESSAGES, TITLES, WordsRepository

_LEVELS = 500  # of a tree that are removed at once


class ChatRepository:
    """Conversations and messages; every query takes the owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_conversation(self, conversation: Conversation) -> None:
        """Store a new conversation."""
        self._session.add(conversation)
        await self._session.flush()
        if conversation.title:
            await self.index_title(conversation)

    async def index_title(self, conversation: Conversation) -> None:
        """Have a conversation found by its new title from the end of the transaction on."""
        await self._session.flush()
        await WordsRepository(self._session).index_texts(TITLES, [TITLES.of(conversation)])

    async def name(self, conversation: Conversation, title: str) -> None:
        """Give a conversation a title where it still has none: somebody may have given it one since it was read."""
        if not title:
            return
        unnamed = (
            update(Conversation)
            .where(col(Conversation.id) == conversation.id, col(Conversation.title) == "")
            .values(title=title)
            .returning(col(Conversation.id))
            .execution_options(synchronize_session=False)
        )
        if (await self._session.execute(unnamed)).first() is not None:
            named = {**TITLES.of(conversation), "title": title}
            await WordsRepository(self._session).index_texts(TITLES, [named])

    async def add_messages(self, messages: Sequence[Message]) -> None:
        """Store new messages; the database refuses a second one with the same client key."""
        self._session.add_all(messages)
        await self._session.flush()
        complete = [
            MESSAGES.of(message) for message in messages if message.status is not MessageStatus.STREAMING
        ]
        if complete:
            await WordsRepository(self._session).index_texts(MESSAGES, complete)

    async def get_conversation(
        self, conversation: UUID, *, owner: UUID, deleted: bool = False
    ) -> Conversation:
        """Return a conversation of *owner*, or a deleted one while that can be undone."""
        row = await self._session.get(Conversation, conversation)
        if row is None or row.account_id != owner or (row.deleted_at is not None) != deleted:
            raise NotFound(_("This conversation no longer exists."))
        return row

    async def lock(self, conversation: Conversation) -> None:
        """Have a conversation as it is now, and nobody else change it until the end of the transaction."""
        try:
            await self._session.refresh(conversation, with_for_update=True)
        except InvalidRequestError as error:  # removed since it was read
            raise NotFound(_("This conversation no longer exists.")) from error

    async def hold(self, message: Message, conversation: Conversation) -> None:
        """Have a message and its conversation as they are now, and nobody else change them until the end of the transaction.

        What names them may be stored meanwhile: the key is shared.
        """
        try:
            for row in (conversation, message):
                await self._session.refresh(row, with_for_update={"key_share": True})
        except InvalidRequestError as error:  # removed since it was read
            raise NotFound(_("This message no longer exists.")) from error

    async def get_message(self, message: UUID, *, owner: UUID) -> tuple[Message, Conversation]:
        """Return a message of *owner* with its conversation."""
        row = await self._session.get(Message, message)
        if row is None or row.account_id != owner:
            raise NotFound(_("This message no longer exists."))
        return row, await self.get_conversation(row.conversation_id, owner=owner)

    async def find_sent(self, client_key: str, *, owner: UUID) -> Message | None:
        """Return the question *owner*'s page has sent under this key."""
        query = select(Message).where(col(Message.account_id) == owner, col(Message.client_key) == client_key)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def newest_answers(self, question: UUID) -> Sequence[Generation]:
        """Return the answers to a question, the newest first; of each its newest try."""
        query = (
            select(Generation)
            .join(Message, col(Message.id) == col(Generation.message_id))
            .where(col(Message.parent_id) == question)
            .order_by(col(Generation.id).desc())
        )
        found = (await self._session.execute(query)).scalars().all()
        return list({row.message_id: row for row in reversed(found)}.values())[::-1]

    async def find_first_message(self, conversation: UUID) -> Message | None:
        """Return the message a conversation began with."""
        query = (
            select(Message)
            .where(col(Message.conversation_id) == conversation)
            # Not by id alone: an answer that a program asked for has its own before its question.
            .order_by(col(Message.depth), col(Message.created_at), col(Message.id))
            .limit(1)
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def find_message(self, message: UUID, *, hold: bool = False) -> Message | None:
        """Return a message whoever owns it: for writers, which act for its owner; with *hold* nobody removes it meanwhile."""
        lock = {"read": True, "key_share": True} if hold else None
        return await self._session.get(Message, message, with_for_update=lock)

    async def messages(self, messages: Collection[UUID]) -> Sequence[Message]:
        """Return those of *messages* that are there."""
        found = await self._session.execute(select(Message).where(col(Message.id).in_(messages)))
        return found.scalars().all()

    async def path(self, leaf: UUID, *, limit: int) -> list[Message]:
        """Return the last *limit* messages on the way from the root to *leaf*, oldest first."""
        found = await self._session.execute(_path(), {"leaf": leaf, "last_step": limit - 1})
        return list(found.scalars())

    async def path_between(self, leaf: UUID, first: int, last: int) -> list[Message]:
        """Return the messages on the way from the root to *leaf* whose depths are *first* to *last*, oldest first."""
        found = await self._session.execute(_path_between(), {"leaf": leaf, "first": first, "last": last})
        return list(found.scalars())

    async def newest_leaf(self, message: UUID) -> UUID:
        """Return the newest message below *message* (or itself): nothing newer can hang below it, so it is a leaf."""
        columns = (col(Message.id), col(Message.created_at), col(Message.depth))
        down = select(*columns).where(col(Message.id) == message).cte("down", recursive=True)
        child = aliased(Message)
        down = down.union_all(
            select(col(child.id), col(child.created_at), col(child.depth)).join(
                down, col(child.parent_id) == down.c.id
            )
        )
        # Not by id: replicas make ids by clocks of their own, moments by the database's.
        newest = (down.c.created_at.desc(), down.c.depth.desc(), down.c.id.desc())
        query = select(down.c.id).order_by(*newest).limit(1)
        return (await self._session.execute(query)).scalar_one()

    async def siblings(self, messages: Sequence[Message]) -> dict[UUID, tuple[UUID, ...]]:
        """Return for each message its alternatives in order of making, itself among them."""
        if not messages:
            return {}
        parents = {message.parent_id for message in messages if message.parent_id}
        of_parents = col(Message.parent_id).in_(parents)
        if any(message.parent_id is None for message in messages):
            of_parents |= col(Message.parent_id).is_(None)
        query = (
            select(col(Message.id), col(Message.parent_id))
            .where(col(Message.conversation_id) == messages[0].conversation_id, of_parents)
            .order_by(col(Message.created_at), col(Message.id))
        )
        families: dict[UUID | None, list[UUID]] = {}
        for child, parent in await self._session.execute(query):
            families.setdefault(parent, []).append(child)
        return {message.id: tuple(families[message.parent_id]) for message in messages}

    async def newest_generations(self, messages: Sequence[UUID]) -> dict[UUID, UUID]:
        """Return the newest generation of each message that has one."""
        query = (
            select(col(Generation.message_id), col(Generation.id))
            .where(col(Generation.message_id).in_(messages))
            .order_by(col(Generation.created_at), col(Generation.id))
        )
        return {row.message_id: row.id for row in await self._session.execute(query)}

    async def ratings(self, messages: Sequence[UUID]) -> dict[UUID, Rating]:
        """Return the judgements of those messages that have one."""
        query = select(col(Feedback.message_id), col(Feedback.rating)).where(
            col(Feedback.message_id).in_(messages)
        )
        return {message: Rating(rating) for message, rating in await self._session.execute(query)}

    async def rate(self, message: Message, rating: Rating | None, at: datetime) -> None:
        """Replace the judgement of *message*."""
        await self._session.execute(delete(Feedback).where(col(Feedback.message_id) == message.id))
        if rating is not None:
            self._session.add(
                Feedback(message_id=message.id, account_id=message.account_id, rating=rating, created_at=at)
            )

    async def message_ids(self, conversation: UUID, *, limit: int) -> Sequence[UUID]:
        """Return the newest messages of all branches, oldest first."""
        query = (
            select(col(Message.id))
            .where(col(Message.conversation_id) == conversation)
            .order_by(col(Message.created_at).desc(), col(Message.depth).desc(), col(Message.id).desc())
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()[::-1]

    async def finish_message(
        self, message: UUID, values: Mapping[str, Any], *, owner: UUID, conversation: UUID, content: str
    ) -> None:
        """Write columns of a message that has come to its end; it is found by its *content* from now on."""
        await self.change_messages({message: values})
        found_by = {"id": message, "account_id": owner, "conversation_id": conversation, "content": content}
        await WordsRepository(self._session).index_texts(MESSAGES, [found_by])

    async def change_messages(self, changes: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Write columns of messages that are being written, without loading them."""
        for message, columns in changes.items():
            if columns:
                await self._session.execute(_changing(Message), {"changed": message, **columns})

    async def change_conversation(self, conversation: UUID, **values: Any) -> None:
        """Write columns of a conversation without loading it."""
        await self._session.execute(_changing(Conversation), {"changed": conversation, **values})

    async def find_conversation(self, conversation: UUID, *, owner: UUID) -> Conversation | None:
        """Return a conversation of *owner*, deleted or not."""
        row = await self._session.get(Conversation, conversation)
        return row if row is not None and row.account_id == owner else None

    async def expired(
        self, *, deleted_before: datetime, temporary_before: datetime, limit: int
    ) -> Sequence[Conversation]:
        """Return, and keep from others, conversations that can no longer be brought back, and temporary ones that were idle since.

        What is learned from them at this moment may still be stored: it names the conversation, which a stronger lock would hold up.
        """
        query = (
            select(Conversation)
            .where(
                (col(Conversation.deleted_at) < deleted_before)
                | (col(Conversation.temporary).is_(True) & (col(Conversation.updated_at) < temporary_before))
            )
            .order_by(col(Conversation.id))
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        )
        return (await self._session.execute(query)).scalars().all()

    async def keep_messages(self, conversations: Sequence[UUID]) -> None:
        """Keep the messages of conversations from others, who learn from them: they hold messages before anything that belongs to them."""
        if self._session.get_bind().dialect.name != "sqlite":  # which has one writer
            theirs = select(col(Message.id)).where(col(Message.conversation_id).in_(conversations))
            await self._session.execute(theirs.order_by(col(Message.id)).with_for_update())

    async def remove_conversations(self, conversations: Sequence[UUID]) -> None:
        """Remove conversations for good, with all that came from them."""
        inside = col(Message.conversation_id).in_(conversations)
        await WordsRepository(self._session).leave(MESSAGES, select(col(Message.id)).where(inside))
        await remove_messages(self._session, inside)
        await self._session.execute(delete(Conversation).where(col(Conversation.id).in_(conversations)))


async def remove_messages(session: AsyncSession, where: ColumnElement[bool]) -> None:
    """Remove messages before what they belong to goes: from the deepest upwards, so that no removal goes on through a long chain.

    SQLite ends one that goes on through more than 1,000 rows with an error, and PostgreSQL's stack has an end too.
    """
    deepest = (await session.execute(select(func.max(col(Message.depth))).where(where))).scalar_one() or 0
    for depth in range(deepest - deepest % _LEVELS, 0, -_LEVELS):
        await session.execute(
            delete(Message)
            .where(where, col(Message.depth) >= depth)
            .execution_options(synchronize_session=False)
        )


def _changing_of(kind: Any) -> Update:
    """Return what writes of one row the columns that are given with it."""
    table = table_of(kind)
    return update(table).where(table.c.id == bindparam("changed", type_=table.c.id.type))


_changing: Callable[[Any], Update] = cache(_changing_of)


@cache
def _path_between() -> Select[Message]:
    """Return the query of ``ChatRepository.path_between``; on the way up only ids and depths are read."""
    table = table_of(Message)
    above = table.alias()
    first, last = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
    up = (
        select(table.c.id, table.c.parent_id, table.c.depth)
        .where(table.c.id == bindparam("leaf", type_=table.c.id.type))
        .cte("up", recursive=True)
    )
    up = up.union_all(
        select(above.c.id, above.c.parent_id, above.c.depth)
        .join(up, above.c.id == up.c.parent_id)
        .where(up.c.depth > first)
    )
    return select(Message).join(up, col(Message.id) == up.c.id).where(up.c.depth <= last).order_by(up.c.depth)


@cache
def _path() -> Select[Message]:
    """Return the query of ``ChatRepository.path``: it is asked for each question, and making it costs more than asking."""
    table = table_of(Message)
    above = table.alias()
    up = (
        select(table.c.id, table.c.parent_id, literal(0).label("step"))
        .where(table.c.id == bindparam("leaf", type_=table.c.id.type))
        .cte("up", recursive=True)
    )
    up = up.union_all(
        select(above.c.id, above.c.parent_id, up.c.step + 1)
        .join(up, above.c.id == up.c.parent_id)
        .where(up.c.step < bindparam("last_step", type_=Integer))
    )
    return select(Message).join(up, col(Message.id) == up.c.id).order_by(up.c.step.desc())
