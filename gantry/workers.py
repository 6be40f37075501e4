"""What runs beside the requests: the sweep for silent answers, and housekeeping."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from gantry.domain.clock import utc_now
from gantry.services.accounts import AccountService
from gantry.services.chat import ChatService
from gantry.services.succession import Succession
from gantry.services.writing import Writers

HOUSEKEEPING_SECONDS = 60
WATCH_SECONDS = 1

log = logging.getLogger(__name__)


async def _every(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    """Do *work* again and again; a failure is logged and the next round comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("worker.failed", extra={"worker": name})


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
) -> AsyncIterator[None]:
    """Run the workers for the duration of the block; at its end hand running answers over.

    Args:
        sweep_seconds: Between two looks for silent answers.
        alone: No other process writes to this database: what a crash cut off is taken up at once.
        succession: How to learn that another process has died, where there are others.
        adjust_clock: Compares this host's clock with that of the database.
    """

    async def housekeeping() -> None:
        if adjust_clock is not None:
            await adjust_clock()
        await chat.purge()
        await accounts.housekeeping(utc_now())

    await writers.sweep(alone=alone)
    tasks = [
        asyncio.create_task(_every(sweep_seconds, writers.sweep, "sweep")),
        asyncio.create_task(_every(HOUSEKEEPING_SECONDS, housekeeping, "housekeeping")),
    ]
    if succession is not None:
        tasks.append(asyncio.create_task(_every(WATCH_SECONDS, succession.watch, "succession")))
    try:
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
