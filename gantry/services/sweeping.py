"""Comparing the index with the database, and mending what differs: the database is the truth."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

from gantry.domain.vectors import VectorIndex, VectorKind
from gantry.repositories.database import Database
from gantry.services.vector_sets import VectorSets

SWEEP_SECONDS = 3600.0  # between two comparisons of every row
LOOK_SECONDS = 60.0  # between two looks whether the index has lost more than a few

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a comparison of database and index has found and mended."""

    missing: int = 0
    orphans: int = 0


@dataclass(frozen=True, slots=True)
class _Difference:
    """What differs of one account in one kind: rows without their vectors, and vectors without their rows."""

    set_name: str
    account: UUID
    kind: VectorKind
    missing: set[UUID]
    orphans: set[UUID]


@dataclass(slots=True)
class IndexSweep:
    """The comparison of the active set with the rows it is made of."""

    database: Database
    index: VectorIndex
    sets: VectorSets
    sweep_seconds: float = SWEEP_SECONDS
    look_seconds: float = LOOK_SECONDS
    _sweep_at: float = 0.0  # by the loop's clock, as the next
    _look_at: float = 0.0

    async def look(self) -> None:
        """Sweep when it is time, and at once when the index holds fewer vectors than rows have some: it was emptied."""
        clock = asyncio.get_running_loop().time()
        if clock < self._look_at:
            return
        self._look_at = clock + self.look_seconds
        if clock < self._sweep_at:
            rows, _waiting, vectors = await self.compared()
            if vectors >= rows:
                return
            self._sweep_at = clock
        await self.sweep()
        self._sweep_at = clock + self.sweep_seconds

    def be_due(self) -> None:
        """Have the next look sweep: the index was away when something was to be removed."""
        self._sweep_at = 0.0

    async def sweep(self) -> SweepReport:
        """Compare database and index account by account: what is missing is made anew, what belongs to nothing is removed."""
        missing = orphans = 0
        async for each in self._differences():
            if each.missing:
                async with self.database.begin() as tx:
                    await tx.indexing.mark(each.kind, each.missing, "")
            if each.orphans:
                await self.index.delete(each.set_name, each.account, each.kind, rows=each.orphans)
            if each.kind is VectorKind.CHUNK and each.missing:
                async with self.database.begin() as tx:
                    await tx.indexing.recount(await tx.indexing.documents(each.account))
            missing, orphans = missing + len(each.missing), orphans + len(each.orphans)
        if missing or orphans:
            log.warning("index.mended", extra={"missing": missing, "orphans": orphans})
        return SweepReport(missing, orphans)

    async def differences(self) -> SweepReport:
        """Return what a sweep would mend."""
        missing = orphans = 0
        async for each in self._differences():
            missing, orphans = missing + len(each.missing), orphans + len(each.orphans)
        return SweepReport(missing, orphans)

    async def compared(self) -> tuple[int, int, int]:
        """Return how many rows have vectors by the database's account, how many wait, and how many vectors the index holds."""
        active = (await self.sets.known()).active
        if active is None:
            return 0, 0, 0
        async with self.database.read() as tx:
            done, total = await tx.indexing.counts(active.name)
        return done, total - done, await self.index.count(active.name)

    async def _differences(self) -> AsyncGenerator[_Difference]:
        """Compare the rows of every account and kind with those the index holds.

        The index is read first: a row is stored before its vectors, and marked after them. So vectors whose row is not
        there then belong to nothing, and a row that was marked in between only gets its vectors once more.
        """
        active = (await self.sets.known()).active
        if active is None:
            return
        async with self.database.read() as tx:
            accounts = await tx.indexing.accounts()
        for account in accounts | await self.index.accounts(active.name):
            for kind in VectorKind:
                held = await self.index.rows(active.name, account, kind)
                async with self.database.read() as tx:
                    rows = await tx.indexing.rows(kind, account)
                embedded = {row for row, has_vectors in rows.items() if has_vectors}
                yield _Difference(active.name, account, kind, embedded - held, held - rows.keys())
