"""Filling a database from an archive: all of it or nothing, also when the process is killed."""

import base64
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from gantry.domain.archive import ArchiveRefused, Kind, Layout
from gantry.domain.archive_rows import decode
from gantry.domain.errors import Conflict, Unavailable
from gantry.repositories import migrations, sqlite
from gantry.repositories.archive import TYPES, layouts_of
from gantry.repositories.connecting import connected
from gantry.repositories.database import engine_url

_BATCH_BYTES = 1024 * 1024
_BATCH_ROWS = 500
_FREE_IN_S = 5
Fill = Callable[[Layout, Iterable[bytes]], None]


def filling(database_url: str, revision: str, *, stay: bool = False) -> AbstractContextManager[Fill]:
    """Replace everything with tables of *revision*, which the block fills, and migrate them to this version.

    With *stay* they keep their revision.

    What was there stays until the block has ended well.

    Raises:
        Conflict: Something else uses the database.
        ArchiveRefused: A row or a table does not fit.
    """
    url = engine_url(database_url, sync=True)
    if url.get_backend_name() == "sqlite":
        return _filling_sqlite(Path(url.database or ""), revision, final=revision if stay else "head")
    return _filling_postgresql(database_url, revision, final=revision if stay else "head")


@contextmanager
def _filling_sqlite(path: Path, revision: str, *, final: str) -> Generator[Fill]:
    """Make the new database beside the old one; SQLite's own backup brings it over in one transaction."""
    fresh = path.with_name(f"{path.name}.restoring")
    _remove(fresh)
    address = f"sqlite:///{fresh}"
    try:
        migrations.upgrade(address, revision)
        with connected(address) as connection:
            connection.execute(sa.text("PRAGMA foreign_keys=OFF"))  # a row may stand before what it refers to
            connection.execute(sa.text("PRAGMA synchronous=OFF"))  # whoever is killed here begins anew
            connection.execute(sa.text("BEGIN"))
            known = {layout.name: layout for layout in layouts_of(connection)}
            yield lambda layout, lines: _insert(connection, _known(known, layout), lines)
            broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
            if broken is not None:
                raise ArchiveRefused(f"A row of {broken[0]} refers to one that is not in the archive.")
            connection.execute(sa.text("COMMIT"))
        migrations.upgrade(address, final)
        with migrations.one_at_a_time(path):
            _bring_over(fresh, path)
    finally:
        _remove(fresh)


def _bring_over(fresh: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    source, target = sqlite3.connect(fresh), sqlite3.connect(path)
    try:
        target.execute(f"PRAGMA busy_timeout={sqlite.BUSY_MS}")
        source.backup(target, progress=_refuse_to_wait)
    finally:
        source.close()
        target.close()


def _refuse_to_wait(status: int, _remaining: int, _total: int) -> None:
    """End a copy that has waited for the lock as long as any writer; left alone it would try for ever."""
    if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise Conflict(
            "Something is writing to the database: nothing has been changed.",
            advice="Stop Gantry, then try again.",
        )


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal", ".migrating"):
        with suppress(FileNotFoundError):
            database.with_name(database.name + suffix).unlink()


def _insert(connection: sa.Connection, layout: Layout, lines: Iterable[bytes]) -> None:
    columns = (sa.column(name, TYPES[kind]) for name, kind in layout.columns)
    insert = sa.insert(sa.table(layout.name, *columns))
    rows = iter(lines)
    while batch := [decode(layout, line) for line in _batch(rows)]:
        connection.execute(insert, batch)


def _batch(lines: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for line in islice(lines, _BATCH_ROWS):
        yield line
        size += len(line)
        if size > _BATCH_BYTES:
            return


@contextmanager
def _filling_postgresql(database_url: str, revision: str, *, final: str) -> Generator[Fill]:
    """Do everything in one transaction; COPY checks a table's references to itself when all its rows are there."""
    with connected(database_url) as connection, connection.begin():
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_FREE_IN_S}s'"))
        _refuse_others(connection)
        _make_room(connection, revision)
        known = {layout.name: layout for layout in layouts_of(connection)}
        yield lambda layout, lines: _copy(connection, _known(known, layout), lines)
        migrations.upgrade_inside(connection, final)


def _refuse_others(connection: sa.Connection) -> None:
    others = connection.execute(
        sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    ).scalar_one()
    if others:
        raise Conflict(
            f"Gantry is running: {others} other connections to this database are open.",
            advice="Stop what uses it first, for example: docker compose stop backend backup",
        )


def _make_room(connection: sa.Connection, revision: str) -> None:
    """Empty the tables where they have the right revision already, which keeps what was granted on them."""
    found = migrations.revision_inside(connection)
    if found == revision:
        names = ", ".join(f'"{layout.name}"' for layout in layouts_of(connection))
        connection.execute(sa.text(f"TRUNCATE {names}"))
        return
    if found is not None:
        migrations.require_known(found)
        migrations.downgrade_inside(connection, "base")
    migrations.upgrade_inside(connection, revision)


def _copy(connection: sa.Connection, layout: Layout, lines: Iterable[bytes]) -> None:
    names = ", ".join(f'"{name}"' for name, _kind in layout.columns)
    driver: Any = connection.connection.driver_connection
    kinds = [kind for _name, kind in layout.columns]
    try:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{layout.name}" ({names}) FROM STDIN') as copy:
            for line in lines:
                values = decode(layout, line).values()
                copy.write_row([_copied(kind, value) for kind, value in zip(kinds, values, strict=True)])
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        reason = error.diag.message_primary or type(error).__name__
        raise ArchiveRefused(f"A row of {layout.name} does not fit: {reason}.") from error
    except psycopg.Error as error:
        raise Unavailable("The database failed while it was filled: nothing has been changed.") from error


def _copied(kind: Kind, value: Any) -> Any:
    if value is None or kind is not Kind.BYTES:
        return value
    return "\\x" + base64.b16encode(value).decode()


def _known(known: dict[str, Layout], archived: Layout) -> Layout:
    if known.get(archived.name) != archived:
        raise ArchiveRefused(
            f"The table {archived.name} is not what it is in this version of Gantry.",
            advice="Use the version of Gantry that made the archive.",
        )
    return archived
