"""Work beside other work."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncGenerator["asyncio.Task[None]"]:
    """Do *work* beside the block, which may wait for it; it has ended when the block has.

    What *work* raises is raised where it is waited for, or at the end of a block that raises nothing itself. Where the block is left
    early, by an exception too, *work* is brought to its end; where it is cancelled, so is *work*.
    """
    task = asyncio.create_task(work)
    try:
        yield task
        await task
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        with suppress(asyncio.CancelledError, Exception):
            await task
