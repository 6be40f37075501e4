"""What ``serve`` and ``doctor`` say of an installation that cannot work: a sentence and a next step, never a traceback."""

import fcntl
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gantry import bootstrap
from gantry.adapters.machine import require_space
from gantry.domain.errors import Unavailable
from gantry.repositories.database import Database
from tests.factories import make_account
from tests.integration.operations.conftest import Install
from tests.parts.ports import free_port

SERVE = ("serve", "--backend-only", "--port", "0")


def damaged(database: Path) -> None:
    database.write_bytes(b"SQLite format 3\0" + b"\x07" * 8000)


def truncated(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:5000])


def text(database: Path) -> None:
    database.write_text("This is no database. " * 500)


def foreign(database: Path) -> None:
    database.unlink()
    with sqlite3.connect(database) as other:
        other.execute("CREATE TABLE invoices (id INTEGER)")
    other.close()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (damaged, "is damaged"),
        (truncated, "is damaged"),
        (text, "is damaged, or the file is something else"),
        (foreign, "tables such as invoices"),
    ],
)
def test_a_file_that_is_not_gantrys_database(
    install: Install, spoil: Callable[[Path], None], told: str
) -> None:
    """It is refused and left as it is, and the doctor says the same."""
    installation = install("sqlite")
    database = installation.data / "gantry.db"
    spoil(database)
    before = database.read_bytes()
    code, said = installation.run(*SERVE)
    assert (code, told in said, "Traceback" in said) == (1, True, False), said
    assert database.read_bytes()[100:] == before[100:]  # what stands before is SQLite's own account
    code, said = installation.run("doctor")
    assert (code, "Start it, or correct" in said) == (1, False), said


def test_a_damage_inside_is_found(install: Install) -> None:
    """Also where no start would stumble over it, the doctor does; it says nothing of a server to start."""
    installation = install("sqlite")
    database = installation.data / "gantry.db"
    content = bytearray(database.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    content[-page:] = b"\x07" * page
    database.write_bytes(content)
    code, said = installation.run("doctor")
    assert (code, "is damaged" in said) == (1, True), said
    assert "restore FILE --replace" in said
    assert "Start it, or correct" not in said


def test_the_doctor_leaves_embedded_vectors_of_a_running_one_alone(install: Install) -> None:
    """Also with PostgreSQL: it asks for no reindex, which would not be let in either."""
    installation = install("postgresql")
    with installation.serving():
        _code, said = installation.run("doctor")
    assert "ok    search: Gantry is running and compares its vectors by itself" in said, said
    assert "reindex" not in said


def test_a_postgresql_that_is_away_refuses_or_is_empty(install: Install, postgres_url: str) -> None:
    """One sentence instead of the driver's hundred lines; the password is in none of them."""
    installation = install("sqlite")
    away = f"postgresql://gantry:tops3cret@127.0.0.1:{free_port()}/gantry"
    code, said = installation.run(*SERVE, DATABASE_URL=away)
    assert code == 1
    assert "does not answer. Start it, or correct DATABASE_URL." in said
    assert "tops3cret" not in said
    assert len(said.splitlines()) < 5
    missing = postgres_url.rpartition("/")[0] + "/not_there"
    code, said = installation.run(*SERVE, DATABASE_URL=missing)
    assert (code, "does not exist" in said) == (1, True), said


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"ADMIN_EMAIL": "ada@example.org", "ADMIN_PASSWORD": "short"}, "ADMIN_PASSWORD: "),
        ({"ADMIN_EMAIL": "ada", "ADMIN_PASSWORD": "a good long password"}, "ADMIN_EMAIL: "),
        ({"HOST": "192.0.2.7"}, "HOST: 192.0.2.7 is not an address of this machine"),
        ({"HOST": "no-such-host.invalid"}, "HOST: no-such-host.invalid is not an address"),
    ],
)
def test_settings_that_cannot_work(install: Install, settings: dict[str, str], told: str) -> None:
    """Each is named before anything is begun."""
    code, said = install("sqlite").run(*SERVE, **settings)
    assert (code, told in said, "Traceback" in said) == (1, True, False), said


def test_a_port_in_use_is_told_from_a_wrong_address(install: Install) -> None:
    """Then another port is the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = install("sqlite").run("serve", "--backend-only", "--port", str(taken.getsockname()[1]))
    assert (code, "is in use" in said) == (1, True), said


def test_a_second_one_on_the_same_data_ends(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for one that is just stopping, then says so."""
    monkeypatch.setattr(bootstrap, "STOPPING_SECONDS", 0.2)
    installation = install("sqlite")
    with (installation.data / "gantry.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = installation.run(*SERVE)
    assert (code, "already running" in said) == (1, True), said


async def test_a_full_disk_is_called_by_its_name(install: Install) -> None:
    """People are not told to try again in a moment; who runs it is not told to change owners."""
    installation = install("sqlite")
    async with Database(installation.database_url) as database:
        with pytest.raises(Unavailable) as caught:  # noqa: PT012
            async with database.begin() as tx:
                pages = await tx.session.connection()
                await pages.exec_driver_sql("PRAGMA max_page_count = 1")
                for number in range(2000):
                    await make_account(tx, f"{number}@example.org")
        assert "disk is full" in caught.value.public
        assert "administrator" in caught.value.advice
    with pytest.raises(Unavailable, match="disk is full"):
        require_space(installation.data, least_bytes=1 << 62)
