"""Files sent with questions, and which documents a conversation may read."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import StoredAttachment
from gantry.domain.errors import Invalid, NotFound
from gantry.domain.knowledge import MAX_CHOSEN, DocumentScope, ScopeKind
from gantry.domain.messages import _
from gantry.models import Attachment, Chunk, Collection, Document, Message
from gantry.repositories.values import value_of


class AttachmentRepository:
    """Files of conversations, and the scope of their questions."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def attached(self, conversation: UUID, *, owner: UUID) -> Sequence[Document]:
        """Return the files that were sent in a conversation, or in the one it was forked from."""
        values = {"conversation": conversation, "owner": owner}
        return (await self._session.execute(_attached(), values)).scalars().all()

    async def held(self, conversation: UUID) -> list[UUID]:
        """Return the files that go with a conversation."""
        query = select(col(Document.id)).where(col(Document.conversation_id) == conversation)
        return list(await self._session.scalars(query))

    async def hand_over(self, conversations: Sequence[UUID]) -> None:
        """Give files of *conversations*, which are about to go, to others of their owner in which they were sent as well: to forks."""
        query = (
            select(col(Attachment.document_id), col(Message.conversation_id))
            .join(Message, col(Message.id) == col(Attachment.message_id))
            .join(Document, col(Document.id) == col(Attachment.document_id))
            .where(
                col(Document.conversation_id).in_(conversations),
                col(Message.conversation_id).not_in(conversations),
            )
            .order_by(col(Message.conversation_id).desc())
        )
        heirs = {document: heir for document, heir in await self._session.execute(query)}  # noqa: C416 - Rows
        for document, heir in heirs.items():
            for table, is_it in ((Document, col(Document.id)), (Chunk, col(Chunk.document_id))):
                await self._session.execute(
                    update(table).where(is_it == document).values(conversation_id=heir)
                )

    async def sent_with(self, message: UUID) -> Sequence[Document]:
        """Return the files that were sent with a message and are still there."""
        return (await self._session.execute(_sent_with(), {"message": message})).scalars().all()

    async def attach(self, documents: Sequence[UUID], message: Message, *, at: datetime) -> None:
        """Send files with a message; they belong to its conversation from now on.

        Raises:
            NotFound: One is not the owner's, or stands somewhere already.
        """
        for document in documents:
            row = await self._session.get(Document, document)
            waits = row is not None and row.collection_id is None and row.conversation_id is None
            if row is None or row.account_id != message.account_id or not waits:
                raise NotFound(_("This file no longer exists."), advice=_("Attach it again."))
            row.conversation_id = message.conversation_id
            await self._session.execute(
                update(Chunk)
                .where(col(Chunk.document_id) == document)
                .values(conversation_id=message.conversation_id)
            )
            self._session.add(_attachment(message, row.id, row, at))
        await self._session.flush()

    async def attach_again(self, before: UUID, message: Message, *, at: datetime) -> None:
        """Send the files of the message *before* with *message* too, those that are still there."""
        for row in (await self.attachments([before])).get(before, []):
            if row.document_id is not None:
                self._session.add(_attachment(message, row.document_id, row, at))
        await self._session.flush()

    async def require_scope(self, scope: DocumentScope, *, owner: UUID) -> None:
        """Raise NotFound unless everything *scope* names is the owner's; Invalid when it names too much."""
        if max(len(scope.collections), len(scope.documents)) > MAX_CHOSEN:
            raise Invalid(
                _("A chat can use up to {most} documents that are chosen one by one.", most=MAX_CHOSEN),
                advice=_("Put them into a collection, and choose that."),
            )
        for table, ids in ((Collection, scope.collections), (Document, scope.documents)):
            query = (
                select(func.count())
                .select_from(table)
                .where(col(table.id).in_(ids), col(table.account_id) == owner)
            )
            if ids and (await self._session.execute(query)).scalar_one() != len(set(ids)):
                raise NotFound(_("One of these no longer exists."), advice=_("Choose again."))

    async def still_there(self, scope: DocumentScope, *, owner: UUID) -> DocumentScope:
        """Return *scope* without what has been deleted; where nothing is left of what was chosen, no documents."""
        kept: list[tuple[UUID, ...]] = []
        for table, ids in ((Collection, scope.collections), (Document, scope.documents)):
            query = select(col(table.id)).where(col(table.id).in_(ids), col(table.account_id) == owner)
            there = set((await self._session.execute(query)).scalars()) if ids else set[UUID]()
            kept.append(tuple(each for each in ids if each in there))
        if scope.kind is ScopeKind.SOME and not any(kept):
            return DocumentScope(ScopeKind.NONE)
        return DocumentScope(scope.kind, collections=kept[0], documents=kept[1])

    async def find_document(self, document: UUID) -> Document | None:
        """Return a document whoever owns it: for writers, which act for its owner."""
        return await self._session.get(Document, document)

    async def pieces(self, document: UUID, *, limit: int) -> Sequence[Chunk]:
        """Return a document's chunks in order."""
        query = (
            select(Chunk).where(col(Chunk.document_id) == document).order_by(col(Chunk.ordinal)).limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def attachments(self, messages: Sequence[UUID]) -> dict[UUID, list[StoredAttachment]]:
        """Return what was sent with each of these messages, in order."""
        rows = await self._session.execute(_sent_with_each(), {"messages": messages})
        found: dict[UUID, list[StoredAttachment]] = {}
        for row in rows.scalars():
            found.setdefault(row.message_id, []).append(value_of(StoredAttachment, row))
        return found


# Made once: making them costs more than asking, and they are asked for each question.
@cache
def _attached() -> Select[Document]:
    is_sent = col(Document.id).in_(sent_in(bindparam("conversation"), bindparam("owner")))
    is_held = col(Document.conversation_id) == bindparam("conversation")
    return (
        select(Document)
        .where(col(Document.account_id) == bindparam("owner"), or_(is_held, is_sent))
        .order_by(col(Document.id))
    )


def sent_in(conversation: Any, owner: Any) -> Select[UUID | None]:
    """Return the query of the files of *owner* that messages of a conversation were sent with: few people send many."""
    return (
        select(col(Attachment.document_id))
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(
            col(Attachment.account_id) == owner,
            col(Attachment.document_id).is_not(None),
            col(Message.conversation_id) == conversation,
        )
    )


@cache
def _sent_with_each() -> Select[Attachment]:
    return (
        select(Attachment)
        .where(col(Attachment.message_id).in_(bindparam("messages", expanding=True)))
        .order_by(col(Attachment.id))
    )


@cache
def _sent_with() -> Select[Document]:
    return (
        select(Document)
        .join(Attachment, col(Attachment.document_id) == col(Document.id))
        .where(col(Attachment.message_id) == bindparam("message"))
        .order_by(col(Attachment.id))
    )


def _attachment(
    message: Message, document: UUID, file: Document | StoredAttachment, at: datetime
) -> Attachment:
    return Attachment(
        message_id=message.id,
        account_id=message.account_id,
        document_id=document,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        created_at=at,
    )
