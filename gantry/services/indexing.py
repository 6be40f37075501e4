"""Keeping the vector index what the database says it should be.

One set of vectors is searched. When another model is configured its set is filled beside it, and takes over once it is complete.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeGuard
from uuid import UUID

from gantry.domain.clock import utc_now
from gantry.domain.embedding import (
    Embedder,
    EmbeddingModel,
    EmbeddingUnavailable,
    SetState,
    TextRole,
    Vector,
    blended,
    led,
    passages_of,
)
from gantry.domain.errors import Unavailable
from gantry.domain.vectors import IndexUnavailable, Shelf, VectorEntry, VectorHit, VectorIndex, VectorScope
from gantry.models import Chunk, EmbeddingSet, MemoryItem, new_id
from gantry.repositories.database import Database
from gantry.services.questions import QuestionVectors

BATCH = 32  # rows embedded between two looks at the clock
_GENTLE_BATCH = 4
LEASE_SECONDS = 30
SWEEP_SECONDS = 3600.0  # between two comparisons of every row
LOOK_SECONDS = 60.0  # between two looks whether the index has lost more than a few
_FEEDBACK_WEIGHT = 0.3
_KNOWN_SECONDS = 5.0  # for which the sets are remembered
_PAGE_SECONDS = 1.0  # for which a page waits to hear whether a model is there

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What the page says about search by meaning."""

    model: str = ""
    semantic: bool = False
    building: str = ""  # the model whose set is being filled
    done: int = 0
    total: int = 0
    answers: bool = True  # whether the model can be asked now

    @property
    def sentence(self) -> str:
        """One sentence for the person; empty when all is as it should be."""
        if self.building and self.model:
            percent = 100 * self.done // self.total if self.total else 100
            meanwhile = (
                f"Search goes on with {self.model} meanwhile."
                if self.answers
                else f"{self.model} cannot be asked any more: until then documents are searched by their words."
            )
            return f"Indexing with {self.building}: {percent} %. {meanwhile}"
        if not self.model:
            return "Search by meaning is not ready yet: documents are searched by their words."
        if not self.answers:
            return f"{self.model} does not answer: for now documents are searched by their words."
        if not self.semantic:
            return (
                "No embedding model is installed: search compares words, not meaning. "
                "An administrator adds one with EMBEDDING_MODEL: minilm, or a model of EMBEDDING_BASE_URL."
            )
        return ""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a comparison of database and index has found and mended."""

    missing: int = 0
    orphans: int = 0


@dataclass(frozen=True, slots=True)
class _Difference:
    """What differs of one account on one shelf: rows without their vectors, and vectors without their rows."""

    set_name: str
    account: UUID
    shelf: Shelf
    missing: set[UUID]
    orphans: set[UUID]


class KnownEmbedders(Protocol):
    """The models this process can use, by name; one may come while it runs."""

    async def named(self, name: str) -> Embedder | None:
        """Return one, or None when there is none of that name."""
        ...


@dataclass(slots=True)
class _Sets:
    active: EmbeddingSet | None = None
    building: EmbeddingSet | None = None
    at: float = -1e9


@dataclass(slots=True)
class Indexer:
    """The one way to the vectors. ``wanted`` is the configured model; ``embedders`` are all there are."""

    database: Database
    index: VectorIndex
    wanted: Callable[[], Awaitable[Embedder]]
    embedders: KnownEmbedders
    now: Callable[[], datetime] = utc_now
    name: str = field(default_factory=lambda: new_id().hex)
    sweep_seconds: float = SWEEP_SECONDS
    look_seconds: float = LOOK_SECONDS
    _sets: _Sets = field(default_factory=_Sets)
    _questions: QuestionVectors = field(default_factory=QuestionVectors)
    _sweep_at: float = 0.0  # by the loop's clock, as the next
    _look_at: float = 0.0
    _turn_until: datetime | None = None

    async def nearest(
        self, question: str, *, scope: VectorScope, limit: int, feedback: int = 0
    ) -> list[VectorHit]:
        """Return the nearest rows inside *scope* (see ``domain.vectors.Nearest``)."""
        active = (await self._known()).active
        if active is None:
            raise IndexUnavailable("There are no vectors yet.")
        embedder = await self._embedder(active)
        vector = await self._questions.of(embedder, question)
        if feedback:
            first = await self.index.query(active.name, vector, scope=scope, limit=feedback, vectors=True)
            vector = _moved(vector, [hit.vector for hit in first if hit.vector is not None])
        return await self.index.query(active.name, vector, scope=scope, limit=limit)

    async def warm(self) -> None:
        """Load the model and open the index, so that the first question does not wait for that."""
        with suppress(Unavailable):
            await self.nearest("warm", scope=VectorScope(new_id(), Shelf.MEMORY), limit=1)

    async def status(self) -> IndexStatus:
        """Return what the page says about search by meaning."""
        sets = await self._known()
        if sets.active is None:
            return IndexStatus()
        answers = await self._answers(sets.active)
        if sets.building is None:
            return IndexStatus(sets.active.model, sets.active.semantic, answers=answers)
        async with self.database.read() as tx:
            done, total = await tx.indexing.counts(sets.building.name)
        return IndexStatus(
            sets.active.model, sets.active.semantic, sets.building.model, done, total, answers=answers
        )

    async def settle(self) -> None:
        """Make the set of the configured model, and forget what was being built for another."""
        try:
            model = await (await self.wanted()).model()
        except Unavailable:
            return  # the active set serves on, and words alone where there is none
        async with self.database.read() as tx:
            known = {row.name: row.state for row in await tx.indexing.sets()}
        others = [
            name for name, state in known.items() if state is SetState.BUILDING and name != model.set_name
        ]
        if known.get(model.set_name) in {SetState.ACTIVE, SetState.BUILDING} and not others:
            return
        async with self.database.begin() as tx:
            sets = {row.name: row for row in await tx.indexing.sets()}
            active = next((row for row in sets.values() if row.state is SetState.ACTIVE), None)
            for row in sets.values():
                if row.state is SetState.BUILDING and row.name != model.set_name:
                    row.state = SetState.RETIRED
                    await tx.indexing.unmark(row.name)
            mine = sets.get(model.set_name)
            if mine is None:
                state = SetState.BUILDING if active else SetState.ACTIVE
                await tx.indexing.add_set(_new_set(model, state, self.now()))
            elif mine.state is SetState.RETIRED:
                mine.state = SetState.BUILDING if active else SetState.ACTIVE
        self._sets.at = -1e9

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
            await self._embed(Shelf.CHUNK, chunks)
            await on_progress()

    async def work(self, *, gently: bool = False) -> int:
        """Embed what waits, fill a set being built, switch to it, drop old ones; returns how many rows were done.

        Only one process at a time does this.

        Args:
            gently: A few rows only: somebody waits for this processor.
        """
        if not await self._has_turn():
            return 0
        await self._look()
        limit = _GENTLE_BATCH if gently else BATCH
        return await self._waiting(limit) or await self._fill(limit)

    async def _look(self) -> None:
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

    async def _has_turn(self) -> bool:
        """Take or keep the turn to index; it is kept with half of it left, so that an idle process writes little."""
        now = self.now()
        if self._turn_until and now < self._turn_until - timedelta(seconds=LEASE_SECONDS / 2):
            return True
        until = now + timedelta(seconds=LEASE_SECONDS)
        async with self.database.begin() as tx:
            mine = await tx.indexing.claim(self.name, now=now, until=until)
        self._turn_until = until if mine else None
        return mine

    async def _waiting(self, limit: int) -> int:
        async with self.database.read() as tx:
            chunks = await tx.indexing.waiting_chunks(limit=limit)
            items = await tx.indexing.waiting_memories(limit=limit)
        if chunks:
            await self._embed(Shelf.CHUNK, chunks)
        if items:
            await self._embed(Shelf.MEMORY, items)
        return len(chunks) + len(items)

    async def _fill(self, limit: int) -> int:
        sets = await self._known()
        if sets.active is None:
            return 0
        if sets.building is None:
            return await self._drop_retired()
        async with self.database.read() as tx:
            chunks = await tx.indexing.missing_chunks(sets.building.name, limit=limit)
            items = [] if chunks else await tx.indexing.missing_memories(sets.building.name, limit=limit)
        shelf, rows = (Shelf.CHUNK, chunks) if chunks else (Shelf.MEMORY, items)
        if rows:
            await self._add(sets.building, shelf, rows)
            await self._mark(shelf, rows, sets.building.name)
        else:
            await self._switch(sets.active, sets.building)
        return max(1, len(rows))

    async def _switch(self, active: EmbeddingSet, building: EmbeddingSet) -> None:
        async with self.database.begin() as tx:
            await tx.indexing.set_state(active.name, SetState.RETIRED)
            await tx.indexing.set_state(building.name, SetState.ACTIVE, activated_at=self.now())
        self._sets.at, self._turn_until = -1e9, None  # the turn is noted with the active set
        log.info("index.switched", extra={"from": active.name, "to": building.name})

    async def _drop_retired(self) -> int:
        async with self.database.read() as tx:
            retired = [row for row in await tx.indexing.sets() if row.state is SetState.RETIRED]
        for row in retired:
            await self.index.drop(row.name)
            async with self.database.begin() as tx:
                await tx.indexing.remove_set(row)
        return len(retired)

    async def _embed(self, shelf: Shelf, rows: Sequence[Chunk] | Sequence[MemoryItem]) -> None:
        """Put rows into the set that is searched and into the one being built, as far as their models answer."""
        sets = await self._known()
        if sets.active is None:
            raise EmbeddingUnavailable("There is no embedding model yet.")
        newest = sets.active
        try:
            await self._add(sets.active, shelf, rows)
        except EmbeddingUnavailable:
            if sets.building is None:
                raise
        if sets.building is not None:
            await self._add(sets.building, shelf, rows)
            newest = sets.building
        await self._mark(shelf, rows, newest.name)

    async def _add(
        self, target: EmbeddingSet, shelf: Shelf, rows: Sequence[Chunk] | Sequence[MemoryItem]
    ) -> None:
        embedder = await self._embedder(target)
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
            await self.index.add(target.name, account, shelf, entries)

    async def _mark(self, shelf: Shelf, rows: Sequence[Chunk] | Sequence[MemoryItem], name: str) -> None:
        """Note what has vectors now. Chunks that were moved or renamed meanwhile are left out: theirs are made again."""
        chunks = [row for row in rows if isinstance(row, Chunk)]
        async with self.database.begin() as tx:
            if shelf is Shelf.MEMORY:
                await tx.indexing.mark(shelf, [row.id for row in rows], name)
            for collection in {chunk.collection_id for chunk in chunks}:
                those = [chunk for chunk in chunks if chunk.collection_id == collection]
                await tx.indexing.mark_chunks(those, name, collection=collection)
        if documents := {chunk.document_id for chunk in chunks}:
            async with self.database.begin() as tx:
                await tx.indexing.recount(documents)

    async def forget(
        self,
        account: UUID,
        shelf: Shelf,
        *,
        rows: Collection[UUID] | None = None,
        sources: Collection[UUID] | None = None,
    ) -> None:
        """Remove vectors of what was deleted. What cannot be removed now the next sweep removes."""
        for row in await self._all():
            try:
                await self.index.delete(row.name, account, shelf, rows=rows, sources=sources)
            except Unavailable:
                self._sweep_at = 0.0
                return

    async def move(self, account: UUID, *, document: UUID, group: UUID) -> None:
        """Let a document's vectors follow it into another collection; where the index is away they are made anew."""
        try:
            for row in await self._all():
                await self.index.move(row.name, account, source=document, group=group)
        except Unavailable:
            async with self.database.begin() as tx:
                await tx.vault.change_chunks(document, vectors_in="")

    async def sweep(self) -> SweepReport:
        """Compare database and index account by account: what is missing is made anew, what belongs to nothing is removed."""
        missing = orphans = 0
        async for each in self._differences():
            if each.missing:
                async with self.database.begin() as tx:
                    await tx.indexing.mark(each.shelf, each.missing, "")
            if each.orphans:
                await self.index.delete(each.set_name, each.account, each.shelf, rows=each.orphans)
            if each.shelf is Shelf.CHUNK and each.missing:
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

    async def _differences(self) -> AsyncGenerator[_Difference]:
        """Compare the rows of every account and shelf with those the index holds.

        The index is read first: a row is stored before its vectors, and marked after them. So vectors whose row is not
        there then belong to nothing, and a row that was marked in between only gets its vectors once more.
        """
        active = (await self._known()).active
        if active is None:
            return
        async with self.database.read() as tx:
            accounts = await tx.indexing.accounts()
        for account in accounts | await self.index.accounts(active.name):
            for shelf in Shelf:
                held = await self.index.rows(active.name, account, shelf)
                async with self.database.read() as tx:
                    rows = await tx.indexing.rows(shelf, account)
                embedded = {row for row, has_vectors in rows.items() if has_vectors}
                yield _Difference(active.name, account, shelf, embedded - held, held - rows.keys())

    async def reindex(self, *, on_progress: Callable[[IndexStatus], None]) -> None:
        """Do all the work there is, until every row has its vectors."""
        await self.settle()
        while await self.work():
            on_progress(await self.status())

    def active_name(self) -> str:
        """Return the name of the set that is searched, as last known; empty when there is none."""
        return self._sets.active.name if self._sets.active else ""

    async def compared(self) -> tuple[int, int, int]:
        """Return how many rows have vectors by the database's account, how many wait, and how many vectors the index holds."""
        sets = await self._known()
        if sets.active is None:
            return 0, 0, 0
        async with self.database.read() as tx:
            done, total = await tx.indexing.counts(sets.active.name)
        return done, total - done, await self.index.count(sets.active.name)

    async def drain(self) -> None:
        """Let another process go on."""
        self._turn_until = None
        async with self.database.begin() as tx:
            await tx.indexing.release(self.name, now=self.now())

    async def _known(self) -> _Sets:
        clock = asyncio.get_running_loop().time()
        if clock - self._sets.at > _KNOWN_SECONDS:
            async with self.database.read() as tx:
                rows = await tx.indexing.sets()
            active = next((row for row in rows if row.state is SetState.ACTIVE), None)
            building = next((row for row in rows if row.state is SetState.BUILDING), None)
            self._sets = _Sets(active, building, clock)
        return self._sets

    async def _all(self) -> list[EmbeddingSet]:
        sets = await self._known()
        return [row for row in (sets.active, sets.building) if row is not None]

    async def _embedder(self, row: EmbeddingSet) -> Embedder:
        """Return who makes the vectors of a set: its own model, or nobody."""
        for find in (self.wanted, partial(self.embedders.named, row.model)):
            with suppress(EmbeddingUnavailable):
                embedder = await find()
                if embedder is not None and (await embedder.model()).set_name == row.name:
                    return embedder
        raise EmbeddingUnavailable(f"The model {row.model}, which the index was made with, does not answer.")

    async def _answers(self, row: EmbeddingSet) -> bool:
        """Whether the model of a set is there; one that does not say so at once is not."""
        try:
            async with asyncio.timeout(_PAGE_SECONDS):
                await self._embedder(row)
        except (TimeoutError, EmbeddingUnavailable):
            return False
        return True


def _new_set(model: EmbeddingModel, state: SetState, at: datetime) -> EmbeddingSet:
    return EmbeddingSet(
        name=model.set_name,
        model=model.name,
        dimension=model.dimension,
        semantic=model.semantic,
        state=state,
        created_at=at,
        activated_at=at if state is SetState.ACTIVE else None,
    )


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


def _moved(vector: Vector, near: Sequence[Vector]) -> Vector:
    """Move a question towards the mean of what is near it."""
    if not near:
        return vector
    share = _FEEDBACK_WEIGHT / len(near)
    return [value + share * sum(each[at] for each in near) for at, value in enumerate(vector)]
