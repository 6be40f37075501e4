"""What answers were given to read, and the account of what was sent for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.errors import NotFound
from gantry.domain.knowledge import DocumentScope
from gantry.models import (
    Attachment,
    Chunk,
    Citation,
    Collection,
    ContextTrace,
    Conversation,
    Document,
    Message,
)


class SourceRepository:
    """Numbered sources of answers, files sent with questions, and context traces."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def attached(self, conversation: UUID) -> Sequence[Document]:
        """Return the files that were sent in a conversation."""
        query = select(Document).where(col(Document.conversation_id) == conversation)
        return (await self._session.execute(query.order_by(col(Document.id)))).scalars().all()

    async def sent_with(self, message: UUID) -> Sequence[Document]:
        """Return the files that were sent with a message and are still there."""
        query = (
            select(Document)
            .join(Attachment, col(Attachment.document_id) == col(Document.id))
            .where(col(Attachment.message_id) == message)
            .order_by(col(Attachment.id))
        )
        return (await self._session.execute(query)).scalars().all()

    async def attach(self, documents: Sequence[UUID], message: Message, *, at: datetime) -> None:
        """Send files with a message; they belong to its conversation from now on.

        Raises:
            NotFound: One is not the owner's, or stands somewhere already.
        """
        for document in documents:
            row = await self._session.get(Document, document)
            waits = row is not None and row.collection_id is None and row.conversation_id is None
            if row is None or row.account_id != message.account_id or not waits:
                raise NotFound("This file is not there any more.", advice="Attach it again.")
            row.conversation_id = message.conversation_id
            await self._session.execute(
                update(Chunk)
                .where(col(Chunk.document_id) == document)
                .values(conversation_id=message.conversation_id)
            )
            self._session.add(
                Attachment(
                    message_id=message.id,
                    account_id=message.account_id,
                    document_id=row.id,
                    name=row.name,
                    media_type=row.media_type,
                    size_bytes=row.size_bytes,
                    created_at=at,
                )
            )
        await self._session.flush()

    async def require_scope(self, scope: DocumentScope, *, owner: UUID) -> None:
        """Raise NotFound unless everything *scope* names is the owner's."""
        for table, ids in ((Collection, scope.collections), (Document, scope.documents)):
            query = (
                select(func.count())
                .select_from(table)
                .where(col(table.id).in_(ids), col(table.account_id) == owner)
            )
            if ids and (await self._session.execute(query)).scalar_one() != len(set(ids)):
                raise NotFound("One of these is not there any more.", advice="Choose again.")

    async def find_document(self, document: UUID) -> Document | None:
        """Return a document whoever owns it: for writers, which act for its owner."""
        return await self._session.get(Document, document)

    async def pieces(self, document: UUID, *, limit: int) -> Sequence[Chunk]:
        """Return a document's chunks in order."""
        query = (
            select(Chunk).where(col(Chunk.document_id) == document).order_by(col(Chunk.ordinal)).limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def attachments(self, messages: Sequence[UUID]) -> dict[UUID, list[Attachment]]:
        """Return what was sent with each of these messages, in order."""
        query = (
            select(Attachment).where(col(Attachment.message_id).in_(messages)).order_by(col(Attachment.id))
        )
        found: dict[UUID, list[Attachment]] = {}
        for row in (await self._session.execute(query)).scalars():
            found.setdefault(row.message_id, []).append(row)
        return found

    async def citations(self, messages: Sequence[UUID]) -> dict[UUID, list[Citation]]:
        """Return the sources of each of these answers, by number."""
        query = (
            select(Citation)
            .where(col(Citation.message_id).in_(messages))
            .order_by(col(Citation.message_id), col(Citation.number))
        )
        found: dict[UUID, list[Citation]] = {}
        for row in (await self._session.execute(query)).scalars():
            found.setdefault(row.message_id, []).append(row)
        return found

    async def of_conversation(
        self, conversation: UUID
    ) -> tuple[dict[UUID, list[Citation]], dict[UUID, list[Attachment]]]:
        """Return sources and files of all messages of a conversation, by message."""
        inside = select(col(Message.id)).where(col(Message.conversation_id) == conversation)
        cited = select(Citation).where(col(Citation.message_id).in_(inside)).order_by(col(Citation.number))
        files = select(Attachment).where(col(Attachment.message_id).in_(inside)).order_by(col(Attachment.id))
        citations: dict[UUID, list[Citation]] = {}
        for row in (await self._session.execute(cited)).scalars():
            citations.setdefault(row.message_id, []).append(row)
        attachments: dict[UUID, list[Attachment]] = {}
        for row in (await self._session.execute(files)).scalars():
            attachments.setdefault(row.message_id, []).append(row)
        return citations, attachments

    async def replace(self, message: UUID, citations: Sequence[Citation], trace: ContextTrace | None) -> None:
        """Store what an answer was given, in place of what an earlier attempt was."""
        await self._session.execute(delete(Citation).where(col(Citation.message_id) == message))
        self._session.add_all(citations)
        if trace is not None:
            await self._session.execute(delete(ContextTrace).where(col(ContextTrace.message_id) == message))
            self._session.add(trace)
        await self._session.flush()

    async def mark_cited(self, message: UUID, numbers: Sequence[int]) -> None:
        """Keep which of its sources an answer refers to."""
        await self._session.execute(
            update(Citation)
            .where(col(Citation.message_id) == message)
            .values(cited=col(Citation.number).in_(numbers))
            .execution_options(synchronize_session=False)
        )

    async def still_there(
        self, documents: Sequence[UUID], messages: Sequence[UUID]
    ) -> tuple[set[UUID], set[UUID]]:
        """Return which of these documents and messages have not been deleted since they were found."""
        kept = select(col(Document.id)).where(col(Document.id).in_(documents))
        said = (
            select(col(Message.id))
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.id).in_(messages), col(Conversation.deleted_at).is_(None))
        )
        return (
            set((await self._session.execute(kept)).scalars()),
            set((await self._session.execute(said)).scalars()),
        )

    async def empty_of(self, documents: Sequence[UUID]) -> None:
        """Remove the passages of deleted documents from the answers that were given them; the numbers stay."""
        await self._session.execute(
            update(Citation)
            .where(col(Citation.document_id).in_(documents))
            .values(passage="", document_id=None)
            .execution_options(synchronize_session=False)
        )

    async def trace(self, message: UUID) -> ContextTrace | None:
        """Return the account of what was sent for an answer."""
        query = select(ContextTrace).where(col(ContextTrace.message_id) == message)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def conversations_of(self, messages: Sequence[UUID]) -> dict[UUID, UUID]:
        """Return the conversation of each of these messages, unless it was deleted."""
        query = (
            select(col(Message.id), col(Message.conversation_id))
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.id).in_(messages), col(Conversation.deleted_at).is_(None))
        )
        return {row.id: row.conversation_id for row in await self._session.execute(query)}
