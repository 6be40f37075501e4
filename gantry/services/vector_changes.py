"""Having the vectors follow at once what a person deletes or moves."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from gantry.domain.errors import Unavailable
from gantry.domain.vectors import VectorIndex, VectorKind
from gantry.repositories.database import Database
from gantry.services.sweeping import IndexSweep
from gantry.services.vector_sets import VectorSets


@dataclass(frozen=True, slots=True)
class VectorChanges:
    """Changes of rows, made in every set in use. Nothing is lost where the index is away: it is made up for later."""

    database: Database
    index: VectorIndex
    sets: VectorSets
    sweep: IndexSweep

    async def forget(
        self,
        account: UUID,
        kind: VectorKind,
        *,
        rows: Collection[UUID] | None = None,
        sources: Collection[UUID] | None = None,
    ) -> None:
        """Remove vectors of what was deleted. What cannot be removed now the next sweep removes."""
        for each in await self.sets.in_use():
            try:
                await self.index.delete(each.name, account, kind, rows=rows, sources=sources)
            except Unavailable:
                self.sweep.be_due()
                return

    async def move(
        self,
        account: UUID,
        *,
        document: UUID,
        group: UUID,
        embedded: Mapping[str, Collection[tuple[UUID, str]]],
    ) -> None:
        """Let a document's vectors follow it into another collection; where the index is away they are made anew.

        Args:
            embedded: Id and context of its chunks that had vectors, by their sets; they are marked as having none, and have them again afterwards.
        """
        followed = True
        try:
            for each in await self.sets.in_use():
                await self.index.move(each.name, account, source=document, group=group)
        except Unavailable:
            followed = False
        async with self.database.begin() as tx:
            for row in await tx.vault.owned([document], owner=account):
                if row.collection_id != group:  # moved on meanwhile, and whose vectors came last is unknown
                    await tx.vault.change_chunks(document, vectors_in="")
                elif followed:
                    for name, chunks in embedded.items():
                        await tx.indexing.mark_chunks(chunks, name, collection=group)
