"""What restore refuses, and that a refusal or a kill leaves everything as it was."""

import fcntl
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import psycopg
import sqlalchemy as sa

from gantry.repositories import migrations
from gantry.repositories.archive import connected
from tests.integration.operations.conftest import Install, Installation
from tests.parts.contents import add_conversation, fill_every_table, writing
from tests.parts.later_version import LATER, later_version

ROOT = Path(__file__).resolve().parents[3]


def test_an_installation_with_data_is_kept(installation: Installation) -> None:
    """Without --replace nothing that is stored can be lost, not even documents alone."""
    backup = str(installation.data / "all.tar")
    installation.service.backup(backup)
    (installation.data / "documents").mkdir()
    (installation.data / "documents" / "mine").write_text("mine")
    code, told = installation.run("restore", backup)
    assert (code, "not empty" in told, "--replace" in told) == (1, True, True)
    (installation.data / "documents" / "mine").unlink()
    fill_every_table(installation.database_url, rows=1)
    code, told = installation.run("restore", backup)
    assert (code, "not empty" in told) == (1, True)


def test_an_older_archive_is_migrated(installation: Installation, install: Install, tmp_path: Path) -> None:
    """An archive of an older revision is restored as it was, then brought to this version; rows are kept."""
    old = install("sqlite")
    fill_every_table(old.database_url)
    backup = str(old.data / "all.tar")
    made = old.service.backup(backup).manifest
    with later_version(tmp_path):
        assert installation.service.restore(backup, replace=False).rows == made.rows
        assert migrations.current(installation.database_url) == LATER
        installation.service.restore(
            backup, replace=True
        )  # also over a database that is later than the archive
        assert migrations.current(installation.database_url) == LATER
        code, told = installation.run("verify", backup, "--against-database")
    assert (code, "cannot be compared" in told) == (1, True)
    with connected(installation.database_url) as connection:
        titles = connection.execute(sa.text("SELECT DISTINCT title FROM conversation")).scalars().all()
    assert titles == ["migrated"]


def test_an_archive_of_a_later_version_is_refused(installation: Installation, tmp_path: Path) -> None:
    """An archive whose schema this version does not know is refused, with the version to install."""
    with later_version(tmp_path):
        migrations.upgrade(installation.database_url)
    backup = str(installation.data / "all.tar")
    installation.service.backup(backup)
    code, told = installation.run("restore", backup, "--replace", "--yes")
    assert (code, LATER in told, "Install that version" in told) == (1, True, True)
    assert installation.run("verify", backup)[0] == 0


def test_a_running_gantry_is_not_overwritten(install: Install) -> None:
    """On one machine the lock of the process that serves keeps restore away."""
    installation = install("sqlite")
    backup = str(installation.data / "all.tar")
    installation.service.backup(backup)
    with (installation.data / "gantry.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, told = installation.run("restore", backup)
    assert (code, "Gantry is running" in told, "Stop it" in told) == (1, True, True)
    assert installation.run("restore", backup)[0] == 0


def test_open_connections_keep_restore_away(install: Install) -> None:
    """On PostgreSQL a connection of the application keeps restore away."""
    installation = install("postgresql")
    backup = str(installation.data / "all.tar")
    installation.service.backup(backup)
    with psycopg.connect(installation.database_url):
        code, told = installation.run("restore", backup)
    assert (code, "1 other connections" in told, "docker compose stop" in told) == (1, True, True)
    assert installation.run("restore", backup)[0] == 0


def test_a_writer_is_not_waited_for_for_ever(install: Install) -> None:
    """On SQLite a transaction of somebody else ends the restore with a sentence, and nothing is changed."""
    installation = install("sqlite")
    backup = str(installation.data / "all.tar")
    installation.service.backup(backup)
    fill_every_table(installation.database_url, rows=2)
    with writing(installation.database_url) as connection:
        connection.execute(sa.text("UPDATE account SET name = 'kept'"))
        code, told = installation.run("restore", backup, "--replace", "--yes")
    assert (code, "nothing has been changed" in told) == (1, True)
    with connected(installation.database_url) as connection:
        assert connection.execute(sa.text("SELECT DISTINCT name FROM account")).scalar_one() == "kept"


def test_a_row_that_does_not_fit_changes_nothing(installation: Installation, install: Install) -> None:
    """A reference to a row that is not there is found before anything is replaced."""
    broken = install("sqlite")
    fill_every_table(broken.database_url, rows=2)
    with connected(broken.database_url) as connection:
        connection.execute(sa.text("PRAGMA foreign_keys=OFF"))
        connection.execute(sa.text("BEGIN"))
        connection.execute(sa.text("DELETE FROM collection"))
        connection.commit()
    backup = str(broken.data / "all.tar")
    broken.service.backup(backup)
    fill_every_table(installation.database_url, rows=3)
    before = str(installation.data / "before.tar")
    installation.service.backup(before)
    code, told = installation.run("restore", backup, "--replace", "--yes")
    assert code == 1, told
    assert all(row.equal for row in installation.service.compare(before))


def test_a_killed_restore_leaves_the_old_data(installation: Installation, install: Install) -> None:
    """SIGKILL while rows are written: everything is as before, and the next restore works."""
    large = install("sqlite")
    fill_every_table(large.database_url, rows=1)
    with writing(large.database_url) as connection:
        account = connection.execute(sa.text("SELECT id FROM account")).scalar_one()
        for _ in range(30):
            add_conversation(connection, UUID(account), messages=100)
    backup = str(large.data / "all.tar")
    large.service.backup(backup)
    fill_every_table(installation.database_url, rows=3)
    before = str(installation.data / "before.tar")
    installation.service.backup(before)
    # The process stops itself in the middle of the largest table, so that the kill is sure to come in time.
    program = f"""
import os, signal, sys
from gantry.adapters.archive.reader import TarReader
whole = TarReader.lines
passes = []
def lines(self, table):
    passes.append(table.layout.name)
    for number, line in enumerate(whole(self, table)):
        if number == 2000 and passes.count("message") == 2:
            print("half-way", flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)
        yield line
TarReader.lines = lines
from gantry.cli.main import main
sys.exit(main(["restore", {backup!r}, "--replace", "--yes"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=installation.environment,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half-way\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    process.stdout.close()
    assert all(row.equal for row in installation.service.compare(before))
    deadline = time.monotonic() + 10  # until PostgreSQL has noticed that the connection is gone
    while (done := installation.run("restore", backup, "--replace", "--yes"))[
        0
    ] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert done[0] == 0, done[1]
    assert all(row.equal for row in installation.service.compare(backup))
    assert not list(installation.data.glob("*restoring*"))
