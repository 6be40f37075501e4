"""Copying messages into another conversation of the same person, in a number of statements that does not grow with the path."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.models import Attachment, Citation, Message, Quotation, Row, new_id
from gantry.repositories.words import MESSAGES, WordsRepository

_BATCH = 500  # ids of one statement


class CopyingRepository:
    """Copies of messages with their sources and files."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def messages(self, path: Sequence[UUID], conversation: UUID, *, at: datetime) -> UUID:
        """Copy *path*, which leads from a root downwards, into *conversation*; returns the copy of its end.

        Of what memory has still to read it reads the original alone: the copy counts as read *at* that moment.
        """
        copies = {message: new_id() for message in path}
        for some in _batches(path):
            rows = {row["id"]: row for row in await self._rows(Message, col(Message.id).in_(some))}
            changed = [
                rows[message]
                | {
                    "id": copies[message],
                    "conversation_id": conversation,
                    "parent_id": copies.get(rows[message]["parent_id"]),
                    "client_key": None,
                    "memorised_at": rows[message]["memorised_at"] or at,
                }
                for message in some
            ]
            await self._session.execute(insert(Message), changed)
            await WordsRepository(self._session).index(MESSAGES, [row["id"] for row in changed])
            await self._what_hangs_on(some, copies)
        return copies[path[-1]]

    async def _what_hangs_on(self, messages: Sequence[UUID], copies: dict[UUID, UUID]) -> None:
        files = await self._rows(Attachment, col(Attachment.message_id).in_(messages))
        await self._insert(Attachment, [_moved(row, "message_id", copies) for row in files])
        cited = await self._rows(Citation, col(Citation.message_id).in_(messages))
        numbers = {row["id"]: new_id() for row in cited}
        await self._insert(
            Citation, [_moved(row, "message_id", copies) | {"id": numbers[row["id"]]} for row in cited]
        )
        quoted: list[dict[str, Any]] = []
        for some in _batches(list(numbers)):
            found = await self._rows(Quotation, col(Quotation.citation_id).in_(some))
            quoted += [_moved(row, "citation_id", numbers) | {"part_id": None, "sent": ""} for row in found]
        await self._insert(Quotation, quoted)

    async def _rows(self, table: type[Row], where: Any) -> list[dict[str, Any]]:
        """Return rows as columns, in the order in which they were made."""
        columns = list(table.__table__.columns)  # pyright: ignore[reportAttributeAccessIssue]
        query = select(*columns).where(where).order_by(col(table.id))
        return [dict(row) for row in (await self._session.execute(query)).mappings()]

    async def _insert(self, table: type[Row], rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._session.execute(insert(table), rows)


def _moved(row: dict[str, Any], column: str, to: dict[UUID, UUID]) -> dict[str, Any]:
    return row | {"id": new_id(), column: to[row[column]]}


def _batches(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH)]
