"""What answers were given to read, and the account of what was sent for them."""

import json
from collections.abc import Callable, Sequence
from collections.abc import Collection as Many
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import CitationKind
from gantry.domain.context import ContextPart, PartKind, emptied
from gantry.domain.errors import NotFound
from gantry.domain.knowledge import DocumentScope
from gantry.domain.memory import MemoryKind
from gantry.models import (
    Attachment,
    Chunk,
    Citation,
    Collection,
    ContextTrace,
    Conversation,
    Document,
    MemoryItem,
    Message,
)

_TRACES = 100  # rewritten at a time
_FACTS = 20  # looked for in one query


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
            self._session.add(_attachment(message, row.id, row, at))
        await self._session.flush()

    async def attach_again(self, before: UUID, message: Message, *, at: datetime) -> None:
        """Send the files of the message *before* with *message* too, those that are still there."""
        for row in (await self.attachments([before])).get(before, []):
            if row.document_id is not None:
                self._session.add(_attachment(message, row.document_id, row, at))
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

    async def replace(self, message: UUID, citations: Sequence[Citation], trace: ContextTrace) -> None:
        """Store what an answer was given, in place of what an earlier attempt was.

        Of what was deleted or forgotten since it was found only the number stays.
        """
        # First what may be deleted, as deletions do it: two that take rows in another order may wait for each other.
        documents, turns = await self._still_there(citations)
        facts = await self._still_known(trace)
        gone: set[int] = set()
        for row in citations:
            if row.document_id not in documents or row.source_message_id not in turns:
                row.passage, row.document_id, row.source_message_id = "", None, None
                gone.add(row.number)
        trace.parts = emptied(
            trace.parts,
            lambda part: _numbered(gone)(part) or (part.kind is PartKind.FACT and part.text not in facts),
        )
        await self._session.execute(delete(Citation).where(col(Citation.message_id) == message))
        await self._session.execute(delete(ContextTrace).where(col(ContextTrace.message_id) == message))
        self._session.add_all([*citations, trace])
        await self._session.flush()

    async def _still_there(self, citations: Sequence[Citation]) -> tuple[set[UUID | None], set[UUID | None]]:
        """Return which of their documents, and which messages, memory has not lost, and None; they stay to the transaction's end."""
        documents = {row.document_id for row in citations if row.document_id}
        messages = {row.source_message_id for row in citations if row.source_message_id}
        files = select(col(Document.id)).where(col(Document.id).in_(documents)).order_by(col(Document.id))
        turns = (
            select(col(MemoryItem.message_id))
            .where(col(MemoryItem.message_id).in_(messages), col(MemoryItem.kind) == MemoryKind.TURN)
            .order_by(col(MemoryItem.id))
        )
        there = [
            {None, *(await self._session.execute(query.with_for_update(read=True, key_share=True))).scalars()}
            for query in (files, turns)
        ]
        return there[0], there[1]

    async def _still_known(self, trace: ContextTrace) -> set[str]:
        """Return which facts of an account its owner has not forgotten."""
        told = {part.text for part in map(ContextPart.parse, trace.parts) if part.kind is PartKind.FACT}
        query = (
            select(col(MemoryItem.content))
            .where(
                col(MemoryItem.account_id) == trace.account_id,
                col(MemoryItem.kind) == MemoryKind.FACT,
                col(MemoryItem.content).in_(told),
            )
            .order_by(col(MemoryItem.id))
            .with_for_update(read=True, key_share=True)
        )
        return set((await self._session.execute(query)).scalars())

    async def mark_cited(self, message: UUID, numbers: Sequence[int]) -> None:
        """Keep which of its sources an answer refers to."""
        await self._session.execute(
            update(Citation)
            .where(col(Citation.message_id) == message)
            .values(cited=col(Citation.number).in_(numbers))
            .execution_options(synchronize_session=False)
        )

    async def empty_of_documents(self, documents: Sequence[UUID]) -> None:
        """Remove the passages of documents about to be deleted from the answers that were given them; the numbers stay."""
        locked = select(col(Document.id)).where(col(Document.id).in_(documents)).order_by(col(Document.id))
        await self._session.execute(locked.with_for_update())  # no answer is given any of them from here on
        await self._empty(col(Citation.document_id).in_(documents))

    async def empty_of_conversations(self, conversations: Sequence[UUID]) -> None:
        """Remove what was recalled from these conversations from the answers that were given it; the numbers stay."""
        said = select(col(Message.id)).where(col(Message.conversation_id).in_(conversations))
        await self._empty(col(Citation.source_message_id).in_(said))

    async def empty_of_memory(self, owner: UUID) -> None:
        """Remove all that was recalled from *owner*'s answers: turns and facts; the numbers stay."""
        own = select(col(Message.id)).where(col(Message.account_id) == owner)
        await self._empty(and_(col(Citation.message_id).in_(own), col(Citation.kind) == CitationKind.MESSAGE))
        await self._rewrite(
            col(ContextTrace.account_id) == owner, lambda _message, part: part.kind is PartKind.FACT
        )

    async def empty_of_facts(self, owner: UUID, facts: Many[str]) -> None:
        """Remove forgotten facts from the accounts of what was sent for *owner*'s answers."""
        stored = cast(col(ContextTrace.parts), Text)
        wanted = list(facts)
        for first in range(0, len(wanted), _FACTS):
            some = set(wanted[first : first + _FACTS])
            told = [stored.contains(json.dumps(fact, ensure_ascii=False), autoescape=True) for fact in some]
            await self._rewrite(
                and_(col(ContextTrace.account_id) == owner, or_(*told)),
                lambda _message, part, some=some: part.kind is PartKind.FACT and part.text in some,
            )

    async def _empty(self, where: ColumnElement[bool]) -> None:
        """Empty sources, in the answers' citations and in the accounts of what was sent."""
        gone: dict[UUID, set[int]] = {}
        emptying = (
            update(Citation)
            .where(where)
            .values(passage="", document_id=None, source_message_id=None)
            .returning(col(Citation.message_id), col(Citation.number))
            .execution_options(synchronize_session=False)
        )
        for row in await self._session.execute(emptying):
            gone.setdefault(row.message_id, set()).add(row.number)
        answers = list(gone)
        for first in range(0, len(answers), _TRACES):
            await self._rewrite(
                col(ContextTrace.message_id).in_(answers[first : first + _TRACES]),
                lambda message, part: _numbered(gone[message])(part),
            )

    async def _rewrite(self, where: ColumnElement[bool], gone: Callable[[UUID, ContextPart], bool]) -> None:
        """Empty the parts that are *gone* (told the answer and the part) of accounts, some at a time: they are long."""
        last: UUID | None = None
        while True:
            query = select(col(ContextTrace.id), col(ContextTrace.message_id), col(ContextTrace.parts))
            query = query.where(where).order_by(col(ContextTrace.id)).limit(_TRACES).with_for_update()
            if last is not None:
                query = query.where(col(ContextTrace.id) > last)
            rows = (await self._session.execute(query)).all()
            if not rows:
                return
            for row in rows:
                parts = emptied(row.parts, partial(gone, row.message_id))
                if parts == row.parts:
                    continue
                await self._session.execute(
                    update(ContextTrace)
                    .where(col(ContextTrace.id) == row.id)
                    .values(parts=parts)
                    .execution_options(synchronize_session=False)
                )
            last = rows[-1].id

    async def trace(self, message: UUID) -> ContextTrace | None:
        """Return the account of what was sent for an answer."""
        query = select(ContextTrace).where(col(ContextTrace.message_id) == message)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def said(self, messages: Sequence[UUID]) -> dict[UUID, Message]:
        """Return those of these messages whose conversation was not deleted."""
        query = (
            select(Message)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.id).in_(messages), col(Conversation.deleted_at).is_(None))
        )
        return {row.id: row for row in (await self._session.execute(query)).scalars()}


def _attachment(message: Message, document: UUID, file: Document | Attachment, at: datetime) -> Attachment:
    return Attachment(
        message_id=message.id,
        account_id=message.account_id,
        document_id=document,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        created_at=at,
    )


def _numbered(numbers: Many[int]) -> Callable[[ContextPart], bool]:
    """Return what tells the passages that were given under these numbers."""
    return lambda part: part.kind is PartKind.SOURCE and part.number in numbers
