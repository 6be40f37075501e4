"""What came in from other products: runs, which conversation is which, and rows in bulk."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.models import (
    Attachment,
    Citation,
    Conversation,
    Feedback,
    ImportedConversation,
    ImportRun,
    Message,
    Quotation,
    Row,
)
from gantry.repositories.values import columns_of, table_of
from gantry.repositories.words import MESSAGES, WordsRepository

# Of the ``client_key`` of messages that came in; then the run, and a hash of where in the source they come from.
KEY_PREFIX = "import:"
_MARK = 16  # characters of the hash that a message is known by
_LOOKED_UP = 200


def came_in(message: Message) -> bool:
    """Whether a message came from another product: there may be no answer to it."""
    return (message.client_key or "").startswith(KEY_PREFIX)


def mark_of(conversation: UUID, key: str) -> str:
    """Return what a message of a source is known by in *conversation*."""
    told = f"{conversation.hex}\0{key}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()[24 - _MARK : 24]  # the end of what earlier versions have stored


def key_of(run: UUID, conversation: UUID | None = None, mark: str = "") -> str:
    """Return the ``client_key`` of a message that came in, or how those of a run begin.

    The conversation's time stands before the mark: rows that are stored together lie together in the index.
    """
    return f"{KEY_PREFIX}{run.hex}:" + (f"{conversation.hex[2:10]}{mark}" if conversation else "")


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that came in before: its messages of the source by their marks."""

    conversation: Conversation
    messages: dict[str, UUID]


@dataclass(frozen=True, slots=True)
class Line:
    """A message as undo looks at it."""

    id: UUID
    parent_id: UUID | None
    client_key: str | None


