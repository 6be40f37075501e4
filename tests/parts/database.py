"""Migrated, empty databases of both kinds: a template is migrated once and copied for each test."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from gantry.repositories import migrations
from gantry.repositories.database import Database
from tests.parts.postgres import running_postgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrations.upgrade(f"sqlite:///{path}")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Yield the URL of a real server's maintenance database."""
    with running_postgres() as url:
        yield url


def with_database(url: str, name: str) -> str:
    """Return *url* with another database name."""
    return f"{url.rsplit('/', 1)[0]}/{name}"


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """Return the name of a migrated, empty database on the server."""
    name = f"template_{uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrations.upgrade(with_database(postgres_url, name))
    return name


@contextlib.contextmanager
def fresh_postgres(server_url: str, template: str) -> Iterator[str]:
    """Yield the URL of a copy of *template*; dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as server:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield with_database(server_url, name)
    finally:
        with psycopg.connect(server_url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of a migrated, empty database; each test that asks runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "gantry.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_url")
    with fresh_postgres(server, request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture
async def database(database_url: str):
    """Yield a migrated, empty database, opened."""
    async with Database(database_url) as database:
        yield database
