"""Following and stopping answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import LIVE
from gantry.domain.clock import utc_now
from gantry.domain.live import EventLog, LiveEvent, LiveKind, Position
from gantry.models import Generation, Message
from gantry.repositories.database import Database
from gantry.services.writing import Writers

_PAUSE_SECONDS = 0.5  # between looks into the database while no log knows the answer


@dataclass(frozen=True, slots=True)
class AnswerService:
    """The answers being written, as their owner sees them."""

    database: Database
    events: EventLog
    writers: Writers
    now: Callable[[], datetime] = utc_now

    async def get(self, who: Actor, generation: UUID) -> Generation:
        """Return one answer's row.

        Raises:
            NotFound: Not one of *who*'s.
        """
        async with self.database.read() as tx:
            return await tx.generations.get(generation, owner=who.id)

    async def follow(self, who: Actor, generation: UUID, after: Position) -> AsyncGenerator[LiveEvent]:
        """Yield an answer's events after *after* until its end; of a finished answer, what is stored.

        The log is quick and may forget; whenever it falls silent the checkpoint in the database is shown instead.

        Raises:
            NotFound: At the first step, when it is not one of *who*'s.
        """
        while True:
            row, message = await self._stored(who, generation)
            for event in _from_database(row, message, after):
                yield event
                after = event.position
            if row.status not in LIVE:
                return
            silent = True
            async with aclosing(self.events.read(generation, after)) as events:
                async for event in events:
                    yield event
                    after, silent = event.position, False
                    if event.kind is LiveKind.END:
                        return
            if silent:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _stored(self, who: Actor, generation: UUID) -> tuple[Generation, Message]:
        async with self.database.read() as tx:
            row = await tx.generations.get(generation, owner=who.id)
            message, _ = await tx.chat.get_message(row.message_id, owner=who.id)
            return row, message

    async def stop(self, who: Actor, generation: UUID) -> None:
        """Ask for an answer to be stopped, wherever it is written; stopping a finished one does nothing."""
        async with self.database.begin() as tx:
            row = await tx.generations.get(generation, owner=who.id)
            await tx.generations.request_stop(row.id, at=self.now())
        self.writers.stop(generation)


def _from_database(row: Generation, message: Message, after: Position) -> Iterator[LiveEvent]:
    """Yield what the checkpoint has beyond *after*, and the end if it has ended.

    While a takeover that starts over has stored nothing yet, the message still holds the older attempt's text,
    which must not be shown as the new one's.
    """
    live = row.status in LIVE
    attempt = row.stored_attempt or row.attempt
    text, reasoning = message.content, message.reasoning
    stale = live and row.stored_attempt not in {0, row.attempt}
    if stale or (live and not text and not reasoning):
        return
    at = Position(attempt, after.text, after.reasoning)
    if after != Position() and (
        after.attempt != attempt or after.text > len(text) or after.reasoning > len(reasoning)
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
    if message.error:
        yield LiveEvent(LiveKind.ERROR, message.error, at)
    yield LiveEvent(LiveKind.END, {"status": row.status.value}, at)
