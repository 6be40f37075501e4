"""What belongs to an account, wherever it is kept."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import LIVE
from gantry.models import Account, Document, Folder, Generation, Message, Persona, Prompt, Row
from gantry.repositories.chat import remove_messages


class OwnAccountRepository:
    """Counts, reads and removes what is an account's own; a table belongs to it that has ``account_id``."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def holdings(self, owner: UUID) -> dict[str, int]:
        """Return how many rows of each table are *owner*'s."""
        counted: dict[str, int] = {}
        for table in Row.metadata.sorted_tables:
            if "account_id" in table.columns:
                query = select(func.count()).select_from(table).where(table.columns["account_id"] == owner)
                counted[table.name] = (await self._session.execute(query)).scalar_one()
        return counted

    async def documents(self, owner: UUID) -> Sequence[UUID]:
        """Return all documents of *owner*, also those that were sent with messages."""
        query = select(col(Document.id)).where(col(Document.account_id) == owner)
        return (await self._session.scalars(query)).all()

    async def live(self, owner: UUID) -> Sequence[UUID]:
        """Return the answers being written for *owner*."""
        query = select(col(Generation.id)).where(
            col(Generation.account_id) == owner, col(Generation.status).in_(LIVE)
        )
        return (await self._session.scalars(query)).all()

    async def remove(self, owner: UUID) -> None:
        """Remove an account for good; the database takes what is its own with it."""
        await remove_messages(self._session, col(Message.account_id) == owner)
        await self._session.execute(
            delete(Account).where(col(Account.id) == owner).execution_options(synchronize_session=False)
        )

    async def kept(self, owner: UUID) -> dict[str, list[dict[str, Any]]]:
        """Return folders, personas and prompts of *owner*, as columns by name."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, table in (("folders", Folder), ("personas", Persona), ("prompts", Prompt)):
            rows = await self._session.scalars(
                select(table).where(col(table.account_id) == owner).order_by(col(table.id))
            )
            found[name] = [row.model_dump(mode="json", exclude={"account_id"}) for row in rows]
        return found
