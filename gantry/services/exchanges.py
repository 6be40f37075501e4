"""What a program's question is answered from, and the conversation that the exchange becomes."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.catalog import ChatTurn
from gantry.domain.chat import (
    MAX_ANSWER_CHARACTERS,
    MAX_MESSAGE_CHARACTERS,
    MessageRole,
    MessageStatus,
    title_from_prompt,
)
from gantry.domain.citations import cited_numbers
from gantry.domain.clock import utc_now
from gantry.domain.completions import Heard, annotations
from gantry.domain.context import Knowledge, Retrieval, Source
from gantry.domain.errors import AlreadyAnswering, Conflict, DatabaseAway, GantryError, Invalid, NotFound
from gantry.domain.live import NoticeKind
from gantry.domain.messages import _
from gantry.domain.programs import Extras, Question, preceded, text_of
from gantry.domain.prompt import Dialogue, Prompt, assemble, prompt_budget, turn_tokens
from gantry.domain.text import storable
from gantry.models import Conversation, Message, new_id
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.catalog import ResolvedModel
from gantry.services.checkpoints import keep_sent
from gantry.services.comparing import go_on_from
from gantry.services.conversations import Beginning, ConversationService, begin, new_conversation
from gantry.services.drafts import Assignment, SentContext
from gantry.services.prompting import turns_of
from gantry.services.sources import SourceFinder

_HISTORY = 200  # messages of a continued conversation that are looked at
KEEP_PATIENCE_SECONDS = 20.0  # for a database that is away: so long a program waits for the end of its stream
_PAUSE_SECONDS = 0.5  # between two tries
_LEAVE_SECONDS = 3.0  # in which it may come back when the process ends

_Kept = TypeVar("_Kept")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Grounded:
    """A question with what it is answered from: *messages* go to the model, *turns* are what they say."""

    messages: tuple[Mapping[str, Any], ...]
    turns: tuple[ChatTurn, ...]
    prompt: Prompt | None = None
    budget_tokens: int = 0
    retrieval: Retrieval | None = None
    leaf: UUID | None = None  # the last message in view of the conversation that it continues

    @classmethod
    def plain(cls, asked: Question) -> Self:
        """Return a question as it came."""
        return cls(asked.messages, _turns(asked.messages))

    @property
    def given(self) -> tuple[Source, ...]:
        """The numbered passages."""
        return self.prompt.given if self.prompt else ()

    @property
    def told(self) -> dict[str, Any]:
        """What the client is told of the search."""
        if self.retrieval is None:
            return {}
        return {"passages": len(self.given), "sentence": self.retrieval.sentence}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A program's question, who asks it, what it is answered from and by, and what was heard of the answer so far."""

    who: Actor
    asked: Question
    model: ResolvedModel
    grounded: Grounded
    heard: Heard = field(default_factory=Heard)

    @property
    def annotations(self) -> list[dict[str, Any]]:
        """The sources that the answer cites, as OpenAI tells them."""
        return annotations(self.heard.words, self.grounded.given, self.asked.origin)


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Looks for what may answer a program's question, and stores what came of it. All of it is *who*'s own."""

    database: Database
    finder: SourceFinder
    conversations: ConversationService
    now: Callable[[], datetime] = utc_now
    _keeping: set["asyncio.Task[Any]"] = field(default_factory=set["asyncio.Task[Any]"])
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def ground(self, who: Actor, asked: Question, model: ResolvedModel) -> Grounded:
        """Put what is found, and the conversation so far, to the question; NotFound for what is not *who*'s."""
        text, extras = storable(asked.text), asked.extras
        if extras.kept and not 0 < len(text) <= MAX_MESSAGE_CHARACTERS:
            raise Invalid(
                _(
                    "A question that is stored has between 1 and {most} characters.",
                    most=MAX_MESSAGE_CHARACTERS,
                ),
                field="messages",
            )
        if not any(message.get("role") == "user" for message in asked.messages):
            raise Invalid(_("There is no question in messages."), field="messages")
        history, leaf, thread = await self._history(who, extras)
        knowledge = Knowledge()
        if extras.scope is not None or extras.memory:
            knowledge = await self.finder.look(
                who, text, scope=extras.scope, memory=extras.memory, conversation=thread
            )
        budget, question = prompt_budget(model.context_tokens), ChatTurn("user", text)
        others = sum(map(turn_tokens, _turns(asked.messages))) - turn_tokens(question)
        prompt = assemble(
            Dialogue(question, history),
            system="",
            budget_tokens=max(0, budget - others),
            knowledge=knowledge,
            fence=secrets.token_hex(6),
        )
        block = prompt.turns[-1].content.removesuffix(text)
        messages = _woven(asked.messages, prompt.turns[:-1], block)
        return Grounded(messages, _turns(messages), prompt, budget, knowledge.retrieval, leaf)

    async def keep(self, exchange: Exchange, status: MessageStatus) -> dict[str, str]:
        """Store the exchange in the conversation it continues, or in a new one; returns their ids.

        Where that conversation has gone on meanwhile, it stands beside what was said there, which stays in view.
        It is stored also when whoever waits for that goes away meanwhile.
        """
        return await asyncio.shield(self._beside(self._keep(exchange, status)))

    async def _keep(self, exchange: Exchange, status: MessageStatus) -> dict[str, str]:
        """Store the exchange, once; a database that is away is waited for a while."""
        answer_id = exchange.asked.answer_id or new_id()
        until, again = time.monotonic() + KEEP_PATIENCE_SECONDS, False
        while True:
            try:
                # It may have been stored although nobody heard so; then its id is taken, too.
                thread = await self._thread_of(answer_id) if again else None
                thread = thread or await self._store(exchange, status, answer_id)
                break
            except (DatabaseAway, Conflict) as error:
                if time.monotonic() > until or self._leaving.is_set():
                    raise
                if isinstance(error, Conflict) and not again:
                    raise
                again = True
                log.warning("exchange.keeping_delayed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), _PAUSE_SECONDS)
        # Beside what an open page shows of it there is now a branch, or more.
        continues = exchange.asked.extras.continues
        kind = NoticeKind.CONVERSATION if continues else NoticeKind.CONVERSATIONS
        self.conversations.tell(exchange.who, kind, thread)
        return {"conversation_id": str(thread), "message_id": str(answer_id)}

    async def _thread_of(self, answer: UUID) -> UUID | None:
        """Return the conversation of an answer that is stored already."""
        async with self.database.read() as tx:
            found = await tx.chat.find_message(answer)
        return found.conversation_id if found else None

    async def _store(self, exchange: Exchange, status: MessageStatus, answer_id: UUID) -> UUID:
        """Store the exchange in one transaction; returns its conversation."""
        who, asked, model, heard = exchange.who, exchange.asked, exchange.model, exchange.heard
        now, text, grounded = self.now(), storable(asked.text), exchange.grounded
        async with self.database.begin() as tx:
            thread, above, leads = await self._thread(tx, exchange, text, now)
            question = Message(
                conversation_id=thread.id,
                account_id=who.id,
                parent_id=above.id if above else None,
                depth=above.depth + 1 if above else 0,
                role=MessageRole.USER,
                content=text,
                created_at=now,
            )
            answer = Message(
                id=answer_id,
                conversation_id=thread.id,
                account_id=who.id,
                parent_id=question.id,
                depth=question.depth + 1,
                role=MessageRole.ASSISTANT,
                status=status,
                model=str(model.ref),
                content=storable(heard.words)[:MAX_ANSWER_CHARACTERS],
                reasoning=storable("".join(heard.reasoning))[:MAX_ANSWER_CHARACTERS],
                prompt_tokens=heard.usage.prompt_tokens if heard.usage else None,
                completion_tokens=heard.usage.completion_tokens if heard.usage else None,
                truncated=heard.finish == "length",
                retrieval=grounded.retrieval.stored() if grounded.retrieval else None,
                created_at=now,
                finished_at=now,
            )
            # Before messages are stored: an undo of the import it came with waits for that, or this for the undo.
            thread.updated_at = thread.answered_at = now
            if leads:
                thread.active_leaf_id, thread.compared, thread.model = answer.id, None, str(model.ref)
            await tx.chat.add_messages([question, answer])
            await _keep_sources(tx, who, answer, grounded, now)
        return thread.id

    def keep_later(self, exchange: Exchange, status: MessageStatus) -> None:
        """Store what there is of an answer that was cut off, while its request goes away.

        Programs also leave as soon as the model has told that its answer is whole.
        """
        heard = exchange.heard
        if not exchange.asked.extras.kept or heard.calls or not heard.text:
            return
        if heard.finish and status is MessageStatus.STOPPED:
            status = MessageStatus.COMPLETE
        self._beside(self._keep_quietly(exchange, status))

    def _beside(self, keeping: Coroutine[Any, Any, _Kept]) -> "asyncio.Task[_Kept]":
        """Let something be stored whatever becomes of the request."""
        task = asyncio.create_task(keeping)
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)
        return task

    async def settle(self) -> None:
        """Wait until what is to be kept is stored; call before the database is closed.

        A database that is away is given some seconds, and one last try.
        """
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=_LEAVE_SECONDS)
        self._leaving.set()
        await asyncio.gather(*self._keeping, return_exceptions=True)

    async def _keep_quietly(self, exchange: Exchange, status: MessageStatus) -> None:
        try:
            await self._keep(exchange, status)
        except GantryError:
            log.warning("exchange.not_kept", exc_info=True)

    async def _history(
        self, who: Actor, extras: Extras
    ) -> tuple[Sequence[ChatTurn], UUID | None, UUID | None]:
        """Return what was said where the question goes on, the last message in view, and the conversation."""
        if not extras.continues:
            return (), None, None
        async with self.database.read() as tx:
            thread, named = await _place(tx, who, extras)
            above = named.id if named else thread.active_leaf_id
            rows = await tx.chat.path(above, limit=_HISTORY) if above else []
            if (rows and rows[-1].status is MessageStatus.STREAMING) or await _is_comparing(tx, thread):
                raise AlreadyAnswering
        return turns_of(rows), thread.active_leaf_id, thread.id

    async def _thread(
        self, tx: UnitOfWork, exchange: Exchange, text: str, now: datetime
    ) -> tuple[Conversation, Message | None, bool]:
        """Return the conversation, the message that the question follows, and whether the conversation goes on with it."""
        who, extras, leaf = exchange.who, exchange.asked.extras, exchange.grounded.leaf
        if not extras.continues:
            thread = new_conversation(who, None, now)
            thread.title = title_from_prompt(text)
            await begin(tx, thread, Beginning(scope=extras.scope, persona=exchange.asked.persona))
            await tx.chat.add_conversation(thread)
            return thread, None, True
        thread, named = await _place(tx, who, extras)
        above = named or (await tx.chat.find_message(leaf) if leaf else None)
        await go_on_from(tx, above)
        await tx.chat.lock(thread)  # who asks on the page meanwhile is there before this, or after it
        leads = thread.active_leaf_id == leaf and not await _is_comparing(tx, thread)
        if not thread.title:
            thread.title = title_from_prompt(text)
            await tx.chat.index_title(thread)
        return thread, above, leads


