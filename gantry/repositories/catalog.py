"""Connections and the last known models."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.catalog import ListedModel
from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.models.base import new_id
from gantry.models.catalog import Connection, ModelEntry
from gantry.repositories.inserting import insert_of

_UNIQUE = ("connection_slug", "name")
_ROWS_AT_ONCE = 500  # seven values each, and SQLite takes 32,766 in one statement

LEARNED_FOR = timedelta(days=1)  # a server may be started anew with another context


class CatalogRepository:
    """Connections and the last known models."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_connections(self, *, limit: int = 200) -> list[Connection]:
        """Return the connections in use, in order of making."""
        query = (
            select(Connection)
            .where(col(Connection.enabled).is_(True))
            .order_by(col(Connection.id))
            .limit(limit)
        )
        return list(await self._session.scalars(query))

    async def list_slugs(self) -> set[str]:
        """Return every slug that is taken by a stored connection."""
        return set(await self._session.scalars(select(col(Connection.slug))))

    async def get_connection(self, connection: UUID, *, lock: bool = False) -> Connection:
        """Return a connection, locked until the end of the transaction when asked.

        Raises:
            NotFound: There is none.
        """
        query = select(Connection).where(col(Connection.id) == connection)
        row = await self._session.scalar(query.with_for_update() if lock else query)
        if row is None:
            raise NotFound(_("There is no such connection."))
        return row

    async def add(self, connection: Connection) -> None:
        """Store a new connection; a taken slug ends the transaction as Conflict."""
        self._session.add(connection)
        await self._session.flush()

    async def remove(self, connection: Connection, *, slug: str) -> None:
        """Forget a connection, and the models known under *slug*."""
        await self._session.delete(connection)
        await self._session.execute(delete(ModelEntry).where(col(ModelEntry.connection_slug) == slug))

    async def list_entries(self, *, limit: int = 10_000) -> list[ModelEntry]:
        """Return the last known models, by connection and name."""
        query = (
            select(ModelEntry).order_by(col(ModelEntry.connection_slug), col(ModelEntry.name)).limit(limit)
        )
        return list(await self._session.scalars(query))

    async def keep_listing(self, slug: str, models: Sequence[ListedModel], *, at: datetime) -> None:
        """Replace what is known of a server by what it lists now; lengths it told in errors stay for a day."""
        gone = col(ModelEntry.name).not_in([model.name for model in models])
        await self._session.execute(delete(ModelEntry).where(col(ModelEntry.connection_slug) == slug, gone))
        # In order of name, so that two replicas that keep the same listing cannot wait for each other.
        rows = [
            _entry(slug, model.name, model.context_tokens, learned=False, at=at)
            for model in sorted(models, key=lambda model: model.name)
        ]
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            insert = insert_of(self._session, ModelEntry, rows[start : start + _ROWS_AT_ONCE])
            await self._session.execute(
                insert.on_conflict_do_update(
                    index_elements=_UNIQUE,
                    set_={
                        "context_tokens": insert.excluded.context_tokens,
                        "context_learned": False,
                        "seen_at": at,
                    },
                    where=col(ModelEntry.context_learned).is_(False)
                    | (col(ModelEntry.seen_at) < at - LEARNED_FOR),
                )
            )

    async def learn_context(self, slug: str, name: str, context_tokens: int, *, at: datetime) -> None:
        """Keep the length a server told in an error, which beats what it lists."""
        row = _entry(slug, name, context_tokens, learned=True, at=at)
        insert = insert_of(self._session, ModelEntry, [row])
        await self._session.execute(
            insert.on_conflict_do_update(
                index_elements=_UNIQUE,
                set_={"context_tokens": context_tokens, "context_learned": True, "seen_at": at},
            )
        )


def _entry(
    slug: str, name: str, context_tokens: int | None, *, learned: bool, at: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "connection_slug": slug,
        "name": name,
        "context_tokens": context_tokens,
        "context_learned": learned,
        "seen_at": at,
    }
