"""Gantry from a wheel, in an environment and a folder with nothing else in them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gantry import __version__
from tests.e2e.scripts import Cues
from tests.parts.app import Person
from tests.parts.browser import Visits
from tests.parts.llm_server import Script, ScriptedServer
from tests.parts.wheel import Installed, InstalledApp

SECONDS_TO_THE_FIRST_ANSWER = 20.0
MAX_MEGABYTES = 15

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def installed(built: None, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel from the front end that the other tests use, and install it."""
    return Installed(tmp_path_factory.mktemp("wheel"))


@pytest_asyncio.fixture(loop_scope="session")
async def own_app(installed: Installed, llm: ScriptedServer, tmp_path: Path) -> AsyncIterator[InstalledApp]:
    """Yield the installed command, which is not started yet; its log is empty."""
    app = InstalledApp(installed, tmp_path, openai_base_url=llm.url)
    app.log.touch()
    yield app
    await app.kill()


async def _first_answer(app: InstalledApp, cue: Cues) -> Person:
    admin = await app.set_up()
    conversation = await admin.ask(str(cue(Script(["Out of ", "a wheel."]))))
    assert (await admin.messages(conversation))[-1]["content"] == "Out of a wheel."
    return admin


async def test_a_wheel_serves_the_first_answer(
    own_app: InstalledApp, installed: Installed, cue: Cues, visits: Visits
) -> None:
    """From the start of the command to an answer; then a page shows it, and the environment is as it was installed."""
    begun = time.monotonic()
    await own_app.start()
    admin = await _first_answer(own_app, cue)
    taken = time.monotonic() - begun
    assert taken <= SECONDS_TO_THE_FIRST_ANSWER, own_app.output()
    assert installed.wheel.stat().st_size <= MAX_MEGABYTES * 1_000_000
    tab = await visits.tab(admin, "/")
    await tab.ask(str(cue(Script(["Seen ", "in a page."]))))
    await tab.ends()
    await tab.shows("Seen in a page.")
    await tab.page.close()
    await own_app.stop()
    assert installed.written() == set()
    assert {path.name for path in own_app.data.iterdir()} >= {".env", "gantry.db", "secret_key"}
    assert list(installed.folder.iterdir()) == []


async def test_the_commands_of_a_wheel_work_anywhere(
    own_app: InstalledApp, installed: Installed, tmp_path: Path
) -> None:
    """They are given from another folder, before and while it serves, and speak of themselves as they are called."""
    run, data, saved = installed.run, own_app.data, tmp_path / "saved.tar"
    assert await run("--version") == f"Gantry {__version__}\n"
    assert "schema of this version" in await run("migrate", "--data", data)
    await run("--data", data, "user", "create", "ada@example.org", "--admin")
    assert "ada@example.org" in await run("user", "list", "--data", data)
    await own_app.start()
    told = await run("doctor", "--data", data)
    assert "front end: the one that came with this version" in told
    assert "python -m gantry" not in told
    await run("backup", "--data", data, "--to", saved)
    assert "The backup is whole." in await run("verify", saved)
    await run("export", "--owner", "ada@example.org", "--out", tmp_path / "all.zip", "--data", data)
    await own_app.stop()
    elsewhere = tmp_path / "elsewhere"
    await run("restore", saved, "--replace", "--yes", "--data", elsewhere)
    assert "ada@example.org" in await run("user", "list", "--data", elsewhere)
    assert installed.written() == set()
    assert list(installed.folder.iterdir()) == []


async def test_uvx_runs_the_command(installed: Installed) -> None:
    """Without an installation, as docs/command.md has it."""
    assert await asyncio.to_thread(installed.by_uvx, "--version") == f"Gantry {__version__}\n"
    assert "serve" in await asyncio.to_thread(installed.by_uvx, "--help")
    assert list(installed.folder.iterdir()) == []


async def test_a_folder_of_something_else_changes_nothing(
    own_app: InstalledApp, installed: Installed
) -> None:
    """Its settings and its own Reflex application are not Gantry's when --data names another."""
    (installed.folder / ".env").write_text("PORT=none\nDATABASE_URL=mysql://nowhere\n")
    (installed.folder / "rxconfig.py").write_text("raise SystemExit('this is somebody else')\n")
    try:
        await own_app.start()
        await own_app.stop()
    finally:
        for name in (".env", "rxconfig.py"):
            (installed.folder / name).unlink()
