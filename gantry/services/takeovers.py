"""Taking over from processes that have died, sooner than their leases run out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gantry.domain.clock import utc_now
from gantry.domain.live import Presence
from gantry.repositories.database import Database
from gantry.services.writing import Writers

LEAST_SILENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Takeovers:
    """What one process does about the others.

    A lease is long, because a database may be slow. But a process that neither Redis nor the database has heard of for
    some seconds is dead, or as good as dead: its answers are free at once. Should it live after all, its next
    checkpoint tells it that somebody else writes them now.
    """

    database: Database
    presence: Presence
    writers: Writers
    now: Callable[[], datetime] = utc_now

    @property
    def silence_seconds(self) -> float:
        """For how long a process must not have been heard of."""
        return max(LEAST_SILENCE_SECONDS, 3 * self.writers.heartbeat_seconds)

    async def watch(self) -> int:
        """Say that we are there, and take over from those who are not; returns how many answers."""
        silent = await self.presence.beat(self.writers.name, silence_seconds=self.silence_seconds)
        if not silent:
            return 0
        now = self.now()
        unheard = now + timedelta(seconds=self.writers.lease_seconds - self.silence_seconds)
        async with self.database.begin() as tx:
            await tx.generations.release_silent(silent, leased_before=unheard, now=now)
        return await self.writers.sweep()

    async def leave(self) -> None:
        """Tell the others that we go: what we wrote has been released, and they need not wait for their sweep."""
        await self.presence.leave(self.writers.name, silence_seconds=self.silence_seconds)
