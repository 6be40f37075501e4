"""What came in from other products: runs, which conversation is which, and rows in bulk."""

from collections.abc import Sequence
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
)
from gantry.repositories.words import MESSAGES, WordsRepository

KEY_PREFIX = (
    "import:"  # of the ``client_key`` of messages that came in: then the run, and a hash of the source's id
)
_INDEXED = 200


def came_in(message: Message) -> bool:
    """Whether a message came from another product: there may be no answer to it."""
    return (message.client_key or "").startswith(KEY_PREFIX)


def key_of(run: UUID, told: str) -> str:
    """Return the ``client_key`` of a message that came in; *told* is a hash of where it comes from."""
    return f"{KEY_PREFIX}{run.hex}:{told}"


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that came in before: its messages of the source by the hash of their keys."""

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

    async def find(self, owner: UUID, source: str, key: str) -> Held | None:
        """Return the conversation that this one of a source became."""
        query = (
            select(Conversation)
            .join(ImportedConversation, col(ImportedConversation.conversation_id) == col(Conversation.id))
            .where(
                col(ImportedConversation.account_id) == owner,
                col(ImportedConversation.format) == source,
                col(ImportedConversation.key) == key,
            )
        )
        found = (await self._session.execute(query)).scalar_one_or_none()
        return Held(found, await self._keys(found.id)) if found is not None else None

    async def _keys(self, conversation: UUID) -> dict[str, UUID]:
        query = select(col(Message.id), col(Message.client_key)).where(
            col(Message.conversation_id) == conversation, col(Message.client_key).startswith(KEY_PREFIX)
        )
        rows = await self._session.execute(query)
        return {key.rpartition(":")[2]: message for message, key in rows if key is not None}

    async def own(self, key: str, *, owner: UUID) -> Conversation | None:
        """Return the conversation of *owner* that has the id *key*, be it deleted a moment ago: it was exported here."""
        try:
            row = await self._session.get(Conversation, UUID(key))
        except ValueError:
            return None
        return row if row is not None and row.account_id == owner else None

    async def depths(self, conversation: UUID) -> dict[UUID, int]:
        """Return how deep the messages of a conversation stand."""
        query = select(col(Message.id), col(Message.depth)).where(
            col(Message.conversation_id) == conversation
        )
        return {message: depth for message, depth in await self._session.execute(query)}  # noqa: C416 - a Row is no pair

    async def add_messages(self, rows: Sequence[dict[str, Any]], feedback: Sequence[dict[str, Any]]) -> None:
        """Store messages, parents before children, and have them found by their words."""
        if rows:
            await self._session.execute(insert(Message), list(rows))
        if feedback:
            await self._session.execute(insert(Feedback), list(feedback))
        words = WordsRepository(self._session)
        for first in range(0, len(rows), _INDEXED):
            await words.index(MESSAGES, [row["id"] for row in rows[first : first + _INDEXED]])

    async def add_given(self, rows: Sequence[tuple[Citation | Attachment, Quotation | None]]) -> None:
        """Store what was given with messages: sources with their passages, files that are known by name."""
        self._session.add_all([row for row, _ in rows])
        await self._session.flush()
        self._session.add_all([quotation for _, quotation in rows if quotation is not None])
        await self._session.flush()

    async def note(self, imported: ImportedConversation) -> None:
        """Note which conversation of a source became which of ours."""
        self._session.add(imported)
        await self._session.flush()

    async def noted(self, run: UUID, *, limit: int) -> Sequence[tuple[ImportedConversation, Conversation]]:
        """Return, and keep from others, conversations that a run added, with what they are now."""
        query = (
            select(ImportedConversation, Conversation)
            .join(Conversation, col(Conversation.id) == col(ImportedConversation.conversation_id))
            .where(col(ImportedConversation.run_id) == run)
            .order_by(col(ImportedConversation.id))
            .limit(limit)
            .with_for_update(of=Conversation)  # what somebody is just sending is seen, or refused
        )
        return [(row[0], row[1]) for row in await self._session.execute(query)]

    async def hold(self, conversation: UUID, *, owner: UUID) -> Conversation | None:
        """Return, and keep from others, a conversation of *owner*."""
        row = await self._session.get(Conversation, conversation, with_for_update=True)
        return row if row is not None and row.account_id == owner else None

    async def leave(self, imported: UUID) -> None:
        """Count a conversation as its owner's own: no undo removes it."""
        await self._session.execute(
            update(ImportedConversation).where(col(ImportedConversation.id) == imported).values(run_id=None)
        )

    async def counts(self, conversation: UUID, run: UUID) -> tuple[int, int]:
        """Return how many messages a conversation has, and how many of them came with *run*."""
        every = select(func.count()).select_from(Message).where(col(Message.conversation_id) == conversation)
        of_run = every.where(col(Message.client_key).startswith(key_of(run, "")))
        return (
            (await self._session.execute(every)).scalar_one(),
            (await self._session.execute(of_run)).scalar_one(),
        )

    async def added_to(self, run: UUID, *, owner: UUID) -> Sequence[UUID]:
        """Return conversations that still have messages of a run."""
        query = (
            select(col(Message.conversation_id))
            .where(col(Message.account_id) == owner, col(Message.client_key).startswith(key_of(run, "")))
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
        """Remove messages."""
        for first in range(0, len(messages), 500):
            await self._session.execute(
                delete(Message).where(col(Message.id).in_(messages[first : first + 500]))
            )
