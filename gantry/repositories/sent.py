"""What answers were given to read, and what was sent to the model for them.

What was taken from a document or from memory is a quotation, which the database removes with what it was taken from.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Select, bindparam, delete, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import CitationKind, StoredMessage
from gantry.domain.context import CitedSource, ContextPart, ContextRead
from gantry.models import (
    Citation,
    ContextTrace,
    Conversation,
    Document,
    MemoryItem,
    Message,
    Quotation,
    Row,
    SentPart,
)
from gantry.repositories.values import columns_of, table_of, value_of


class SentRepository:
    """Numbered sources of answers, and the parts of their prompts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def citations(
        self, messages: Sequence[UUID], *, passages: bool = False
    ) -> dict[UUID, list[CitedSource]]:
        """Return the sources of each of these answers, by number; their passages only when asked for: they are long."""
        return await self._cited(col(Citation.message_id).in_(messages), passages=passages)

    async def cited_documents(
        self, messages: Sequence[UUID]
    ) -> dict[UUID, list[tuple[UUID, int, str, int | None]]]:
        """Return id, number, title and page of what each of these answers cites of documents that are still there."""
        columns = (col(getattr(Citation, name)) for name in ("message_id", "id", "number", "title", "page"))
        query = (
            select(*columns)
            .join(Quotation, col(Quotation.citation_id) == col(Citation.id))
            .where(
                col(Citation.message_id).in_(messages),
                col(Citation.cited).is_(True),
                col(Citation.kind) == CitationKind.DOCUMENT,
                col(Quotation.document_id).is_not(None),
            )
            .order_by(col(Citation.message_id), col(Citation.number))
        )
        found: dict[UUID, list[tuple[UUID, int, str, int | None]]] = {}
        for message, *source in await self._session.execute(query):
            found.setdefault(message, []).append(tuple(source))  # pyright: ignore[reportArgumentType]
        return found

    async def _cited(self, where: ColumnElement[bool], *, passages: bool) -> dict[UUID, list[CitedSource]]:
        found: dict[UUID, list[CitedSource]] = {}
        query = _sources(passages=passages).where(where)
        rows: Any = await self._session.execute(query)
        for row, document, memory, said, passage in rows:
            source = CitedSource(
                number=row.number,
                kind=row.kind,
                cited=row.cited,
                title=row.title,
                page=row.page,
                heading=row.heading,
                start_offset=row.start_offset,
                end_offset=row.end_offset,
                document_id=document,
                memory_item_id=memory,
                source_message_id=said,
                passage=passage or "",
            )
            found.setdefault(row.message_id, []).append(source)
        return found

    async def keep(
        self,
        trace: ContextTrace,
        parts: Sequence[SentPart],
        citations: Sequence[Citation],
        quotations: Sequence[Quotation],
        *,
        again: bool,
        continued: bool = False,
    ) -> None:
        """Store what an answer was given; *again*: in place of what an earlier try or attempt was.

        Of what was deleted or forgotten since it was found only the number stays. Where the text is *continued*, all numbers stay
        that are there, as the rows they are: the text refers to them, and links do.
        """
        before = await self._quoted_in(trace.message_id) if continued else []
        # First what may be deleted, as deletions do it: two that take rows in another order may wait for each other.
        there = await self._still_there([*quotations, *before])
        kept = [row for row in quotations if row.document_id in there and row.memory_item_id in there]
        numbered = {row.number: row.id for row in before}
        same = {row.id: numbered[row.number] for row in citations if row.number in numbered}
        if before:
            await self._detach(list(numbered.values()), given_again=list(same.values()))
        replaced = (ContextTrace,) if continued else (Citation, ContextTrace)
        for table in replaced if again else ():
            await self._session.execute(delete(table).where(col(table.message_id) == trace.message_id))
        new: tuple[tuple[Any, Sequence[Row]], ...] = (
            (ContextTrace, [trace]),
            (SentPart, parts),
            (Citation, [row for row in citations if row.id not in same]),
            (Quotation, [_moved(row, same) for row in kept]),
        )
        for table, rows in new:
            if rows:
                await self._session.execute(_storing(table), [columns_of(row) for row in rows])

    async def _quoted_in(self, message: UUID) -> Sequence[Any]:
        """Return id and number of an answer's citations, with what each quotes."""
        quoted = (col(Quotation.document_id), col(Quotation.memory_item_id))
        query = (
            select(col(Citation.id), col(Citation.number), *quoted)
            .outerjoin(Quotation, col(Quotation.citation_id) == col(Citation.id))
            .where(col(Citation.message_id) == message)
        )
        return (await self._session.execute(query)).all()

    async def _detach(self, citations: Sequence[UUID], *, given_again: Sequence[UUID]) -> None:
        """Have quotations of *citations* stay when the trace goes; those that are *given_again* are stored anew."""
        quotes = col(Quotation.citation_id)
        await self._session.execute(
            delete(Quotation).where(quotes.in_(given_again)).execution_options(synchronize_session=False)
        )
        await self._session.execute(
            update(Quotation)
            .where(quotes.in_(citations))
            .values(part_id=None, sent="")
            .execution_options(synchronize_session=False)
        )

    async def _still_there(self, quotations: Sequence[Any]) -> set[UUID | None]:
        """Return which of their documents and memories are there, and None; they stay to the transaction's end."""
        there: set[UUID | None] = {None}
        quoted: tuple[tuple[Any, set[UUID]], ...] = (
            (Document, {row.document_id for row in quotations if row.document_id}),
            (MemoryItem, {row.memory_item_id for row in quotations if row.memory_item_id}),
        )
        for table, wanted in quoted:
            if wanted:
                kept = await self._session.execute(_kept(table), {"ids": wanted})
                there.update(kept.scalars())
        return there

    async def mark_cited(self, message: UUID, numbers: Sequence[int]) -> None:
        """Keep which of its sources an answer refers to."""
        await self._session.execute(
            update(Citation)
            .where(col(Citation.message_id) == message)
            .values(cited=col(Citation.number).in_(numbers))
            .execution_options(synchronize_session=False)
        )

    async def unquote(self, memory_item: UUID) -> None:
        """Remove what was quoted from a memory: it has other words now."""
        await self._session.execute(
            delete(Quotation)
            .where(col(Quotation.memory_item_id) == memory_item)
            .execution_options(synchronize_session=False)
        )

    async def trace(self, message: UUID) -> ContextRead | None:
        """Return what was sent for an answer; None when that was not kept."""
        query = select(ContextTrace).where(col(ContextTrace.message_id) == message)
        trace = (await self._session.execute(query)).scalar_one_or_none()
        if trace is None:
            return None
        found = (
            select(SentPart, col(Quotation.sent), col(Quotation.memory_item_id))
            .outerjoin(Quotation, col(Quotation.part_id) == col(SentPart.id))
            .where(col(SentPart.trace_id) == trace.id)
            .order_by(col(SentPart.ordinal))
        )
        parts = tuple(
            ContextPart(
                row.kind,
                row.title,
                row.tokens,
                row.text or sent or "",
                number=row.number,
                messages=row.messages,
                upto=row.upto,
                left_out=row.left_out,
                memory_item_id=memory,
            )
            for row, sent, memory in await self._session.execute(found)
        )
        return ContextRead(parts, trace.tokens, trace.budget_tokens)

    async def said(self, messages: Sequence[UUID]) -> dict[UUID | None, StoredMessage]:
        """Return those of these messages whose conversation was not deleted."""
        query = (
            select(Message)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.id).in_(messages), col(Conversation.deleted_at).is_(None))
        )
        return {
            row.id: value_of(StoredMessage, row) for row in (await self._session.execute(query)).scalars()
        }


