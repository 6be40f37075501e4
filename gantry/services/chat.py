"""Everything a person can do inside their conversations."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import (
    MAX_COMPARED,
    MAX_MESSAGE_CHARACTERS,
    GenerationStatus,
    MessageRole,
    MessageStatus,
    Rating,
    StoredAttachment,
    StoredConversation,
    StoredMessage,
    title_from_prompt,
)
from gantry.domain.clock import utc_now
from gantry.domain.context import CitedSource
from gantry.domain.errors import AlreadyAnswering, Conflict, Invalid
from gantry.domain.live import NoticeKind
from gantry.domain.messages import _
from gantry.domain.personas import StoredPersona
from gantry.domain.text import storable
from gantry.models import Conversation, Generation, Message, hold_back, is_held_back, new_id
from gantry.repositories.database import Database
from gantry.repositories.importing import came_in
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.catalog import CatalogService
from gantry.services.comparing import columns_of, go_on_from, lead_to, place_of, take_place
from gantry.services.conversations import (
    PLAIN,
    Beginning,
    ConversationService,
    Listed,
    begin,
    new_conversation,
)
from gantry.services.personas import in_force, persona_in
from gantry.services.writing import Assignment, Writers

__all__ = ["Beginning", "Bubble", "ChatService", "Listed", "Sent", "Window"]

MAX_LIVE_ANSWERS = 100  # of one account: far more than a person asks for, and than a runaway program should
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
_ASKED_SECONDS = 0.1  # in which a page can do without what it shows next
WINDOW = 30  # messages a page opens with


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message on the active path, with what the page shows beside it."""

    message: StoredMessage
    generation_id: UUID | None  # of its newest answer; None for a user's message
    siblings: tuple[UUID, ...]  # the alternatives in order of making, this message among them
    rating: Rating | None
    sources: tuple[CitedSource, ...] = ()
    attachments: tuple[StoredAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The end of a conversation's active path, or a piece further up; oldest first.

    ``compared`` are the answers that stand side by side at its end, in order, the last of ``bubbles`` among them.
    """

    conversation: StoredConversation
    bubbles: tuple[Bubble, ...]
    has_earlier: bool
    persona: StoredPersona | None = None
    compared: tuple[Bubble, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending, editing, regenerating or continuing has started; ``beside`` are the answers of further models."""

    conversation_id: UUID
    message_id: UUID  # of the assistant's message
    generation_id: UUID
    model: str = ""
    beside: tuple["Sent", ...] = ()

    @classmethod
    def of(cls, first: Assignment, *beside: Assignment) -> Self:
        """Make one of what is to be written."""
        ids = (first.conversation_id, first.message_id, first.generation_id)
        return cls(*ids, first.model, tuple(cls.of(each) for each in beside))

    @classmethod
    def before(cls, first: Generation, *beside: Generation) -> Self:
        """Make one of what was started earlier."""
        ids = (first.conversation_id, first.message_id, first.id)
        return cls(*ids, first.model, tuple(cls.before(each) for each in beside))


@dataclass(frozen=True, slots=True)
class _Question:
    text: str
    client_key: str | None
    files: tuple[UUID, ...] = ()
    edits: UUID | None = None  # the question it is asked beside, whose files go with it too


@dataclass(frozen=True, slots=True)
class ChatService:
    """A conversation's tree of messages. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    catalog: CatalogService
    writers: Writers
    conversations: ConversationService
    now: Callable[[], datetime] = utc_now

    async def window(
        self, who: Actor, conversation: UUID, *, before: UUID | None = None, limit: int = WINDOW
    ) -> Window:
        """Return the last messages of the active path, or those above message *before*."""
        limit = min(max(limit, 1), 200)
        async with self.database.read() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            leaf = row.active_leaf_id
            if before is not None:
                message, _thread = await tx.chat.get_message(before, owner=who.id)
                leaf = message.parent_id if message.conversation_id == conversation else None
            messages = await tx.chat.path(leaf, limit=limit) if leaf else []
            columns = columns_of(row) if before is None else ()
            beside = await tx.chat.messages(set(columns) - {leaf}) if columns else ()
            bubbles = await self._bubbles(tx, [*messages, *beside])
            persona = await persona_in(tx, row)
        shown = {bubble.message.id: bubble for bubble in bubbles}
        return Window(
            value_of(StoredConversation, row),
            bubbles[: len(messages)],
            _has_earlier(messages),
            persona,
            tuple(shown[each] for each in columns if each in shown) if beside else (),
        )

    async def around(self, who: Actor, message: UUID) -> Window:
        """Return the part of a conversation's path that *message* is in the middle of.

        Where it is on another branch, that one becomes the active path, unless an answer is being written: then the way to
        *message* itself is returned.
        """
        window = await self._part(who, message, on_screen=True)
        side_by_side = window.conversation.compared or ()
        if str(message) in side_by_side or any(bubble.message.id == message for bubble in window.bubbles):
            return window
        try:
            await self.select(who, message)
        except AlreadyAnswering:
            return await self._part(who, message, on_screen=False)
        return await self._part(who, message, on_screen=True)

    async def _part(self, who: Actor, message: UUID, *, on_screen: bool) -> Window:
        """Return what is around the place of *message* on the active path, or on the way to itself."""
        async with self.database.read() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
            leaf = thread.active_leaf_id if on_screen and thread.active_leaf_id else row.id
            half = WINDOW // 2
            messages = await tx.chat.path_between(leaf, row.depth - half, row.depth + half)
            bubbles = await self._bubbles(tx, messages)
        return Window(value_of(StoredConversation, thread), bubbles, _has_earlier(messages))

    async def _bubbles(self, tx: UnitOfWork, messages: Sequence[Message]) -> tuple[Bubble, ...]:
        ids = [message.id for message in messages]
        families = await tx.chat.siblings(messages)
        generations = await tx.chat.newest_generations(ids)
        ratings = await tx.chat.ratings(ids)
        sources = await tx.sent.citations(ids)
        files = await tx.attachments.attachments(ids)
        return tuple(
            Bubble(
                value_of(StoredMessage, m),
                generations.get(m.id),
                families[m.id],
                ratings.get(m.id),
                tuple(sources.get(m.id, ())),
                tuple(files.get(m.id, ())),
            )
            for m in messages
        )

    async def send(
        self,
        who: Actor,
        conversation: UUID | None,
        text: str,
        *,
        model: str | Sequence[str] | None = None,
        parent: UUID | None = None,
        client_key: str | None = None,
        files: Sequence[UUID] = (),
        beginning: Beginning = PLAIN,
    ) -> Sent:
        """Store a message and start its answer, or those of several models side by side.

        Args:
            conversation: None starts a new one, titled from the text.
            model: ``connection/name`` or a bare name; None keeps the conversation's. Two to four different ones answer side by side:
                the conversation goes on with the answer of the first, until ``ComparisonService.keep`` chooses another.
            parent: The assistant's message to answer to; None is the end of the active path.
            client_key: The page's name for one press of Send (64 characters at most). Sending the same key
                again stores nothing and returns what the first one started.
            files: Documents that were uploaded to be attached, and belong to no message yet.
            beginning: How a new conversation starts.

        Raises:
            Invalid: Empty or too long, or an unknown model.
            NotFound: A file or the scope of *beginning* is not *who*'s.
            AlreadyAnswering: The previous answer is still being written.
        """
        text = _checked(text)

        question = _Question(text, client_key, tuple(files))

        async def store() -> Sequence[Assignment]:
            if conversation is None:
                chosen, *others = await self._choose_each(who, None, model)
                async with self.database.begin(brief=True) as tx:
                    thread = new_conversation(who, None, self.now())
                    thread.title = title_from_prompt(text)
                    await begin(tx, thread, beginning)
                    await tx.chat.add_conversation(thread)
                    first = await self._ask(tx, thread, None, question, chosen)
                    return await self._with(tx, thread, first, others)
            if model is None and (asked := await self._ask_as_before(who, conversation, parent, question)):
                return [asked]
            chosen, *others = await self._choose_each(who, conversation, model)
            async with self.database.begin(brief=True) as tx:
                thread = await tx.chat.get_conversation(conversation, owner=who.id)
                above = await self._parent(tx, who, thread, parent)
                first = await self._ask(tx, thread, above, question, chosen)
                return await self._with(tx, thread, first, others)

        return await self._once(who, client_key, store)

    async def send_to(
        self, who: Actor, conversation: UUID, text: str, *, persona: UUID, model: str | None
    ) -> Sent:
        """Store a message and start its answer by *persona*, which the conversation has from here on.

        Args:
            model: Of the persona; None keeps the conversation's.

        Raises:
            Invalid: Empty or too long, or an unknown model; then the conversation stays as it is.
            AlreadyAnswering: The previous answer is still being written; the same goes for that.
        """
        question = _Question(_checked(text), None)
        chosen = await self._choose(who, conversation, model)
        async with self.database.begin(brief=True) as tx:
            thread = await tx.chat.get_conversation(conversation, owner=who.id)
            await self.conversations.put_persona(tx, thread, persona)
            above = await self._parent(tx, who, thread, None)
            assignment = await self._ask(tx, thread, above, question, chosen)
        return self._start(who, assignment)

    async def until_asked(self, sent: Sent) -> None:
        """Wait, a moment at most, until the model has been asked: it reads while the page is told what was stored."""
        await self.writers.until_asked(sent.generation_id, _ASKED_SECONDS)

    async def _ask_as_before(
        self, who: Actor, conversation: UUID, parent: UUID | None, question: "_Question"
    ) -> Assignment | None:
        """Ask the conversation's model where it is known here and now, in one transaction with choosing it; else None."""
        async with self.database.begin(brief=True) as tx:
            thread = await tx.chat.get_conversation(conversation, owner=who.id)
            chosen = self.catalog.at_hand(thread.model) if thread.model else None
            if chosen is None:
                return None
            return await self._ask(tx, thread, await self._parent(tx, who, thread, parent), question, chosen)

    async def _once(
        self, who: Actor, client_key: str | None, store: Callable[[], Awaitable[Sequence[Assignment]]]
    ) -> Sent:
        """Store and start, or return what an earlier press of the same Send has started; the database tells."""
        try:
            assignments = await store()
        except Conflict:
            if client_key and (sent := await self._sent_before(who, client_key)):
                return sent
            raise
        return self._start(who, *assignments)

    async def _sent_before(self, who: Actor, client_key: str) -> Sent | None:
        async with self.database.read() as tx:
            question = await tx.chat.find_sent(client_key, owner=who.id)
            answers = await tx.chat.newest_answers(question.id) if question else ()
            if not (question and answers):
                return None
            thread = await tx.chat.find_conversation(question.conversation_id, owner=who.id)
        columns = columns_of(thread) if thread else ()
        beside = sorted(
            (each for each in answers if each.message_id in columns),
            key=lambda each: columns.index(each.message_id),
        )
        return Sent.before(*(beside or answers[:1]))

    async def _parent(
        self, tx: UnitOfWork, who: Actor, thread: Conversation, parent: UUID | None
    ) -> Message | None:
        parent = parent or thread.active_leaf_id
        if parent is None:
            return None
        message, _thread = await tx.chat.get_message(parent, owner=who.id)
        if message.conversation_id != thread.id:
            raise Invalid(_("This message belongs to another conversation."), field="parent_id")
        return message

    async def edit(
        self,
        who: Actor,
        message: UUID,
        text: str,
        *,
        model: str | None = None,
        client_key: str | None = None,
    ) -> Sent:
        """Make a branch beside one of the person's own messages, with its files, and answer it (*client_key* as in send)."""
        text = _checked(text)
        async with self.database.read() as tx:
            _row, thread = await tx.chat.get_message(message, owner=who.id)
        conversation = thread.id

        async def store() -> Sequence[Assignment]:
            chosen = await self._choose(who, conversation, model)
            async with self.database.begin(brief=True) as tx:
                row, thread = await tx.chat.get_message(message, owner=who.id)
                if row.role is not MessageRole.USER:
                    raise Invalid(_("Only your own messages can be edited."))
                above = None
                if row.parent_id:
                    above, _thread = await tx.chat.get_message(row.parent_id, owner=who.id)
                asked = _Question(text, client_key, edits=row.id)
                return [await self._ask(tx, thread, above, asked, chosen)]

        return await self._once(who, client_key, store)

    async def regenerate(self, who: Actor, message: UUID, *, model: str | None = None) -> Sent:
        """Make another answer beside *message* (an assistant's), by the same or another model.

        In place of one that stands side by side with others, while those go on.
        """
        async with self.database.read() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
        its_own = row.model if row.id in columns_of(thread) else None
        chosen = await self._choose(who, thread.id, model or its_own)
        async with self.database.begin() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
            if row.role is not MessageRole.ASSISTANT or row.parent_id is None:
                raise Invalid(_("Only an answer can be regenerated."))
            question, _thread = await tx.chat.get_message(row.parent_id, owner=who.id)
            place = await place_of(tx, thread, row.id)
            assignment = await self._answer(tx, thread, question, chosen, place=place)
            if place is not None:
                take_place(thread, place, assignment.message_id)
        return self._start(who, assignment)

    async def resume(self, who: Actor, message: UUID) -> Sent:
        """Go on writing a stopped, failed or truncated answer: appends to the same message."""
        async with self.database.read() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
        _require_unfinished(row)
        chosen = await self._choose(who, thread.id, row.model)
        async with self.database.begin() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
            await tx.chat.hold(row, thread)  # another process may have gone on with it
            _require_unfinished(row)
            place = await place_of(tx, thread, row.id)
            await _have_it_read_again(tx, row)
            row.status, row.error, row.truncated = MessageStatus.STREAMING, None, False
            row.model = chosen
            assignment = await self._write(
                tx, thread, row, chosen, resumes_from=len(row.content), place=place
            )
        return self._start(who, assignment)

    async def _choose(self, who: Actor, conversation: UUID | None, model: str | None) -> str:
        """Return the full id of the model to ask; looked up before the transaction, since it may ask servers."""
        if model is None and conversation is not None:
            async with self.database.read() as tx:
                model = (await tx.chat.get_conversation(conversation, owner=who.id)).model
        return str(
            (
                await self.catalog.resolve(who, model or await self.catalog.default_model(who, patient=True))
            ).ref
        )

    async def _choose_each(
        self, who: Actor, conversation: UUID | None, model: str | Sequence[str] | None
    ) -> Sequence[str]:
        if model is None or isinstance(model, str):
            return [await self._choose(who, conversation, model)]
        if not 2 <= len(model) <= MAX_COMPARED:
            raise Invalid(_("Choose two to {most} models to compare.", most=MAX_COMPARED), field="models")
        chosen = [await self._choose(who, conversation, each) for each in model]
        if len(set(chosen)) < len(chosen):
            raise Invalid(_("Choose different models to compare."), field="models")
        return chosen

    async def _ask(
        self, tx: UnitOfWork, thread: Conversation, above: Message | None, asked: _Question, model: str
    ) -> Assignment:
        if above is not None and above.status is MessageStatus.STREAMING:
            raise AlreadyAnswering
        if above is not None and above.role is MessageRole.USER and not came_in(above):
            raise Invalid(_("A message must follow an answer."), field="parent_id")
        await go_on_from(tx, above)
        question = Message(
            conversation_id=thread.id,
            account_id=thread.account_id,
            parent_id=above.id if above else None,
            depth=above.depth + 1 if above else 0,
            role=MessageRole.USER,
            content=asked.text,
            client_key=asked.client_key,
            created_at=self.now(),
        )
        assignment = await self._answer(tx, thread, question, model, new=(question,))
        if asked.files:
            await tx.attachments.attach(asked.files, question, at=self.now())
        if asked.edits:
            await tx.attachments.attach_again(asked.edits, question, at=self.now())
        if not thread.title:
            await tx.chat.name(thread, title_from_prompt(asked.text))
        return assignment

    async def _answer(
        self,
        tx: UnitOfWork,
        thread: Conversation,
        question: Message,
        model: str,
        *,
        new: Sequence[Message] = (),
        place: int | None = None,
    ) -> Assignment:
        """Begin an answer to *question*; *new* are messages to be stored with it, *place* is that among answers side by side."""
        now = self.now()
        answer = Message(
            conversation_id=thread.id,
            account_id=thread.account_id,
            parent_id=question.id,
            depth=question.depth + 1,
            role=MessageRole.ASSISTANT,
            status=MessageStatus.STREAMING,
            model=model,
            created_at=now,
        )
        if place is not None:
            hold_back(answer)
        return await self._write(tx, thread, answer, model, new=(*new, answer), place=place)

    async def _with(
        self, tx: UnitOfWork, thread: Conversation, first: Assignment, models: Sequence[str]
    ) -> list[Assignment]:
        """Begin answers of further *models* beside the *first*; returns it with them."""
        if not models:
            return [first]
        question, answer = await tx.chat.path(first.message_id, limit=2)
        hold_back(answer)
        others = [
            await self._answer(tx, thread, question, model, place=place)
            for place, model in enumerate(models, 1)
        ]
        thread.compared = [str(each.message_id) for each in (first, *others)]
        return [replace(each, compared=True) for each in (first, *others)]

    async def _write(
        self,
        tx: UnitOfWork,
        thread: Conversation,
        answer: Message,
        model: str,
        *,
        new: Sequence[Message] = (),
        resumes_from: int | None = None,
        place: int | None = None,
    ) -> Assignment:
        now = self.now()
        # Before anything is stored, so that the conversation is written once.
        thread.updated_at = now
        if place is None:
            lead_to(thread, answer, model)
        await tx.chat.add_messages(new)
        # After the conversation was written: who asks in it at the same time waits for that, and finds what is live then.
        live, here = await tx.generations.count_live(thread.account_id, thread.id)
        if live >= MAX_LIVE_ANSWERS:
            raise Conflict(
                _("You already have {most} answers in progress.", most=MAX_LIVE_ANSWERS),
                advice=_("Wait for one of them to end, or stop it."),
            )
        if here and place is None:
            raise AlreadyAnswering
        generation = Generation(
            id=new_id(),
            conversation_id=thread.id,
            message_id=answer.id,
            account_id=thread.account_id,
            model=model,
            status=GenerationStatus.RUNNING,
            attempt=1,
            resumes_from=resumes_from,
            place=place or 0,
            parameters=(await in_force(tx, thread)).stored() or None,
            writer=self.writers.name,
            lease_until=now + timedelta(seconds=self.writers.lease_seconds),
            created_at=now,
        )
        await tx.generations.add(generation)
        return Assignment.of(generation, answer)

    def _start(self, who: Actor, *assignments: Assignment) -> Sent:
        """Start the writers in this process, at once: nothing stands before the first token."""
        for assignment in assignments:
            self.writers.start(assignment)
        sent = Sent.of(*assignments)
        self.conversations.tell(who, NoticeKind.CONVERSATION, sent.conversation_id)
        return sent

    async def select(self, who: Actor, message: UUID) -> UUID:
        """Show the branch through *message*, down to its newest leaf; returns its conversation."""
        async with self.database.begin() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
            if await tx.generations.live(thread.id):
                raise AlreadyAnswering
            thread.compared = None
            thread.active_leaf_id = await tx.chat.newest_leaf(row.id)
        self.conversations.tell(who, NoticeKind.CONVERSATION, thread.id)
        return thread.id

    async def rate(self, who: Actor, message: UUID, rating: Rating | None) -> None:
        """Keep the person's judgement of an answer; None takes it back."""
        async with self.database.begin() as tx:
            row, _thread = await tx.chat.get_message(message, owner=who.id)
            if row.role is not MessageRole.ASSISTANT:
                raise Invalid(_("Only an answer can be rated."))
            await tx.chat.rate(row, rating, self.now())


def _require_unfinished(answer: Message) -> None:
    if answer.status is MessageStatus.STREAMING:
        raise AlreadyAnswering
    unfinished = answer.status in {MessageStatus.STOPPED, MessageStatus.FAILED} or answer.truncated
    if answer.role is not MessageRole.ASSISTANT or not unfinished:
        raise Conflict(_("This answer is complete."))


async def _have_it_read_again(tx: UnitOfWork, answer: Message) -> None:
    """Have memory read an answer that is continued: one that it holds, or that had no words. What was passed over or forgotten stays so."""
    if not is_held_back(answer) and (not answer.content.strip() or await tx.memory.turns_of([answer.id])):
        answer.memorised_at = None


def _checked(text: str) -> str:
    text = _BLANK_LINES.sub("", storable(text).rstrip())  # how the first line is indented belongs to it
    if not text.strip():
        raise Invalid(_("Enter a message first."), field="content")
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise Invalid(
            _("This message is longer than {most} characters.", most=MAX_MESSAGE_CHARACTERS),
            advice=_("Shorten it, or send it in parts."),
            field="content",
        )
    return text


def _has_earlier(messages: Sequence[Message]) -> bool:
    return bool(messages) and messages[0].parent_id is not None
