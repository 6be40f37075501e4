"""The time, by the one clock that all replicas can ask."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import text

from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.repositories.database import Database

TOLERATED = timedelta(seconds=0.25)  # what asking over a network cannot tell apart from nothing

log = logging.getLogger(__name__)


def steady() -> float:
    """Return seconds that pass while this machine sleeps, too, and that nobody sets."""
    counts_on = getattr(time, "CLOCK_BOOTTIME", None)  # on Linux monotonic() stands still meanwhile
    return time.monotonic() if counts_on is None else time.clock_gettime(counts_on)


class DatabaseClock:
    """Tells the time; call it. Leases and the order of messages are compared between hosts whose clocks may differ.

    What the database told is counted on from, so that a host whose clock is set takes nobody's lease for run out.

    Args:
        database: SQLite has no clock of its own: then this host's is right.
        here: This host's clock.
    """

    def __init__(self, database: Database, here: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._here = here
        self._ahead = timedelta()
        self._told: tuple[datetime, float] | None = None  # a moment, and when that was

    def __call__(self) -> datetime:
        """Return the present moment."""
        if self._told is None:
            return self._here()
        moment, at = self._told
        return moment + timedelta(seconds=steady() - at)

    async def adjust(self) -> None:
        """Ask the database for the time; keeps to what was known when it does not answer."""
        if self._database.is_sqlite:
            return
        try:
            async with self._database.read() as tx:
                await tx.session.execute(
                    text("SELECT 1")
                )  # connecting may take long, and is not to be measured
                asked = steady()
                theirs: datetime = (await tx.session.execute(text("SELECT clock_timestamp()"))).scalar_one()
                answered, ours = steady(), self._here()
        except Unavailable:
            return
        took = timedelta(seconds=answered - asked)
        ahead = theirs + took / 2 - ours
        ahead = ahead if abs(ahead) > max(TOLERATED, took) else timedelta()
        if abs(ahead - self._ahead) > TOLERATED:
            log.warning("clock.differs", extra={"database_ahead_seconds": round(ahead.total_seconds(), 3)})
        self._ahead = ahead
        self._told = (ours + ahead, answered)
