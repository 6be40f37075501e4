"""The database: one engine for each process, short transactions, both dialects."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from gantry.domain.errors import Conflict, Unavailable
from gantry.repositories.unit import UnitOfWork

SQLITE_BUSY_MS = 5000

log = logging.getLogger(__name__)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def engine_url(database_url: str, *, sync: bool = False) -> URL:
    """Turn the plain URL of the settings into one that names our driver."""
    url = make_url(database_url)
    backend = url.get_backend_name()
    if backend == "sqlite":
        return url.set(drivername="sqlite" if sync else "sqlite+aiosqlite")
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise ValueError(f"DATABASE_URL: {backend} is not supported; use sqlite:/// or postgresql://")


def configure_sqlite(connection: Any, _record: Any) -> None:
    """Set up one SQLite connection: we begin transactions ourselves, write-ahead log, foreign keys."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_MS}",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Database:
    """Opens transactions; the only owner of connections.

    On SQLite writers take turns inside the process (a lock in order of arrival, where SQLite itself would poll)
    and begin immediately, so that two of them can never deadlock on an upgrade from reading to writing.
    """

    def __init__(self, database_url: str) -> None:
        url = engine_url(database_url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._writing: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._url = url
        self._engine: AsyncEngine | None = None

    @property
    def engine(self) -> AsyncEngine:
        """The engine, made at first use; the folder of an SQLite file is made with it."""
        if self._engine is None:
            self._engine = self._make_engine()
        return self._engine

    def _make_engine(self) -> AsyncEngine:
        if not self.is_sqlite:
            return create_async_engine(
                self._url,
                pool_size=10,
                max_overflow=10,
                pool_pre_ping=True,
                json_serializer=_json,
                hide_parameters=True,  # they hold what people write
            )
        if self._url.database and self._url.database != ":memory:":
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(
            self._url, pool_size=6, max_overflow=4, json_serializer=_json, hide_parameters=True
        )
        event.listen(engine.sync_engine, "connect", configure_sqlite)
        return engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that may write; commits at the end, rolls back on any exception.

        Raises:
            Conflict: A unique rule was broken: somebody else got there first.
            Unavailable: The database did not answer, or stayed busy for five seconds.
        """
        async with self._writing, self._session() as session:
            if self.is_sqlite:
                await session.execute(text("BEGIN IMMEDIATE"))
            yield UnitOfWork(session)
            await session.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that only reads; what it read stays usable afterwards."""
        async with self._session() as session:
            if self.is_sqlite:
                await session.execute(text("BEGIN"))
            yield UnitOfWork(session)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        try:
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                yield session
        except IntegrityError as error:
            raise Conflict("Somebody else changed this at the same moment.", advice="Try again.") from error
        except (DBAPIError, PoolTimeout, OSError) as error:
            log.exception("database.failed")
            raise Unavailable("The database does not answer.", advice="Try again in a moment.") from error

    async def revision(self) -> str | None:
        """Return the schema's revision; None for an empty database."""
        async with self.read() as tx:
            return (await tx.session.execute(text("SELECT version_num FROM alembic_version"))).scalar()

    async def aclose(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
