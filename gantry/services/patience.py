"""A database that is away for a moment is waited for, where there is time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gantry.domain.errors import DatabaseAway

_Told = TypeVar("_Told")

log = logging.getLogger(__name__)


async def once_there(ask: Callable[[], Awaitable[_Told]], *, pause_seconds: float) -> _Told:
    """Return what *ask* returns, asking again while the database is away; who waits decides for how long."""
    while True:
        try:
            return await ask()
        except DatabaseAway:
            log.warning("database.waited_for")
            await asyncio.sleep(pause_seconds)