async def _is_comparing(tx: UnitOfWork, thread: Conversation) -> bool:
    """Whether any of the answers side by side is still being written."""
    return bool(thread.compared and await tx.generations.live(thread.id))


async def _place(tx: UnitOfWork, who: Actor, extras: Extras) -> tuple[Conversation, Message | None]:
    """Return the conversation that a question continues, and the answer it names to go on from, if any."""
    if extras.after is None:
        assert extras.conversation_id is not None  # noqa: S101 - one of the two says where
        return await tx.chat.get_conversation(extras.conversation_id, owner=who.id), None
    try:
        above, thread = await tx.chat.get_message(extras.after, owner=who.id)
    except NotFound:
        raise Invalid(
            _("There is no stored answer of this id."),
            advice=_("Ask with store: true to go on from an answer."),
            field="previous_response_id",
        ) from None
    if above.role is not MessageRole.ASSISTANT or extras.conversation_id not in (None, thread.id):
        raise Invalid(
            _("previous_response_id is an answer of another conversation."), field="previous_response_id"
        )
    return thread, above


async def _keep_sources(
    tx: UnitOfWork, who: Actor, answer: Message, grounded: Grounded, now: datetime
) -> None:
    if grounded.prompt is None or answer.parent_id is None:
        return
    assignment = Assignment(
        new_id(),
        1,
        answer.conversation_id,
        answer.id,
        answer.parent_id,
        who.id,
        answer.model or "",
        None,
        now,
        "",
        "",
    )
    sent = SentContext(grounded.prompt, grounded.budget_tokens, grounded.retrieval)
    await keep_sent(tx, assignment, sent, now, again=False)
    cited = cited_numbers(answer.content, [source.number for source in grounded.given])
    if cited:
        await tx.sent.mark_cited(answer.id, sorted(cited))


def _woven(
    messages: Sequence[Mapping[str, Any]], history: Sequence[ChatTurn], block: str
) -> tuple[Mapping[str, Any], ...]:
    """Return the messages with the stored turns after their instructions, and *block* before the last question."""
    woven = [dict(message) for message in messages]
    if block:
        last = next(message for message in reversed(woven) if message.get("role") == "user")
        last["content"] = preceded(last.get("content"), block)
    head = next((at for at, each in enumerate(woven) if each.get("role") not in ("system", "developer")), 0)
    told = [{"role": turn.role, "content": turn.content} for turn in history]
    return (*woven[:head], *told, *woven[head:])


def _turns(messages: Sequence[Mapping[str, Any]]) -> tuple[ChatTurn, ...]:
    roles: dict[Any, Any] = {"assistant": "assistant", "system": "system", "developer": "system"}
    return tuple(
        ChatTurn(roles.get(str(message.get("role")), "user"), text_of(message.get("content")))
        for message in messages
    )
