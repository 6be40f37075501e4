"""Writing answers: each in a task of this process, under a lease that others may take over.

The text goes to the event log as it comes, and to the database with the lease, every heartbeat. A writer that
dies leaves its last checkpoint; the sweep of any process finds the silent row and goes on from it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gantry.domain.catalog import (
    Delta,
    LoadProgress,
    ReasoningDelta,
    TextDelta,
    Truncated,
    UsageReport,
)
from gantry.domain.chat import MAX_ANSWER_CHARACTERS, AnswerError, GenerationStatus, MessageStatus
from gantry.domain.clock import utc_now
from gantry.domain.context import Knowledge
from gantry.domain.errors import (
    ContextTooLong,
    GantryError,
    LeaseLost,
    ModelUnavailable,
    Unavailable,
)
from gantry.domain.live import EventLog, LiveKind, Notice, NoticeBoard, NoticeKind, Opening, Stage
from gantry.domain.prompt import prompt_budget
from gantry.domain.telemetry import UNMEASURED, Open, Telemetry
from gantry.domain.text import storable
from gantry.log import log_context
from gantry.models import new_id
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.catalog import CatalogService, ResolvedModel
from gantry.services.jobs import Account, Draft, Job
from gantry.services.prompting import Prompter, Told
from gantry.services.sources import Asked, SourceFinder

MAX_ATTEMPTS = 5  # after which an answer that keeps killing its writer is given up
_LEAVE_SECONDS = 3  # in which a writer stores its last checkpoint when the process ends
_FINISH_PATIENCE_SECONDS = 60  # for a database that is away just when an answer ends

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Writers:
    """The answers this process is writing."""

    database: Database
    events: EventLog
    board: NoticeBoard
    catalog: CatalogService
    prompter: Prompter
    finder: SourceFinder | None = None
    lease_seconds: float = 15
    heartbeat_seconds: float = 1
    telemetry: Telemetry = UNMEASURED
    now: Callable[[], datetime] = utc_now
    name: str = field(default_factory=lambda: new_id().hex)
    _running: dict[UUID, _Running] = field(default_factory=dict)
    _draining: bool = False

    def start(self, job: Job, *, stop: bool = False) -> None:
        """Write *job* in a task of its own, or only end it where somebody asked to *stop* it.

        While draining it is left for another process to take over.
        """
        if self._draining:
            return
        before = self._running.pop(job.generation_id, None)
        if before is not None:
            before.task.cancel()
        stopping = asyncio.Event()
        if stop:
            stopping.set()
        task = asyncio.create_task(self._write(job, stopping), name=f"write {job.generation_id}")
        running = self._running[job.generation_id] = _Running(task, stopping)

        def done(_: object) -> None:
            if self._running.get(job.generation_id) is running:
                del self._running[job.generation_id]

        task.add_done_callback(done)

    def stop(self, generation: UUID) -> None:
        """Stop an answer at once if it is written here; other processes read it with their next heartbeat."""
        running = self._running.get(generation)
        if running is not None:
            running.stop.set()

    @property
    def count(self) -> int:
        """How many answers are being written here."""
        return len(self._running)

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
        async with self.database.begin() as tx:
            await tx.generations.release(writer=self.name, now=self.now())

    async def sweep(self, *, alone: bool = False) -> int:
        """Take over answers whose writer has gone silent; returns how many.

        Args:
            alone: The caller knows that no other process writes, so no lease needs to run out first.
        """
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
            jobs = [
                (row, Job.of(row, message)) for row, message in zip(rows, messages, strict=True) if message
            ]
        for row, job in jobs:
            log.info("generation.taken_over", extra={"generation": job.generation_id, "attempt": job.attempt})
            self.start(job, stop=row.stop_requested_at is not None)
        self.telemetry.taken_over(len(jobs))
        return len(jobs)

    def _lease(self) -> datetime:
        return self.now() + timedelta(seconds=self.lease_seconds)

    async def _write(self, job: Job, stop: asyncio.Event) -> None:
        draft = Draft(job)
        ids = {"account": job.account_id, "generation": job.generation_id, "attempt": job.attempt}
        with log_context(**ids), self.telemetry.opened(Open.ANSWER):
            try:
                outcome = await self._supervise(job, draft, stop)
                if outcome is None:
                    await self._checkpoint_if_possible(job, draft)
                    self.telemetry.handed_over()
                else:
                    await self._finish(job, draft, *outcome)
            except LeaseLost:
                log.warning("generation.lease_lost")
                self.events.forget(job.generation_id)
            except asyncio.CancelledError:
                with suppress(LeaseLost, Unavailable):
                    await self._checkpoint(job, draft)
                raise

    async def _supervise(
        self, job: Job, draft: Draft, stop: asyncio.Event
    ) -> tuple[GenerationStatus, AnswerError | None] | None:
        """Let the model write while the lease is kept; returns how it ended, or None when it is to be handed over."""
        if stop.is_set():
            return self._stopped()
        if job.attempt > MAX_ATTEMPTS:
            return GenerationStatus.FAILED, _GIVEN_UP
        pump = asyncio.create_task(self._pump(job, draft))
        stopping = asyncio.create_task(stop.wait())
        try:
            while not pump.done():
                await asyncio.wait(
                    {pump, stopping},
                    timeout=self.heartbeat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if pump.done():
                    break
                if stopping.done() or await self._checkpoint_if_possible(job, draft):
                    return self._stopped()
            return await _outcome(pump, draft)
        finally:
            stopping.cancel()
            pump.cancel()
            await asyncio.wait({pump, stopping})

    def _stopped(self) -> tuple[GenerationStatus, None] | None:
        return None if self._draining else (GenerationStatus.STOPPED, None)

    async def _checkpoint_if_possible(self, job: Job, draft: Draft) -> bool:
        try:
            return await self._checkpoint(job, draft)
        except Unavailable:
            log.warning("generation.checkpoint_failed")
            return False

    async def _checkpoint(self, job: Job, draft: Draft) -> bool:
        columns, account = draft.columns(), draft.account
        async with self.database.begin() as tx:
            stop = await tx.generations.checkpoint(
                job.generation_id, job.attempt, lease_until=self._lease(), stored=bool(columns)
            )
            if columns:
                await tx.chat.change_message(job.message_id, **columns)
            await self._keep(tx, job, account)
        draft.kept(account)
        return stop

    async def _keep(self, tx: UnitOfWork, job: Job, account: Account | None) -> None:
        """Store what the answer was given and what was sent, once."""
        if account is None:
            return
        await tx.sources.replace(job.message_id, account.citations(job), account.trace(job, self.now()))
        retrieval = account.retrieval.stored() if account.retrieval else None
        await tx.chat.change_message(job.message_id, retrieval=retrieval)

    async def _pump(self, job: Job, draft: Draft) -> None:
        """Ask the model and hand on what it says; once more, shorter, when it tells that its context is too small."""
        model = await self.catalog.resolve(job.actor, job.model)
        try:
            await self._stream(job, draft, model)
        except ContextTooLong as error:
            known = model.context_tokens
            if draft.grew or error.context_tokens is None or error.context_tokens == known:
                raise
            await self.catalog.learn_context(model.ref, error.context_tokens)
            await self._stream(job, draft, replace(model, context_tokens=error.context_tokens))

    async def _stream(self, job: Job, draft: Draft, model: ResolvedModel) -> None:
        text, reasoning = job.prefix(server_continues=model.chat.continues_prefix)
        draft.begin(text, reasoning)
        continues = job.attempt > 1 and text == job.stored_text and bool(text)
        opening = Opening(job.attempt, text, reasoning, continues=continues)
        self.events.open(job.generation_id, opening)
        told = await self.prompter.conversation(job, model, prefix=text)
        knowledge = await self._knowledge(job, told, continued=bool(text))
        request, prompt = self.prompter.request(job, model, told, knowledge)
        draft.take(prompt, budget_tokens=prompt_budget(model.context_tokens), retrieval=request.retrieval)
        await self._tell_sources(job, draft)
        self._stage(job, Stage.THINKING, f"Waiting for {model.ref.name}")
        async with aclosing(model.chat.stream(request)) as deltas:
            async for delta in deltas:
                self._take(job, draft, model, delta)
                if draft.characters > MAX_ANSWER_CHARACTERS:
                    draft.truncated = True
                    break

    async def _knowledge(self, job: Job, told: Told, *, continued: bool) -> Knowledge:
        """Look for what may answer the question; a text that is continued keeps its sources and their numbers.

        So does an answer that is taken over, whose sources its readers have seen already.
        """
        if self.finder is None:
            return Knowledge()
        if continued or job.attempt > 1:
            before = await self.finder.stored(job.message_id)
            if continued or before.retrieval is not None:
                return before
        asked = Asked(
            job.actor, job.conversation_id, job.question_id, told.talk.question.content, told.before
        )
        return await self.finder.find(asked, on_stage=lambda what: self._stage(job, Stage.READING, what))

    async def _tell_sources(self, job: Job, draft: Draft) -> None:
        """Announce the sources, stored first: a reader may open one at once."""
        retrieval = draft.account.retrieval if draft.account else None
        note = retrieval.sentence if retrieval else ""
        if draft.given:
            await self._checkpoint_if_possible(job, draft)
        if draft.given or note:
            data = {"sources": [source.brief() for source in draft.given], "note": note}
            self.events.announce(job.generation_id, LiveKind.SOURCES, data)

    def _take(self, job: Job, draft: Draft, model: ResolvedModel, delta: Delta) -> None:
        match delta:
            case TextDelta(raw):
                text = storable(raw)
                draft.add_text(text, self.now())
                self.events.append(job.generation_id, text=text)
            case ReasoningDelta(raw):
                text = storable(raw)
                draft.add_reasoning(text, self.now())
                self.events.append(job.generation_id, reasoning=text)
            case UsageReport():
                draft.usage = delta
            case Truncated():
                draft.truncated = True
            case LoadProgress(percent):
                share = "" if percent is None else f" {percent} %"
                self._stage(job, Stage.LOADING, f"Loading {model.ref.name}{share}")

    def _stage(self, job: Job, stage: Stage, detail: str) -> None:
        self.events.announce(job.generation_id, LiveKind.STATUS, {"state": stage.value, "detail": detail})

    async def _finish(
        self,
        job: Job,
        draft: Draft,
        status: GenerationStatus,
        error: AnswerError | None = None,
    ) -> None:
        """Store the end of an answer, then tell its readers. LeaseLost: it was not ours to end."""
        until = self.now() + timedelta(seconds=_FINISH_PATIENCE_SECONDS)
        while True:
            try:
                measures = await self._store_end(job, draft, status, error)
                break
            except Unavailable:
                log.warning("generation.finish_delayed")
                if self.now() > until:
                    raise
                await asyncio.sleep(self.heartbeat_seconds)
        if error is not None:
            self.events.announce(job.generation_id, LiveKind.ERROR, asdict(error))
        self.events.end(job.generation_id, status.value)
        notice = Notice(NoticeKind.CONVERSATION, str(job.conversation_id), {"ended": str(job.message_id)})
        self.board.publish(job.account_id, notice)
        log.info("generation.finished", extra={"status": status.value})
        model = job.model if self.catalog.lists(job.model) else "other"
        self.telemetry.answer(draft.report(model, status.value, error.kind if error else "", measures))

    async def _store_end(
        self, job: Job, draft: Draft, status: GenerationStatus, error: AnswerError | None
    ) -> dict[str, Any]:
        now = self.now()
        (columns, cited), measures = draft.final_columns(), draft.measures(now)
        async with self.database.begin() as tx:
            await tx.generations.finish(
                job.generation_id, job.attempt, status=status, at=now, stored=bool(columns)
            )
            await tx.chat.change_message(
                job.message_id,
                status=MessageStatus(status.value),
                error=asdict(error) if error else None,
                finished_at=now,
                **columns,
                **measures,
            )
            await self._keep(tx, job, draft.account)
            if cited:
                await tx.sources.mark_cited(job.message_id, cited)
            await tx.chat.change_conversation(job.conversation_id, answered_at=now)
        return measures


_GIVEN_UP = AnswerError(
    "interrupted", "This answer was interrupted too often.", "Try again, or choose another model."
)
_EMPTY = AnswerError("empty-answer", "The model sent an empty answer.", "Try again, or choose another model.")
_INTERNAL = AnswerError(
    "internal", "Something went wrong inside Gantry.", "Try again. The server's log has the details."
)


async def _outcome(pump: asyncio.Task[None], draft: Draft) -> tuple[GenerationStatus, AnswerError | None]:
    try:
        await pump
    except ModelUnavailable as error:
        fault = AnswerError(error.fault.value, error.public, error.advice, error.details)
        return GenerationStatus.FAILED, fault
    except GantryError as error:
        return GenerationStatus.FAILED, AnswerError(error.kind, error.public, error.advice)
    except Exception:
        log.exception("generation.crashed")
        return GenerationStatus.FAILED, _INTERNAL
    if not draft.grew:
        return GenerationStatus.FAILED, _EMPTY
    return GenerationStatus.COMPLETE, None
