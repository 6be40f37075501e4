"""Backups of a database that is being written, of a large one, and on a disk that is full."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from gantry.adapters.archive.store import TarArchives
from gantry.adapters.archive.writer import TarWriter
from gantry.domain.archive import ArchivedTable, Layout
from gantry.repositories.archive import connected
from tests.integration.operations.conftest import Install, Installation
from tests.parts.contents import add_conversation, add_messages, fill_every_table, writing

ROOT = Path(__file__).resolve().parents[3]
STOP_SECONDS = 5.0

WRITER = """
import sys
from uuid import UUID
from tests.parts.contents import add_conversation, writing
while True:
    with writing(sys.argv[1]) as connection:
        add_conversation(connection, UUID(sys.argv[2]), messages=20)
"""


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something holds; fail when *process* ends before."""
    deadline = time.monotonic() + 40
    while not true():
        assert process.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def first_account(installation: Installation) -> UUID:
    with connected(installation.database_url) as connection:
        return UUID(str(connection.execute(sa.text("SELECT id FROM account LIMIT 1")).scalar_one()))


def messages(installation: Installation) -> int:
    with connected(installation.database_url) as connection:
        return connection.execute(sa.text("SELECT count(*) FROM message")).scalar_one()


class UnhurriedArchives(TarArchives):
    """Archives that let others write between any two tables: ``pause`` returns when they have."""

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause

    @contextmanager
    def create(self, path: str, created_at: datetime) -> Iterator[TarWriter]:
        with super().create(path, created_at) as archive:
            add_table = archive.add_table

            def add_and_pause(layout: Layout, lines: Iterable[bytes]) -> ArchivedTable:
                made = add_table(layout, lines)
                self._pause()
                return made

            archive.add_table = add_and_pause
            yield archive


