"""Bringing the database to this version's schema, and refusing one that is not.

Alembic is imported by what it does: a server whose database has its schema starts 0.1 s sooner and 5 MB smaller without it.
"""

import fcntl
import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gantry.domain.errors import WrongSchema
from gantry.models import Row
from gantry.places import root, typed
from gantry.repositories import words
from gantry.repositories.connecting import connected, for_writing
from gantry.repositories.database import engine_url

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_ROOT = root()
_NAMED = re.compile(r"""^(down_)?revision\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)


def config() -> "Config":
    """Return Alembic's configuration."""
    from alembic.config import Config  # noqa: PLC0415

    made = Config(_ROOT / "alembic.ini")
    made.set_main_option("script_location", str(_ROOT / "alembic"))
    return made


def head() -> str:
    """Return the revision this version of Gantry works with."""
    return _head_in(_ROOT)


@lru_cache  # asked with every look at the health; the scripts are part of the version
def _head_in(root: Path) -> str:
    found: dict[bool, set[str]] = {True: set(), False: set()}  # by whether another comes after them
    for script in (root / "alembic" / "versions").glob("*.py"):
        for before, revision in _NAMED.findall(script.read_text(encoding="utf-8")):
            found[bool(before)].add(revision)
    last = found[False] - found[True]
    if len(last) > 1:
        raise RuntimeError(
            f"Migrations do not form one line: {', '.join(sorted(last))} have nothing after them."
        )
    return max(last, default="")


def _command() -> Any:
    from alembic import command  # noqa: PLC0415

    return command


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return ScriptDirectory.from_config(config())


@contextmanager
def _turn(url: sa.URL) -> Generator[None]:
    """Hold a lock beside an SQLite file; PostgreSQL has its advisory lock (alembic/env.py)."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        yield
        return
    with one_at_a_time(Path(url.database)):
        yield


@contextmanager
def one_at_a_time(path: Path) -> Generator[None]:
    """Keep others from migrating the SQLite file *path* for the duration of the block."""
    with for_writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".migrating").open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _connected(database_url: str) -> Generator[sa.Connection]:
    with _turn(engine_url(database_url, sync=True)), connected(database_url) as connection:
        yield connection


def upgrade(database_url: str, revision: str = "head") -> None:
    """Migrate up to *revision*; several processes may call it at once."""
    with _connected(database_url) as connection:
        if revision != "head" or revision_inside(connection) != head():
            connection.rollback()  # which the look at the revision began
            setup = config()
            setup.attributes["connection"] = connection
            _command().upgrade(setup, revision)
        if revision == "head":
            connection.rollback()
            _index_words(connection)


def downgrade(database_url: str, revision: str) -> None:
    """Migrate down to *revision* (``base``: to nothing)."""
    setup = config()
    with _connected(database_url) as connection:
        setup.attributes["connection"] = connection
        _command().downgrade(setup, revision)


def upgrade_inside(connection: sa.Connection, revision: str = "head") -> None:
    """Migrate up as a part of the transaction that *connection* is in; its end is the caller's."""
    setup = config()
    setup.attributes["connection"] = connection
    _command().upgrade(setup, revision)
    if revision == "head":
        while words.catch_up(connection):
            pass


def downgrade_inside(connection: sa.Connection, revision: str) -> None:
    """Migrate down as a part of the transaction that *connection* is in; its end is the caller's."""
    setup = config()
    setup.attributes["connection"] = connection
    _command().downgrade(setup, revision)


def revision_inside(connection: sa.Connection) -> str | None:
    """Return the revision as *connection* sees it."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def _index_words(connection: sa.Connection) -> None:
    """Fill the keyword index, a batch in each transaction: nobody waits long, and who is interrupted goes on later."""
    done = 1
    while done:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        done = words.catch_up(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
        connection.commit()


def write_revision(database_url: str, message: str) -> None:
    """Write a migration from what the tables have and the database has not."""
    setup = config()
    with _connected(database_url) as connection:
        setup.attributes["connection"] = connection
        _command().revision(setup, message, autogenerate=True)


def drift(database_url: str) -> list[str]:
    """Return how the migrated database differs from the tables; empty when it does not."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with _connected(database_url) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": lambda _item, name, kind, reflected, _other: (
                    not (reflected and kind in {"table", "index"} and str(name).startswith("fts_"))
                ),
                "target_metadata": Row.metadata,
            },
        )
        return [str(change) for change in compare_metadata(context, Row.metadata)]


def current(database_url: str) -> str | None:
    """Return the database's revision, or None when it is empty.

    Raises:
        WrongSchema: It has tables that are not Gantry's.
    """
    with _connected(database_url) as connection:
        revision = revision_inside(connection)
        tables = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
        if revision is None and tables:
            raise WrongSchema(
                f"The database holds something else: tables such as {', '.join(tables[:3])}.",
                advice="Correct DATABASE_URL: Gantry needs a database of its own.",
            )
        return revision


def move_to(database_url: str, revision: str) -> None:
    """Migrate up or down to *revision*.

    Raises:
        WrongSchema: This version does not know the way.
    """
    found = current(database_url)
    require_known(found)
    if not knows(revision):
        raise WrongSchema(f"This version of Gantry does not know the schema {revision}.")
    before = () if found is None else _scripts().iterate_revisions(found, "base")
    if any(script.revision == revision for script in before):
        downgrade(database_url, revision)
    else:
        upgrade(database_url, revision)


def require_head(revision: str | None) -> None:
    """Refuse a database whose revision is not this version's.

    Raises:
        WrongSchema: Older, newer or empty; the advice names the command to run.
    """
    if revision == head():
        return
    require_known(revision)
    if revision is None:
        raise WrongSchema("The database is empty.", advice=f"Run: {typed('migrate')}")
    raise WrongSchema(
        "The database has an older schema than this version of Gantry.",
        advice=f"Run: {typed('migrate')}",
    )


def require_known(revision: str | None) -> None:
    """Raise WrongSchema for a revision of a later version, which this one cannot migrate."""
    if revision is not None and not knows(revision):
        raise WrongSchema(
            "The database has a newer schema than this version of Gantry.",
            advice="Install the newer version of Gantry again, or restore a backup.",
        )


def knows(revision: str) -> bool:
    """Whether this version can migrate from *revision*."""
    return any(script.revision == revision for script in _scripts().walk_revisions())
