"""Bringing the database to this version's schema, and refusing one that is not."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from gantry.domain.errors import WrongSchema
from gantry.models import Row
from gantry.repositories.database import configure_sqlite, engine_url

_ROOT = Path(__file__).resolve().parents[2]


def _config() -> Config:
    config = Config(_ROOT / "alembic.ini")
    config.set_main_option("script_location", str(_ROOT / "alembic"))
    return config


def head() -> str:
    """Return the revision this version of Gantry works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


@contextmanager
def _one_at_a_time(url: sa.URL) -> Generator[None]:
    """Hold a lock beside an SQLite file; PostgreSQL has its advisory lock (alembic/env.py)."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        yield
        return
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _connected(database_url: str) -> Generator[sa.Connection]:
    url = engine_url(database_url, sync=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", configure_sqlite)
    try:
        with _one_at_a_time(url), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def upgrade(database_url: str, revision: str = "head") -> None:
    """Migrate up to *revision*; several processes may call it at once."""
    config = _config()
    with _connected(database_url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database_url: str, revision: str) -> None:
    """Migrate down to *revision* (``base``: to nothing)."""
    config = _config()
    with _connected(database_url) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def write_revision(database_url: str, message: str) -> None:
    """Write a migration from what the tables have and the database has not."""
    config = _config()
    with _connected(database_url) as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True)


def drift(database_url: str) -> list[str]:
    """Return how the migrated database differs from the tables; empty when it does not."""
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
    """Return the database's revision, or None when it has none."""
    with _connected(database_url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_head(revision: str | None) -> None:
    """Refuse a database whose revision is not this version's.

    Raises:
        WrongSchema: Older, newer or empty; the advice names the command to run.
    """
    if revision == head():
        return
    require_known(revision)
    raise WrongSchema(
        "The database has an older schema than this version of Gantry.",
        advice="Run: python -m gantry migrate",
    )


def require_known(revision: str | None) -> None:
    """Raise WrongSchema for a revision of a later version, which this one cannot migrate."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise WrongSchema(
            "The database has a newer schema than this version of Gantry.",
            advice="Install the newer version of Gantry again, or restore a backup.",
        )
