"""One connection without a pool or an event loop, for the command line; what fails is said to who runs the installation."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from gantry.repositories import sqlite
from gantry.repositories.database import engine_url
from gantry.repositories.faults import DatabaseFault, fault_of, for_operators


@contextmanager
def connected(database_url: str) -> Generator[sa.Connection]:
    """Yield one connection. A statement that is wrong raises what SQLAlchemy raises.

    Raises:
        Unavailable: The database failed; it says why, and what to do.
    """
    url = engine_url(database_url, sync=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", sqlite.configure)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        if _is_of_the_database(error):
            raise for_operators(error, url) from error
        raise
    finally:
        engine.dispose()


def _is_of_the_database(error: DBAPIError) -> bool:
    """Whether the database failed, and not the statement alone: no connection begins with a statement."""
    return (
        error.statement is None or error.connection_invalidated or fault_of(error) is not DatabaseFault.AWAY
    )


@contextmanager
def for_writing(path: Path) -> Generator[None]:
    """Say of what the system refuses beside the SQLite file *path* that the database cannot be written."""
    try:
        yield
    except OSError as error:
        raise for_operators(error, engine_url(f"sqlite:///{path}")) from error
