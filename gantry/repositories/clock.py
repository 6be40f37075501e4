"""The time, by the one clock that all replicas can ask."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import text

from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.repositories.database import Database

TOLERATED = timedelta(seconds=0.25)  # what asking over a network cannot tell apart from nothing

log = logging.getLogger(__name__)


class DatabaseClock:
    """Tells the time; call it. Leases and the order of messages are compared between hosts whose clocks may differ.

    Args:
        database: SQLite has no clock of its own: then this host's is right.
        here: This host's clock.
    """

    def __init__(self, database: Database, here: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._here = here
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self._here() + self._ahead

    async def adjust(self) -> None:
        """Ask the database for the time; keeps to what was known when it does not answer."""
        if self._database.is_sqlite:
            return
        try:
            async with self._database.read() as tx:
                await tx.session.execute(
                    text("SELECT 1")
                )  # connecting may take long, and is not to be measured
                asked = self._here()
                theirs: datetime = (await tx.session.execute(text("SELECT clock_timestamp()"))).scalar_one()
                answered = self._here()
        except Unavailable:
            return
        ahead = theirs - (asked + (answered - asked) / 2)
        ahead = ahead if abs(ahead) > max(TOLERATED, answered - asked) else timedelta()
        if abs(ahead - self._ahead) > TOLERATED:
            log.warning("clock.differs", extra={"database_ahead_seconds": round(ahead.total_seconds(), 3)})
        self._ahead = ahead
