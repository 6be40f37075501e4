"""What a migration would do: its SQL, and a trial on a copy."""

import io
import sqlite3
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from alembic import command
from alembic.util import CommandError
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from gantry.domain.errors import NotAllowed
from gantry.repositories import migrations
from gantry.repositories.archive import is_there, snapshot
from gantry.repositories.archive_fill import filling
from gantry.repositories.connecting import connected
from gantry.repositories.database import engine_url


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a migration went on a copy; *failure* is empty when it went well."""

    before: str
    after: str
    rows_before: dict[str, int]
    rows_after: dict[str, int]
    copy_seconds: float
    seconds: float
    drift: tuple[str, ...] = ()
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether the copy has the schema of this version now."""
        return not self.failure and not self.drift


def upgrade_sql(database_url: str) -> str:
    """Return the statements that would bring the database to this version; empty when there are none."""
    found = migrations.current(database_url) if is_there(database_url) else None
    migrations.require_known(found)
    if found == migrations.head():
        return ""
    if engine_url(database_url).get_backend_name() == "sqlite":
        return _traced(found)
    config = migrations.config()
    config.output_buffer = io.StringIO()
    config.attributes["url"] = "postgresql+psycopg://"
    command.upgrade(config, f"{found or 'base'}:head", sql=True)
    return config.output_buffer.getvalue()


def _traced(found: str | None) -> str:
    """Return what SQLite is told when an empty database is migrated: some of it depends on what is there."""
    told: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/schema.db"
        if found is not None:
            migrations.upgrade(url, found)
        with connected(url) as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - it has just been opened
            driver.set_trace_callback(told.append)
            migrations.upgrade_inside(connection)
            driver.set_trace_callback(None)
    return "".join(f"{statement.strip()};\n\n" for statement in told if _changes(statement))


def _changes(statement: str) -> bool:
    """Whether a statement does more than read; what SQLite reports of its own work is a comment."""
    words = statement.lstrip().upper()
    return not words.startswith(("SELECT", "--")) and (not words.startswith("PRAGMA") or "=" in words)


def rehearse(database_url: str) -> Rehearsal:
    """Migrate a copy of the database, and compare.

    Raises:
        WrongSchema: There is nothing to copy, or it is of a later version.
        NotAllowed: On PostgreSQL the role may not create databases.
    """
    with snapshot(database_url) as source:
        before = source.revision
    migrations.require_known(before)
    begun = time.monotonic()
    with _copied(database_url) as copy:
        rows_before = _counted(copy)
        copied = time.monotonic()
        failure = _migrated(copy)
        ended = time.monotonic()
        return Rehearsal(
            before=before,
            after=migrations.current(copy) or "",
            rows_before=rows_before,
            rows_after=_counted(copy),
            copy_seconds=copied - begun,
            seconds=ended - copied,
            drift=() if failure else tuple(migrations.drift(copy)),
            failure=failure,
        )


def _migrated(url: str) -> str:
    try:
        migrations.upgrade(url)
    except (SQLAlchemyError, CommandError) as error:
        return str(getattr(error, "orig", None) or error)
    return ""


def _counted(url: str) -> dict[str, int]:
    with snapshot(url) as source:
        return {layout.name: source.count(layout) for layout in source.layouts}


@contextmanager
def _copied(database_url: str) -> Generator[str]:
    url = engine_url(database_url, sync=True)
    copying = _sqlite_copy(url) if url.get_backend_name() == "sqlite" else _postgresql_copy(url)
    with copying as copy:
        yield copy


@contextmanager
def _sqlite_copy(url: sa.URL) -> Generator[str]:
    path = Path(url.database or "")
    with tempfile.TemporaryDirectory(
        prefix="rehearsal-", dir=path.parent
    ) as folder:  # where there is room for it
        copy = Path(folder) / path.name
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield f"sqlite:///{copy}"


@contextmanager
def _postgresql_copy(url: sa.URL) -> Generator[str]:
    """Fill a database of its own: copying it as a template would need everybody to leave."""
    name = f"gantry_rehearsal_{uuid4().hex[:8]}"
    address = url.render_as_string(hide_password=False)
    _run_alone(address, f'CREATE DATABASE "{name}"')
    try:
        copy = url.set(database=name).render_as_string(hide_password=False)
        with snapshot(address) as source:
            migrations.upgrade(copy, source.revision)
            with filling(copy, source.revision, stay=True) as fill:
                for layout in source.layouts:
                    fill(layout, source.lines(layout))
        yield copy
    finally:
        with suppress(NotAllowed):
            _run_alone(address, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run_alone(url: str, statement: str) -> None:
    """Run what PostgreSQL runs outside of transactions only."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
    except ProgrammingError as error:
        raise NotAllowed(
            "A rehearsal needs a database of its own, and the role of DATABASE_URL may not create one.",
            advice="Let an administrator run, for as long as it takes: ALTER ROLE … CREATEDB",
        ) from error
    finally:
        engine.dispose()