class ImportingRepository:
    """Imports; every query takes the owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_run(self, run: ImportRun) -> None:
        """Store a new run."""
        self._session.add(run)
        await self._session.flush()

    async def get_run(self, run: UUID, *, owner: UUID, lock: bool = False) -> ImportRun:
        """Return a run of *owner*; with *lock* nobody else changes it until the transaction ends."""
        row = await self._session.get(ImportRun, run, with_for_update=lock)
        if row is None or row.account_id != owner:
            raise NotFound(_("This import no longer exists."))
        return row

    async def runs(self, owner: UUID, *, limit: int) -> Sequence[ImportRun]:
        """Return the newest runs."""
        query = select(ImportRun).where(col(ImportRun.account_id) == owner)
        return (
            (await self._session.execute(query.order_by(col(ImportRun.id).desc()).limit(limit)))
            .scalars()
            .all()
        )

    async def change_run(self, run: UUID, **values: Any) -> None:
        """Write columns of a run without loading it."""
        await self._session.execute(update(ImportRun).where(col(ImportRun.id) == run).values(**values))

    async def remove_run(self, run: UUID) -> None:
        """Remove a run; what it added stays."""
        await self._session.execute(delete(ImportRun).where(col(ImportRun.id) == run))

    async def find(self, owner: UUID, sources: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Held]:
        """Return the conversations that these of a source became, by format and key."""
        keys: dict[str, list[str]] = {}
        for source, key in sources:
            keys.setdefault(source, []).append(key)
        found: dict[tuple[str, str], Conversation] = {}
        for source, of_source in keys.items():
            for some in _batches(of_source):
                query = (
                    select(col(ImportedConversation.key), Conversation)
                    .join(Conversation, col(ImportedConversation.conversation_id) == col(Conversation.id))
                    .where(
                        col(ImportedConversation.account_id) == owner,
                        col(ImportedConversation.format) == source,
                        col(ImportedConversation.key).in_(some),
                    )
                )
                found |= {(source, row[0]): row[1] for row in await self._session.execute(query)}
        marks = await self._marks([each.id for each in found.values()])
        return {place: Held(each, marks.get(each.id, {})) for place, each in found.items()}

    async def _marks(self, conversations: Sequence[UUID]) -> dict[UUID, dict[str, UUID]]:
        marks: dict[UUID, dict[str, UUID]] = {}
        columns = (col(Message.conversation_id), col(Message.id), col(Message.client_key))
        for some in _batches(conversations):
            query = select(*columns).where(
                col(Message.conversation_id).in_(some), col(Message.client_key).startswith(KEY_PREFIX)
            )
            for conversation, message, key in await self._session.execute(query):
                marks.setdefault(conversation, {})[(key or "")[-_MARK:]] = message
        return marks

    async def own(self, keys: Iterable[str], *, owner: UUID) -> dict[str, Conversation]:
        """Return conversations of *owner* by their ids, be they deleted a moment ago: they were exported here."""
        ids = {found: key for key in keys if (found := _as_id(key)) is not None}
        rows: dict[str, Conversation] = {}
        for some in _batches(list(ids)):
            query = select(Conversation).where(
                col(Conversation.id).in_(some), col(Conversation.account_id) == owner
            )
            rows |= {ids[row.id]: row for row in (await self._session.execute(query)).scalars()}
        return rows

    async def depths(self, conversation: UUID) -> dict[UUID, int]:
        """Return how deep the messages of a conversation stand."""
        query = select(col(Message.id), col(Message.depth)).where(
            col(Message.conversation_id) == conversation
        )
        return {message: depth for message, depth in await self._session.execute(query)}  # noqa: C416 - a Row is no pair

    async def add_conversations(
        self, rows: Sequence[Conversation], noted: Sequence[ImportedConversation]
    ) -> None:
        """Store new conversations, and which one of a source each became."""
        await self._insert(Conversation, [columns_of(row) for row in rows])
        await self._insert(ImportedConversation, [columns_of(row) for row in noted])

    async def add_messages(self, rows: Sequence[dict[str, Any]], feedback: Sequence[dict[str, Any]]) -> None:
        """Store messages, parents before children."""
        await self._insert(Message, rows)
        await self._insert(Feedback, feedback)

    async def _insert(self, table: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection = await self._session.connection()
            await connection.execute(insert(table_of(table)), list(rows))

    async def add_given(self, rows: Sequence[tuple[Citation | Attachment, Quotation | None]]) -> None:
        """Store what was given with messages: sources with their passages, files that are known by name."""
        self._session.add_all([row for row, _ in rows])
        await self._session.flush()
        self._session.add_all([quotation for _, quotation in rows if quotation is not None])
        await self._session.flush()

    async def noted(self, run: UUID, *, limit: int) -> Sequence[tuple[ImportedConversation, Conversation]]:
        """Return, and keep from others, conversations that a run added, with what they are now.

        What is learned from them at this moment may still be stored, as in ``ChatRepository.expired``. Who stores messages in one
        changes it first, so that what somebody is just sending is seen, or refused.
        """
        query = (
            select(ImportedConversation, Conversation)
            .join(Conversation, col(Conversation.id) == col(ImportedConversation.conversation_id))
            .where(col(ImportedConversation.run_id) == run)
            .order_by(col(ImportedConversation.id))
            .limit(limit)
            .with_for_update(of=Conversation, key_share=True)
        )
        return [(row[0], row[1]) for row in await self._session.execute(query)]

    async def hold(self, conversation: UUID, *, owner: UUID) -> Conversation | None:
        """Return, and keep from others, a conversation of *owner*; what is learned from it may still be stored."""
        row = await self._session.get(Conversation, conversation, with_for_update={"key_share": True})
        return row if row is not None and row.account_id == owner else None

    async def leave(self, imported: UUID) -> None:
        """Count a conversation as its owner's own: no undo removes it."""
        await self._session.execute(
            update(ImportedConversation).where(col(ImportedConversation.id) == imported).values(run_id=None)
        )

    async def counts(self, conversation: UUID, run: UUID) -> tuple[int, int]:
        """Return how many messages a conversation has, and how many of them came with *run*."""
        every = select(func.count()).select_from(Message).where(col(Message.conversation_id) == conversation)
        of_run = every.where(col(Message.client_key).startswith(key_of(run)))
        return (
            (await self._session.execute(every)).scalar_one(),
            (await self._session.execute(of_run)).scalar_one(),
        )

    async def added_to(self, run: UUID, *, owner: UUID) -> Sequence[UUID]:
        """Return conversations that still have messages of a run."""
        query = (
            select(col(Message.conversation_id))
            .where(col(Message.account_id) == owner, col(Message.client_key).startswith(key_of(run)))
            .distinct()
        )
        return (await self._session.scalars(query)).all()

    async def lines(self, conversation: UUID) -> list[Line]:
        """Return all messages of a conversation, parents before children."""
        query = (
            select(col(Message.id), col(Message.parent_id), col(Message.client_key))
            .where(col(Message.conversation_id) == conversation)
            .order_by(col(Message.depth), col(Message.id))
        )
        return [Line(row[0], row[1], row[2]) for row in await self._session.execute(query)]

    async def remove_messages(self, messages: Sequence[UUID]) -> None:
        """Remove messages; all are kept from others, who learn from them, before the first goes."""
        await self._keep(messages)
        for first in range(0, len(messages), 500):
            gone = col(Message.id).in_(messages[first : first + 500])
            await WordsRepository(self._session).leave(MESSAGES, select(col(Message.id)).where(gone))
            await self._session.execute(delete(Message).where(gone))

    async def _keep(self, messages: Sequence[UUID]) -> None:
        if self._session.get_bind().dialect.name == "sqlite":  # which has one writer
            return
        for some in _batches(sorted(messages)):
            held = select(col(Message.id)).where(col(Message.id).in_(some))
            await self._session.execute(held.order_by(col(Message.id)).with_for_update())


def _as_id(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[first : first + _LOOKED_UP] for first in range(0, len(items), _LOOKED_UP))
