"""Which vectors there are to be: sets, what waits to be embedded, and what the index should hold."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, func, or_, select, true, tuple_, union, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.embedding import EmbeddingModel, SetState, VectorSet
from gantry.domain.memory import MemoryKind
from gantry.domain.vault import DocumentState
from gantry.domain.vectors import VectorKind
from gantry.models import Chunk, Document, EmbeddingSet, MemoryItem
from gantry.models.memory import WAITING
from gantry.repositories.values import values_of

_SEARCHED = col(MemoryItem.kind) == MemoryKind.TURN  # facts and summaries are told, never searched by meaning
_MENTIONED = 1000  # rows in one statement: both databases have a limit
_Each = TypeVar("_Each")


class IndexingRepository:
    """Vector sets, and the rows they are made from."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def sets(self) -> list[VectorSet]:
        """Return all sets, oldest first."""
        rows = await self._session.execute(select(EmbeddingSet).order_by(col(EmbeddingSet.id)))
        return values_of(VectorSet, rows.scalars().all())

    async def add_set(self, model: EmbeddingModel, state: SetState, *, at: datetime) -> None:
        """Store a new set; Conflict when another process has made it."""
        self._session.add(
            EmbeddingSet(
                name=model.set_name,
                model=model.name,
                dimension=model.dimension,
                semantic=model.semantic,
                state=state,
                created_at=at,
            )
        )
        await self._session.flush()

    async def remove_set(self, name: str) -> None:
        """Forget a set whose vectors are gone."""
        await self._session.execute(delete(EmbeddingSet).where(col(EmbeddingSet.name) == name))

    async def set_state(self, name: str, state: SetState) -> None:
        """Change what a set is for."""
        await self._session.execute(
            update(EmbeddingSet).where(col(EmbeddingSet.name) == name).values(state=state)
        )

    async def claim(self, worker: str, *, now: datetime, until: datetime) -> bool:
        """Take or keep the turn to index what waits; returns whether it is *worker*'s."""
        claimed = await self._session.execute(
            update(EmbeddingSet)
            .where(
                col(EmbeddingSet.state) == SetState.ACTIVE,
                or_(
                    col(EmbeddingSet.worker) == worker,
                    col(EmbeddingSet.lease_until).is_(None),
                    col(EmbeddingSet.lease_until) < now,
                ),
            )
            .values(worker=worker, lease_until=until)
            .execution_options(synchronize_session=False)
        )
        return claimed.rowcount > 0  # pyright: ignore[reportAttributeAccessIssue]

    async def release(self, worker: str, *, now: datetime) -> None:
        """Let another process go on with what *worker* was indexing."""
        await self._session.execute(
            update(EmbeddingSet).where(col(EmbeddingSet.worker) == worker).values(worker="", lease_until=now)
        )

    async def chunks_of(self, document: UUID, *, limit: int) -> Sequence[Chunk]:
        """Return chunks of a document that wait to be embedded, in order."""
        query = (
            select(Chunk)
            .where(col(Chunk.document_id) == document, col(Chunk.vectors_in) == "")
            .order_by(col(Chunk.ordinal))
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def waiting_chunks(self, *, limit: int) -> Sequence[Chunk]:
        """Return chunks of finished documents that wait to be embedded: their embedder was away."""
        query = (
            select(Chunk)
            .join(Document, col(Document.id) == col(Chunk.document_id))
            .where(col(Chunk.vectors_in) == "", col(Document.state) == DocumentState.READY)
            .order_by(col(Chunk.id))
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def waiting_memories(self, *, limit: int) -> Sequence[MemoryItem]:
        """Return memories that wait to be embedded."""
        query = select(MemoryItem).where(WAITING).order_by(col(MemoryItem.id)).limit(limit)
        return (await self._session.execute(query)).scalars().all()

    async def missing_chunks(self, set_name: str, *, limit: int) -> Sequence[Chunk]:
        """Return chunks that another set holds and *set_name* does not."""
        others = (col(Chunk.vectors_in) < set_name) & (col(Chunk.vectors_in) > "")
        query = (
            select(Chunk)
            .where(or_(others, col(Chunk.vectors_in) > set_name))
            .order_by(col(Chunk.id))
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def missing_memories(self, set_name: str, *, limit: int) -> Sequence[MemoryItem]:
        """Return memories that another set holds and *set_name* does not."""
        others = (col(MemoryItem.vectors_in) < set_name) & (col(MemoryItem.vectors_in) > "")
        query = (
            select(MemoryItem)
            .where(or_(others, col(MemoryItem.vectors_in) > set_name), _SEARCHED)
            .order_by(col(MemoryItem.id))
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def mark(self, kind: VectorKind, rows: Collection[UUID], set_name: str) -> None:
        """Note that *set_name* holds the vectors of *rows*; with an empty name they are to be embedded again."""
        table = Chunk if kind is VectorKind.CHUNK else MemoryItem
        for some in _batches(rows):
            await self._session.execute(
                update(table)
                .where(col(table.id).in_(some))
                .values(vectors_in=set_name)
                .execution_options(synchronize_session=False)
            )

    async def mark_chunks(
        self, chunks: Collection[tuple[UUID, str]], set_name: str, *, collection: UUID | None
    ) -> None:
        """Note that *set_name* holds the vectors of those *chunks* (id and context) that still stand in *collection* as they were."""
        as_they_were = tuple_(col(Chunk.id), col(Chunk.context))
        for some in _batches(chunks):
            await self._session.execute(
                update(Chunk)
                .where(
                    as_they_were.in_(some),
                    col(Chunk.collection_id).is_not_distinct_from(collection),
                )
                .values(vectors_in=set_name)
                .execution_options(synchronize_session=False)
            )

    async def mark_memories(self, items: Collection[MemoryItem], set_name: str) -> None:
        """Note that *set_name* holds the vectors of those *items* that are as they were."""
        as_they_were = tuple_(col(MemoryItem.id), col(MemoryItem.updated_at))
        for some in _batches(items):
            await self._session.execute(
                update(MemoryItem)
                .where(as_they_were.in_([(item.id, item.updated_at) for item in some]))
                .values(vectors_in=set_name)
                .execution_options(synchronize_session=False)
            )

    async def recount(self, documents: Collection[UUID]) -> None:
        """Write how many chunks of each of these documents have vectors; not with ``mark`` in one transaction.

        Others change a document first and its chunks after it, and two in different order may wait for each other.
        """
        embedded = (
            select(func.count())
            .where(col(Chunk.document_id) == col(Document.id), col(Chunk.vectors_in) != "")
            .scalar_subquery()
        )
        for some in _batches(documents):
            await self._session.execute(
                update(Document)
                .where(col(Document.id).in_(some), col(Document.embedded_count) != embedded)
                .values(embedded_count=embedded)
                .execution_options(synchronize_session=False)
            )

    async def unmark(self, set_name: str) -> None:
        """Have everything embedded again that only *set_name* is known to hold."""
        for table in (Chunk, MemoryItem):
            await self._session.execute(
                update(table).where(col(table.vectors_in) == set_name).values(vectors_in="")
            )

    async def counts(self, set_name: str) -> tuple[int, int]:
        """Return how many rows *set_name* should hold by now, and how many rows there are to be embedded in all."""
        done = total = 0
        for table, searched in ((Chunk, true()), (MemoryItem, _SEARCHED)):
            query = select(func.count(), func.count().filter(col(table.vectors_in) == set_name)).select_from(
                table
            )
            query = query.where(searched)
            every, held = (await self._session.execute(query)).one()
            total, done = total + every, done + held
        return done, total

    async def rows(self, kind: VectorKind, account: UUID) -> dict[UUID, bool]:
        """Return an account's rows whose vectors belong into the index, and of each whether it has been embedded."""
        table, searched = (Chunk, true()) if kind is VectorKind.CHUNK else (MemoryItem, _SEARCHED)
        query = select(col(table.id), col(table.vectors_in) != "").where(
            col(table.account_id) == account, searched
        )
        return {row: bool(embedded) for row, embedded in await self._session.execute(query)}

    async def documents(self, account: UUID) -> Sequence[UUID]:
        """Return the ids of an account's documents."""
        query = select(col(Document.id)).where(col(Document.account_id) == account)
        return (await self._session.execute(query)).scalars().all()

    async def accounts(self) -> set[UUID]:
        """Return the accounts that have anything embedded."""
        chunks = select(col(Chunk.account_id)).where(col(Chunk.vectors_in) != "")
        items = select(col(MemoryItem.account_id)).where(col(MemoryItem.vectors_in) != "")
        return set((await self._session.execute(union(chunks, items))).scalars())


def _batches(rows: Collection[_Each]) -> Iterator[Sequence[_Each]]:
    listed = list(rows)
    for first in range(0, len(listed), _MENTIONED):
        yield listed[first : first + _MENTIONED]
