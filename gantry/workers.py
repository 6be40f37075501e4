"""What runs beside the requests: the sweep for silent answers, and housekeeping."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.services.accounts import AccountService
from gantry.services.chat import ChatService
from gantry.services.indexing import Indexer
from gantry.services.ingestion import Ingestion
from gantry.services.learning import Learner
from gantry.services.scribe import Scribe
from gantry.services.succession import Succession
from gantry.services.vault import VaultService
from gantry.services.writing import Writers

HOUSEKEEPING_SECONDS = 60
WATCH_SECONDS = 1
INDEX_SECONDS = 2.0
LEARN_SECONDS = 2.0
STUDY_SECONDS = 15.0
GENTLE_SECONDS = 1.0
AWAY_SECONDS = 5.0  # after a failure, before it is tried again

log = logging.getLogger(__name__)


async def _every(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    """Do *work* again and again; a failure is logged and the next round comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("worker.failed", extra={"worker": name})


@dataclass(frozen=True, slots=True)
class Background:
    """What reads documents, keeps the index and remembers."""

    ingestion: Ingestion
    indexer: Indexer
    learner: Learner
    vault: VaultService
    scribe: Scribe
    busy: Callable[[], int] = lambda: 0  # answers being written here, which go before what can wait

    @asynccontextmanager
    async def running(self, *, sweep_seconds: float, alone: bool) -> AsyncIterator[None]:
        """Work for the duration of the block; at its end hand over what is unfinished."""
        index_seconds = min(INDEX_SECONDS, sweep_seconds)
        learn_seconds = min(LEARN_SECONDS, sweep_seconds)
        if alone:
            await self.ingestion.sweep(alone=True)
        tasks = [
            asyncio.create_task(self.indexer.warm()),
            asyncio.create_task(_while_there_is_work(self._ingest(sweep_seconds), 0, "ingestion")),
            asyncio.create_task(_while_there_is_work(self._index, index_seconds, "index")),
            asyncio.create_task(_while_there_is_work(self.learner.learn, learn_seconds, "learner")),
            asyncio.create_task(_while_there_is_work(self._study, STUDY_SECONDS, "scribe")),
            asyncio.create_task(_every(HOUSEKEEPING_SECONDS, self._tidy, "tidy")),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.ingestion.drain()
            await self.indexer.drain()

    def _ingest(self, sweep_seconds: float) -> Callable[[], Awaitable[int]]:
        async def once() -> int:
            await self.ingestion.woken(sweep_seconds)
            return await self.ingestion.sweep()

        return once

    async def _index(self) -> int:
        await self.indexer.settle()
        busy = bool(self.busy())
        done = await self.indexer.work(gently=busy)
        if done and busy:
            await asyncio.sleep(GENTLE_SECONDS)  # words find it already; its meaning can wait
        return done

    async def _study(self) -> int:
        await self.scribe.study()
        return 0  # one conversation at a time, with a pause: the model server has other things to do

    async def _tidy(self) -> None:
        await self.learner.summarise()
        await self.learner.housekeeping()
        await self.vault.housekeeping()


async def _while_there_is_work(work: Callable[[], Awaitable[int]], pause_seconds: float, name: str) -> None:
    """Do *work* again at once while it says that it did something, and after a pause when it did nothing."""
    while True:
        try:
            done = await work()
        except Unavailable as error:
            log.info("worker.waits", extra={"worker": name, "reason": error.public})
            done, pause = 0, AWAY_SECONDS
        except Exception:
            log.exception("worker.failed", extra={"worker": name})
            done, pause = 0, AWAY_SECONDS
        else:
            pause = pause_seconds
        await asyncio.sleep(0.02 if done else pause)


@asynccontextmanager
async def running(
    writers: Writers,
    chat: ChatService,
    accounts: AccountService,
    *,
    sweep_seconds: float,
    alone: bool,
    succession: Succession | None = None,
    adjust_clock: Callable[[], Awaitable[None]] | None = None,
    background: Background | None = None,
) -> AsyncIterator[None]:
    """Run the workers for the duration of the block; at its end hand running answers over.

    Args:
        sweep_seconds: Between two looks for silent answers.
        alone: No other process writes to this database: what a crash cut off is taken up at once.
        succession: How to learn that another process has died, where there are others.
        adjust_clock: Compares this host's clock with that of the database.
        background: What reads and remembers.
    """

    async def housekeeping() -> None:
        if adjust_clock is not None:
            await adjust_clock()
        gone = await chat.purge()
        if background is not None:
            await background.vault.forget_conversations(gone)
        await accounts.housekeeping(utc_now())

    await writers.sweep(alone=alone)
    tasks = [
        asyncio.create_task(_every(sweep_seconds, writers.sweep, "sweep")),
        asyncio.create_task(_every(HOUSEKEEPING_SECONDS, housekeeping, "housekeeping")),
    ]
    if succession is not None:
        tasks.append(asyncio.create_task(_every(WATCH_SECONDS, succession.watch, "succession")))
    try:
        if background is None:
            yield
        else:
            async with background.running(sweep_seconds=sweep_seconds, alone=alone):
                yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await writers.drain()
        if succession is not None:
            await succession.leave()
