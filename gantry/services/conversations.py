"""A person's conversations as a whole: list, name, pin, delete."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import (
    StoredAttachment,
    StoredConversation,
    StoredMessage,
    cleaned_title,
    title_from_prompt,
)
from gantry.domain.clock import utc_now
from gantry.domain.context import CitedSource
from gantry.domain.knowledge import DocumentScope
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.order import EVERYTHING, MAX_FOLDERS, Listing
from gantry.domain.parameters import NOTHING_SET, Parameters
from gantry.domain.personas import StoredPersona
from gantry.models import Conversation
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.catalog import CatalogService
from gantry.services.personas import persona_of
from gantry.services.writing import Writers

TEMPORARY_HOURS = 6  # for which a temporary conversation that nobody has left may be idle
UNDO_SECONDS = 30  # for which a deletion can be undone; the page offers it for less
IN_FOLDER, MOST_IN_FOLDER = 50, 1000  # conversations of an open folder that are listed, at first and at most
_PURGED_AT_ONCE = 20  # conversations; others write meanwhile
_MESSAGES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in the sidebar."""

    conversation: StoredConversation
    answering: bool
    unseen: bool  # an answer has ended since its owner last looked


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a new conversation starts."""

    scope: DocumentScope | None = None  # None: all documents
    temporary: bool = False
    remembered: bool = True
    folder: UUID | None = None  # whose documents it starts with, where *scope* says nothing
    parameters: Parameters = NOTHING_SET
    persona: UUID | None = None


PLAIN = Beginning()


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """A message with what was given with it: sources of an answer, files of a question."""

    message: StoredMessage
    citations: Sequence[CitedSource]
    files: Sequence[StoredAttachment]


@dataclass(frozen=True, slots=True)
class Purged:
    """A conversation whose rows are gone; its files and vectors are not."""

    account: UUID
    conversation: UUID
    documents: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ConversationService:
    """Conversations from outside. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    catalog: CatalogService
    writers: Writers
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def create(
        self, who: Actor, *, title: str = "", model: str | None = None, beginning: Beginning = PLAIN
    ) -> StoredConversation:
        """Make an empty conversation (the API does; the page makes one with its first message)."""
        chosen = str((await self.catalog.resolve(who, model)).ref) if model else None
        conversation = new_conversation(who, chosen, self.now())
        conversation.title = cleaned_title(title)
        conversation.title_by_hand = bool(conversation.title)
        async with self.database.begin(brief=True) as tx:
            beginning = await _in_folder(tx, who, beginning)
            if beginning.persona is not None:
                self._dress(conversation, persona_of(await tx.personas.get(beginning.persona, owner=who.id)))
                conversation.model = chosen or conversation.model
            await begin(tx, conversation, beginning)
            await tx.chat.add_conversation(conversation)
        self.tell(who, NoticeKind.CONVERSATIONS, conversation.id)
        return value_of(StoredConversation, conversation)

    async def list_conversations(
        self, who: Actor, *, before: datetime | None = None, limit: int = 50, listing: Listing = EVERYTHING
    ) -> list[Listed]:
        """Return conversations, newest change first, those changed before *before*."""
        limit = min(max(limit, 1), 200)
        async with self.database.read() as tx:
            return _listed(await tx.order.listed(listing, owner=who.id, before=before, limit=limit))

    async def list_pinned(
        self, who: Actor, *, folders: Sequence[UUID] = (), each: int = IN_FOLDER
    ) -> list[Listed]:
        """Return pinned conversations (200 at most) and the newest *each* of these folders, newest change first."""
        each = min(max(each, 1), MOST_IN_FOLDER)
        async with self.database.read() as tx:
            return _listed(await tx.order.kept(owner=who.id, folders=folders[:MAX_FOLDERS], each=each))

    async def told(
        self, who: Actor, conversation: UUID
    ) -> tuple[StoredConversation, AsyncIterator[ToldMessage]]:
        """Return a conversation with the messages of all its branches, oldest first (the newest 10,000), read as they are asked for."""
        async with self.database.read() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            ids = await tx.chat.message_ids(conversation, limit=10_000)
        return value_of(StoredConversation, row), self._told(ids)

    async def _told(self, ids: Sequence[UUID]) -> AsyncIterator[ToldMessage]:
        for first in range(0, len(ids), _MESSAGES_AT_ONCE):
            some = ids[first : first + _MESSAGES_AT_ONCE]
            async with self.database.read() as tx:
                rows = {row.id: value_of(StoredMessage, row) for row in await tx.chat.messages(some)}
                citations, files = await tx.sent.citations(some), await tx.attachments.attachments(some)
            for each in some:
                if each in rows:  # else it is gone meanwhile
                    yield ToldMessage(rows[each], citations.get(each, ()), files.get(each, ()))

    async def rename(self, who: Actor, conversation: UUID, title: str) -> str:
        """Set a title by hand; a blank one goes back to ours. Returns the title as stored."""
        title = cleaned_title(title)
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            row.title_by_hand = bool(title)
            row.title = title or await self._own_title(tx, row)
            await tx.chat.index_title(row)
        self.tell(who, NoticeKind.CONVERSATIONS, conversation)
        return row.title

    async def _own_title(self, tx: UnitOfWork, row: Conversation) -> str:
        first = await tx.chat.find_first_message(row.id)
        return title_from_prompt(first.content) if first else ""

    async def pin(self, who: Actor, conversation: UUID, pinned: bool) -> None:
        """Pin or unpin."""
        await self._change(who, conversation, pinned=pinned)

    async def set_model(self, who: Actor, conversation: UUID, model: str) -> None:
        """Keep the choice of model for the conversation's next messages."""
        chosen = str((await self.catalog.resolve(who, model)).ref)
        await self._change(who, conversation, model=chosen)

    async def set_scope(self, who: Actor, conversation: UUID, scope: DocumentScope) -> None:
        """Choose the documents the conversation's next questions are answered from.

        Raises:
            NotFound: A collection or document of *scope* is not *who*'s.
        """
        async with self.database.begin() as tx:
            await tx.chat.get_conversation(conversation, owner=who.id)
            await tx.attachments.require_scope(scope, owner=who.id)
            await tx.chat.change_conversation(conversation, scope=scope.stored())
        self.tell(who, NoticeKind.CONVERSATION, conversation)

    async def set_parameters(self, who: Actor, conversation: UUID, parameters: Parameters) -> None:
        """Choose how the conversation's next questions are answered; all that is not set is the persona's, or the server's.

        Raises:
            Invalid: One is out of its range.
        """
        stored = parameters.checked().stored() or None
        async with self.database.begin() as tx:
            await tx.chat.get_conversation(conversation, owner=who.id)
            await tx.chat.change_conversation(conversation, parameters=stored)
        self.tell(who, NoticeKind.CONVERSATION, conversation)

    async def set_persona(self, who: Actor, conversation: UUID, persona: UUID | None) -> None:
        """Choose the persona of the conversation's next questions, with its model and its documents, or none."""
        async with self.database.begin() as tx:
            thread = await tx.chat.get_conversation(conversation, owner=who.id)
            if persona is None:
                thread.persona_id = None
            else:
                await self.put_persona(tx, thread, persona)
        self.tell(who, NoticeKind.CONVERSATION, conversation)

    async def put_persona(self, tx: UnitOfWork, thread: Conversation, persona: UUID) -> None:
        """Give *thread* one of its owner's personas, with its model and its documents."""
        row = await tx.personas.get(persona, owner=thread.account_id)
        thread.persona_id = row.id
        self._dress(thread, persona_of(row))

    def _dress(self, thread: Conversation, persona: StoredPersona) -> None:
        if persona.model and self.catalog.lists(persona.model):  # it may be gone since
            thread.model = persona.model
        if persona.scope:
            thread.scope = persona.scope.stored()

    async def seen(self, who: Actor, conversation: UUID) -> bool:
        """Note that its owner has it open; returns whether that is news."""
        async with self.database.read() as tx:
            if not _unseen(await tx.chat.get_conversation(conversation, owner=who.id)):
                return False
        await self._change(who, conversation, seen_at=self.now())
        return True

    async def _change(self, who: Actor, conversation: UUID, **values: object) -> None:
        async with self.database.begin() as tx:
            await tx.chat.get_conversation(conversation, owner=who.id)
            await tx.chat.change_conversation(conversation, **values)
        self.tell(who, NoticeKind.CONVERSATIONS, conversation)

    async def delete(self, who: Actor, conversation: UUID) -> None:
        """Delete; can be undone for UNDO_SECONDS. Stops an answer being written."""
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            stopped = await self.mark_deleted(tx, [row])
        for live in stopped:
            self.writers.stop(live)
        self.tell(who, NoticeKind.CONVERSATIONS, conversation)

    async def mark_deleted(self, tx: UnitOfWork, rows: Sequence[Conversation]) -> list[UUID]:
        """Delete *rows*, which can be undone; returns the answers being written, whose writers have to be stopped then."""
        live = sorted([each.id for row in rows for each in await tx.generations.live(row.id)])
        # All answers before any conversation, as writers do it: two that take rows in another order may wait for each other.
        for answer in live:
            await tx.generations.request_stop(answer, at=self.now())
        for row in rows:
            row.deleted_at = self.now()
        return live

    async def discard(self, who: Actor, conversation: UUID) -> None:
        """Remove a temporary conversation for good; does nothing to any other."""
        async with self.database.begin() as tx:
            row = await tx.chat.find_conversation(conversation, owner=who.id)
            if row is None or not row.temporary:
                return
            live = sorted([each.id for each in await tx.generations.live(conversation)])
            for answer in live:
                await tx.generations.request_stop(answer, at=self.now())
            if live or await tx.attachments.held(conversation):
                row.deleted_at = self.now()  # the writer has to stop, the files to go: housekeeping does it
            else:
                await self.remove(tx, [row.id])
        for answer in live:
            self.writers.stop(answer)
        self.tell(who, NoticeKind.CONVERSATIONS, conversation)

    async def undelete(self, who: Actor, conversation: UUID) -> None:
        """Undo a deletion."""
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id, deleted=True)
            row.deleted_at = None
        self.tell(who, NoticeKind.CONVERSATIONS, conversation)

    async def purge(self) -> list[Purged]:
        """Remove rows for good that can no longer be brought back; returns what they leave to be removed elsewhere."""
        async with self.database.begin() as tx:
            expired = await tx.chat.expired(
                deleted_before=self.now() - timedelta(seconds=UNDO_SECONDS),
                temporary_before=self.now() - timedelta(hours=TEMPORARY_HOURS),
                limit=_PURGED_AT_ONCE,
            )
            await tx.attachments.hand_over([row.id for row in expired])
            gone = [
                Purged(row.account_id, row.id, tuple(await tx.attachments.held(row.id))) for row in expired
            ]
            await self.remove(tx, [row.id for row in expired])
        return gone

    async def remove(self, tx: UnitOfWork, conversations: Sequence[UUID]) -> None:
        """Remove conversations for good, also from memory; the database takes it from what other answers were given."""
        await tx.chat.keep_messages(conversations)
        for conversation in conversations:
            await tx.memory.forget_conversation(conversation)
        await tx.chat.remove_conversations(conversations)

    def tell(self, who: Actor, kind: NoticeKind, conversation: UUID) -> None:
        """Tell the person's open pages that a conversation changed."""
        self.notices.publish(who.id, Notice(kind, str(conversation), origin=who.page))


