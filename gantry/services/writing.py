"""Writing answers: each in a task of this process, under a lease that others may take over.

The text goes to the event log as it comes, and to the database with the lease, every heartbeat. A writer that
dies leaves its last checkpoint; the sweep of any process finds the silent row and goes on from it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from gantry.domain.catalog import (
    Delta,
    Filtered,
    Progress,
    ReasoningDelta,
    Recast,
    TextDelta,
    Truncated,
    UsageReport,
    WithoutPictures,
)
from gantry.domain.chat import (
    MAX_ANSWER_CHARACTERS,
    AnswerError,
    Ending,
    GenerationStatus,
    MessageStatus,
)
from gantry.domain.clock import utc_now
from gantry.domain.context import Knowledge, Retrieval
from gantry.domain.errors import (
    ContextTooLong,
    DatabaseAway,
    LeaseLost,
    Unavailable,
)
from gantry.domain.live import EventLog, LiveKind, Notice, NoticeKind, Notices, Opening, Stage
from gantry.domain.messages import Message, _
from gantry.domain.prompt import prompt_budget
from gantry.domain.telemetry import UNMEASURED, Open, Telemetry
from gantry.domain.text import storable
from gantry.log import log_context
from gantry.models import new_id
from gantry.repositories.database import Database
from gantry.services.catalog import CatalogService, ResolvedModel
from gantry.services.checkpoints import Checkpoint, Checkpoints, keep_sent, said_of
from gantry.services.drafts import Assignment, Draft
from gantry.services.finding_once import FindingOnce
from gantry.services.outcomes import GIVEN_UP, outcome_of
from gantry.services.patience import once_there
from gantry.services.prompting import Prompter, Told
from gantry.services.side_work import meanwhile
from gantry.services.sources import Asked, SourceFinder

MAX_ATTEMPTS = 5  # after which an answer that keeps killing its writer is given up
_SHORTER_TRIES = 3  # of a prompt that is too long, before the last one
_SHORTER_PERCENT = 70  # of the prompt, where no length is told
_LEAVE_SECONDS = 3  # in which a writer stores its last checkpoint when the process ends
_REFUSED_SECONDS = 60.0  # for which a database that refuses the end of an answer is asked again
_CALM_SECONDS = 1.0  # after an answer: who has read it may ask the next

_Prepared = TypeVar("_Prepared")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)  # also when there will be nothing to ask


@dataclass(slots=True)
class Writers:
    """The answers this process is writing."""

    database: Database
    events: EventLog
    notices: Notices
    catalog: CatalogService
    prompter: Prompter
    checkpoints: Checkpoints
    finder: SourceFinder | None = None
    lease_seconds: float = 15
    heartbeat_seconds: float = 1
    telemetry: Telemetry = UNMEASURED
    now: Callable[[], datetime] = utc_now
    name: str = field(default_factory=lambda: new_id().hex)
    _running: dict[UUID, _Running] = field(default_factory=dict[UUID, _Running])
    _draining: bool = False
    _once: FindingOnce | None = field(init=False, default=None)
    _ended: float = -_CALM_SECONDS  # when the last answer did
    _missed: bool = False  # the last sweep: the database was away
    _claims_from: float = 0.0  # by the monotonic clock

    def __post_init__(self) -> None:
        """Share the finder among answers that are compared."""
        if self.finder is not None:
            self._once = FindingOnce(self.finder)

    def start(self, assignment: Assignment, *, stop: bool = False) -> None:
        """Write *assignment* in a task of its own, or only end it where somebody asked to *stop* it.

        While draining it is left for another process to take over.
        """
        if self._draining:
            return
        before = self._running.pop(assignment.generation_id, None)
        if before is not None:
            before.task.cancel()
        stopping = asyncio.Event()
        if stop:
            stopping.set()
        task = asyncio.create_task(
            self._write(assignment, stopping), name=f"write {assignment.generation_id}"
        )
        running = self._running[assignment.generation_id] = _Running(task, stopping)

        def done(_: object) -> None:
            running.asked.set()
            self._ended = time.monotonic()
            if self._running.get(assignment.generation_id) is running:
                del self._running[assignment.generation_id]

        task.add_done_callback(done)

    def stop(self, generation: UUID) -> None:
        """Stop an answer at once if it is written here; other processes read it with their next heartbeat."""
        running = self._running.get(generation)
        if running is not None:
            running.stop.set()

    async def until_asked(self, generation: UUID, seconds: float) -> None:
        """Wait until the model has been asked, *seconds* at most: for what may take its time and would take it from the answer."""
        running = self._running.get(generation)
        if running is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(running.asked.wait(), seconds)

    @property
    def count(self) -> int:
        """How many answers are being written here."""
        return len(self._running)

    @property
    def busy(self) -> bool:
        """Whether an answer is being written here, or was a moment ago: what can wait goes gently then."""
        return bool(self._running) or time.monotonic() - self._ended < _CALM_SECONDS

    async def drain(self) -> None:
        """Store what there is of every answer and let go of it: whoever sweeps next goes on from there.

        Writers are asked to leave, and cancelled only when they do not: cancelling one in the middle of a
        transaction could leave its lock behind.
        """
        self._draining = True
        tasks = [running.task for running in self._running.values()]
        for running in list(self._running.values()):
            running.stop.set()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LEAVE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._once is not None:
            self._once.close()
        await self.checkpoints.settle()
        async with self.database.begin() as tx:
            await tx.generations.release(writer=self.name, now=self.now())

    async def sweep(self, *, alone: bool = False) -> int:
        """Take over answers whose writer has gone silent; returns how many.

        While the database was away nobody could renew a lease: after that each has the time of one to do so.

        Args:
            alone: The caller knows that no other process writes, so no lease needs to run out first.
        """
        try:
            if not alone and not await self._may_claim():
                return 0
            return await self._take_over(alone=alone)
        except Unavailable:
            self._missed = True
            raise

    async def _may_claim(self) -> bool:
        """Whether an answer is silent that is to be taken over now."""
        async with self.database.read() as tx:
            silent = await tx.generations.are_silent(now=self.now(), apart_from=tuple(self._running))
        if self._missed:
            self._missed = False
            self._claims_from = time.monotonic() + self.lease_seconds
        return silent and time.monotonic() >= self._claims_from

    async def _take_over(self, *, alone: bool) -> int:
        async with self.database.begin() as tx:
            if alone:
                await tx.generations.expire_all(now=self.now() - timedelta(seconds=1))
            rows = await tx.generations.take_over(
                now=self.now(),
                lease_until=self._lease(),
                writer=self.name,
                limit=20,
                apart_from=tuple(self._running),  # a late heartbeat here renews its lease
            )
            messages = [await tx.chat.find_message(row.message_id) for row in rows]
            assignments = [
                (row, Assignment.of(row, message))
                for row, message in zip(rows, messages, strict=True)
                if message
            ]
        for row, assignment in assignments:
            log.info(
                "generation.taken_over",
                extra={"generation": assignment.generation_id, "attempt": assignment.attempt},
            )
            self.start(assignment, stop=row.stop_requested_at is not None)
        self.telemetry.taken_over(len(assignments))
        return len(assignments)

    def _lease(self) -> datetime:
        return self.now() + timedelta(seconds=self.lease_seconds)

    async def _write(self, assignment: Assignment, stop: asyncio.Event) -> None:
        draft = Draft(assignment)
        ids = {
            "account": assignment.account_id,
            "generation": assignment.generation_id,
            "attempt": assignment.attempt,
        }
        with log_context(**ids), self.telemetry.opened(Open.ANSWER):
            try:
                outcome = await self._supervise(assignment, draft, stop)
                if outcome is None:
                    await self._checkpoint_if_possible(assignment, draft, at_once=True)
                    self.telemetry.handed_over()
                else:
                    await self._finish(assignment, draft, *outcome)
            except LeaseLost:
                log.warning("generation.lease_lost")
                self.events.forget(assignment.generation_id)
            except asyncio.CancelledError:
                with suppress(LeaseLost, Unavailable):
                    await self._checkpoint(assignment, draft, at_once=True)
                raise

    async def _supervise(
        self, assignment: Assignment, draft: Draft, stop: asyncio.Event
    ) -> tuple[GenerationStatus, AnswerError | None] | None:
        """Let the model write while the lease is kept; returns how it ended, or None when it is to be handed over."""
        if stop.is_set():
            return self._stopped()
        if assignment.attempt > MAX_ATTEMPTS:
            return GenerationStatus.FAILED, GIVEN_UP
        pump = asyncio.create_task(self._pump(assignment, draft))
        stopping = asyncio.create_task(stop.wait())
        storing: asyncio.Task[bool] | None = None  # neither the end nor a stop waits for it
        try:
            while not pump.done():
                await asyncio.wait(
                    {pump, stopping, *([storing] if storing else [])},
                    timeout=None if storing else self.heartbeat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if pump.done():
                    break
                if stopping.done():
                    return self._stopped()
                if storing is None:
                    storing = asyncio.create_task(self._checkpoint_if_possible(assignment, draft))
                elif storing.done():
                    if storing.result():
                        return self._stopped()
                    storing = None
            return await outcome_of(pump, draft)
        finally:
            running: list[asyncio.Task[Any]] = [pump, stopping, *([storing] if storing else [])]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _stopped(self) -> tuple[GenerationStatus, None] | None:
        return None if self._draining else (GenerationStatus.STOPPED, None)

    async def _checkpoint_if_possible(
        self, assignment: Assignment, draft: Draft, *, at_once: bool = False
    ) -> bool:
        try:
            return await self._checkpoint(assignment, draft, at_once=at_once)
        except Unavailable:
            log.warning("generation.checkpoint_failed")
            return False

    async def _checkpoint(self, assignment: Assignment, draft: Draft, *, at_once: bool = False) -> bool:
        sent, again = draft.give_sent()
        checkpoint = Checkpoint(assignment, draft.columns(), sent, again)
        stop = await self.checkpoints.store(checkpoint, at_once=at_once)
        draft.kept(sent)
        return stop

    async def _pump(self, assignment: Assignment, draft: Draft) -> None:
        """Ask the model and hand on what it says; again, shorter, when it tells that its context is too small."""
        model = await self._there(partial(self.catalog.resolve, assignment.actor, assignment.model))
        for _attempt in range(_SHORTER_TRIES):
            try:
                await self._stream(assignment, draft, model)
            except ContextTooLong as error:
                if draft.grew:
                    raise
                told = error.context_tokens
                if told is not None and told != model.context_tokens:
                    await self._there(partial(self.catalog.learn_context, model.ref, told))
                elif draft.can_be_shorter:  # our count of tokens was too low, or no length was told
                    told = draft.prompt_estimate * _SHORTER_PERCENT // 100
                else:
                    raise
                model = replace(model, context_tokens=told)
            else:
                return
        await self._stream(assignment, draft, model)

    async def _stream(self, assignment: Assignment, draft: Draft, model: ResolvedModel) -> None:
        text, reasoning = assignment.prefix(server_continues=model.chat.continues_prefix)
        draft.begin(text, reasoning)
        continues = assignment.attempt > 1 and text == assignment.stored_text and bool(text)
        opening = Opening(assignment.attempt, text, reasoning, continues=continues)
        self.events.open(assignment.generation_id, opening)
        told = await self._there(partial(self.prompter.conversation, assignment, model, prefix=text))
        knowledge = await self._there(partial(self._knowledge, assignment, told, continued=bool(text)))
        request, prompt = self.prompter.request(assignment, model, told, knowledge)
        budget = prompt_budget(model.context_tokens, assignment.parameters.max_tokens)
        take = partial(draft.take, prompt, budget_tokens=budget, known=knowledge.sources)
        take(retrieval=request.retrieval)
        # The model reads its prompt while the sources are stored; nobody is shown a word before that.
        async with (
            meanwhile(self._begin_waiting(assignment, draft, model)) as ready,
            aclosing(model.chat.stream(request)) as deltas,
        ):
            async for delta in deltas:
                await ready
                if isinstance(delta, WithoutPictures) and told.talk.question.pictures:
                    unseen = (request.retrieval or Retrieval()).without_pictures()
                    take(retrieval=unseen)
                    await self._tell_sources(assignment, draft)
                room = MAX_ANSWER_CHARACTERS - draft.characters
                if isinstance(delta, TextDelta | ReasoningDelta) and len(delta.text) > room:
                    self._take(assignment, draft, model, replace(delta, text=delta.text[:room]))
                    draft.truncated = True
                    break
                self._take(assignment, draft, model, delta)

    async def _there(self, ask: Callable[[], Awaitable[_Prepared]]) -> _Prepared:
        """Prepare something, whatever becomes of the database meanwhile: a stop, a drain or a lost lease ends it."""
        return await once_there(ask, pause_seconds=self.heartbeat_seconds)

    async def _knowledge(self, assignment: Assignment, told: Told, *, continued: bool) -> Knowledge:
        """Look for what may answer the question; a text that is continued keeps its sources and their numbers.

        So does an answer that is taken over, whose sources its readers have seen already.
        """
        if self.finder is None or self._once is None:
            return Knowledge()
        if continued or assignment.attempt > 1:
            before = await self.finder.stored(assignment.message_id)
            if continued or before.retrieval is not None:
                return before
        asked = Asked(
            assignment.actor,
            assignment.conversation_id,
            assignment.question_id,
            told.talk.question.content,
            told.before,
        )
        find = self._once.find if assignment.compared else self.finder.find
        return await find(asked, on_stage=lambda what: self._stage(assignment, Stage.READING, what))

    async def _begin_waiting(self, assignment: Assignment, draft: Draft, model: ResolvedModel) -> None:
        if running := self._running.get(assignment.generation_id):
            running.asked.set()
        await self._tell_sources(assignment, draft)
        self._stage(assignment, Stage.THINKING, _what_is_done(Stage.THINKING, model.ref.name))

    async def _tell_sources(self, assignment: Assignment, draft: Draft) -> None:
        """Announce the sources, stored first: a reader may open one at once."""
        retrieval = draft.sent.retrieval if draft.sent else None
        draft.note = retrieval.sentence if retrieval else ""
        if draft.given:
            await self._checkpoint_if_possible(assignment, draft, at_once=True)
        self._announce_sources(assignment, draft)

    def _announce_sources(self, assignment: Assignment, draft: Draft) -> None:
        if draft.given or draft.note:
            data = {"sources": [source.brief() for source in draft.given], "note": draft.note}
            self.events.announce(assignment.generation_id, LiveKind.SOURCES, data)

    def _take(self, assignment: Assignment, draft: Draft, model: ResolvedModel, delta: Delta) -> None:
        match delta:
            case TextDelta(raw):
                text = storable(raw)
                draft.add_text(text, self.now())
                self.events.append(assignment.generation_id, text=text)
            case ReasoningDelta(raw):
                text = storable(raw)
                draft.add_reasoning(text, self.now())
                self.events.append(assignment.generation_id, reasoning=text)
            case UsageReport():
                draft.usage = delta
            case Truncated():
                draft.truncated = True
            case Filtered():
                draft.ending = Ending.FILTERED
            case Recast(text, reasoning):
                draft.recast(storable(text), storable(reasoning), self.now())
                # Readers start over with what was an answer a moment ago and is a thought now.
                self.events.open(
                    assignment.generation_id, Opening(assignment.attempt, draft.text, draft.reasoning)
                )
                self._announce_sources(assignment, draft)
            case WithoutPictures():
                pass  # said beside the sources
            case Progress(stage, percent):
                self._stage(assignment, stage, _what_is_done(stage, model.ref.name, percent))

    def _stage(self, assignment: Assignment, stage: Stage, detail: str) -> None:
        self.events.announce(
            assignment.generation_id, LiveKind.STATUS, {"state": stage.value, "detail": detail}
        )

    async def _finish(
        self,
        assignment: Assignment,
        draft: Draft,
        status: GenerationStatus,
        error: AnswerError | None = None,
    ) -> None:
        """Store the end of an answer, then tell its readers. LeaseLost: it was not ours to end.

        A database that is away is waited for until this process ends: the answer is nowhere else, and has been read.
        For one that refuses, which may never end, there is a minute.
        """
        again, measures, refused_until = False, None, 0.0
        while measures is None:
            try:
                measures = await self._stored_end(assignment, draft, status, error, again=again)
            except Unavailable as fault:
                refused_until = refused_until or time.monotonic() + _REFUSED_SECONDS
                if not isinstance(fault, DatabaseAway) and time.monotonic() > refused_until:
                    raise
                again = True
                log.warning("generation.finish_delayed")
                await asyncio.sleep(self.heartbeat_seconds)
        if error is not None:
            self.events.announce(assignment.generation_id, LiveKind.ERROR, asdict(error))
        self.events.end(assignment.generation_id, status.value)
        notice = Notice(
            NoticeKind.CONVERSATION, str(assignment.conversation_id), {"ended": str(assignment.message_id)}
        )
        self.notices.publish(assignment.account_id, notice)
        log.info("generation.finished", extra={"status": status.value})
        model = assignment.model if self.catalog.lists(assignment.model) else "other"
        self.telemetry.answer(draft.report(model, status.value, error.kind if error else "", measures))

    async def _stored_end(
        self,
        assignment: Assignment,
        draft: Draft,
        status: GenerationStatus,
        error: AnswerError | None,
        *,
        again: bool,
    ) -> dict[str, Any]:
        """Store the end; *again*, it may be there although nobody heard so."""
        try:
            return await self._store_end(assignment, draft, status, error)
        except LeaseLost:
            if not again:
                raise
        async with self.database.read() as tx:
            ended = await tx.generations.ended_at(assignment.generation_id, assignment.attempt, status=status)
        if ended is None:
            raise LeaseLost
        return draft.measures(ended)

    async def _store_end(
        self, assignment: Assignment, draft: Draft, status: GenerationStatus, error: AnswerError | None
    ) -> dict[str, Any]:
        now = self.now()
        (columns, cited), measures = draft.final_columns(), draft.measures(now)
        async with self.database.begin(brief=True) as tx:
            await tx.generations.finish(
                assignment.generation_id, assignment.attempt, status=status, at=now, stored=bool(columns)
            )
            sent, again = draft.give_sent()
            await tx.chat.finish_message(
                assignment.message_id,
                {
                    "status": MessageStatus(status.value),
                    "error": asdict(error) if error else None,
                    "finished_at": now,
                    **columns,
                    **measures,
                    **said_of(sent),
                },
                owner=assignment.account_id,
                conversation=assignment.conversation_id,
                content=columns.get("content", assignment.stored_text),
            )
            await keep_sent(tx, assignment, sent, now, again=again)
            if cited:
                await tx.sent.mark_cited(assignment.message_id, cited)
            await tx.chat.change_conversation(assignment.conversation_id, answered_at=now)
        return measures


def _what_is_done(stage: Stage, model: str, percent: int | None = None) -> Message:
    """Say what a model's server does before the first word."""
    if stage is Stage.QUEUED:
        return _("Waiting in line at {model}", model=model)
    if stage is Stage.LOADING and percent is None:
        return _("Loading {model}", model=model)
    if stage is Stage.LOADING:
        return _("Loading {model} {percent} %", model=model, percent=percent)
    if percent is None:
        return _("Waiting for {model}", model=model)
    return _("{model} has read {percent} % of the prompt", model=model, percent=percent)
