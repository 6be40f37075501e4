"""Storing how far answers have come: what several of them have to store at about the same time is one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gantry.domain.clock import utc_now
from gantry.domain.errors import LeaseLost
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.drafts import Assignment, SentContext

_GATHER_SECONDS = 0.1  # in which others may come that have to be stored as well
_PATIENCE_SECONDS = 2.0  # after which it is the database that is slow, and no single checkpoint that is wrong


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far one answer is: its text where it has some, and what was sent to the model until that is stored."""

    assignment: Assignment
    columns: dict[str, str]
    sent: SentContext | None
    again: bool = False  # the database may hold what an earlier try was sent


_Given = tuple[Checkpoint, asyncio.Future[bool]]  # with what its giver waits for


@dataclass(slots=True)
class Checkpoints:
    """The checkpoints of one process; each renews the lease of its answer."""

    database: Database
    lease_seconds: float
    now: Callable[[], datetime] = utc_now
    _waiting: list[_Given] = field(default_factory=list[_Given])
    _batch: list[_Given] = field(default_factory=list[_Given])
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _storing: asyncio.Task[None] | None = None

    async def store(self, checkpoint: Checkpoint, *, at_once: bool = False) -> bool:
        """Store *checkpoint* with those that come within a moment, or *at_once*.

        Returns:
            Whether somebody asked for the answer to be stopped.

        Raises:
            LeaseLost: Another process writes it now, or it has ended.
            Unavailable: The database does not answer.
        """
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((checkpoint, stored))
        if at_once:
            self._hurry.set()
        if self._storing is None:
            self._begin()
        return await stored

    async def settle(self) -> None:
        """Wait until all that was given is stored: before the database is closed."""
        while self._storing is not None:
            await asyncio.wait({self._storing})

    def _begin(self) -> None:
        # A context of its own: what is logged is about everybody's answers.
        self._storing = asyncio.create_task(self._store_waiting(), name="checkpoints", context=Context())
        self._storing.add_done_callback(self._ended)

    async def _store_waiting(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._hurry.wait()
            self._hurry.clear()
            self._batch, self._waiting = self._waiting, []
            await self._settle(self._batch)

    def _ended(self, _: object) -> None:
        """Leave nobody waiting, also when the task was cancelled."""
        self._storing = None
        for _checkpoint, stored in self._batch:
            stored.cancel()  # does nothing to those that have been told
        self._batch = []
        if self._waiting:
            self._begin()

    async def _settle(self, batch: Sequence[_Given]) -> None:
        """Store *batch* and tell each who waits; what fails together is tried one by one, so that none hurts another."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            await self._store_and_tell(batch)
        except Exception as error:  # noqa: BLE001 - told to who waits
            fault: Exception = error
        else:
            return
        for each in batch:
            if len(batch) > 1 and clock() - begun < _PATIENCE_SECONDS:
                try:
                    await self._store_and_tell([each])
                except Exception as error:  # noqa: BLE001
                    fault = error
            _tell(each[1], fault)

    async def _store_and_tell(self, batch: Sequence[_Given]) -> None:
        stopped = await self._store([checkpoint for checkpoint, _ in batch])
        for (_checkpoint, stored), stop in zip(batch, stopped, strict=True):
            _tell(stored, LeaseLost() if stop is None else stop)

    async def _store(self, batch: Sequence[Checkpoint]) -> list[bool | None]:
        """Return for each whether it is to be stopped; None where the lease is lost, and nothing is stored."""
        lease_until = self.now() + timedelta(seconds=self.lease_seconds)
        async with self.database.begin(news=False, brief=True) as tx:
            held: dict[object, bool] = {}
            for has_text in (True, False):
                places = [
                    (each.assignment.generation_id, each.assignment.attempt)
                    for each in batch
                    if bool(each.columns) is has_text
                ]
                held |= await tx.generations.checkpoint(places, lease_until=lease_until, stored=has_text)
            mine = [each for each in batch if each.assignment.generation_id in held]
            await tx.chat.change_messages(
                {each.assignment.message_id: each.columns | said_of(each.sent) for each in mine}
            )
            for each in mine:
                await keep_sent(tx, each.assignment, each.sent, self.now(), again=each.again)
        return [held.get(each.assignment.generation_id) for each in batch]


async def keep_sent(
    tx: UnitOfWork, assignment: Assignment, sent: SentContext | None, at: datetime, *, again: bool
) -> None:
    """Store what the answer was given and what was sent, once; *again*: in place of what may be there."""
    if sent is not None:
        await tx.sent.keep(*sent.rows(assignment, at), again=again, continued=sent.continued)


def said_of(sent: SentContext | None) -> dict[str, Any]:
    """Return what the answer's message says of it."""
    if sent is None:
        return {}
    return {"retrieval": sent.retrieval.stored() if sent.retrieval else None}


def _tell(stored: asyncio.Future[bool], outcome: bool | Exception) -> None:
    if stored.done():  # who waited has been cancelled
        return
    if isinstance(outcome, Exception):
        stored.set_exception(outcome)
    else:
        stored.set_result(outcome)
