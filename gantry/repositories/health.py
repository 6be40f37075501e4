"""What an examination asks the database."""

import time

import sqlalchemy as sa

from gantry.repositories import migrations
from gantry.repositories.archive import require_file
from gantry.repositories.connecting import connected


def look(database_url: str) -> tuple[str, float]:
    """Return the name of the engine, and by how many seconds its clock is ahead of ours.

    Raises:
        Unavailable: It does not answer.
        WrongSchema: It has not the schema of this version.
    """
    require_file(database_url)
    with connected(database_url) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        begun = time.time()
        theirs = begun if is_sqlite else connection.execute(_CLOCK).scalar_one()
        ours = begun if is_sqlite else (begun + time.time()) / 2
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
        migrations.require_head(migrations.revision_inside(connection))
    return f"{'SQLite' if is_sqlite else 'PostgreSQL'} {version}", float(theirs) - ours


def check_file(database_url: str) -> str:
    """Return what SQLite finds wrong with its file, which is read whole; "" when it is sound.

    Raises:
        Unavailable: It cannot be read.
    """
    require_file(database_url)
    with connected(database_url) as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    return "" if found == "ok" else str(found)


_CLOCK = sa.text("SELECT extract(epoch FROM clock_timestamp())")
