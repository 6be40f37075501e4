"""One installation on the engine, started once; the tests of a folder that shares it run in order."""

import inspect
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.scripts import going_on
from tests.parts.app import PASSWORD, Person
from tests.parts.browser import Tab, Visits, running_chromium
from tests.parts.compose import Stack, bridge_address
from tests.parts.llm_server import ScriptedServer, ServerThread

_HERE = Path(__file__).parent
REPLICAS = 2
# They share one installation: what changes its version comes late, what takes its ports comes last.
ORDER = ("serving", "documents", "monitoring", "outages", "backup", "certificates", "losses", "swarm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests the time that containers take, one loop, and their order."""
    items.sort(key=lambda item: _turn(item.path))  # stable: all other tests stay where they are
    for item in items:
        if item.path.is_relative_to(_HERE):
            if inspect.iscoroutinefunction(getattr(item, "obj", None)):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(300, func_only=True))


def _turn(path: Path) -> int:
    name = path.stem.removeprefix("test_")
    return ORDER.index(name) if path.is_relative_to(_HERE) else -1


@dataclass(slots=True)
class Figures:
    """What was measured on the way; printed at the end of the run."""

    lines: list[str] = field(default_factory=list)

    def add(self, what: str, value: str) -> None:
        """Keep one figure."""
        self.lines.append(f"{what:<46} {value}")


_figures = Figures()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of the deployment."""
    if _figures.lines:
        terminalreporter.section("deployment")
        for line in _figures.lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figures() -> Figures:
    """Return where figures are kept."""
    return _figures


@pytest.fixture(scope="session")
def llm_thread() -> Iterator[ServerThread]:
    """Yield the thread of a model server on this machine that containers reach as ``host.docker.internal``."""
    thread = ServerThread(models=("scripted",), host=bridge_address())
    with thread as server:
        server.respond = going_on(server)
        yield thread


@pytest.fixture(scope="session")
def deploy_llm(llm_thread: ServerThread) -> ScriptedServer:
    """Return the model server itself; a test gives it scripts through ``Cues``."""
    return llm_thread.server


@pytest.fixture(scope="session")
def stack(
    deploy_llm: ScriptedServer, tmp_path_factory: pytest.TempPathFactory, figures: Figures
) -> Iterator[Stack]:
    """Yield the installation, built and started from nothing."""
    folder = tmp_path_factory.mktemp("deploy")
    stack = Stack(
        folder,
        OPENAI_BASE_URL=f"http://host.docker.internal:{deploy_llm.port}/v1",
        BACKEND_REPLICAS=str(REPLICAS),
    )
    stack.down()
    try:
        figures.add("build", f"{stack.build():.0f} s")
        figures.add("up to all healthy", f"{stack.up():.1f} s")
        figures.add("backend, start to ready", f"{stack.start_seconds():.1f} s")
        os.environ["SSL_CERT_FILE"] = str(stack.trust(folder / "root.crt"))
        yield stack
    finally:
        if os.environ.get("GANTRY_KEEP_STACK") != "1":
            stack.down()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Yield the browser of the session."""
    async with running_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(stack: Stack, browser: Browser) -> Person:
    """Return the administrator, made in the browser as the first visitor makes it."""
    visits = Visits(browser, stack)
    tab = Tab(await (await visits.context(ignore_https_errors=True)).new_page(), stack.url)
    await tab.page.goto(stack.url)
    await tab.at("/setup")
    person = Person(stack, "ada@example.org", "Ada Admin")
    for field_name, text in (("name", person.name), ("email", person.email), ("password", PASSWORD)):
        await tab.page.get_by_test_id(f"setup-{field_name}").fill(text)
    await tab.page.get_by_test_id("setup-submit").click()
    await tab.at("/")
    await visits.close()
    assert not visits.faults.left(), visits.faults.left()
    await person.sign_in()
    return person


@pytest_asyncio.fixture(loop_scope="session")
async def visits(stack: Stack, browser: Browser) -> AsyncIterator[Visits]:
    """Yield a way to open tabs; what a page complains about, its policy included, fails the test."""
    visits = Visits(browser, stack)
    yield visits
    faults = visits.faults.left()
    await visits.close()
    assert not faults, faults
