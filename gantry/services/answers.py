"""Following and stopping answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import (
    LIVE,
    CitationKind,
    GenerationStatus,
    StoredGeneration,
    StoredMessage,
    error_for,
)
from gantry.domain.clock import utc_now
from gantry.domain.context import CitedSource, ContextPart, ContextRead, PartKind, Retrieval
from gantry.domain.errors import NotFound
from gantry.domain.live import EventLog, LiveEvent, LiveKind, Position
from gantry.domain.messages import _
from gantry.domain.prompt import turn_tokens
from gantry.models import Generation, Message
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.prompting import turns_of
from gantry.services.writing import Writers

_PAUSE_SECONDS = 0.5  # between looks into the database while no log knows the answer


@dataclass(frozen=True, slots=True)
class SourceRead:
    """A source of an answer; ``said`` is the past message of a memory, None when it is gone."""

    row: CitedSource
    said: StoredMessage | None = None

    @property
    def available(self) -> bool:
        """Whether the document or the conversation is still there."""
        if self.row.kind is CitationKind.DOCUMENT:
            return self.row.document_id is not None
        return self.said is not None

    @property
    def passage(self) -> str:
        """What the answer was given; empty also while a deletion can still be undone."""
        return self.row.passage if self.available else ""


@dataclass(frozen=True, slots=True)
class Stored:
    """How far an answer is in the database; ``sources`` is what is told of them once it has ended."""

    status: GenerationStatus
    attempt: int
    stored_attempt: int
    text: str
    reasoning: str
    error: Mapping[str, Any] | None
    sources: Mapping[str, Any] | None

    @property
    def live(self) -> bool:
        """Whether it is still being written."""
        return self.status in LIVE


@dataclass(frozen=True, slots=True)
class AnswerService:
    """The answers being written, as their owner sees them."""

    database: Database
    events: EventLog
    writers: Writers
    now: Callable[[], datetime] = utc_now

    async def get(self, who: Actor, generation: UUID) -> StoredGeneration:
        """Return how far one answer has come.

        Raises:
            NotFound: Not one of *who*'s.
        """
        async with self.database.read() as tx:
            return value_of(StoredGeneration, await tx.generations.get(generation, owner=who.id))

    async def follow(
        self, who: Actor, generation: UUID, after: Position, stored: Stored | None = None
    ) -> AsyncGenerator[LiveEvent | None]:
        """Yield an answer's events after *after* until its end, and None now and then; of a finished answer, what is stored.

        The log is quick and may forget; whenever it falls silent the checkpoint in the database is shown instead.

        Args:
            stored: How far it is in the database, where the caller has just looked.

        Raises:
            NotFound: At the first step, when it is not one of *who*'s.
        """
        while True:
            stored = stored or await self.stored(who, generation)
            if stored.sources and after == Position():
                yield LiveEvent(LiveKind.SOURCES, stored.sources, after)
            for event in _from_database(stored, after):
                yield _for(who, event)
                after = event.position
            if not stored.live:
                return
            stored = None
            silent = True
            async with aclosing(self.events.read(generation, after)) as events:
                async for event in events:
                    yield _for(who, event)
                    after, silent = event.position, False
                    if event.kind is LiveKind.END:
                        return
            yield None
            if silent:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def stored(self, who: Actor, generation: UUID) -> Stored:
        """Return how far an answer is in the database.

        Raises:
            NotFound: Not one of *who*'s.
        """
        async with self.database.read(brief=True) as tx:
            row, message = await tx.generations.get_with_message(generation, owner=who.id)
            if row.status in LIVE:
                return _stored(row, message, None)
            citations = (await tx.sent.citations([message.id])).get(message.id, [])
        retrieval = Retrieval.parse(message.retrieval)
        note = retrieval.sentence if retrieval else ""
        told = {"sources": [row.brief() for row in citations], "note": note} if citations or note else None
        return _stored(row, message, told)

    async def sources(self, who: Actor, message: UUID) -> list[SourceRead]:
        """Return what an answer was given to read, by number.

        Raises:
            NotFound: Not one of *who*'s.
        """
        async with self.database.read() as tx:
            await tx.chat.get_message(message, owner=who.id)
            return await _sources(tx, message)

    async def context(self, who: Actor, message: UUID) -> ContextRead:
        """Return exactly what was sent to the model for an answer, part by part.

        Raises:
            NotFound: Not one of *who*'s, or the answer has no account: it is older, or nothing has been sent yet.
        """
        async with self.database.read() as tx:
            await tx.chat.get_message(message, owner=who.id)
            trace = await tx.sent.trace(message)
            if trace is None:
                raise NotFound(_("The prompt of this answer was not kept."))
            gone = {each.row.number for each in await _sources(tx, message) if not each.available}
            parts: list[ContextPart] = []
            for part in trace.parts:
                if part.kind is PartKind.SOURCE and part.number in gone:
                    parts.append(replace(part, text=""))
                else:
                    parts += await _with_texts(tx, part)
        return replace(trace, parts=tuple(parts))

    async def stop(self, who: Actor, generation: UUID, *, beside: bool = False) -> None:
        """Ask for an answer, with *beside* all answers to its question, to be stopped, wherever it is written; one that has ended stays."""
        async with self.database.begin() as tx:
            row = await tx.generations.get(generation, owner=who.id)
            live = await _beside(tx, row) if beside else [row.id]
            for each in sorted(live):
                await tx.generations.request_stop(each, at=self.now())
        for each in live:
            self.writers.stop(each)


async def _beside(tx: UnitOfWork, row: Generation) -> list[UUID]:
    """Return what is being written in answer to the same question."""
    live = await tx.generations.live(row.conversation_id)
    messages = await tx.chat.messages({row.message_id, *(each.message_id for each in live)})
    questions = {message.id: message.parent_id for message in messages}
    return [each.id for each in live if questions[each.message_id] == questions[row.message_id]]


def _for(who: Actor, event: LiveEvent) -> LiveEvent:
    """Return *event* as *who* may read it: an error with the next step that fits them."""
    if event.kind is not LiveKind.ERROR:
        return event
    return replace(event, data=error_for(event.data, administrator=who.is_admin))


async def _sources(tx: UnitOfWork, message: UUID) -> list[SourceRead]:
    rows = (await tx.sent.citations([message], passages=True)).get(message, [])
    said = await tx.sent.said([row.source_message_id for row in rows if row.source_message_id])
    return [SourceRead(row, said.get(row.source_message_id)) for row in rows]


def _stored(row: Generation, message: Message, sources: Mapping[str, Any] | None) -> Stored:
    return Stored(
        row.status,
        row.attempt,
        row.stored_attempt,
        message.content,
        message.reasoning,
        message.error,
        sources,
    )


def _from_database(stored: Stored, after: Position) -> Iterator[LiveEvent]:
    """Yield what the checkpoint has beyond *after*, and the end if it has ended.

    While a takeover that starts over has stored nothing yet, the message still holds the older attempt's text,
    which must not be shown as the new one's.
    """
    live = stored.live
    attempt = stored.stored_attempt or stored.attempt
    text, reasoning = stored.text, stored.reasoning
    stale = live and stored.stored_attempt not in {0, stored.attempt}
    if stale or (live and not text and not reasoning):
        return
    at = Position(attempt, after.text, after.reasoning)
    # Who has text but not all of the thought has read thought as text, before it was told apart.
    mistaken = not live and after.text > 0 and after.reasoning < len(reasoning)
    if after != Position() and (
        after.attempt != attempt or after.text > len(text) or after.reasoning > len(reasoning) or mistaken
    ):
        if live:
            return  # the reader is ahead of the checkpoint: only the log can tell more
        at = Position(attempt)
        yield LiveEvent(LiveKind.RESTARTED, {}, at)
    if len(reasoning) > at.reasoning:
        fresh = reasoning[at.reasoning :]
        at = Position(attempt, at.text, len(reasoning))
        yield LiveEvent(LiveKind.REASONING, {"text": fresh}, at)
    if len(text) > at.text:
        fresh = text[at.text :]
        at = Position(attempt, len(text), at.reasoning)
        yield LiveEvent(LiveKind.TEXT, {"text": fresh}, at)
    if live:
        return
    if stored.error:
        yield LiveEvent(LiveKind.ERROR, stored.error, at)
    yield LiveEvent(LiveKind.END, {"status": stored.status.value}, at)


async def _with_texts(tx: UnitOfWork, part: ContextPart) -> list[ContextPart]:
    """Return the history turn by turn, with the texts as they were sent."""
    if part.upto is None:
        return [part]
    rows = await tx.chat.path(part.upto, limit=part.messages)
    return [
        ContextPart(
            PartKind.HISTORY,
            "You" if turn.role == "user" else "Answer",
            turn_tokens(turn),
            turn.content,
        )
        for turn in turns_of(rows)
    ]