def _moved(row: Quotation, same: Mapping[UUID, UUID]) -> Quotation:
    """Return a quotation as one of the citation that was there before."""
    if row.citation_id is not None:
        row.citation_id = same.get(row.citation_id, row.citation_id)
    return row


def _sources(*, passages: bool) -> Any:
    about = (col(Quotation.document_id), col(Quotation.memory_item_id), col(MemoryItem.message_id))
    passage = col(Quotation.passage) if passages else literal("")
    return (
        select(Citation, *about, passage)
        .outerjoin(Quotation, col(Quotation.citation_id) == col(Citation.id))
        .outerjoin(MemoryItem, col(MemoryItem.id) == col(Quotation.memory_item_id))
        .order_by(col(Citation.message_id), col(Citation.number))
    )


def _kept_of(table: Any) -> "Select[UUID]":
    """Return which of some rows are there, kept from being deleted."""
    there = select(col(table.id)).where(col(table.id).in_(bindparam("ids", expanding=True)))
    return there.order_by(col(table.id)).with_for_update(read=True, key_share=True)


# Made once: making them costs more than asking, and they are asked for each answer.
_kept: Callable[[Any], "Select[UUID]"] = cache(_kept_of)
_storing: Callable[[Any], Insert] = cache(lambda kind: insert(table_of(kind)))
