"""Storing conversations that come in: several in one transaction, a long one in several, none of which others wait for long.

Rows and their words are made in a thread before a transaction begins. How much one takes follows from how long the last one took.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.importing import Skipped
from gantry.domain.imports import Receipt
from gantry.domain.messages import _
from gantry.domain.names import on_one_line
from gantry.domain.order import MAX_FOLDER_NAME_CHARACTERS, MAX_FOLDERS
from gantry.models import Conversation, Folder, ImportedConversation
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.words import MESSAGES, TITLES, Prepared, prepared
from gantry.services.import_rows import (
    Choice,
    Planned,
    Rows,
    conversation_row,
    message_rows,
    state_of,
    weight_of,
)

_SECONDS = 0.06  # that a transaction may take on SQLite: whoever chats waits for it
_SECONDS_ELSEWHERE = 0.5
_LEAST, _FIRST, _MOST = 30_000, 200_000, 600_000  # characters of one transaction


@dataclass(slots=True)
class Kept:
    """Documents that go with messages, and lines for what did not come along; by the source's keys."""

    documents: dict[str, list[UUID]] = field(default_factory=dict[str, list[UUID]])
    notes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def files(self) -> int:
        """How many files come along."""
        return sum(map(len, self.documents.values()))


@dataclass(slots=True)
class _Load:
    """What is new of one conversation, as rows."""

    plan: Planned
    row: Conversation
    rows: Rows
    leaf: UUID | None
    sources: dict[UUID, list[UUID]]  # documents, by message


