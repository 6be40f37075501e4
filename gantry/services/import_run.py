"""One import from beginning to end: read a piece, compare, keep files, store, again. Memory and transactions stay small."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.errors import NotFound
from gantry.domain.importing import (
    NONE_INSIDE,
    NOT_THERE,
    Export,
    ForeignFile,
    ForeignProject,
    Found,
    Skipped,
)
from gantry.domain.importing_tree import planted
from gantry.domain.imports import Receipt
from gantry.domain.messages import _
from gantry.domain.parameters import MAX_PROMPT_CHARACTERS
from gantry.models import Conversation, new_id
from gantry.repositories.database import Database
from gantry.repositories.importing import Held
from gantry.services.import_files import ImportFiles, has_bytes, named
from gantry.services.import_projects import ImportProjects
from gantry.services.import_rows import Choice, Planned, lost_file, note_of, planned, whole_text
from gantry.services.import_store import ImportStore, Kept

_READ_AT_ONCE = 100  # elements
_READ_CHARACTERS = 1_000_000
_OWN = "gantry"

_Batch = list[tuple[str, Planned | ForeignProject | Skipped]]
_Place = tuple[str, str]  # of a conversation in its source: format and key


class ImportRunner:
    """Runs one import for *who*; ``receipt`` grows as it goes."""

    def __init__(
        self,
        database: Database,
        files: ImportFiles,
        who: Actor,
        run: UUID,
        choice: Choice,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._files, self._who = database, files, who
        self._choice = choice
        self.receipt = Receipt()
        self._projects = ImportProjects(database, files, who, self.receipt, now, choice.dry_run)
        self._store = ImportStore(database, who, run, choice, self.receipt, now)
        self._seen: dict[_Place, int] = {}  # of a dry run: how many messages it would have added
        self._held: dict[
            _Place, Held | Conversation | None
        ] = {}  # what is here of the conversations of this batch
        self._waiting: list[tuple[Planned, Kept]] = []  # to be stored together
        self._weight = 0

    async def run(self, export: Export, on_progress: Callable[[int], Awaitable[None]]) -> None:
        """Import all of *export*.

        With PostgreSQL the next piece is read while one is stored. With SQLite that would hold others up: Python's threads take
        turns, and a transaction would wait for the reader with each of its rows.
        """
        found = export.found()
        coming = _coming(found)
        try:
            while batch := await asyncio.shield(coming):
                if not self._database.is_sqlite:
                    coming = _coming(found)
                await self._take_all(batch)
                await on_progress(min(99, 100 * export.read_bytes // max(export.total_bytes, 1)))
                if self._database.is_sqlite:
                    coming = _coming(found)
            await self._store.settled()
        except Exception:
            await self._store.settled()  # what stands before the fault was read well
            raise
        finally:
            await self._store.give_up()
            await asyncio.wait({coming})  # whoever closes the file must not do so under the one who reads
            if not coming.cancelled():
                coming.exception()

    async def _take_all(self, batch: _Batch) -> None:
        plans = [item for _source, item in batch if isinstance(item, Planned)]
        self._held = await self._look_up({(plan.format, plan.key) for plan in plans if plan.tree.messages})
        for source, item in batch:
            if isinstance(item, Skipped):
                self.receipt.skip(item)
            elif isinstance(item, ForeignProject):
                self.receipt.count_format(source)
                await self._projects.take(item)
            else:
                await self._take(item)
        await self._flush()

    async def _look_up(self, places: set[_Place]) -> dict[_Place, Held | Conversation | None]:
        """Return what is here of conversations of a source."""
        if places & self._store.going:
            await self._store.settled()
        own = [key for source, key in places if source == _OWN]
        async with self._database.read() as tx:
            found = await tx.importing.find(self._who.id, places)
            exported = await tx.importing.own(own, owner=self._who.id) if own else {}
        here: dict[_Place, Held | Conversation | None] = {place: found.get(place) for place in places}
        return here | {(_OWN, key): conversation for key, conversation in exported.items()}

    async def _take(self, plan: Planned) -> None:
        for skipped in plan.tree.skipped:
            self.receipt.skip(skipped)
        if not plan.tree.messages:
            self.receipt.skip(
                Skipped(f"“{plan.source.title}”" if plan.source.title else _("a conversation"), NONE_INSIDE)
            )
            return
        await self._compare(plan)
        if plan.deleted:
            await self._bring_back(plan)
        if plan.exists and not plan.fresh:
            self.receipt.already += not plan.deleted
            self.receipt.count_format(plan.format)
        elif self._choice.dry_run:
            self._seen[plan.format, plan.key] = len(plan.tree.messages)
            self._count(plan, self._look_at_files(plan))
        else:
            await self._keep(plan, await self._keep_files(plan))

    async def _keep(self, plan: Planned, kept: Kept) -> None:
        """Store a conversation, or have it wait until there are others that are stored with it."""
        if plan.exists or plan.weight > self._store.most:
            await self._flush()
            await self._store.settled()
            await self._store.alone(plan, kept)
            self._count(plan, kept)
            return
        self._waiting.append((plan, kept))
        self._weight += plan.weight
        if self._weight >= self._store.most:
            await self._flush()

    async def _flush(self) -> None:
        waiting, self._waiting, self._weight = self._waiting, [], 0
        if waiting:
            await self._store.together(waiting, self._count)

    async def _compare(self, plan: Planned) -> None:
        """Find out what of it is here already."""
        place = (plan.format, plan.key)
        before = self._seen.get(place)
        if before is not None:
            plan.seen(before)
            return
        if place not in self._held:  # it came before in the same batch
            await self._flush()
            self._held |= await self._look_up({place})
        self._settle(plan, self._held.pop(place))
        if plan.exists and plan.fresh:  # it may have changed since the batch was looked up
            self._settle(plan, (await self._look_up({place}))[place])

    def _settle(self, plan: Planned, held: Held | Conversation | None) -> None:
        if isinstance(held, Conversation):  # our own export, and it is still here
            plan.settle(held.id, {}, deleted=held.deleted_at is not None)
            plan.seen(len(plan.tree.messages))
        elif held is not None:
            plan.settle(held.conversation.id, held.messages, deleted=held.conversation.deleted_at is not None)
        elif plan.exists:
            plan.settle(new_id(), {}, exists=False)

    async def _bring_back(self, plan: Planned) -> None:
        """Undo the deletion of what comes again; where it is gone for good by now, it comes anew."""
        if not self._choice.dry_run:
            try:
                async with self._database.begin() as tx:
                    row = await tx.chat.get_conversation(plan.conversation, owner=self._who.id, deleted=True)
                    row.deleted_at = None
            except NotFound:
                plan.settle(new_id(), {}, exists=False)
                return
        self.receipt.restored += 1

    def _count(self, plan: Planned, kept: Kept) -> None:
        self.receipt.count_format(plan.format)
        self.receipt.conversations += not plan.exists
        self.receipt.already += plan.exists and not plan.deleted
        self.receipt.messages += len(plan.fresh)
        self.receipt.branches += plan.fresh_branches
        self.receipt.files += kept.files
        if len(plan.source.system) > MAX_PROMPT_CHARACTERS:
            why = _("it is longer than {most} characters", most=MAX_PROMPT_CHARACTERS)
            self.receipt.skip(Skipped(_("the system prompt of “{title}”", title=plan.title), why))

    def _look_at_files(self, plan: Planned) -> Kept:
        kept = Kept()
        for message, file in _files(plan):
            if has_bytes(file):
                kept.documents.setdefault(message, []).append(plan.conversation)
            else:
                self._lose(plan, message, file, NOT_THERE, kept)
        return kept

    async def _keep_files(self, plan: Planned) -> Kept:
        kept = Kept()
        for message, file in _files(plan):
            document = await self._files.keep(file)
            if isinstance(document, UUID):
                kept.documents.setdefault(message, []).append(document)
            else:
                self._lose(plan, message, file, document, kept)
        return kept

    def _lose(self, plan: Planned, message: str, file: ForeignFile, why: str, kept: Kept) -> None:
        name = named(file)
        kept.notes.setdefault(message, []).append(note_of(file, name))
        self.receipt.skip(lost_file(file, name, plan.title, why))


def _files(plan: Planned) -> Iterator[tuple[str, ForeignFile]]:
    """Yield the files of new messages, the whole text of those that are too long among them."""
    for message in plan.fresh:
        if whole := whole_text(message):
            yield message.key, whole
        for file in message.files:
            yield message.key, file


def _coming(found: Iterator[Found]) -> asyncio.Task[_Batch]:
    return asyncio.create_task(asyncio.to_thread(_batch, found))


def _batch(found: Iterator[Found]) -> _Batch:
    """Read the next few elements, in a thread: parsing and trees take their time."""
    batch: _Batch = []
    characters = 0
    for each in islice(found, _READ_AT_ONCE):
        if isinstance(each.item, Skipped | ForeignProject):
            batch.append((each.format, each.item))
            continue
        plan = planned(each.format, each.item, planted(each.item))
        batch.append((each.format, plan))
        characters += plan.weight
        if characters > _READ_CHARACTERS:
            break
    return batch
