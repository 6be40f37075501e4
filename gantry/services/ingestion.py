"""Reading documents: each in a task of this process, under a lease that others may take over.

``parse → chunks, searchable by their words → vectors → ready``. A worker that dies leaves its chunks; who takes over begins
again while the file was being read, and goes on where it was being embedded.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gantry.domain.chunking import Chunker, TextChunk, context_of
from gantry.domain.clock import utc_now
from gantry.domain.errors import DatabaseFull, LeaseLost, Unavailable
from gantry.domain.files import FileStore
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.parsing import Parser, ParsingFailed, ParsingFault, ParsingLimits, Progress
from gantry.domain.telemetry import UNMEASURED, Telemetry
from gantry.domain.text import storable
from gantry.domain.vault import DocumentProblem, DocumentState
from gantry.domain.vectors import VectorKind
from gantry.log import log_context
from gantry.models import Chunk, Document, new_id
from gantry.repositories.database import Database
from gantry.services.embedding import Embedding
from gantry.services.patience import once_there
from gantry.services.vector_changes import VectorChanges

MAX_AT_ONCE = 2  # documents read by one process
MAX_ATTEMPTS = 4  # after which a document that keeps killing its worker is given up
_BATCH = 40  # chunks stored in one transaction
_TOLD_SECONDS = 1.0  # between two notices of progress

CANCELLED = asdict(DocumentProblem("cancelled", _("You cancelled this."), _("Retry to read it again.")))
_GIVEN_UP = DocumentProblem(
    "interrupted", _("Reading this file was interrupted too many times."), _("Split it into smaller files.")
)
_INTERNAL = DocumentProblem(
    "internal",
    _("Something went wrong in Gantry."),
    _("Retry. If it keeps happening, ask an administrator to check the log."),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker needs to know of a document; nothing that belongs to a session."""

    document: UUID
    account: UUID
    name: str
    attempt: int
    failures: int
    state: DocumentState

    @classmethod
    def of(cls, row: Document) -> "_Task":
        return cls(
            row.id,
            row.account_id,
            row.name,
            row.attempt,
            row.failures,
            row.state,
        )


