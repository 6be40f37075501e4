"""Bringing the index up to date beside the requests: one process at a time does the work that waits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gantry.domain.clock import utc_now
from gantry.models import new_id
from gantry.repositories.database import Database
from gantry.services.embedding import BATCH, Embedding
from gantry.services.sweeping import IndexSweep
from gantry.services.vector_sets import IndexStatus, VectorSets

LEASE_SECONDS = 30
_GENTLE_BATCH = 4


@dataclass(slots=True)
class Indexer:
    """A process that takes its turn at the index: sweeps, embeds what waits, fills a set being built, switches to it."""

    database: Database
    sets: VectorSets
    embedding: Embedding
    sweep: IndexSweep
    now: Callable[[], datetime] = utc_now
    name: str = field(default_factory=lambda: new_id().hex)
    _turn_until: datetime | None = None

    async def work(self, *, gently: bool = False) -> int:
        """Embed what waits, fill a set being built, switch to it, drop old ones; returns how many rows were done.

        Only one process at a time does this.

        Args:
            gently: A few rows only: somebody waits for this processor.
        """
        if not await self._has_turn():
            return 0
        await self.sweep.look()
        limit = _GENTLE_BATCH if gently else BATCH
        return await self.embedding.embed_waiting(limit) or await self._fill(limit)

    async def reindex(self, *, on_progress: Callable[[IndexStatus], None]) -> None:
        """Do all the work there is, until every row has its vectors."""
        await self.sets.settle()
        while await self.work():
            on_progress(await self.sets.status())

    async def drain(self) -> None:
        """Let another process go on."""
        self._turn_until = None
        async with self.database.begin() as tx:
            await tx.indexing.release(self.name, now=self.now())

    async def _has_turn(self) -> bool:
        """Take or keep the turn to index; it is kept with half of it left, so that an idle process writes little."""
        now = self.now()
        if self._turn_until and now < self._turn_until - timedelta(seconds=LEASE_SECONDS / 2):
            return True
        until = now + timedelta(seconds=LEASE_SECONDS)
        async with self.database.begin(news=False, brief=True) as tx:
            mine = await tx.indexing.claim(self.name, now=now, until=until)
        self._turn_until = until if mine else None
        return mine

    async def _fill(self, limit: int) -> int:
        sets = await self.sets.known()
        if sets.active is None:
            return 0
        if sets.building is None:
            return await self.sets.drop_retired()
        filled = await self.embedding.fill(sets.building, limit)
        if not filled:
            await self.sets.switch(sets.active, sets.building)
            self._turn_until = None  # the turn is noted with the active set
        return max(1, filled)
