"""Collections, documents and chunks. Every query takes the owner; those of the ingestion take the attempt."""

from collections.abc import Collection as Many
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.errors import LeaseLost, NotFound
from gantry.domain.messages import _
from gantry.domain.vault import UNFINISHED, CollectionSummary, DocumentState, StoredChunk, StoredDocument
from gantry.models import Chunk, Collection, Document
from gantry.repositories.values import value_of, values_of
from gantry.repositories.words import CHUNKS, WordsRepository


class VaultRepository:
    """A person's collections of documents."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Collection | Document) -> None:
        """Store a new one; Conflict (at the end of the transaction) when its name or content is there already."""
        self._session.add(row)
        await self._session.flush()

    async def collections(self, owner: UUID) -> list[CollectionSummary]:
        """Return collections and what is in them, the default one first."""
        ready = func.count().filter(col(Document.state) == DocumentState.READY)
        query = (
            select(
                Collection,
                func.count(col(Document.id)),
                ready,
                func.coalesce(func.sum(col(Document.size_bytes)), 0),
            )
            .outerjoin(Document, col(Document.collection_id) == col(Collection.id))
            .where(col(Collection.account_id) == owner)
            .group_by(col(Collection.id))
            .order_by(col(Collection.is_default).desc(), func.lower(col(Collection.name)))
        )
        return [
            value_of(CollectionSummary, row, documents=count, ready=done, size_bytes=size)
            for row, count, done, size in await self._session.execute(query)
        ]

    async def get_collection(self, collection: UUID, *, owner: UUID) -> Collection:
        """Return a collection of *owner*."""
        row = await self._session.get(Collection, collection)
        if row is None or row.account_id != owner:
            raise NotFound(_("This collection no longer exists."))
        return row

    async def find_collection(self, collection: UUID, *, owner: UUID) -> Collection | None:
        """Return a collection of *owner*, or None."""
        row = await self._session.get(Collection, collection)
        return row if row is not None and row.account_id == owner else None

    async def find_default(self, owner: UUID) -> Collection | None:
        """Return the collection that takes what is put nowhere else."""
        query = select(Collection).where(
            col(Collection.account_id) == owner, col(Collection.is_default).is_(True)
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def get_document(self, document: UUID, *, owner: UUID) -> Document:
        """Return a document of *owner*."""
        row = await self._session.get(Document, document)
        if row is None or row.account_id != owner:
            raise NotFound(_("This document no longer exists."))
        return row

    async def find_same(self, collection: UUID, sha256: str) -> Document | None:
        """Return the document of a collection that has the same content."""
        query = select(Document).where(
            col(Document.collection_id) == collection, col(Document.sha256) == sha256
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def documents(
        self, owner: UUID, *, collection: UUID | None, words: str, after: UUID | None, limit: int
    ) -> list[StoredDocument]:
        """Return documents that stand in collections, newest first, those older than *after*."""
        query = select(Document).where(
            col(Document.account_id) == owner,
            col(Document.collection_id).is_not(None)
            if collection is None
            else col(Document.collection_id) == collection,
        )
        for word in words.lower().split()[:8]:
            query = query.where(func.lower(col(Document.name)).contains(word, autoescape=True))
        if after is not None:
            query = query.where(col(Document.id) < after)
        query = query.order_by(col(Document.id).desc()).limit(limit)
        return values_of(StoredDocument, (await self._session.execute(query)).scalars().all())

    async def owned(self, documents: Many[UUID], *, owner: UUID) -> Sequence[Document]:
        """Return those of the documents that are *owner*'s."""
        query = select(Document).where(col(Document.id).in_(documents), col(Document.account_id) == owner)
        return (await self._session.execute(query)).scalars().all()

    async def of_collection(self, collection: UUID) -> Sequence[UUID]:
        """Return the ids of a collection's documents."""
        query = select(col(Document.id)).where(col(Document.collection_id) == collection)
        return (await self._session.execute(query)).scalars().all()

    async def find_content(self, owner: UUID, sha256: str) -> UUID | None:
        """Return some document of *owner* with this content."""
        query = select(col(Document.id)).where(
            col(Document.account_id) == owner, col(Document.sha256) == sha256
        )
        return (await self._session.execute(query.limit(1))).scalar_one_or_none()

    async def stored_bytes(self, owner: UUID) -> int:
        """Return how much *owner* keeps; a file that several documents have counts once."""
        files = (
            select(col(Document.sha256), func.max(col(Document.size_bytes)).label("size"))
            .where(col(Document.account_id) == owner)
            .group_by(col(Document.sha256))
            .subquery()
        )
        return int(
            (await self._session.execute(select(func.coalesce(func.sum(files.c.size), 0)))).scalar_one()
        )

    async def count_unfinished(self, owner: UUID) -> int:
        """Return how many documents are still to be read."""
        query = select(func.count()).where(
            col(Document.account_id) == owner, col(Document.state).in_(UNFINISHED)
        )
        return (await self._session.execute(query)).scalar_one()

    async def remove(self, documents: Many[UUID]) -> None:
        """Delete documents with their chunks."""
        await self._session.execute(
            delete(Document)
            .where(col(Document.id).in_(documents))
            .execution_options(synchronize_session=False)
        )

    async def remove_collection(self, row: Collection) -> None:
        """Delete a collection with its documents."""
        await self._session.delete(row)
        await self._session.flush()

    async def chunks(self, document: UUID, *, first: int, limit: int) -> list[StoredChunk]:
        """Return chunks from number *first* on, in order."""
        query = (
            select(Chunk)
            .where(col(Chunk.document_id) == document, col(Chunk.ordinal) >= first)
            .order_by(col(Chunk.ordinal))
            .limit(limit)
        )
        return values_of(StoredChunk, (await self._session.execute(query)).scalars().all())

    async def chunks_between(
        self, document: UUID, *, page: int | None, start: int, end: int, limit: int
    ) -> list[StoredChunk]:
        """Return the chunks of a page, or those that touch a stretch of the text where there are no pages."""
        where = (
            col(Chunk.page) == page
            if page is not None
            else (col(Chunk.end_offset) > start) & (col(Chunk.start_offset) < end)
        )
        query = (
            select(Chunk)
            .where(col(Chunk.document_id) == document, where)
            .order_by(col(Chunk.ordinal))
            .limit(limit)
        )
        return values_of(StoredChunk, (await self._session.execute(query)).scalars().all())

    async def page_at(self, document: UUID, start: int) -> int | None:
        """Return the page on which a place of the text stands."""
        query = (
            select(col(Chunk.page))
            .where(col(Chunk.document_id) == document, col(Chunk.end_offset) > start)
            .order_by(col(Chunk.ordinal))
            .limit(1)
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def change_chunks(self, document: UUID, **values: Any) -> None:
        """Write columns of all chunks of a document."""
        await self._session.execute(update(Chunk).where(col(Chunk.document_id) == document).values(**values))

    async def embedded(self, document: UUID) -> dict[str, list[tuple[UUID, str]]]:
        """Return id and context of the chunks of a document that have vectors, by the sets that hold these."""
        query = select(col(Chunk.vectors_in), col(Chunk.id), col(Chunk.context)).where(
            col(Chunk.document_id) == document, col(Chunk.vectors_in) != ""
        )
        found: dict[str, list[tuple[UUID, str]]] = {}
        for row in await self._session.execute(query):
            found.setdefault(row.vectors_in, []).append((row.id, row.context))
        return found

    async def contexts(self, document: UUID) -> list[tuple[UUID, str]]:
        """Return id and heading of every chunk of a document."""
        query = select(col(Chunk.id), col(Chunk.heading)).where(col(Chunk.document_id) == document)
        return [(row.id, row.heading) for row in await self._session.execute(query)]

    async def set_contexts(self, values: Sequence[tuple[UUID, str]]) -> None:
        """Give chunks other contexts; their vectors are made anew."""
        if values:
            # All at once, for SQLite's one writer: a large document has thousands.
            rows = [{"id": chunk, "context": context, "vectors_in": ""} for chunk, context in values]
            await self._session.execute(update(Chunk), rows)
            await WordsRepository(self._session).index(CHUNKS, [chunk for chunk, _context in values])

    # What the ingestion does: guarded by the attempt.

    async def waits(self, *, now: datetime, apart_from: Many[UUID]) -> bool:
        """Whether ``claim`` would find any: looking locks nothing."""
        query = select(col(Document.id)).where(_waits(now, apart_from)).limit(1)
        return (await self._session.execute(query)).first() is not None

    async def claim(
        self, *, worker: str, now: datetime, lease_until: datetime, apart_from: Many[UUID]
    ) -> Document | None:
        """Take a document that waits or whose worker has gone silent, for exactly one caller; None when there is none.

        Somebody waits for a file that goes with a message, so those are first. Then people take turns, however much
        one of them has uploaded: who has the fewest documents being read, then whose last was finished longest ago.
        """
        free = or_(col(Document.lease_until).is_(None), col(Document.lease_until) < now)
        unfinished = col(Document.state).in_(UNFINISHED)
        waits = _waits(now, apart_from)
        turns = (
            select(
                col(Document.account_id),
                func.count().filter(unfinished & (col(Document.lease_until) >= now)).label("reading"),
                func.max(col(Document.updated_at)).filter(~unfinished).label("served_at"),
            )
            .where(
                col(Document.account_id).in_(select(col(Document.account_id)).where(waits).correlate(None))
            )
            .group_by(col(Document.account_id))
            .subquery()
        )
        next_one = (
            select(col(Document.id))
            .join(turns, turns.c.account_id == col(Document.account_id))
            .where(waits)
            .order_by(
                col(Document.collection_id).is_not(None),
                turns.c.reading,
                turns.c.served_at.asc().nulls_first(),
                col(Document.id),
            )
            .limit(1)
            .with_for_update(skip_locked=True, of=Document)
            .correlate(None)
            .scalar_subquery()
        )
        claim = (
            update(Document)
            .where(col(Document.id) == next_one, free)
            .values(attempt=col(Document.attempt) + 1, worker=worker, lease_until=lease_until)
            .returning(Document)
            .execution_options(synchronize_session=False)
        )
        return (await self._session.execute(claim)).scalar_one_or_none()

    async def checkpoint(self, document: UUID, attempt: int, **values: Any) -> None:
        """Write columns of a document being read.

        Raises:
            LeaseLost: Another worker reads it now, or it was cancelled or deleted.
        """
        written = await self._session.execute(
            update(Document)
            .where(
                col(Document.id) == document,
                col(Document.attempt) == attempt,
                col(Document.state).in_(UNFINISHED),
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        if written.rowcount != 1:  # pyright: ignore[reportAttributeAccessIssue]
            raise LeaseLost

    async def remove_chunks(self, document: UUID) -> None:
        """Remove what has been read of a document."""
        await self._session.execute(delete(Chunk).where(col(Chunk.document_id) == document))

    async def add_chunks(self, chunks: Sequence[Chunk]) -> None:
        """Store chunks; they are found by their words at once."""
        self._session.add_all(chunks)
        await self._session.flush()
        await WordsRepository(self._session).index(CHUNKS, [chunk.id for chunk in chunks])

    async def place_of(self, document: UUID) -> tuple[UUID | None, UUID | None, str]:
        """Return the collection and the conversation a document stands in, and its name there.

        It may be moved, sent or renamed while it is read. After ``checkpoint`` in the same transaction it holds to
        the end of it.
        """
        query = select(col(Document.collection_id), col(Document.conversation_id), col(Document.name))
        row = (await self._session.execute(query.where(col(Document.id) == document))).one()
        return row.collection_id, row.conversation_id, row.name

    async def release(self, worker: str, *, now: datetime, document: UUID | None = None) -> None:
        """Let go of all that *worker* reads, or of *document* alone, for others to take over at once.

        Whoever lets go has not died of it: what counted as a failure for that case is taken back.
        """
        counted = (col(Document.state) == DocumentState.PARSING) & (col(Document.failures) > 0)
        ours = (col(Document.worker) == worker) & col(Document.state).in_(UNFINISHED)
        await self._session.execute(
            update(Document)
            .where(ours if document is None else ours & (col(Document.id) == document))
            .values(
                lease_until=now,
                worker="",
                failures=case((counted, col(Document.failures) - 1), else_=col(Document.failures)),
            )
            .execution_options(synchronize_session=False)
        )

    async def expire_all(self, *, now: datetime) -> None:
        """Let every lease run out: for a process that knows it is the only one."""
        await self._session.execute(
            update(Document).where(col(Document.state).in_(UNFINISHED)).values(lease_until=now)
        )

    async def remove_forsaken(self, *, before: datetime) -> list[tuple[UUID, UUID]]:
        """Delete files that were uploaded to be attached before that moment, and were never sent; returns account and document of each.

        In one statement: one that is just being sent stays.
        """
        gone = await self._session.execute(
            delete(Document)
            .where(
                col(Document.collection_id).is_(None),
                col(Document.conversation_id).is_(None),
                col(Document.created_at) < before,
            )
            .returning(col(Document.account_id), col(Document.id))
            .execution_options(synchronize_session=False)
        )
        return [(row.account_id, row.id) for row in gone]

    async def existing(self, documents: Many[UUID]) -> set[UUID]:
        """Return which of these documents there are."""
        query = select(col(Document.id)).where(col(Document.id).in_(documents))
        return set((await self._session.execute(query)).scalars())


def _waits(now: datetime, apart_from: Many[UUID]) -> ColumnElement[bool]:
    return (
        col(Document.state).in_(UNFINISHED)
        & or_(col(Document.lease_until).is_(None), col(Document.lease_until) < now)
        & col(Document.id).not_in(apart_from)
    )
