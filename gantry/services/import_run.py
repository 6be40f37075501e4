"""One import from beginning to end: read a piece, compare, keep files, store, again. Memory and transactions stay small."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
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
from gantry.domain.names import on_one_line
from gantry.domain.order import MAX_FOLDER_NAME_CHARACTERS, MAX_FOLDERS
from gantry.domain.parameters import MAX_PROMPT_CHARACTERS
from gantry.models import Conversation, Folder, ImportedConversation, new_id
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.import_files import ImportFiles, has_bytes, named
from gantry.services.import_projects import ImportProjects
from gantry.services.import_rows import (
    Choice,
    Planned,
    conversation_row,
    lost_file,
    message_rows,
    note_of,
    planned,
    state_of,
    whole_text,
)

_READ_AT_ONCE = 20  # elements
_READ_CHARACTERS = 4_000_000
_ROWS = 1000  # of messages in one transaction
_OWN = "gantry"


@dataclass(slots=True)
class _Kept:
    """Documents that go with messages, and lines for what did not come along; by the source's keys."""

    documents: dict[str, list[UUID]] = field(default_factory=dict[str, list[UUID]])
    notes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


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
        self._database, self._files, self._who, self._run = database, files, who, run
        self._choice, self._now = choice, now
        self.receipt = Receipt()
        self._projects = ImportProjects(database, files, who, self.receipt, now, choice.dry_run)
        self._seen: dict[tuple[str, str], int] = {}  # of a dry run: how many messages it would have added

    async def run(self, export: Export, on_progress: Callable[[int], Awaitable[None]]) -> None:
        """Import all of *export*."""
        found = export.found()
        while batch := await asyncio.to_thread(_batch, found):
            for source, item in batch:
                if isinstance(item, Skipped):
                    self.receipt.skip(item)
                elif isinstance(item, ForeignProject):
                    self.receipt.count_format(source)
                    await self._projects.take(item)
                else:
                    await self._take(source, item)
            await on_progress(min(99, 100 * export.read_bytes // max(export.total_bytes, 1)))

    async def _take(self, source: str, plan: "Planned") -> None:
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
        fresh = plan.fresh
        if plan.exists and not fresh:
            self.receipt.already += not plan.deleted
            self.receipt.count_format(source)
            return
        if self._choice.dry_run:
            self._seen[source, plan.key] = len(plan.tree.messages)
            kept = self._look_at_files(plan)
        else:
            kept = await self._keep_files(plan)
            await self._store(plan, kept)
        self._count(source, plan, kept)

    async def _compare(self, plan: Planned) -> None:
        """Find out what of it is here already."""
        before = self._seen.get((plan.format, plan.key))
        if before is not None:
            plan.exists = True
            plan.known = {plan.told(each): plan.conversation for each in plan.tree.messages[:before]}
            return
        async with self._database.read() as tx:
            own = await tx.importing.own(plan.key, owner=self._who.id) if plan.format == _OWN else None
            if own is not None:
                plan.conversation, plan.exists, plan.deleted = own.id, True, own.deleted_at is not None
                plan.known = {plan.told(each): plan.conversation for each in plan.tree.messages}
                return
            held = await tx.importing.find(self._who.id, plan.format, plan.key)
        if held is not None:
            plan.conversation, plan.known, plan.exists = held.conversation.id, held.messages, True
            plan.deleted = held.conversation.deleted_at is not None

    async def _bring_back(self, plan: Planned) -> None:
        """Undo the deletion of what comes again; where it is gone for good by now, it comes anew."""
        if not self._choice.dry_run:
            try:
                async with self._database.begin() as tx:
                    row = await tx.chat.get_conversation(plan.conversation, owner=self._who.id, deleted=True)
                    row.deleted_at = None
            except NotFound:
                plan.conversation, plan.known, plan.exists, plan.deleted = new_id(), {}, False, False
                return
        self.receipt.restored += 1

    def _count(self, source: str, plan: Planned, kept: _Kept) -> None:
        self.receipt.count_format(source)
        self.receipt.conversations += not plan.exists
        self.receipt.already += plan.exists and not plan.deleted
        self.receipt.messages += len(plan.fresh)
        self.receipt.branches += plan.fresh_branches
        self.receipt.files += sum(map(len, kept.documents.values()))
        if len(plan.source.system) > MAX_PROMPT_CHARACTERS:
            why = _("it is longer than {most} characters", most=MAX_PROMPT_CHARACTERS)
            self.receipt.skip(Skipped(_("the system prompt of “{title}”", title=plan.title), why))

    def _look_at_files(self, plan: Planned) -> _Kept:
        kept = _Kept()
        for message, file in _files(plan):
            if has_bytes(file):
                kept.documents.setdefault(message, []).append(plan.conversation)
            else:
                self._lose(plan, message, file, NOT_THERE, kept)
        return kept

    async def _keep_files(self, plan: Planned) -> _Kept:
        kept = _Kept()
        for message, file in _files(plan):
            document = await self._files.keep(file)
            if isinstance(document, UUID):
                kept.documents.setdefault(message, []).append(document)
            else:
                self._lose(plan, message, file, document, kept)
        return kept

    def _lose(self, plan: Planned, message: str, file: ForeignFile, why: str, kept: _Kept) -> None:
        name = named(file)
        kept.notes.setdefault(message, []).append(note_of(file, name))
        self.receipt.skip(lost_file(file, name, plan.title, why))

    async def _store(self, plan: Planned, kept: _Kept) -> None:
        """Store a conversation; a long one in several transactions, of which another import can go on."""
        now = self._now()
        row = conversation_row(plan, self._who.id, self._choice, now)
        rows = message_rows(
            plan,
            self._run,
            self._who.id,
            began=row.created_at,
            depths=await self._depths(plan),
            notes=kept.notes,
            choice=self._choice,
            now=now,
        )
        leaf = rows.ids.get(plan.tree.leaf or "")
        sources = {rows.ids[message]: documents for message, documents in kept.documents.items()}
        for first in range(0, len(rows.messages), _ROWS):
            some = rows.messages[first : first + _ROWS]
            ids = {each["id"] for each in some}
            async with self._database.begin() as tx:
                if first == 0 and not plan.exists:
                    row.folder_id = await self._folder(tx, plan)
                    await tx.chat.add_conversation(row)
                    await tx.importing.note(self._noted(plan, row))
                await tx.importing.add_messages(
                    some, [each for each in rows.feedback if each["message_id"] in ids]
                )
                await tx.importing.add_given([each for each in rows.given if each[0].message_id in ids])
                for message in ids & sources.keys():
                    stored, _ = await tx.chat.get_message(message, owner=self._who.id)
                    await tx.attachments.attach(sources[message], stored, at=stored.created_at)
                if first + _ROWS >= len(rows.messages):
                    await self._end(tx, plan, leaf, some[-1]["id"])

    async def _end(self, tx: UnitOfWork, plan: Planned, leaf: UUID | None, last: UUID) -> None:
        values = {} if self._choice.remember else {"studied_id": last}
        if leaf is not None:
            row = await tx.chat.get_conversation(plan.conversation, owner=self._who.id)
            if row.active_leaf_id is None or row.active_leaf_id in plan.known.values():
                values["active_leaf_id"] = leaf  # where nobody has gone on here
        if values:
            await tx.chat.change_conversation(plan.conversation, **values)

    async def _folder(self, tx: UnitOfWork, plan: Planned) -> UUID | None:
        """Return the folder of that name; a new one where there is none, and room."""
        name = on_one_line(plan.source.folder)[:MAX_FOLDER_NAME_CHARACTERS].strip()
        if not name:
            return None
        folders = await tx.order.folders(owner=self._who.id)
        for each in folders:
            if each.name.casefold() == name.casefold():
                return each.id
        if len(folders) >= MAX_FOLDERS:
            why = _("there can be at most {most} folders", most=MAX_FOLDERS)
            self.receipt.skip(Skipped(_("folder “{name}”", name=name), why))
            return None
        folder = Folder(account_id=self._who.id, name=name, created_at=self._now())
        await tx.order.add_folder(folder)
        return folder.id

    async def _depths(self, plan: Planned) -> dict[UUID, int]:
        if not plan.exists:
            return {}
        async with self._database.read() as tx:
            return await tx.importing.depths(plan.conversation)

    def _noted(self, plan: Planned, row: Conversation) -> ImportedConversation:
        return ImportedConversation(
            account_id=self._who.id,
            run_id=self._run,
            conversation_id=plan.conversation,
            format=plan.format,
            key=plan.key,
            title=plan.title,
            updated_at=row.updated_at,
            state=state_of(row),
        )


def _files(plan: Planned) -> Iterator[tuple[str, ForeignFile]]:
    """Yield the files of new messages, the whole text of those that are too long among them."""
    for message in plan.fresh:
        if whole := whole_text(message):
            yield message.key, whole
        for file in message.files:
            yield message.key, file


def _batch(found: Iterator[Found]) -> list[tuple[str, Planned | ForeignProject | Skipped]]:
    """Read the next few elements, in a thread: parsing and trees take their time."""
    batch: list[tuple[str, Planned | ForeignProject | Skipped]] = []
    characters = 0
    for each in islice(found, _READ_AT_ONCE):
        if isinstance(each.item, Skipped | ForeignProject):
            batch.append((each.format, each.item))
            continue
        plan = planned(each.format, each.item, planted(each.item))
        batch.append((each.format, plan))
        characters += sum(len(message.content) for message in plan.tree.messages)
        if characters > _READ_CHARACTERS:
            break
    return batch
