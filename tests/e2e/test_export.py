"""The front end on a static host, the backend somewhere else."""

import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.scripts import Cues, counted, streamed, words_of
from tests.parts.app import PASSWORD, ROOT, RunningApp, environment
from tests.parts.browser import Tab, Visits
from tests.parts.llm_server import ScriptedServer
from tests.parts.static_host import StaticHost

REFUSED_HANDSHAKE = r"WebSocket connection to .* failed"
BLOCKED_BY_CORS = r"blocked by CORS policy|net::ERR_FAILED"


class Backend(RunningApp):
    """Gantry without its front end."""

    command = ("serve", "--backend-only")


def export(out: Path, *, backend: str) -> None:
    """Write the front end as ``make export`` does."""
    done = subprocess.run(
        [sys.executable, "-m", "gantry", "build", "--out", str(out), "--backend", backend],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def host(built: None, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StaticHost]:
    """Yield a host with nothing on it yet; the test's parameter is its name."""
    with StaticHost(tmp_path / "dist", name=getattr(request, "param", "127.0.0.1")) as host:
        yield host


@asynccontextmanager
async def visiting(browser: Browser, host: StaticHost) -> AsyncGenerator[Visits]:
    """Yield what opens pages of *host*; whatever they complain about fails the test."""
    visits = Visits(browser, host)
    try:
        yield visits
    finally:
        await visits.close()
    assert not visits.faults.left(), "\n".join(visits.faults.left())


async def test_a_front_end_elsewhere(
    host: StaticHost, browser: Browser, llm: ScriptedServer, cue: Cues, tmp_path: Path
) -> None:
    """From set-up to signing out on a host that only has files: answers stream, and deep links open."""
    async with (
        Backend(tmp_path, openai_base_url=llm.url, frontend_origin=host.url) as backend,
        visiting(browser, host) as pages,
    ):
        export(tmp_path / "dist", backend=backend.url)
        pages.faults.allow_status(404)  # a deep link is served by the host's page for what it does not know
        tab = await pages.tab()
        await tab.page.goto(host.url)
        await tab.at(re.compile("/setup/?$"))  # a host may lead a folder's name to the folder
        await _set_up(tab)
        await tab.at("/")
        await expect(tab.page.locator('[data-testid="model-picker"]:not([data-model=""])')).to_be_visible()

        words = words_of(counted(60))
        await tab.ask(f"Tell me more {cue(streamed(60, 40))}")
        await expect(tab.stop_button).to_be_visible()
        await tab.ends()
        assert await tab.words() == words
        await expect(tab.banner).to_have_attribute("data-state", "")

        await tab.reload()
        assert await tab.words() == words
        await expect(tab.rows).to_have_count(1)

        await tab.menu(tab.page.get_by_test_id("account-menu"), "Sign out")
        await expect(tab.page.get_by_test_id("login-submit")).to_be_enabled()
        cookies = await tab.page.context.cookies(backend.url)
        assert "gantry_session" not in [each.get("name") for each in cookies]
        assert backend.troubles() == []


async def test_a_backend_that_does_not_expect_this_front_end(
    host: StaticHost, browser: Browser, tmp_path: Path
) -> None:
    """Who has not named the front end's address to the backend reads on every page what to set."""
    async with Backend(tmp_path) as backend, visiting(browser, host) as pages:
        export(tmp_path / "dist", backend=backend.url)
        pages.faults.allow(REFUSED_HANDSHAKE)
        pages.faults.allow(BLOCKED_BY_CORS)
        tab = await pages.tab()
        await tab.page.goto(host.url)
        await expect(tab.banner).to_contain_text("The server did not answer.")
        await expect(tab.banner).to_contain_text(f"FRONTEND_ORIGIN {host.url}")

        await tab.page.goto(f"{host.url}/setup")
        await _set_up(tab)
        alert = tab.page.get_by_role("alert").filter(has_text="The server did not answer.")
        await expect(alert).to_contain_text(f"Is {backend.url} running, with FRONTEND_ORIGIN {host.url}?")
        await backend.set_up()  # nobody has: the form changed nothing


@pytest.mark.parametrize("host", ["localhost"], indirect=True)
async def test_a_front_end_on_another_site(host: StaticHost, browser: Browser, tmp_path: Path) -> None:
    """Where the browser would not keep the session between two sites, signing in says so."""
    async with Backend(tmp_path, frontend_origin=host.url) as backend, visiting(browser, host) as pages:
        export(tmp_path / "dist", backend=backend.url)
        pages.faults.allow_status(403)
        pages.faults.allow(REFUSED_HANDSHAKE)
        tab = await pages.tab()
        await tab.page.goto(f"{host.url}/setup")
        await _set_up(tab)
        alert = tab.page.get_by_role("alert").filter(has_text="on different sites")
        await expect(alert).to_contain_text("chat.example.com and api.example.com")


async def _set_up(tab: Tab) -> None:
    submit = tab.page.get_by_test_id("setup-submit")
    await expect(submit).to_be_enabled()
    await tab.page.get_by_test_id("setup-name").fill("Grace Hopper")
    await tab.page.get_by_test_id("setup-email").fill("grace@example.org")
    await tab.page.get_by_test_id("setup-password").fill(PASSWORD)
    await submit.click()