@dataclass(slots=True)
class ImportStore:
    """Stores for *who* what *run* brings."""

    database: Database
    who: Actor
    run: UUID
    choice: Choice
    receipt: Receipt
    now: Callable[[], datetime]
    most: int = _FIRST  # characters of the next transaction
    going: set[tuple[str, str]] = field(
        default_factory=set[tuple[str, str]]
    )  # format and key of what is being stored
    _task: asyncio.Task[None] | None = None

    async def together(
        self, plans: Sequence[tuple[Planned, Kept]], on_stored: Callable[[Planned, Kept], None]
    ) -> None:
        """Store new conversations in one transaction; with PostgreSQL it may go on afterwards, while the next rows are made."""
        made = await asyncio.to_thread(self._made, plans)
        await self.settled()
        self.going = {(plan.format, plan.key) for plan, _kept in plans}
        self._task = asyncio.create_task(self._together(plans, *made, on_stored))
        if self.database.is_sqlite:
            await self.settled()

    async def settled(self) -> None:
        """Wait until what is going on is stored."""
        if self._task is not None:
            await self._task
        self._task, self.going = None, set()

    async def give_up(self) -> None:
        """Break off what is going on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _together(
        self,
        plans: Sequence[tuple[Planned, Kept]],
        loads: Sequence[_Load],
        words: Prepared,
        titles: Prepared,
        on_stored: Callable[[Planned, Kept], None],
    ) -> None:
        messages = [row for load in loads for row in load.rows.messages]
        async with self._transaction(sum(plan.weight for plan, _kept in plans)) as tx:
            await self._begin(tx, loads)
            await self._add(tx, loads, messages)
            await tx.words.write(TITLES, titles)
            await tx.words.write(MESSAGES, words)
        for plan, kept in plans:
            on_stored(plan, kept)

    async def alone(self, plan: Planned, kept: Kept) -> None:
        """Store what is new of one conversation; a long one in several transactions, of which another import can go on."""
        depths = await self._depths(plan)
        load = await asyncio.to_thread(self._load, plan, kept, depths)
        titles = self._titles([load])
        messages, first = load.rows.messages, 0
        while first < len(messages):
            some = messages[first : first + self._fitting(messages, first)]
            words = await asyncio.to_thread(prepared, MESSAGES, some, sqlite=self.database.is_sqlite)
            async with self._transaction(sum(map(weight_of, some))) as tx:
                if first == 0 and not plan.exists:
                    await self._begin(tx, [load])
                    await tx.words.write(TITLES, titles)
                else:  # before messages are stored, as everybody does
                    await tx.importing.hold(plan.conversation, owner=self.who.id)
                await self._add(tx, [load], some)
                first += len(some)
                if first == len(messages):
                    await self._end(tx, load)
                await tx.words.write(MESSAGES, words)

    def _made(self, plans: Sequence[tuple[Planned, Kept]]) -> tuple[list[_Load], Prepared, Prepared]:
        loads = [self._load(plan, kept, {}) for plan, kept in plans]
        for load in loads:
            for name, value in self._ended(load).items():
                setattr(load.row, name, value)
        messages = [row for load in loads for row in load.rows.messages]
        words = prepared(MESSAGES, messages, sqlite=self.database.is_sqlite)
        return loads, words, self._titles(loads)

    def _load(self, plan: Planned, kept: Kept, depths: dict[UUID, int]) -> _Load:
        now = self.now()
        row = conversation_row(plan, self.who.id, self.choice, now)
        rows = message_rows(
            plan,
            self.run,
            self.who.id,
            began=row.created_at,
            depths=depths,
            notes=kept.notes,
            choice=self.choice,
            now=now,
        )
        sources = {rows.ids[message]: documents for message, documents in kept.documents.items()}
        return _Load(plan, row, rows, rows.ids.get(plan.tree.leaf or ""), sources)

    def _titles(self, loads: Sequence[_Load]) -> Prepared:
        titled = [TITLES.of(load.row) for load in loads if load.row.title]
        return prepared(TITLES, titled, sqlite=self.database.is_sqlite)

    def _fitting(self, messages: Sequence[dict[str, Any]], first: int) -> int:
        """Return how many messages the next transaction takes."""
        weight, count = 0, 0
        for row in messages[first:]:
            weight += weight_of(row)
            if count and weight > self.most:
                break
            count += 1
        return count

    @asynccontextmanager
    async def _transaction(self, weight: int) -> AsyncGenerator[UnitOfWork]:
        async with self.database.begin() as tx:
            began = time.monotonic()
            yield tx
        if 2 * weight > self.most:
            seconds = _SECONDS if self.database.is_sqlite else _SECONDS_ELSEWHERE
            fitting = weight * seconds / max(time.monotonic() - began, 1e-3)
            self.most = int(min(max((self.most + fitting) / 2, _LEAST), _MOST))

    async def _begin(self, tx: UnitOfWork, loads: Sequence[_Load]) -> None:
        folders: dict[str, UUID] | None = None
        for load in loads:
            name = on_one_line(load.plan.source.folder)[:MAX_FOLDER_NAME_CHARACTERS].strip()
            if name:
                if folders is None:
                    found = await tx.order.folders(owner=self.who.id)
                    folders = {each.name.casefold(): each.id for each in reversed(found)}
                load.row.folder_id = await self._folder(tx, name, folders)
        noted = [self._noted(load) for load in loads]
        await tx.importing.add_conversations([load.row for load in loads], noted)

    async def _folder(self, tx: UnitOfWork, name: str, folders: dict[str, UUID]) -> UUID | None:
        """Return the folder of that name; a new one where there is none, and room."""
        known = folders.get(name.casefold())
        if known is not None:
            return known
        if len(folders) >= MAX_FOLDERS:
            why = _("there can be at most {most} folders", most=MAX_FOLDERS)
            self.receipt.skip(Skipped(_("folder “{name}”", name=name), why))
            return None
        folder = Folder(account_id=self.who.id, name=name, created_at=self.now())
        await tx.order.add_folder(folder)
        folders[name.casefold()] = folder.id
        return folder.id

    def _noted(self, load: _Load) -> ImportedConversation:
        return ImportedConversation(
            account_id=self.who.id,
            run_id=self.run,
            conversation_id=load.plan.conversation,
            format=load.plan.format,
            key=load.plan.key,
            title=load.plan.title,
            updated_at=load.row.updated_at,
            state=state_of(load.row),
        )

    async def _add(self, tx: UnitOfWork, loads: Sequence[_Load], messages: Sequence[dict[str, Any]]) -> None:
        ids: Collection[UUID] = {row["id"] for row in messages}
        feedback = [each for load in loads for each in load.rows.feedback if each["message_id"] in ids]
        await tx.importing.add_messages(messages, feedback)
        given = [each for load in loads for each in load.rows.given if each[0].message_id in ids]
        if given:
            await tx.importing.add_given(given)
        for load in loads:
            for message in load.sources.keys() & ids:
                stored, _place = await tx.chat.get_message(message, owner=self.who.id)
                await tx.attachments.attach(load.sources[message], stored, at=stored.created_at)

    def _ended(self, load: _Load) -> dict[str, Any]:
        """Return what a conversation is given with the last of its messages."""
        last = load.rows.messages[-1]["id"]
        values = {} if self.choice.remember else {"studied_id": last}
        return values if load.leaf is None else values | {"active_leaf_id": load.leaf}

    async def _end(self, tx: UnitOfWork, load: _Load) -> None:
        plan, values = load.plan, self._ended(load)
        if "active_leaf_id" in values:
            row = await tx.chat.get_conversation(plan.conversation, owner=self.who.id)
            if row.active_leaf_id is not None and row.active_leaf_id not in plan.known.values():
                del values["active_leaf_id"]  # somebody has gone on here
        if values:
            await tx.chat.change_conversation(plan.conversation, **values)

    async def _depths(self, plan: Planned) -> dict[UUID, int]:
        if not plan.exists:
            return {}
        async with self.database.read() as tx:
            return await tx.importing.depths(plan.conversation)
