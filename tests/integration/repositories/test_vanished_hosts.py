"""What connections to PostgreSQL do about a host that vanishes."""

from typing import Any

import pytest
from sqlalchemy import text

from gantry.repositories.connecting import connected
from gantry.repositories.database import Database, engine_url, watched


async def settings_of(database_url: str) -> tuple[dict[str, Any], str]:
    """Return how a process that serves has connected, and how long it may be idle in a transaction."""
    async with Database(database_url) as database, database.read() as tx:
        raw = await (await tx.session.connection()).get_raw_connection()
        given: Any = raw.driver_connection
        idle = (await tx.session.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one()
        return given.info.get_parameters(), idle


async def test_nobody_waits_hours_for_a_host_that_vanished(postgres_url: str) -> None:
    """The server lets go of its locks after a minute, and the client of the server after half of one."""
    given, idle = await settings_of(postgres_url)
    assert idle == "1min"
    assert (given["connect_timeout"], given["keepalives_idle"], given["tcp_user_timeout"]) == (
        "10",
        "10",
        "30000",
    )


async def test_what_the_address_names_stays(postgres_url: str) -> None:
    """DATABASE_URL has the last word."""
    theirs = (
        "connect_timeout=4&options=-c%20idle_in_transaction_session_timeout%3D5s%20-c%20lock_timeout%3D7s"
    )
    given, idle = await settings_of(f"{postgres_url}?{theirs}")
    assert (given["connect_timeout"], given["keepalives_idle"], idle) == ("4", "10", "5s")
    async with Database(f"{postgres_url}?{theirs}") as database, database.read() as tx:
        assert (await tx.session.execute(text("SHOW lock_timeout"))).scalar_one() == "7s"


def test_a_migration_and_a_backup_may_be_idle(postgres_url: str) -> None:
    """They may have long work between two statements."""
    with connected(postgres_url) as connection:
        idle = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    assert idle == "0"


def test_a_pooler_that_takes_no_options_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an empty one in the environment, instead of which ours do not come."""
    monkeypatch.delenv("PGOPTIONS", raising=False)
    assert "options" in watched(engine_url("postgresql://db/gantry"))
    assert "options" not in watched(engine_url("postgresql://db/gantry?options=-csearch_path%3Dgantry"))
    for theirs in ("", "-c search_path=gantry"):
        monkeypatch.setenv("PGOPTIONS", theirs)
        assert "options" not in watched(engine_url("postgresql://db/gantry"))
