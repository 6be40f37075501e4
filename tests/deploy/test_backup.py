"""Backup, wipe, restore, verify: on PostgreSQL, on SQLite, and from one to the other."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.deploy.conftest import REPLICAS
from tests.deploy.test_documents import cites
from tests.e2e.scripts import Cues
from tests.e2e.test_documents import HARBOUR, file, ready, upload
from tests.parts.app import ROOT, Person, environment
from tests.parts.browser import Visits
from tests.parts.compose import Stack
from tests.parts.llm_server import Script, ScriptedServer

ARCHIVE = "/backups/proof.tar"
DAMAGED = "/backups/damaged.tar"
LIGHTHOUSE = HARBOUR + b"\n% another file to the vault\n"
_DAMAGE = "d = bytearray(open('{whole}', 'rb').read()); d[len(d) // 2] ^= 1; open('{damaged}', 'wb').write(d)"


@pytest_asyncio.fixture(loop_scope="session")
async def filled(stack: Stack, admin: Person, deploy_llm: ScriptedServer) -> AsyncIterator[str]:
    """Yield a conversation's id; afterwards everything runs again."""
    before = await _remembered(admin)
    conversation = await admin.ask(f"Keep this {Cues(deploy_llm)(Script('It is kept.'))}")
    async with asyncio.timeout(30):  # what is learned later would not be in the backup
        while await _remembered(admin) < before + 2 or " wait" in stack.gantry("doctor"):
            await asyncio.sleep(0.3)
    yield conversation
    await stack.compose_async("up", "--detach", "--wait")


async def _remembered(person: Person) -> int:
    return (await person.rest.get("/api/v1/memory/settings")).json()["turns"]


def _in_backup(stack: Stack, *arguments: str, check: bool = True) -> str:
    """Run a command of the product beside the stopped application."""
    return stack.beside("python", "-m", "gantry", *arguments, check=check)


async def test_what_was_lost_comes_back(
    stack: Stack, admin: Person, visits: Visits, deploy_llm: ScriptedServer, filled: str
) -> None:
    """A wiped database is restored with equal counts and hashes, and not from a damaged archive; people sign in again.

    A document that was uploaded before is cited after it.
    """
    tab = await visits.tab(admin, "/vault", ignore_https_errors=True)
    await upload(tab, file("lighthouse.pdf", LIGHTHOUSE))
    await ready(tab, "lighthouse.pdf")
    await tab.page.close()
    before = await admin.messages(filled)
    stack.gantry("backup", "--to", ARCHIVE, service="backup")
    assert "DIFFERENT" not in stack.gantry("verify", ARCHIVE, "--against-database", service="backup")
    stack.compose("exec", "-T", "backup", "python", "-c", _DAMAGE.format(whole=ARCHIVE, damaged=DAMAGED))

    stack.compose("stop", "backend", "backup")
    assert "damaged" in _in_backup(stack, "restore", DAMAGED, "--replace", "--yes", check=False)
    assert "DIFFERENT" not in _in_backup(stack, "verify", ARCHIVE, "--against-database")

    stack.wipe()
    _in_backup(stack, "restore", ARCHIVE, "--yes")
    compared = _in_backup(stack, "verify", ARCHIVE, "--against-database")
    assert "equal" in compared
    assert "DIFFERENT" not in compared
    stack.up()
    await stack.until_healthy(REPLICAS)
    assert (await admin.rest.get("/api/v1/session")).status_code == 401
    await admin.sign_in()
    assert await admin.messages(filled) == before
    assert "belonged to nothing" in stack.gantry("reindex")
    visits.faults.allow_network_away()
    visits.faults.allow_status(502, 503)
    again = await visits.tab(admin, "/vault", ignore_https_errors=True)
    await ready(again, "lighthouse.pdf")
    await cites(again, str(Cues(deploy_llm)(Script("Amalia Brandt did [1]."))))


async def test_from_postgresql_to_sqlite_and_back(
    stack: Stack, admin: Person, filled: str, tmp_path: Path
) -> None:
    """A backup of production opens on one machine with SQLite, and its backup goes back."""
    before = await admin.messages(filled)
    stack.gantry("backup", "--to", "/backups/to-sqlite.tar", service="backup")
    stack.compose("cp", "backup:/backups/to-sqlite.tar", str(tmp_path / "from-postgres.tar"))
    local = environment(
        {
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'gantry.db'}",
            "SECRET_KEY": (stack.folder / "deploy/secrets/secret_key").read_text(),
        }
    )

    def here(*arguments: str) -> str:
        command = [sys.executable, "-m", "gantry", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=local, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    here("restore", str(tmp_path / "from-postgres.tar"), "--yes")
    assert "DIFFERENT" not in here("verify", str(tmp_path / "from-postgres.tar"), "--against-database")
    here("backup", "--to", str(tmp_path / "from-sqlite.tar"))
    (tmp_path / "from-sqlite.tar").chmod(0o644)

    stack.compose("cp", str(tmp_path / "from-sqlite.tar"), "backup:/backups/from-sqlite.tar")
    stack.wipe()
    _in_backup(stack, "restore", "/backups/from-sqlite.tar", "--yes")
    assert "DIFFERENT" not in _in_backup(stack, "verify", "/backups/from-sqlite.tar", "--against-database")
    stack.up()
    await stack.until_healthy(REPLICAS)
    assert (await admin.rest.get("/api/v1/session")).status_code == 401
    await admin.sign_in()
    assert await admin.messages(filled) == before


def test_doctor_finds_nothing_wrong(stack: Stack) -> None:
    """The self-check passes in a container of the deployment."""
    printed = stack.gantry("doctor")
    assert "FAIL" not in printed, printed
