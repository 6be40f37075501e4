"""Work beside other work."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncGenerator["asyncio.Task[None]"]:
    """Do *work* beside the block, which may wait for it; it has ended when the block has.

    What *work* raises is raised where it is waited for, or at the end of a block that raises nothing itself: else the block's own
    exception tells. Where the block is cancelled, so is *work*.
    """
    task = asyncio.create_task(work)
    try:
        yield task
        await task
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError):
            task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise
