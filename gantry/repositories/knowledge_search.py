"""Searching chunks and memories by their words, and what search by meaning has found of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, String, bindparam, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from gantry.domain.memory import MemoryKind
from gantry.domain.vault import DocumentState
from gantry.domain.words import Asked
from gantry.models import Chunk, Conversation, Document, MemoryItem, Message
from gantry.repositories.attachments import sent_in
from gantry.repositories.by_words import Inside, Kept, WordsFound, by_words

Mark = UUID | str | None  # an id as the database's driver gives it

# A chunk's context are its name and headings; a memory's are speaker and date.
_CHUNKS = Kept("chunk", {"content": 1.0, "context": 1.5}, "0, 0, 0.75, 0.25")
_MEMORIES = Kept("memory_item", {"content": 1.0, "context": 1.0, "around": 0.5}, "0, 0.15, 0.6, 0.3")


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, already known to be the owner's: None means everywhere, an empty one nowhere."""

    collections: Collection[UUID] | None = None
    documents: Collection[UUID] | None = None

    @property
    def everywhere(self) -> bool:
        """Whether nothing of the owner's is left out."""
        return self.collections is None and self.documents is None


@dataclass(frozen=True, slots=True)
class ChunkFound:
    """A chunk with the name of its document."""

    id: UUID
    document_id: UUID
    ordinal: int
    page: int | None
    heading: str
    start_offset: int
    end_offset: int
    content: str
    context: str
    name: str


class MemoryFound(NamedTuple):
    """A past turn with where it stands: its conversation's title, the message above its own, and the one above that.

    Where it stands and when it was said are told as the database's driver tells it (``Mark``, ``said``): hundreds are found,
    which are only compared, and a few are given.
    """

    id: UUID
    conversation: Mark
    message: Mark
    speaker: str
    content: str
    context: str
    around: str
    said: datetime | str | None
    title: str
    above: Mark
    before: Mark

    @property
    def conversation_id(self) -> UUID | None:
        """The conversation it is of."""
        return _uuid(self.conversation)

    @property
    def message_id(self) -> UUID | None:
        """The message it is of."""
        return _uuid(self.message)

    @property
    def said_at(self) -> datetime | None:
        """When it was said."""
        said = datetime.fromisoformat(self.said) if isinstance(self.said, str) else self.said
        return said and (said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC))


def _uuid(mark: Mark) -> UUID | None:
    return mark if mark is None or isinstance(mark, UUID) else UUID(mark)


def _mark(column: Any) -> Any:
    return type_coerce(column, String)


_READABLE = col(Document.state).in_((DocumentState.READY, DocumentState.EMBEDDING))

# Columns, not objects, are read: they are hundreds, and most are only looked at.
_OF_CHUNK = (
    Chunk.id,
    Chunk.document_id,
    Chunk.ordinal,
    Chunk.page,
    Chunk.heading,
    Chunk.start_offset,
    Chunk.end_offset,
    Chunk.content,
    Chunk.context,
)
_OF_MEMORY = (
    col(MemoryItem.id),
    _mark(MemoryItem.conversation_id).label("conversation"),
    _mark(MemoryItem.message_id).label("message"),
    col(MemoryItem.speaker),
    col(MemoryItem.content),
    col(MemoryItem.context),
    col(MemoryItem.around),
    _mark(MemoryItem.said_at).label("said"),
)


# Made once: making them costs more than asking, and they are asked for each question.
@cache
def _memories_told(*, apart: bool) -> Any:
    """Return those of some past turns that may be told, with what stands above them: not those of deleted conversations."""
    above = aliased(Message)
    elsewhere = or_(
        col(MemoryItem.conversation_id).is_(None), col(MemoryItem.conversation_id) != bindparam("apart")
    )
    return (
        select(
            *_OF_MEMORY,
            func.coalesce(Conversation.title, "").label("title"),
            _mark(Message.parent_id).label("above"),
            _mark(above.parent_id).label("before"),
        )
        .select_from(MemoryItem)
        .outerjoin(Conversation, col(Conversation.id) == col(MemoryItem.conversation_id))
        .outerjoin(Message, col(Message.id) == col(MemoryItem.message_id))
        .outerjoin(above, col(above.id) == col(Message.parent_id))
        .where(
            col(Conversation.deleted_at).is_(None),
            or_(col(Conversation.id).is_(None), col(Conversation.remembered).is_(True)),
            col(MemoryItem.id).in_(bindparam("ids", expanding=True)),
            col(MemoryItem.account_id) == bindparam("owner"),
            col(MemoryItem.kind) == MemoryKind.TURN,
            *([elsewhere] if apart else []),
        )
    )


