"""Bringing conversations in from other products: look first, then import; see how far it is; undo it as a whole."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, GantryError, Invalid
from gantry.domain.files import FileStore, Received
from gantry.domain.importing import NO_CONVERSATION, Exports
from gantry.domain.imports import PRODUCTS, ImportState, Receipt, StoredImport, Undone
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.vault import cleaned_name
from gantry.models import ImportRun
from gantry.repositories.database import Database
from gantry.repositories.values import value_of
from gantry.services.cleaning import Cleaner
from gantry.services.conversations import ConversationService
from gantry.services.import_files import ImportFiles
from gantry.services.import_rows import Choice
from gantry.services.import_run import ImportRunner
from gantry.services.import_undo import undo
from gantry.services.uploads import UploadService

_LISTED = 20
_SILENT = timedelta(seconds=60)  # after which whoever worked on an import has gone
_BUSY = (ImportState.LOOKING, ImportState.RUNNING)
_INTERRUPTED = _("It was interrupted. Import the file again: what is here already is not added twice.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportService:
    """Imports. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    exports: Exports
    files: FileStore
    uploads: UploadService
    conversations: ConversationService
    cleaner: Cleaner
    notices: Notices
    max_bytes: int
    now: Callable[[], datetime] = utc_now
    tasks: dict[UUID, asyncio.Task[None]] = field(default_factory=dict[UUID, asyncio.Task[None]])
    receiving: set[UUID] = field(default_factory=set[UUID])  # by person, in this process

    async def receive(self, who: Actor, body: AsyncIterator[bytes]) -> Received:
        """Store the file for the moment; ``look`` goes on with it.

        Raises:
            Invalid: It is too large.
            Unavailable: There is no room.
        """
        if who.id in self.receiving:
            raise Conflict(
                _("Another of your exports is being uploaded."), advice=_("Wait until it has arrived.")
            )
        self.receiving.add(who.id)
        try:
            return await self.files.receive(_limited(body, self.max_bytes), limit_bytes=self.max_bytes)
        finally:
            self.receiving.discard(who.id)

    async def look(self, who: Actor, received: Received, name: str) -> StoredImport:
        """Begin to find out what a file would add; nothing is changed."""
        run = self._new(who, name, ImportState.LOOKING, received.path)
        try:
            await self._require_idle(who)
            await self._forget_looked_at(who)
            async with self.database.begin() as tx:
                await tx.importing.add_run(run)
        except BaseException:
            await self.files.discard(received)
            raise
        return self._begin(who, run, Choice(dry_run=True))

    async def start(self, who: Actor, run: UUID, *, remember: bool = False) -> StoredImport:
        """Begin to import what was looked at.

        Raises:
            Conflict: Another import of this person is running, or this one was done.
        """
        await self._require_idle(who)
        async with self.database.begin() as tx:
            row = await tx.importing.get_run(run, owner=who.id, lock=True)
            if row.state is not ImportState.LOOKED or not row.path:
                raise Conflict(_("This file was imported already, or has to be chosen again."))
            row.state, row.progress, row.beat_at = ImportState.RUNNING, 0, self.now()
            row.receipt = {}  # from now on it says what was added
        return self._begin(who, row, Choice(remember=remember))

    async def import_file(
        self, who: Actor, path: str, name: str, choice: Choice
    ) -> tuple[UUID | None, Receipt]:
        """Import the file at *path* and wait for the end; returns the import (none of a dry run) and its receipt.

        Raises:
            Invalid: Nothing in it is known.
        """
        if choice.dry_run:
            return None, await self._work(who, path, name, None, choice)
        await self._require_idle(who)
        row = self._new(who, name, ImportState.RUNNING, "")
        async with self.database.begin() as tx:
            await tx.importing.add_run(row)
        async with self._ending(who, row.id):
            receipt = await self._work(who, path, name, row.id, choice)
            await self._end(who, row.id, ImportState.DONE, receipt)
        return row.id, receipt

    async def get(self, who: Actor, run: UUID) -> StoredImport:
        """Return one import, with how far it is."""
        async with self.database.read() as tx:
            return self._told(await tx.importing.get_run(run, owner=who.id))

    async def list_imports(self, who: Actor) -> list[StoredImport]:
        """Return the newest imports that changed something, or are about to."""
        async with self.database.read() as tx:
            return [self._told(row) for row in await tx.importing.runs(who.id, limit=_LISTED)]

    async def discard(self, who: Actor, run: UUID) -> None:
        """Forget a file that was looked at and is not wanted; stops the looking."""
        await self.get(who, run)
        task = self.tasks.get(run)
        async with self.database.read() as tx:
            row = await tx.importing.get_run(run, owner=who.id)
        added = any(row.receipt.get(each) for each in ("conversations", "messages", "personas"))
        if row.state is ImportState.RUNNING or (
            row.state is not ImportState.LOOKED and row.finished_at and added
        ):
            raise Conflict(_("This import has begun."), advice=_("Undo it when it has ended."))
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._forget_upload(row.path)
        async with self.database.begin() as tx:
            await tx.importing.remove_run(run)

    async def undo(self, who: Actor, run: UUID) -> Undone:
        """Remove what an import added; what its owner has changed or continued since stays.

        Raises:
            Conflict: It is still running.
        """
        told = await self.get(who, run)
        if told.state in _BUSY:
            raise Conflict(_("This import is still running."), advice=_("Wait until it has ended."))
        undone = await undo(self.database, self.conversations, self.cleaner, who, run)
        self._tell(who)
        return undone

    async def aclose(self) -> None:
        """Stop what runs here; it says so."""
        for task in list(self.tasks.values()):
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    # The work itself

    def _new(self, who: Actor, name: str, state: ImportState, path: str) -> ImportRun:
        now = self.now()
        return ImportRun(
            account_id=who.id,
            name=cleaned_name(name) or "file",
            state=state,
            path=path,
            created_at=now,
            beat_at=now,
        )

    async def _require_idle(self, who: Actor) -> None:
        async with self.database.read() as tx:
            rows = await tx.importing.runs(who.id, limit=_LISTED)
        if any(self._told(row).state in _BUSY for row in rows):
            raise Conflict(_("Another of your imports is running."), advice=_("Wait until it has ended."))

    async def _forget_looked_at(self, who: Actor) -> None:
        """Make room: of each person one file waits to be imported."""
        for each in await self.list_imports(who):
            if each.state is ImportState.LOOKED:
                await self.discard(who, each.id)

    def _told(self, row: ImportRun) -> StoredImport:
        if row.state in _BUSY and row.id not in self.tasks and row.beat_at < self.now() - _SILENT:
            return value_of(StoredImport, row, state=ImportState.FAILED, problem=_INTERRUPTED)
        return value_of(StoredImport, row)

    def _begin(self, who: Actor, run: ImportRun, choice: Choice) -> StoredImport:
        task = asyncio.create_task(self._in_background(who, run, choice))
        self.tasks[run.id] = task
        task.add_done_callback(lambda _: self.tasks.pop(run.id, None))
        return value_of(StoredImport, run)

    async def _in_background(self, who: Actor, run: ImportRun, choice: Choice) -> None:
        try:
            async with self._ending(who, run.id):
                receipt = await self._work(who, run.path, run.name, run.id, choice)
                state = ImportState.LOOKED if choice.dry_run else ImportState.DONE
                await self._end(who, run.id, state, receipt)
                if not choice.dry_run:
                    await self._forget_upload(run.path)
        except GantryError:
            await self._forget_upload(run.path)  # it is told with the import
        except Exception:
            log.exception("import.failed")

    @asynccontextmanager
    async def _ending(self, who: Actor, run: UUID) -> AsyncGenerator[None]:
        """Have an import that fails say why."""
        try:
            yield
        except BaseException as error:
            problem = (
                f"{error.public} {error.advice}".strip() if isinstance(error, GantryError) else _INTERRUPTED
            )
            with suppress(GantryError):
                await asyncio.shield(self._fail(who, run, problem))
            raise

    async def _fail(self, who: Actor, run: UUID, problem: str) -> None:
        async with self.database.begin() as tx:
            await tx.importing.change_run(
                run, state=ImportState.FAILED, problem=problem[:1000], finished_at=self.now()
            )
        self._tell(who)

    async def _work(self, who: Actor, path: str, name: str, run: UUID | None, choice: Choice) -> Receipt:
        export = await asyncio.to_thread(self.exports.open, path, name)
        try:
            files = ImportFiles(self.uploads, who, export)
            runner = ImportRunner(self.database, files, who, run or who.id, choice, self.now)
            await runner.run(export, self._noting(who, run, runner.receipt))
        finally:
            await asyncio.to_thread(export.close)
        receipt = runner.receipt
        if receipt.is_empty:
            raise _unknown(name, receipt)
        return receipt

    def _noting(self, who: Actor, run: UUID | None, receipt: Receipt) -> Callable[[int], Awaitable[None]]:
        told = self.now()

        async def note(percent: int) -> None:
            nonlocal told
            if run is None or self.now() - told < timedelta(seconds=0.5):
                return
            told = self.now()
            async with self.database.begin(news=False) as tx:
                await tx.importing.change_run(run, progress=percent, receipt=receipt.to_json(), beat_at=told)
            self._tell(who)

        return note

    async def _end(self, who: Actor, run: UUID, state: ImportState, receipt: Receipt) -> None:
        values = {} if state is ImportState.LOOKED else {"path": "", "finished_at": self.now()}
        async with self.database.begin() as tx:
            await tx.importing.change_run(run, state=state, progress=100, receipt=receipt.to_json(), **values)
        self._tell(who)

    async def _forget_upload(self, path: str) -> None:
        if path:
            await self.files.discard(Received(path, 0, ""))

    def _tell(self, who: Actor) -> None:
        """Tell all of the person's pages: also the one that began it, which shows how far it is."""
        for kind in (NoticeKind.IMPORTS, NoticeKind.CONVERSATIONS, NoticeKind.PERSONAS):
            self.notices.publish(who.id, Notice(kind))


async def _limited(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in body:
        size += len(piece)
        if size > limit:
            raise Invalid(
                _("An export may have at most {limit} MB.", limit=limit // 1000000),
                advice=_("Split it, or raise IMPORT_MAX_MB."),
                person_advice=_("Split it, or ask an administrator to raise the limit."),
                field="file",
            )
        yield piece


def _unknown(name: str, receipt: Receipt) -> Invalid:
    """Return the refusal of a file in which nothing is known; says what was seen instead."""
    reasons = [each for each in receipt.skipped if each.why != NO_CONVERSATION]
    file = cleaned_name(name) or _("this file")
    told = _("There is no conversation in “{file}” that can be imported.", file=file)
    if reasons:
        told = _(
            "There is no conversation in “{file}” that can be imported ({what}: {why}).",
            file=file,
            what=reasons[0].what,
            why=reasons[0].why,
        )
    return Invalid(
        told,
        advice=_(
            "Expected is an export of {products}, as it was downloaded: a ZIP, JSON, lines of JSON or Markdown.",
            products=PRODUCTS,
        ),
        field="file",
    )