def test_a_backup_is_one_moment(installation: Installation, install: Install) -> None:
    """While another process keeps adding conversations, a backup holds whole ones only."""
    fill_every_table(installation.database_url, rows=3)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, installation.database_url, str(first_account(installation))],
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )

    def wait_for_more() -> None:
        before = messages(installation)
        wait_until(lambda: messages(installation) > before, writer)

    unhurried = replace(installation.service, store=UnhurriedArchives(wait_for_more))
    try:
        wait_for_more()
        backups = [str(installation.data / f"{number}.tar") for number in range(2)]
        rows = [unhurried.backup(backup).manifest.rows for backup in backups]
    finally:
        writer.kill()
        writer.wait(10)
    assert rows[0] < rows[1]
    target = install("postgresql")
    for backup in backups:
        target.service.restore(backup, replace=True)  # which refuses references to nothing
        with connected(target.database_url) as connection:
            counted = connection.execute(
                sa.text("SELECT DISTINCT count(*) FROM message GROUP BY conversation_id HAVING count(*) > 3")
            )
            assert set(counted.scalars()) <= {20, 40}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_data(install: Install) -> None:
    """Backup, verify and restore of 25,000 messages stay within 40 MB more than those of nothing.

    On PostgreSQL, whose driver would fetch a whole table if it were let.
    """
    installation = install("postgresql")
    backup = str(installation.data / "all.tar")
    program = """
import resource, sys
from gantry.cli.main import main
for words in (["backup", "--to", sys.argv[1]], ["verify", sys.argv[1]], ["restore", sys.argv[1], "--replace", "--yes"]):
    assert main(words) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

    def peak_mb() -> int:
        done = subprocess.run(
            [sys.executable, "-c", program, backup],
            env=installation.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        Path(backup).unlink()
        return int(done.stdout.split()[-1])

    small = peak_mb()
    fill_every_table(installation.database_url, rows=1)
    with writing(installation.database_url) as connection:
        owner = UUID(str(connection.execute(sa.text("SELECT id FROM account")).scalar_one()))
        conversation = add_conversation(connection, owner, messages=1)
        add_messages(connection, owner, conversation, 25_000)
    large = peak_mb()
    assert large - small <= 40, f"{small} MB empty, {large} MB with 25,000 messages"


def test_a_full_disk_leaves_no_file(install: Install) -> None:
    """A backup that cannot be written ends with a sentence, and leaves nothing behind."""
    installation = install("sqlite")
    with writing(installation.database_url) as connection:
        fill = "INSERT INTO quotation (id, passage, sent) VALUES (:id, 'x', :text)"
        connection.execute(sa.text(fill), {"id": "0" * 32, "text": os.urandom(300_000).hex()})
    folder = installation.data / "backups"
    limited = f"ulimit -f 100; trap '' XFSZ; exec {sys.executable} -m gantry backup --to {folder}/"
    done = subprocess.run(
        ["bash", "-c", limited],
        env=installation.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written: File too large." in done.stderr
    assert list(folder.iterdir()) == []


def test_an_unfinished_backup_is_not_named_and_cleared_away(install: Install) -> None:
    """A backup that was killed left no archive; what it left is removed by the next one."""
    installation = install("sqlite")
    folder = installation.data / "backups"
    folder.mkdir()
    left = folder / ".gantry-20260101-000000.tar.123.partial"
    left.write_bytes(b"half")
    assert installation.run("backup")[0] == 0
    assert [file.suffix for file in folder.iterdir()] == [".tar"]


def test_backups_by_the_clock(installation: Installation) -> None:
    """The service makes one at once and then again, keeps the newest, leaves other files alone, and ends on SIGTERM."""
    folder = installation.data / "backups"
    folder.mkdir()
    (folder / "notes.tar").write_text("mine")
    (folder / "gantry-20200101-000000.tar").write_text("old")
    os.utime(folder / "gantry-20200101-000000.tar", (1, 1))
    process = subprocess.Popen(
        [sys.executable, "-m", "gantry", "backup", "--to", str(folder), "--every", "0.0003", "--keep", "2"],
        env=installation.environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: len(list(folder.glob("gantry-2*.tar"))) >= 2, process)
        first = min(folder.glob("gantry-202[1-9]*.tar"))
        wait_until(lambda: not first.exists(), process)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=STOP_SECONDS)[1]
    finally:
        process.kill()
    assert (process.returncode, time.monotonic() - asked < STOP_SECONDS) == (0, True)
    kept = sorted(folder.glob("gantry-*.tar"))
    assert 1 <= len(kept) <= 3
    for file in kept:
        installation.service.verify(str(file))
    assert (folder / "notes.tar").read_text() == "mine"
    assert not list(folder.glob(".*"))
    assert log.count("backup.made") >= 2
    assert "backup.removed" in log
    assert ('"event":"backup.made"' in log) is installation.database_url.startswith("postgresql")


def test_the_age_of_the_newest_backup_is_checked(install: Install) -> None:
    """A container's health check fails without a backup, or with one that is too old, and makes none itself."""
    installation = install("sqlite")
    check = ("backup", "--check", "--every", "24")
    assert installation.run(*check)[0] == 1
    assert installation.run("backup")[0] == 0
    assert installation.run(*check)[0] == 0
    (made,) = (installation.data / "backups").iterdir()
    two_days_ago = time.time() - 48 * 3600
    os.utime(made, (two_days_ago, two_days_ago))
    code, printed = installation.run(*check)
    assert (code, "48.0 hours old" in printed) == (1, True)
    assert list((installation.data / "backups").iterdir()) == [made]


def test_a_failed_backup_is_followed_by_the_next(install: Install) -> None:
    """When the database is away, the service says so in its log and tries again."""
    installation = install("sqlite")
    database = installation.data / "gantry.db"
    hidden = database.rename(installation.data / "hidden.db")
    process = subprocess.Popen(
        [sys.executable, "-m", "gantry", "backup", "--every", "0.0003"],
        env=installation.environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = ""
        while "backup.failed" not in said:
            said = process.stderr.readline()
            assert said, "it ended"
        assert not database.exists()
        hidden.rename(database)
        wait_until(lambda: bool(list((installation.data / "backups").glob("gantry-*.tar"))), process)
    finally:
        process.terminate()
        process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 0


@pytest.mark.parametrize("words", [("--every", "0"), ("--keep", "0"), ("--every", "soon")])
def test_senseless_numbers_are_refused(install: Install, words: tuple[str, str]) -> None:
    """An interval or a number to keep of nothing is a mistake in the command."""
    assert install("sqlite").run("backup", *words)[0] == 2
