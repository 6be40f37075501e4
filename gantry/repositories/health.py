"""What an examination asks the database."""

import time

import sqlalchemy as sa

from gantry.repositories import migrations
from gantry.repositories.archive import connected, require_file


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


_CLOCK = sa.text("SELECT extract(epoch FROM clock_timestamp())")
