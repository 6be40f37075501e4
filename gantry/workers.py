"""What runs beside the requests: the sweep for silent answers, and housekeeping."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.services.cleaning import Cleaner
from gantry.services.conversations import ConversationService
from gantry.services.indexing import Indexer
from gantry.services.ingestion import Ingestion
from gantry.services.keywords import Keywords
from gantry.services.learning import Learner
from gantry.services.model_reader import ModelReader
from gantry.services.takeovers import Takeovers
from gantry.services.vector_search import VectorSearch
from gantry.services.vector_sets import VectorSets
from gantry.services.writing import Writers
from gantry.thrift import trim_memory

HOUSEKEEPING_SECONDS = 60
WATCH_SECONDS = 1
INDEX_SECONDS = 2.0
LEARN_SECONDS = 2.0
STUDY_SECONDS = 15.0
GENTLE_SECONDS = 1.0
AWAY_SECONDS = 5.0  # after a failure, before it is tried again
LOOK_SECONDS = 30.0  # between two looks while nothing is stored by the only process there is

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
    vector_sets: VectorSets
    vector_search: VectorSearch
    indexer: Indexer
    learner: Learner
    cleaner: Cleaner
    model_reader: ModelReader
    keywords: Keywords
    stored: Callable[
        [float], Awaitable[None]
    ]  # waits for this process to store something, so many seconds at most
    # Whether answers are written here, which go before what can wait.
    busy: Callable[[], bool] = lambda: False

    @asynccontextmanager
    async def running(self, *, sweep_seconds: float, alone: bool) -> AsyncIterator[None]:
        """Work for the duration of the block; at its end hand over what is unfinished."""
        index_seconds = min(INDEX_SECONDS, sweep_seconds)
        learn_seconds = min(LEARN_SECONDS, sweep_seconds)
        if alone:
            await self.ingestion.sweep(alone=True)
        # What others store is found by looking; what is stored here is heard of.
        quiet = self._quiet if alone else _no_longer
        tasks = [
            asyncio.create_task(self.vector_search.warm()),
            asyncio.create_task(
                _while_there_is_work(self._ingest(LOOK_SECONDS if alone else sweep_seconds), 0, "ingestion")
            ),
            asyncio.create_task(_while_there_is_work(self._index, index_seconds, "index", quiet)),
            asyncio.create_task(_while_there_is_work(self.learner.learn, learn_seconds, "learner", quiet)),
            asyncio.create_task(_while_there_is_work(self.keywords.work, index_seconds, "keywords", quiet)),
            asyncio.create_task(_while_there_is_work(self._study, STUDY_SECONDS, "model_reader", quiet)),
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

    def _quiet(self) -> Awaitable[None]:
        return self.stored(LOOK_SECONDS)

    def _ingest(self, sweep_seconds: float) -> Callable[[], Awaitable[int]]:
        async def once() -> int:
            await self.ingestion.woken(sweep_seconds)
            return await self.ingestion.sweep()

        return once

    async def _index(self) -> int:
        await self.vector_sets.settle()
        busy = self.busy()
        done = await self.indexer.work(gently=busy)
        if done and busy:
            await asyncio.sleep(GENTLE_SECONDS)  # words find it already; its meaning can wait
        return done

    async def _study(self) -> int:
        await self.model_reader.study()
        return 0  # one conversation at a time, with a pause: the model server has other things to do

    async def _tidy(self) -> None:
        await self.learner.summarise()
        await self.learner.housekeeping()
        await self.cleaner.housekeeping()
        if not self.busy():
            await asyncio.to_thread(trim_memory)


async def _no_longer() -> None:
    """Wait no longer."""


async def _tried(work: Callable[[], Awaitable[int]], pause_seconds: float, name: str) -> tuple[bool, float]:
    """Return whether it should be tried again by the clock, and after how many seconds."""
    try:
        done = await work()
    except Unavailable as error:
        log.info("worker.waits", extra={"worker": name, "reason": error.public})
        return True, AWAY_SECONDS
    except Exception:
        log.exception("worker.failed", extra={"worker": name})
        return True, AWAY_SECONDS
    return (True, 0.02) if done else (False, pause_seconds)


async def _while_there_is_work(
    work: Callable[[], Awaitable[int]],
    pause_seconds: float,
    name: str,
    quiet: Callable[[], Awaitable[None]] = _no_longer,
) -> None:
    """Do *work* again at once while it says that it did something; else after a pause, and what *quiet* waits for.

    What is stored during the work or the pause counts for *quiet* as well.
    """
    while True:
        news = asyncio.ensure_future(quiet())
        try:
            again, pause = await _tried(work, pause_seconds, name)
            await asyncio.sleep(pause)
            if not again:
                await news
        finally:
            news.cancel()


@asynccontextmanager
async def running(
    writers: Writers,
    conversations: ConversationService,
    housekeepers: Sequence[Callable[[datetime], Awaitable[int]]],
    *,
    sweep_seconds: float,
    alone: bool,
    takeovers: Takeovers | None = None,
    adjust_clock: Callable[[], Awaitable[None]] | None = None,
    background: Background | None = None,
) -> AsyncIterator[None]:
    """Run the workers for the duration of the block; at its end hand running answers over.

    Args:
        housekeepers: Delete what ended before a moment.
        sweep_seconds: Between two looks for silent answers.
        alone: No other process writes to this database: what a crash cut off is taken up at once.
        takeovers: How to learn that another process has died, where there are others.
        adjust_clock: Compares this host's clock with that of the database.
        background: What reads and remembers.
    """

    async def housekeeping() -> None:
        if adjust_clock is not None:
            await adjust_clock()
        gone = await conversations.purge()
        if background is not None:
            await background.cleaner.forget_conversations(gone)
        for keep in housekeepers:
            await keep(utc_now())

    await writers.sweep(alone=alone)
    # The only process there is loses an answer just when a database was away for longer than its lease.
    between = max(LOOK_SECONDS, sweep_seconds) if alone else sweep_seconds
    tasks = [
        asyncio.create_task(_every(between, writers.sweep, "sweep")),
        asyncio.create_task(_every(HOUSEKEEPING_SECONDS, housekeeping, "housekeeping")),
    ]
    if takeovers is not None:
        tasks.append(asyncio.create_task(_every(WATCH_SECONDS, takeovers.watch, "takeovers")))
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
        if takeovers is not None:
            await takeovers.leave()
