"""migrate --dry-run, --rehearse, --show and --to."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from gantry.domain.archive import tally_lines
from gantry.repositories import migrations
from gantry.repositories.archive import connected, snapshot
from tests.integration.operations.conftest import Install, Installation
from tests.parts.contents import fill_every_table
from tests.parts.later_version import LATER, TITLES, later_version


def contents(installation: Installation) -> dict[str, str]:
    """Return the hash of every table, and the revision."""
    with snapshot(installation.database_url) as source:
        hashes = {layout.name: tally_lines(source.lines(layout)).sha256 for layout in source.layouts}
        return {**hashes, "revision": source.revision}


def databases(installation: Installation) -> int:
    """Return how many databases there are on the server, or files beside the database."""
    if installation.database_url.startswith("sqlite"):
        return len(
            [
                file
                for file in installation.data.rglob("*")
                if "wal" not in file.name and "shm" not in file.name
            ]
        )
    with connected(installation.database_url) as connection:
        return connection.execute(sa.text("SELECT count(*) FROM pg_database")).scalar_one()


def test_a_dry_run_prints_the_sql_and_changes_nothing(installation: Installation, tmp_path: Path) -> None:
    """The statements between the database's revision and this version's are printed; nothing is run."""
    fill_every_table(installation.database_url, rows=2)
    before = contents(installation)
    with later_version(tmp_path):
        code, told = installation.run("migrate", "--dry-run")
    assert code == 0, told
    assert f"{TITLES};" in told
    assert f"SET version_num='{LATER}'" in told
    assert "CREATE TABLE account" not in told
    assert contents(installation) == before
    code, told = installation.run("migrate", "--dry-run")
    assert (code, told) == (0, "-- Nothing to do: the schema is that of this version.\n")


def test_the_printed_sql_makes_the_schema(installation: Installation) -> None:
    """From nothing, what is printed can be run by hand, and the result has no drift."""
    migrations.downgrade(installation.database_url, "base")
    code, told = installation.run("migrate", "--dry-run")
    assert code == 0, told
    assert migrations.current(installation.database_url) is None
    if installation.database_url.startswith("sqlite"):
        installation.data.joinpath("gantry.db").unlink()
        with sqlite3.connect(installation.data / "gantry.db") as by_hand:
            by_hand.executescript(told)
        by_hand.close()
    else:
        with psycopg.connect(installation.database_url, autocommit=True) as server:
            server.execute("DROP TABLE alembic_version")
            server.execute(told.encode())
    assert migrations.current(installation.database_url) == migrations.head()
    assert migrations.drift(installation.database_url) == []


def test_a_rehearsal_tells_how_it_went(installation: Installation, tmp_path: Path) -> None:
    """The copy is migrated and removed; the database, and what lies beside it, stay as they were."""
    fill_every_table(installation.database_url)
    before, beside = contents(installation), databases(installation)
    with later_version(tmp_path):
        code, told = installation.run("migrate", "--rehearse")
    assert code == 0, told
    assert f"to {LATER}" in told
    assert "Every table has as many rows as before." in told
    assert "The migration works on this data. Nothing has been changed." in told
    assert (contents(installation), databases(installation)) == (before, beside)


@pytest.mark.parametrize(
    ("statement", "told_reason"),
    [
        ("UPDATE nowhere SET x = 1", "FAILED on the copy"),
        ("DROP INDEX ix_feedback_account_id", "differs from the tables"),
        ("DELETE FROM feedback", "12 → 0 rows"),
    ],
)
def test_a_rehearsal_finds_what_is_wrong(
    installation: Installation, tmp_path: Path, statement: str, told_reason: str
) -> None:
    """A migration that fails, leaves another schema or loses rows is told before it is run."""
    fill_every_table(installation.database_url)
    before, beside = contents(installation), databases(installation)
    with later_version(tmp_path, statement):
        code, told = installation.run("migrate", "--rehearse")
    assert told_reason in told
    assert code == (0 if "rows" in told_reason else 1)
    assert (contents(installation), databases(installation)) == (before, beside)


def test_a_rehearsal_without_the_right_to_make_databases(install: Install) -> None:
    """On PostgreSQL a role that may not create databases is told what it needs."""
    installation = install("postgresql")
    name = f"plain_{installation.database_url.rsplit('_', 1)[1]}"
    role = sql.Identifier(name)
    with psycopg.connect(installation.database_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        server.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
        try:
            url = installation.database_url.replace("//gantry@", f"//{name}@")
            code, told = installation.run("migrate", "--rehearse", DATABASE_URL=url)
        finally:
            server.execute(sql.SQL("DROP OWNED BY {}").format(role))
            server.execute(sql.SQL("DROP ROLE {}").format(role))
    assert (code, "may not create one" in told, "CREATEDB" in told) == (1, True, True)


def test_going_to_a_revision_and_back(installation: Installation, tmp_path: Path) -> None:
    """--show prints this version's revision, --to goes there from above and from below."""
    code, told = installation.run("migrate", "--show")
    assert (code, told) == (0, f"{migrations.head()}\n")
    here = told.strip()
    with later_version(tmp_path):
        assert installation.run("migrate", "--show") == (0, f"{LATER}\n")
        assert installation.run("migrate", "--to", LATER)[0] == 0
        assert migrations.current(installation.database_url) == LATER
        assert installation.run("migrate", "--to", here)[0] == 0
    assert migrations.current(installation.database_url) == here
    code, told = installation.run("migrate", "--to", "99990101_0000")
    assert (code, "does not know" in told) == (1, True)
