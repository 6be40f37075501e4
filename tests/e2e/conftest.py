"""The product in a browser: one installation and one browser a worker, one person a test."""

import re
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.scripts import Cues, going_on
from tests.parts.app import ROOT, Person, RunningApp, build_front_end
from tests.parts.browser import PHONE, Tab, Visits, running_chromium
from tests.parts.llm_server import ScriptedServer

RESULTS = ROOT / "test-results"
_HERE = Path(__file__).parent
_failed = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all browser tests in one loop, which the browser belongs to; only the test itself is timed.

    The first test's set-up may include a build of the front end.
    """
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(90, func_only=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note which tests have failed, for the fixtures that keep what is left of them."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """Build the front end unless it is up to date."""
    folder = tmp_path_factory.getbasetemp()
    build_front_end((folder if worker_id == "master" else folder.parent) / "front-end.lock")


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Return which worker of pytest-xdist this is; ``master`` without it."""
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Yield the worker's browser; tests open contexts of their own in it."""
    async with running_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def llm() -> AsyncIterator[ScriptedServer]:
    """Yield the model server; a test gives it scripts through ``cue``."""
    async with ScriptedServer(models=("scripted", "variant")) as server:
        server.respond = going_on(server)
        yield server


@pytest.fixture
def cue(llm: ScriptedServer) -> Cues:
    """Return a function from a script to the words that make the model play it."""
    return Cues(llm)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_app(
    built: None, llm: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[RunningApp, Person]]:
    """Yield the installation that most tests share, and its administrator."""
    async with RunningApp(tmp_path_factory.mktemp("gantry"), openai_base_url=llm.url) as app:
        yield app, await app.set_up()


@pytest.fixture
def app(shared_app: tuple[RunningApp, Person]) -> RunningApp:
    """Return the installation that most tests share."""
    return shared_app[0]


@pytest.fixture
def admin(shared_app: tuple[RunningApp, Person]) -> Person:
    """Return the administrator of the shared installation."""
    return shared_app[1]


@pytest_asyncio.fixture(loop_scope="session")
async def person(app: RunningApp, admin: Person) -> Person:
    """Return somebody of the test's own."""
    return await app.add_person(admin)


@pytest_asyncio.fixture(loop_scope="session")
async def other(app: RunningApp, admin: Person) -> Person:
    """Return somebody else."""
    return await app.add_person(admin)


@pytest_asyncio.fixture(loop_scope="session")
async def own_app(
    built: None, llm: ScriptedServer, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[RunningApp]:
    """Yield an installation of the test's own, which it may kill."""
    async with RunningApp(tmp_path, openai_base_url=llm.url) as app:
        yield app
        _keep_log(request.node, app)


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_app(built: None, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[RunningApp]:
    """Yield an installation that nobody has set up, and that knows no model server."""
    async with RunningApp(tmp_path) as app:
        yield app
        _keep_log(request.node, app)


@pytest.fixture
def visited(request: pytest.FixtureRequest) -> RunningApp:
    """Return the test's own installation if it asks for one, else the shared one.

    Not async: a fixture that runs in the loop cannot have another one set up there.
    """
    names = request.fixturenames
    own = next((name for name in ("own_app", "fresh_app") if name in names), "app")
    return request.getfixturevalue(own)


@pytest_asyncio.fixture(loop_scope="session")
async def visits(
    browser: Browser, visited: RunningApp, request: pytest.FixtureRequest
) -> AsyncIterator[Visits]:
    """Yield a way to open tabs; what their pages complain about, or the server logs as an error, fails the test."""
    app = visited
    since = app.log.stat().st_size
    visits = Visits(browser, app)
    yield visits
    failed = request.node.stash.get(_failed, False)
    faults, troubles = visits.faults.left(), app.troubles(since)
    if failed or faults or troubles:
        await visits.take_pictures(RESULTS, _file_name(request.node))
        _keep_log(request.node, app, since=since, always=True)
    await visits.close()
    assert not faults, "the page complained:\n" + "\n".join(faults)
    assert not troubles, "the server's log has errors:\n" + "\n".join(troubles)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(visits: Visits, person: Person) -> Tab:
    """Return a tab on a desktop, where the person is signed in; nothing is open in it yet."""
    return await visits.tab(person)


@pytest_asyncio.fixture(loop_scope="session")
async def phone(visits: Visits, person: Person) -> Tab:
    """Return a tab on a phone, where the person is signed in."""
    return await visits.tab(person, **PHONE)


def _file_name(item: Any) -> str:
    return re.sub(r"[^\w.-]+", "_", f"{item.path.stem}.{item.name}")[:120]


def _keep_log(item: Any, app: RunningApp, *, since: int = 0, always: bool = False) -> None:
    """Keep what the server said during a test that failed."""
    if always or item.stash.get(_failed, False):
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{_file_name(item)}.server.log").write_text(app.output(since))