@dataclass(slots=True)
class Ingestion:
    """The documents this process is reading."""

    database: Database
    files: FileStore
    parser: Parser
    embedding: Embedding
    vectors: VectorChanges
    notices: Notices
    lease_seconds: float = 20
    heartbeat_seconds: float = 3
    limits: ParsingLimits = field(default_factory=ParsingLimits)
    telemetry: Telemetry = UNMEASURED
    now: Callable[[], datetime] = utc_now
    name: str = field(default_factory=lambda: new_id().hex)
    _running: dict[UUID, asyncio.Task[None]] = field(default_factory=dict[UUID, asyncio.Task[None]])
    _draining: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look for documents at once."""
        self._woken.set()

    async def woken(self, seconds: float) -> None:
        """Wait until there is something to do, or *seconds* have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()

    @property
    def count(self) -> int:
        """How many documents are being read here."""
        return len(self._running)

    def stop(self, document: UUID) -> None:
        """Stop reading a document that was cancelled or deleted; other processes learn it with their next write."""
        task = self._running.get(document)
        if task is not None:
            task.cancel()

    async def sweep(self, *, alone: bool = False) -> int:
        """Take documents that wait, and those whose worker has gone silent; returns how many.

        Args:
            alone: The caller knows that no other process reads, so no lease needs to run out first.
        """
        room = MAX_AT_ONCE - len(self._running)
        if self._draining or room <= 0:
            return 0
        if not alone:
            async with self.database.read() as tx:
                if not await tx.vault.waits(now=self.now(), apart_from=tuple(self._running)):
                    return 0
        async with self.database.begin() as tx:
            if alone:
                await tx.vault.expire_all(now=self.now() - timedelta(seconds=1))
            tasks: list[_Task] = []
            while len(tasks) < room:
                row = await tx.vault.claim(
                    worker=self.name,
                    now=self.now(),
                    lease_until=self._lease(),
                    apart_from=tuple(self._running),
                )
                if row is None:
                    break
                tasks.append(_Task.of(row))
        for task in tasks:
            self._start(task)
        return len(tasks)

    def _start(self, work: _Task) -> None:
        task = asyncio.create_task(self._ingest(work), name=f"ingest {work.document}")
        self._running[work.document] = task

        def done(_: object) -> None:
            if self._running.get(work.document) is task:
                del self._running[work.document]
            self.wake()

        task.add_done_callback(done)

    async def drain(self) -> None:
        """Stop reading and let go: whoever sweeps next goes on."""
        self._draining = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with self.database.begin() as tx:
            await tx.vault.release(self.name, now=self.now())

    def _lease(self) -> datetime:
        return self.now() + timedelta(seconds=self.lease_seconds)

    async def _ingest(self, work: _Task) -> None:
        started = time.perf_counter()
        with log_context(account=work.account, document=work.document, attempt=work.attempt):
            try:
                problem = await self._supervised(work)
                await self._finish(work, problem)
                self.telemetry.ingested(problem.kind if problem else "ready", time.perf_counter() - started)
            except LeaseLost:
                log.info("document.lease_lost")
            except DatabaseFull:
                # The lease runs out, and it counts as a failure: this document may be what fills the disk.
                log.warning("document.interrupted")
            except Unavailable:
                log.warning("document.interrupted")
                await self._let_go(work)
            except asyncio.CancelledError:
                log.info("document.stopped")
                raise

    async def _supervised(self, work: _Task) -> DocumentProblem | None:
        """Read while the lease is kept; returns why it failed, or None."""
        if work.failures >= MAX_ATTEMPTS:
            return _GIVEN_UP
        reading = asyncio.create_task(self._read(work))
        try:
            while True:
                await asyncio.wait({reading}, timeout=self.heartbeat_seconds)
                if reading.done():
                    await reading
                    return None
                await self._checkpoint(work)
        except ParsingFailed as error:
            return DocumentProblem(error.fault.value, error.public, error.advice, error.page)
        except (LeaseLost, Unavailable):
            raise
        except Exception:
            log.exception("document.crashed")
            return _INTERNAL
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _let_go(self, work: _Task) -> None:
        """Let anybody go on, as soon as the database can be told; should this process end before, the lease runs out."""

        async def release() -> None:
            async with self.database.begin() as tx:
                await tx.vault.release(self.name, now=self.now(), document=work.document)

        await asyncio.sleep(
            self.heartbeat_seconds
        )  # what is away, the database or another, has time to come back
        await once_there(release, pause_seconds=self.heartbeat_seconds)

    async def _checkpoint(self, work: _Task, **values: Any) -> None:
        async with self.database.begin() as tx:
            await tx.vault.checkpoint(work.document, work.attempt, lease_until=self._lease(), **values)

    async def _read(self, work: _Task) -> None:
        if work.state is not DocumentState.EMBEDDING:
            await self._parse(work)
        await self._embed(work)

    async def _parse(self, work: _Task) -> None:
        # Counted as a failure until it has been read: should it take this process down, somebody counts.
        async with self.database.begin() as tx:
            await tx.vault.checkpoint(
                work.document,
                work.attempt,
                state=DocumentState.PARSING,
                failures=work.failures + 1,
                pages_done=0,
                chunk_count=0,
                embedded_count=0,
            )
            await tx.vault.remove_chunks(work.document)
        if work.attempt > 1:  # an earlier one may have made vectors to the last moment
            await self.vectors.forget(work.account, VectorKind.CHUNK, sources=[work.document])
        self._tell(work, DocumentState.PARSING)
        if not await self.files.holds(account=work.account, document=work.document):
            raise ParsingFailed(ParsingFault.MISSING)
        path = self.files.path(account=work.account, document=work.document)
        kind = await self.parser.sniff(path, work.name)
        chunker = Chunker()
        waiting: list[TextChunk] = []
        counted = pages = told = 0.0
        async with aclosing(self.parser.parse(path, kind, self.limits)) as sections:
            async for section in sections:
                if isinstance(section, Progress):
                    if kind.paged:
                        pages = section.done
                        if time.monotonic() - told > _TOLD_SECONDS:
                            told = time.monotonic()
                            await self._checkpoint(work, pages=section.total, pages_done=section.done)
                            self._tell(work, DocumentState.PARSING)
                    continue
                waiting += chunker.add(section)
                while len(waiting) >= _BATCH:
                    counted += await self._store(work, waiting[:_BATCH])
                    waiting = waiting[_BATCH:]
        waiting += chunker.finish()
        counted += await self._store(work, waiting)
        await self._checkpoint(
            work,
            state=DocumentState.EMBEDDING,
            failures=0,
            pages=int(pages) or None,
            pages_done=int(pages),
            chunk_count=int(counted),
            characters=chunker.characters,
        )
        self.telemetry.read_pages(int(pages))

    async def _store(self, work: _Task, chunks: list[TextChunk]) -> int:
        async with self.database.begin() as tx:
            await tx.vault.checkpoint(work.document, work.attempt, lease_until=self._lease())
            collection, conversation, name = await tx.vault.place_of(work.document)
            rows = [
                Chunk(
                    document_id=work.document,
                    account_id=work.account,
                    collection_id=collection,
                    conversation_id=conversation,
                    ordinal=chunk.ordinal,
                    page=chunk.page,
                    heading=storable(chunk.heading)[:500],
                    start_offset=chunk.start,
                    end_offset=chunk.end,
                    context=storable(context_of(name, chunk.heading)),
                    content=storable(chunk.text),
                )
                for chunk in chunks
            ]
            await tx.vault.add_chunks(rows)
        return len(rows)

    async def _embed(self, work: _Task) -> None:
        """Make the vectors; where that cannot be done now the document is found by its words until it can."""
        self._tell(work, DocumentState.EMBEDDING)
        told = 0.0

        async def on_progress() -> None:
            nonlocal told
            if time.monotonic() - told > _TOLD_SECONDS:
                told = time.monotonic()
                self._tell(work, DocumentState.EMBEDDING)

        try:
            await self.embedding.embed_document(work.document, on_progress=on_progress)
        except Unavailable:
            log.warning("document.embeds_later")

    async def _finish(self, work: _Task, problem: DocumentProblem | None) -> None:
        state = DocumentState.FAILED if problem else DocumentState.READY
        counts = {"chunk_count": 0, "embedded_count": 0} if problem else {}
        async with self.database.begin() as tx:
            await tx.vault.checkpoint(
                work.document,
                work.attempt,
                state=state,
                problem=asdict(problem) if problem else None,
                lease_until=None,
                updated_at=self.now(),
                ready_at=None if problem else self.now(),
                **counts,
            )
            if problem:
                await tx.vault.remove_chunks(work.document)
        if problem:
            await self.vectors.forget(work.account, VectorKind.CHUNK, sources=[work.document])
        log.info("document.finished", extra={"state": state.value, "kind": problem.kind if problem else ""})
        self._tell(work, state)

    def _tell(self, work: _Task, state: DocumentState) -> None:
        self.notices.publish(
            work.account, Notice(NoticeKind.DOCUMENTS, str(work.document), {"state": state.value})
        )
