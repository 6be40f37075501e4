"""A person's conversations, read for export: a few rows at a time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import StoredMessage
from gantry.domain.exporting import (
    ExportedConversation,
    ExportedFile,
    ExportedMessage,
    Judgement,
    Named,
)
from gantry.domain.knowledge import DocumentScope
from gantry.models import Attachment, Collection, Conversation, Document, Feedback, Folder, Message, Persona
from gantry.repositories.chat import ChatRepository
from gantry.repositories.sent import SentRepository
from gantry.repositories.values import value_of

_MOST_NESTED = 8  # folders in one another; there are two


class ExportingRepository:
    """Conversations from beginning to end; every query takes the owner, or what was found by one that did."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def conversations(self, owner: UUID, *, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Return the next conversations that stay (temporary and deleted ones do not), oldest first."""
        query = select(col(Conversation.id)).where(
            col(Conversation.account_id) == owner,
            col(Conversation.temporary).is_(False),
            col(Conversation.deleted_at).is_(None),
        )
        if after is not None:
            query = query.where(col(Conversation.id) > after)
        return (await self._session.scalars(query.order_by(col(Conversation.id)).limit(limit))).all()

    async def conversation(self, conversation: UUID, *, owner: UUID) -> ExportedConversation:
        """Return a conversation of *owner*, without its messages; NotFound."""
        row = await ChatRepository(self._session).get_conversation(conversation, owner=owner)
        scope = DocumentScope.parse(row.scope)
        persona = [row.persona_id] if row.persona_id else []
        return value_of(
            ExportedConversation,
            row,
            tags=tuple(row.tags or ()),
            folder=await self._folder(row.folder_id, owner),
            persona=next(iter(await self._named(Persona, persona, owner)), None),
            reads=scope.kind.value,
            collections=await self._named(Collection, scope.collections, owner),
            documents=await self._named(Document, scope.documents, owner),
        )

    async def _folder(self, folder: UUID | None, owner: UUID) -> tuple[str, ...]:
        """Return the names of a folder and those around it, the outermost first."""
        names: list[str] = []
        while folder is not None and len(names) < _MOST_NESTED:
            row = await self._session.get(Folder, folder)
            if row is None or row.account_id != owner:
                break
            names.insert(0, row.name)
            folder = row.parent_id
        return tuple(names)

    async def _named(self, table: Any, ids: Sequence[UUID], owner: UUID) -> tuple[Named, ...]:
        """Return those of the things that are there, in the order of *ids*."""
        if not ids:
            return ()
        query = select(table.id, table.name).where(col(table.id).in_(ids), table.account_id == owner)
        names: dict[UUID, str] = {row[0]: row[1] for row in (await self._session.execute(query)).all()}
        return tuple(Named(each, names[each]) for each in ids if each in names)

    async def message_ids(self, conversation: UUID) -> Sequence[UUID]:
        """Return the messages of all branches: parents before children, siblings in the order of making."""
        query = (
            select(col(Message.id))
            .where(col(Message.conversation_id) == conversation)
            .order_by(col(Message.depth), col(Message.created_at), col(Message.id))
        )
        return (await self._session.scalars(query)).all()

    async def path_ids(self, leaf: UUID) -> Sequence[UUID]:
        """Return the messages from the root to *leaf*."""
        up = select(col(Message.id), col(Message.parent_id), col(Message.depth)).where(
            col(Message.id) == leaf
        )
        way = up.cte("way", recursive=True)
        above = select(col(Message.id), col(Message.parent_id), col(Message.depth)).join(
            way, col(Message.id) == way.c.parent_id
        )
        way = way.union_all(above)
        return (await self._session.scalars(select(way.c.id).order_by(way.c.depth))).all()

    async def messages(self, ids: Sequence[UUID]) -> list[ExportedMessage]:
        """Return messages with everything that was given with them, in the order of *ids*."""
        query = select(Message).where(col(Message.id).in_(ids))
        stored = {row.id: value_of(StoredMessage, row) for row in await self._session.scalars(query)}
        files = await self._files(ids)
        cited = await SentRepository(self._session).citations(ids, passages=True)
        feedback = await self._feedback(ids)
        return [
            ExportedMessage(stored[each], files.get(each, ()), cited.get(each, ()), feedback.get(each))
            for each in ids
            if each in stored
        ]

    async def _files(self, messages: Sequence[UUID]) -> dict[UUID, list[ExportedFile]]:
        query = (
            select(Attachment, col(Document.sha256))
            .outerjoin(Document, col(Document.id) == col(Attachment.document_id))
            .where(col(Attachment.message_id).in_(messages))
            .order_by(col(Attachment.id))
        )
        found: dict[UUID, list[ExportedFile]] = {}
        for row, sha256 in await self._session.execute(query):
            file = ExportedFile(row.document_id, row.name, row.media_type, row.size_bytes, sha256)
            found.setdefault(row.message_id, []).append(file)
        return found

    async def _feedback(self, messages: Sequence[UUID]) -> dict[UUID, Judgement]:
        query = select(Feedback).where(col(Feedback.message_id).in_(messages))
        return {
            row.message_id: Judgement(row.rating, row.created_at)
            for row in await self._session.scalars(query)
        }