@cache
def _turns_kept() -> Select[int]:
    return select(func.count()).where(
        col(MemoryItem.account_id) == bindparam("owner"), col(MemoryItem.kind) == MemoryKind.TURN
    )


@cache
def _turns_kept_and_here() -> Select[int, int]:
    here = _turns_kept().where(col(MemoryItem.conversation_id) == bindparam("conversation"))
    return select(_turns_kept().scalar_subquery(), here.scalar_subquery())


@cache
def _collections_of() -> Select[UUID | None, int]:
    return (
        select(col(Document.collection_id), func.count().filter(_READABLE))
        .where(col(Document.account_id) == bindparam("owner"), col(Document.collection_id).is_not(None))
        .group_by(col(Document.collection_id))
    )


class KnowledgeSearchRepository:
    """Search by words, and the rows that search by meaning has found."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def chunks_by_words(
        self, words: Sequence[Asked], *, owner: UUID, places: Places, limit: int
    ) -> WordsFound:
        """Return *owner*'s chunks that hold any of *words*, with scores to compare."""
        scope = [[f"a{owner.hex}"]]
        if not places.everywhere:
            scope.append(
                [f"c{one.hex}" for one in places.collections or ()]
                + [f"d{one.hex}" for one in places.documents or ()]
            )
        return await by_words(self._session, _CHUNKS, words, Inside(owner, scope), limit=limit)

    async def memories_by_words(
        self, words: Sequence[Asked], *, owner: UUID, kind: MemoryKind, limit: int
    ) -> WordsFound:
        """Return *owner*'s memories of a kind that hold any of *words*, with scores to compare."""
        inside = Inside(owner, [[f"a{owner.hex}"], [f"k{kind.value}"]])
        return await by_words(self._session, _MEMORIES, words, inside, limit=limit)

    async def chunks(self, ids: Collection[UUID], *, owner: UUID, places: Places) -> list[ChunkFound]:
        """Return the chunks among *ids* that are *owner*'s and in *places*."""
        if not ids:
            return []
        query = (
            select(*(col(column) for column in _OF_CHUNK), col(Document.name))
            .join(Document, col(Document.id) == col(Chunk.document_id))
            .where(col(Chunk.account_id) == owner, col(Chunk.id).in_(ids))
        )
        if not places.everywhere:
            query = query.where(
                or_(
                    col(Chunk.collection_id).in_(places.collections or ()),
                    col(Chunk.document_id).in_(places.documents or ()),
                )
            )
        return [ChunkFound(*row) for row in await self._session.execute(query)]

    async def memories(self, ids: Collection[UUID], *, owner: UUID, apart: UUID | None) -> list[MemoryFound]:
        """Return the past turns among *ids* that are *owner*'s and may be told: not of conversation *apart* nor of deleted ones."""
        if not ids:
            return []
        values = {"ids": ids, "owner": owner, "apart": apart}
        rows = await self._session.execute(_memories_told(apart=apart is not None), values)
        return [MemoryFound._make(row) for row in rows]

    async def count_documents(self, *, owner: UUID, places: Places) -> int:
        """Return how many documents can be searched in *places*."""
        query = select(func.count()).where(col(Document.account_id) == owner, _READABLE)
        if places.everywhere:
            query = query.where(col(Document.collection_id).is_not(None))
        else:
            query = query.where(
                or_(
                    col(Document.collection_id).in_(places.collections or ()),
                    col(Document.id).in_(places.documents or ()),
                )
            )
        return (await self._session.execute(query)).scalar_one()

    async def count_memories(self, *, owner: UUID, conversation: UUID | None = None) -> tuple[int, int]:
        """Return how many messages are remembered, and how many of them are *conversation*'s."""
        if conversation is None:
            return (await self._session.execute(_turns_kept(), {"owner": owner})).scalar_one(), 0
        values = {"owner": owner, "conversation": conversation}
        count, of_it = (await self._session.execute(_turns_kept_and_here(), values)).one()
        return count, of_it

    async def collections(self, *, owner: UUID) -> dict[UUID, int]:
        """Return the owner's collections that are not empty, and how many documents can be searched in each."""
        rows = await self._session.execute(_collections_of(), {"owner": owner})
        return {one: count for one, count in rows if one is not None}

    async def attached(self, conversation: UUID, *, owner: UUID) -> list[UUID]:
        """Return the documents that were sent in a conversation, or in the one it was forked from."""
        is_held = col(Document.conversation_id) == conversation
        query = select(col(Document.id)).where(
            col(Document.account_id) == owner,
            or_(is_held, col(Document.id).in_(sent_in(conversation, owner))),
        )
        return list((await self._session.execute(query)).scalars())
