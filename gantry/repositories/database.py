"""The database: one engine for each process, short transactions, both dialects."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm.exc import StaleDataError

from gantry.domain.errors import Conflict, Invalid
from gantry.domain.messages import _
from gantry.repositories import sqlite
from gantry.repositories.faults import cannot_be_stored, for_people
from gantry.repositories.unit import UnitOfWork

# Of PostgreSQL's client: a server whose host has vanished is given up within half a minute, where the system would take hours.
_WATCHED = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}
# Should this host vanish in the middle of a transaction, the server lets go of what it holds.
_LETS_GO = "-c idle_in_transaction_session_timeout=60s"

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


def watched(url: URL) -> dict[str, Any]:
    """Return how a process that serves connects to PostgreSQL at *url*, apart from what that says itself.

    Not for what may be idle in the middle of a transaction, such as a backup.
    """
    named = {name: value for name, value in _WATCHED.items() if name not in url.query}
    # What is given here would come instead of theirs. A pooler that takes no options gets none where PGOPTIONS is empty.
    theirs = "options" in url.query or "PGOPTIONS" in os.environ
    return named if theirs else named | {"options": _LETS_GO}


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
        self.commits = 0  # of transactions that may have written
        self._awaiting: set[asyncio.Future[None]] = set()

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
                connect_args=watched(self._url),
                pool_size=10,
                max_overflow=10,
                pool_pre_ping=True,
                json_serializer=_json,
                hide_parameters=True,  # they hold what people write
            )
        if self._url.database and self._url.database != ":memory:":
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(
            self._url,
            connect_args={"async_creator_fn": sqlite.SqliteConnection},
            pool_size=6,
            max_overflow=4,
            pool_use_lifo=True,  # few of them hold pages in memory
            json_serializer=_json,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "connect", sqlite.configure)
        return engine

    @asynccontextmanager
    async def begin(self, *, news: bool = True, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that may write; commits at the end, rolls back on any exception.

        Args:
            news: Somebody may have to do something about what is stored (``committed``).
            brief: Every statement finds its few rows by a key. SQLite then runs them at once, which costs a third less than
                going to a thread for each; nothing else in this process goes on meanwhile.

        Raises:
            Conflict: A unique rule was broken, or a row to be changed is gone: somebody else got there first.
            Unavailable: The database did not answer, or stayed busy for five seconds.
        """
        async with self._writing, self._session(writes=True, brief=brief) as session:
            yield UnitOfWork(session)
            try:
                await session.commit()
            finally:  # also where nobody waits any more: it may be stored all the same
                if news:
                    self._tell()

    def _tell(self) -> None:
        self.commits += 1
        for future in self._awaiting:
            if not future.done():
                future.set_result(None)
        self._awaiting.clear()

    def committed(self, seconds: float) -> Awaitable[None]:
        """Return what waits until this process has stored something from now on, or *seconds* have passed."""
        return self._committed(self.commits, seconds)

    async def _committed(self, since: int, seconds: float) -> None:
        if self.commits != since:
            return
        future = asyncio.get_running_loop().create_future()
        self._awaiting.add(future)
        try:
            await asyncio.wait({future}, timeout=seconds)
        finally:
            self._awaiting.discard(future)

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that only reads; what it read stays usable afterwards. *brief* as in `begin`."""
        async with self._session(writes=False, brief=brief) as session:
            yield UnitOfWork(session)

    @asynccontextmanager
    async def _session(self, *, writes: bool, brief: bool) -> AsyncIterator[AsyncSession]:
        try:
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                if self.is_sqlite:
                    async with _begun(session, writes=writes, brief=brief):
                        yield session
                else:
                    yield session
        except (IntegrityError, StaleDataError) as error:  # a rule was broken, or a row that was read is gone
            raise Conflict(
                _("Someone else changed this at the same time."), advice=_("Try again.")
            ) from error
        except DataError as error:
            if not cannot_be_stored(error):
                raise for_people(error) from error
            raise Invalid(_("A text in this request holds NUL, which cannot be stored.")) from error
        except (DBAPIError, PoolTimeout, OSError) as error:
            log.exception("database.failed")
            raise for_people(error) from error

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


@asynccontextmanager
async def _begun(session: AsyncSession, *, writes: bool, brief: bool) -> AsyncIterator[None]:
    """Begin a transaction of SQLite."""
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection  # a SqliteConnection, as the engine makes them
    if writes:
        await session.execute(text("BEGIN IMMEDIATE"))  # waits for other processes
    else:
        driver.begin_reading()
    driver.brief = brief
    try:
        yield
    finally:
        driver.brief = False
