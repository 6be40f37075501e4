"""Gantry behind nginx, Caddy and Traefik, set up by the examples in deploy/proxies."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from gantry.domain.cookies import SECURE_SESSION_COOKIE
from tests.e2e.scripts import Cues, streamed
from tests.parts.app import PASSWORD, Person, RunningApp
from tests.parts.browser import Tab, Visits
from tests.parts.llm_server import ScriptedServer
from tests.parts.proxies import NAME, NAMES, Proxy, running_proxy

HERE = "127.0.0.2"  # another address of this machine: it must not be taken for the proxy's own
FORGED = "203.0.113.9"
WORDS, RATE = 40, 20.0
LARGE = 30_000_000

pytestmark = pytest.mark.xdist_group("proxies")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_app(
    built: None, llm: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningApp]:
    """Yield an installation with the settings that the examples name."""
    folder = tmp_path_factory.mktemp("behind")
    settings = {"allowed_hosts": NAME, "access_log_enabled": "true"}
    async with RunningApp(folder, openai_base_url=llm.url, **settings) as app:
        yield app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def administrator(own_app: RunningApp) -> Person:
    """Return the administrator of it."""
    return await own_app.set_up()


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=NAMES)
async def proxy(
    request: pytest.FixtureRequest, own_app: RunningApp, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Proxy]:
    """Yield each proxy in turn."""
    async with running_proxy(request.param, own_app, tmp_path_factory.mktemp(request.param)) as proxy:
        yield proxy


class Program:
    """A program of somebody's that comes through the proxy, from an address of its own."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.rest = httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{proxy.port}",
            transport=httpx.AsyncHTTPTransport(verify=proxy.trust, local_address=HERE),
            headers={"Host": f"{NAME}:{proxy.port}", "Origin": proxy.url},
            timeout=30,
        )

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request and expect it to succeed."""
        answer = await self.rest.request(method, path, extensions={"sni_hostname": NAME}, **options)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer

    async def sign_in(self, person: Person) -> httpx.Response:
        """Sign in; the cookie is kept."""
        answer = await self.ask(
            "POST",
            "/api/v1/session",
            json={"email": person.email, "password": PASSWORD},
            headers={"X-Forwarded-For": FORGED},
        )
        self.rest.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
        return answer

    async def arrivals(self, generation: str) -> list[float]:
        """Follow an answer to its end, and return when its pieces came."""
        path, came = f"/api/v1/generations/{generation}/events", []
        async with self.rest.stream("GET", path, extensions={"sni_hostname": NAME}) as stream:
            async for line in stream.aiter_lines():
                name = line.partition(":")[2].strip() if line.startswith("event:") else ""
                if name == "text":
                    came.append(time.monotonic())
                elif name == "end":
                    break
        return came

    def feed(self) -> connect:
        """Open the feed's websocket."""
        return connect(
            f"wss://{NAME}:{self.proxy.port}/api/v1/feed",
            host="127.0.0.1",
            port=self.proxy.port,
            ssl=self.proxy.trust,
            origin=self.proxy.url,  # pyright: ignore[reportArgumentType]
            additional_headers={"Cookie": self.rest.headers["Cookie"]},
        )


@pytest_asyncio.fixture(loop_scope="session")
async def program(proxy: Proxy) -> AsyncIterator[Program]:
    """Yield a program that is not signed in."""
    program = Program(proxy)
    async with program.rest:
        yield program


async def test_a_page_works_behind_it(proxy: Proxy, administrator: Person, visits: Visits, cue: Cues) -> None:
    """Somebody signs in by https, asks and reads the answer: the page's websocket and the answer's stream come through."""
    context = await visits.context(ignore_https_errors=True)
    tab = Tab(await context.new_page(), proxy.url)
    await tab.open("/login")
    await tab.sign_in(administrator)
    await tab.at("/")
    await tab.ask(str(cue(streamed(WORDS, RATE))))
    await tab.ends()
    await tab.shows(f"w{WORDS - 1:04}")
    names = [cookie.get("name") for cookie in await context.cookies()]
    assert SECURE_SESSION_COOKIE in names, names
    await tab.page.close()


async def test_programs_work_through_it(
    program: Program, administrator: Person, own_app: RunningApp, cue: Cues
) -> None:
    """A stream comes in pieces, the feed tells of changes, and whoever asks is known by their own address."""
    since = len(own_app.output().encode())
    signed_in = await program.sign_in(administrator)
    assert signed_in.headers["set-cookie"].startswith(f"{SECURE_SESSION_COOKIE}=")
    async with program.feed() as feed:
        conversation = (await program.ask("POST", "/api/v1/conversations", json={"title": "Through"})).json()[
            "id"
        ]
        sent = await program.ask(
            "POST",
            f"/api/v1/conversations/{conversation}/messages",
            json={"content": str(cue(streamed(WORDS, RATE)))},
        )
        came = await program.arrivals(sent.json()["generation_id"])
        assert await _tells_of(feed, conversation)
    assert len(came) >= 5
    assert came[-1] - came[0] >= WORDS / RATE / 3
    seen = {
        line.partition("client=")[2].split()[0]
        for line in own_app.output(since).splitlines()
        if "client=" in line
    }
    assert HERE in seen
    assert FORGED not in seen
    assert (await program.ask("GET", "/ready")).json().get("notices") is None


async def test_files_and_figures(program: Program, administrator: Person, own_app: RunningApp) -> None:
    """A large file goes through; figures do not."""
    await program.sign_in(administrator)
    content = f"The code word behind {program.proxy.name} is heliotrope.\n".encode().ljust(LARGE, b"\n")
    upload = {"file": ("large.txt", content, "text/plain")}
    kept = (await program.ask("POST", "/api/v1/documents", files=upload)).json()
    assert kept["size_bytes"] == LARGE
    await program.ask("DELETE", f"/api/v1/documents/{kept['id']}")
    figures = await program.rest.get("/metrics", extensions={"sni_hostname": NAME})
    assert figures.status_code == 404
    assert b"gantry_" not in figures.content


async def _tells_of(feed: ClientConnection, conversation: str) -> bool:
    async with asyncio.timeout(10):
        async for said in feed:
            if conversation in json.dumps(json.loads(said)):
                return True
    return False
