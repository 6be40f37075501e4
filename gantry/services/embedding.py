"""Making the vectors of chunks and memories, batch by batch, and noting which rows have theirs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard
from uuid import UUID

from gantry.domain.embedding import EmbeddingUnavailable, TextRole, VectorSet, blended, led, passages_of
from gantry.domain.vectors import VectorEntry, VectorIndex, VectorKind
from gantry.models import Chunk, MemoryItem
from gantry.repositories.database import Database
from gantry.services.vector_sets import VectorSets

BATCH = 32  # rows embedded between two looks at the clock


@dataclass(frozen=True, slots=True)
class Embedding:
    """Puts rows into the sets in use. A row is marked after its vectors are stored, never before."""

    database: Database
    index: VectorIndex
    sets: VectorSets

    async def embed_document(self, document: UUID, *, on_progress: Callable[[], Awaitable[None]]) -> None:
        """Embed the chunks of a document that wait; *on_progress* is called after each batch.

        Raises:
            Unavailable: The model or the index is away; the worker goes on later.
        """
        while True:
            async with self.database.read() as tx:
                chunks = await tx.indexing.chunks_of(document, limit=BATCH)
            if not chunks:
                return
            await self._embed(VectorKind.CHUNK, chunks)
            await on_progress()

    async def embed_waiting(self, limit: int) -> int:
        """Embed chunks and memories that wait, at most *limit* of each; returns how many rows were done."""
        async with self.database.read() as tx:
            chunks = await tx.indexing.waiting_chunks(limit=limit)
            items = await tx.indexing.waiting_memories(limit=limit)
        if chunks:
            await self._embed(VectorKind.CHUNK, chunks)
        if items:
            await self._embed(VectorKind.MEMORY, items)
        return len(chunks) + len(items)

    async def fill(self, building: VectorSet, limit: int) -> int:
        """Bring rows that another set holds into the one being built; returns how many, 0 when it is complete."""
        async with self.database.read() as tx:
            chunks = await tx.indexing.missing_chunks(building.name, limit=limit)
            items: Sequence[MemoryItem] = (
                () if chunks else await tx.indexing.missing_memories(building.name, limit=limit)
            )
        kind, rows = (VectorKind.CHUNK, chunks) if chunks else (VectorKind.MEMORY, items)
        if rows:
            await self._add(building, kind, rows)
            await self._mark(kind, rows, building.name)
        return len(rows)

    async def _embed(self, kind: VectorKind, rows: Sequence[Chunk] | Sequence[MemoryItem]) -> None:
        """Put rows into the set that is searched and into the one being built, as far as their models answer."""
        sets = await self.sets.known()
        if sets.active is None:
            raise EmbeddingUnavailable("There is no embedding model yet.")
        newest = sets.active
        try:
            await self._add(sets.active, kind, rows)
        except EmbeddingUnavailable:
            if sets.building is None:
                raise
        if sets.building is not None:
            await self._add(sets.building, kind, rows)
            newest = sets.building
        await self._mark(kind, rows, newest.name)

    async def _add(
        self, target: VectorSet, kind: VectorKind, rows: Sequence[Chunk] | Sequence[MemoryItem]
    ) -> None:
        embedder = await self.sets.embedder(target)
        parts = [(row, part, text) for row in rows for part, text in enumerate(_texts(row))]
        leads = {row.id: led(row.lead, row.speaker, row.content) for row in rows if _has_lead(row)}
        texts = [text for _row, _part, text in parts]
        vectors = await embedder.embed([*texts, *leads.values()], TextRole.PASSAGE)
        around = dict(zip(leads, vectors[len(texts) :], strict=True))
        by_account: dict[UUID, list[VectorEntry]] = {}
        for (row, part, _text), own in zip(parts, vectors[: len(texts)], strict=True):
            vector = blended(own, around[row.id]) if row.id in around else own
            entry = VectorEntry(row.id, part, vector, source=_source(row), group=_group(row))
            by_account.setdefault(row.account_id, []).append(entry)
        for account, entries in by_account.items():
            await self.index.add(target.name, account, kind, entries)

    async def _mark(self, kind: VectorKind, rows: Sequence[Chunk] | Sequence[MemoryItem], name: str) -> None:
        """Note what has vectors now. Chunks that were moved or renamed meanwhile, and memories that changed, are left out: theirs are made again."""
        chunks = [row for row in rows if isinstance(row, Chunk)]
        async with self.database.begin(brief=True) as tx:
            if kind is VectorKind.MEMORY:
                await tx.indexing.mark_memories([row for row in rows if isinstance(row, MemoryItem)], name)
            for collection in {chunk.collection_id for chunk in chunks}:
                those = [(chunk.id, chunk.context) for chunk in chunks if chunk.collection_id == collection]
                await tx.indexing.mark_chunks(those, name, collection=collection)
        if documents := {chunk.document_id for chunk in chunks}:
            async with self.database.begin() as tx:
                await tx.indexing.recount(documents)


def _texts(row: Chunk | MemoryItem) -> list[str]:
    if isinstance(row, Chunk):
        return [f"{row.context}\n{row.content}"]
    return passages_of(row.speaker, row.content)


def _has_lead(row: Chunk | MemoryItem) -> TypeGuard[MemoryItem]:
    return isinstance(row, MemoryItem) and bool(row.lead)


def _source(row: Chunk | MemoryItem) -> UUID:
    return row.document_id if isinstance(row, Chunk) else row.conversation_id or row.id


def _group(row: Chunk | MemoryItem) -> UUID:
    return row.collection_id or row.document_id if isinstance(row, Chunk) else row.account_id
