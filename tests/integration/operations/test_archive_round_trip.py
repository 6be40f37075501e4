"""backup → wipe → restore → verify, on both engines and across them."""

import asyncio
import json
import subprocess
import tarfile
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from gantry.domain.words import asked
from gantry.models import Row, new_id
from gantry.repositories import migrations
from gantry.repositories.archive import connected
from gantry.repositories.database import Database
from tests.integration.operations.conftest import Install, Installation
from tests.parts.contents import fill_every_table

ENGINES = ("sqlite", "postgresql")
_LARGEST = sa.text("conversation WHERE title = 'Ünïcode & more'")


def add_documents(installation: Installation) -> None:
    """Write documents, among them an empty one and names that sort oddly."""
    folder = installation.data / "documents"
    for name, content in {"ab/cd": b"x" * 700_000, "ab.txt": b"", "ab/Grüße.pdf": b"%PDF", "a": b"1"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_a_restored_backup_has_equal_counts_and_hashes(install: Install, source: str, target: str) -> None:
    """Every row of every table and every document comes back, also on the other engine."""
    old, new = install(source), install(target)
    fill_every_table(old.database_url)
    add_documents(old)
    backup = old.data / "all.tar"
    assert old.run("backup", "--to", str(backup))[0] == 0
    code, told = new.run("restore", str(backup))
    assert (code, "Restored." in told) == (0, True), told
    code, told = new.run("verify", str(backup), "--against-database")
    assert code == 0, told
    assert "DIFFERENT" not in told
    assert files_under(new.data / "documents") == files_under(old.data / "documents")
    assert migrations.drift(new.database_url) == []
    again = new.data / "again.tar"
    assert new.run("backup", "--to", str(again))[0] == 0
    first, second = (old.service.verify(str(file)) for file in (backup, again))
    assert [each for each in second.tables if each.tally.count] == [
        each for each in first.tables if each.layout.name != "auth_session"
    ], "all but the sessions: one that has been ended since the backup must stay ended"
    assert all(table.tally.count >= 12 for table in first.tables)
    # What there is of vectors is not restored but made again.
    assert {table.layout.name for table in first.tables} == set(Row.metadata.tables) - {"embedding_set"}


async def test_search_finds_what_was_restored(install: Install) -> None:
    """Full-text search is rebuilt by a restore, on both engines."""
    old = install("sqlite")
    await asyncio.to_thread(fill_every_table, old.database_url)
    backup = str(old.data / "all.tar")
    await asyncio.to_thread(old.service.backup, backup)
    for engine in ENGINES:
        new = install(engine)
        await asyncio.to_thread(new.service.restore, backup, replace=False)
        async with Database(new.database_url) as database, database.read() as tx:
            owner = (
                await tx.session.execute(sa.select(sa.column("account_id")).select_from(_LARGEST))
            ).scalar_one()
            found = await tx.search.messages(
                asked("zebra"), owner=UUID(str(owner)), apart=new_id(), unlike="", limit=50
            )
        assert len(found) == 40


def test_a_backup_opens_with_standard_tools(install: Install) -> None:
    """tar, gzip and a JSON reader are enough to get at the rows; the key is not in it."""
    installation = install("sqlite")
    fill_every_table(installation.database_url)
    add_documents(installation)
    backup = installation.data / "all.tar"
    installation.service.backup(str(backup))
    listed = subprocess.run(["tar", "-tf", backup], capture_output=True, text=True, check=True)
    assert listed.stderr == ""
    assert listed.stdout.splitlines()[-2:] == ["manifest.json", "SEAL"]
    rows = subprocess.run(
        ["sh", "-c", f"tar -xOf {backup} tables/account/000001.jsonl.gz | gzip -dc"],
        capture_output=True,
        check=True,
    ).stdout.splitlines()
    assert len([json.loads(row)["email"] for row in rows]) == 12
    with tarfile.open(backup) as opened:
        manifest = opened.extractfile("manifest.json")
        assert manifest is not None
        told = json.load(manifest)
    assert (told["vectors"], told["revision"], told["engine"]) == ("rebuild", migrations.head(), "sqlite")
    assert b"kT7-vQ2_mZ9xR4wLp8sN1bYc6dGhJfAe" not in backup.read_bytes()


def test_a_backup_is_for_its_owner_alone_and_replaces_nothing(install: Install) -> None:
    """The file has mode 0600, lies in DATA_DIR/backups by default, and never overwrites one."""
    installation = install("sqlite")
    code, told = installation.run("backup")
    assert code == 0, told
    (made,) = (installation.data / "backups").iterdir()
    assert made.name.startswith("gantry-")
    assert made.stat().st_mode & 0o777 == 0o600
    code, told = installation.run("backup", "--to", str(made))
    assert (code, "exists already" in told) == (1, True)


def test_another_secret_key_is_told(install: Install) -> None:
    """After a restore under another SECRET_KEY the operator learns that stored keys are unreadable."""
    installation = install("sqlite")
    backup = str(installation.data / "all.tar")
    installation.service.backup(backup)
    code, told = installation.run("restore", backup)
    assert (code, "SECRET_KEY" in told) == (0, False)
    code, told = installation.run("restore", backup, SECRET_KEY="an-other-9xR4wLp8sN1bYc6dGhJfAe-kT7-vQ2_mZ")
    assert (code, "SECRET_KEY has changed" in told) == (0, True)


def test_restoring_to_a_new_machine(install: Install) -> None:
    """Where nothing has been started yet, restore makes database and folders."""
    old = install("sqlite")
    fill_every_table(old.database_url)
    backup = str(old.data / "all.tar")
    old.service.backup(backup)
    fresh = {
        "DATA_DIR": str(old.data / "new" / "data"),
        "DATABASE_URL": f"sqlite:///{old.data}/new/db/gantry.db",
    }
    code, told = old.run("restore", backup, **fresh)
    assert code == 0, told
    assert old.run("verify", backup, "--against-database", **fresh)[0] == 0


def test_replacing_replaces_documents_too(install: Install) -> None:
    """With --replace, rows and documents that are not in the backup are gone."""
    installation = install("sqlite")
    backup = installation.data / "empty.tar"
    installation.service.backup(str(backup))
    fill_every_table(installation.database_url, rows=3)
    add_documents(installation)
    code, told = installation.run("restore", str(backup), "--replace")
    assert (code, "--yes" in told) == (1, True)
    code, told = installation.run("restore", str(backup), "--replace", "--yes")
    assert code == 0, told
    assert files_under(installation.data / "documents") == {}
    with connected(installation.database_url) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM message")).scalar() == 0
    left = {file.name for file in installation.data.iterdir()}
    assert not {name for name in left if "restoring" in name or "replaced" in name}