def new_conversation(who: Actor, model: str | None, at: datetime) -> Conversation:
    """Return a row that is not stored yet."""
    return Conversation(account_id=who.id, model=model, created_at=at, updated_at=at, seen_at=at)


async def _in_folder(tx: UnitOfWork, who: Actor, beginning: Beginning) -> Beginning:
    """Return *beginning* with the persona of its folder, where it names none and the folder has one that is there."""
    if beginning.folder is None or beginning.persona is not None:
        return beginning
    folder = await tx.order.get_folder(beginning.folder, owner=who.id)
    persona = await tx.personas.find(folder.persona_id, owner=who.id) if folder.persona_id else None
    return replace(beginning, persona=persona.id) if persona else beginning


async def begin(tx: UnitOfWork, conversation: Conversation, beginning: Beginning) -> None:
    """Set up a conversation that is not stored yet; NotFound where its folder or scope names what is not its owner's.

    Invalid where a parameter is out of its range.
    """
    conversation.temporary, conversation.remembered = beginning.temporary, beginning.remembered
    conversation.parameters = beginning.parameters.checked().stored() or None
    if beginning.persona is not None:  # one that was deleted just now keeps nobody from asking
        row = await tx.personas.find(beginning.persona, owner=conversation.account_id)
        conversation.persona_id = row.id if row else None
    scope = beginning.scope
    if beginning.folder is not None:
        folder = await tx.order.get_folder(beginning.folder, owner=conversation.account_id)
        conversation.folder_id = folder.id
        if scope is None and folder.scope is not None:
            chosen = DocumentScope.parse(folder.scope)
            scope = await tx.attachments.still_there(chosen, owner=conversation.account_id)
    if scope is not None:
        await tx.attachments.require_scope(scope, owner=conversation.account_id)
        conversation.scope = scope.stored()


def _listed(rows: Sequence[tuple[Conversation, bool]]) -> list[Listed]:
    return [
        Listed(value_of(StoredConversation, row), answering, not answering and _unseen(row))
        for row, answering in rows
    ]


def _unseen(row: Conversation) -> bool:
    return row.answered_at is not None and (row.seen_at is None or row.seen_at < row.answered_at)
