"""What operators see of real processes: figures of several workers, and logs that tell nothing they should not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest
import websockets
from reflex.state import FrontendEventExceptionState

from gantry.log import BURST
from gantry.state.asking import AskingState
from tests.parts.app import PASSWORD, Person, RunningApp
from tests.parts.figures import Figures
from tests.parts.llm_server import Script, ScriptedServer
from tests.parts.replicas import Deployment, Replica
from tests.parts.wire_tab import WireTab

PATIENCE = 20.0
API_KEY = "sk-kept-from-every-log-4711"
QUESTION = "What is the ~unmistakable question~ of this conversation?"
ANSWER = "The ~unmistakable answer~ is written in several pieces."


class TwoWorkers(Replica):
    """One replica with two worker processes."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **{**settings, "uvicorn_workers": 2})

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    @property
    def least_memory(self) -> int:
        """What the smaller of them takes, in bytes."""
        return min(worker.memory_info().rss for worker in self.workers)

    async def kill(self) -> None:
        """End all of it; workers would outlive their parent."""
        workers = self.workers if self.runs else []
        await super().kill()
        for worker in workers:
            if worker.is_running():
                worker.kill()


def direct(app: RunningApp) -> httpx.AsyncClient:
    """Return a client like Prometheus: it comes without a proxy, and by a connection of its own for each request."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=app.url, timeout=20, limits=limits)


async def until(client: httpx.AsyncClient, holds: Callable[[Figures], bool]) -> Figures:
    async with asyncio.timeout(PATIENCE):
        while not holds(figures := await Figures.fetch(client)):
            await asyncio.sleep(0.1)
    return figures


@pytest.fixture
async def two_workers(deployment: Deployment, tmp_path: Path) -> AsyncIterator[TwoWorkers]:
    """Yield a replica with two workers, which has been set up."""
    await deployment.running(1)
    app = TwoWorkers(tmp_path, **deployment.shared)
    try:
        await app.start()
        yield app
    finally:
        await app.kill()


async def test_a_scrape_answers_for_all_workers(two_workers: TwoWorkers) -> None:
    """Whichever worker is asked tells the sum; what a killed worker had open is forgotten, what it counted is not."""

    def count(found: Figures) -> float:
        return found.total("gantry_http_requests_total", route="/api/v1/setup", method="GET")

    def tabs(found: Figures) -> float:
        return found.total("gantry_connections_open", kind="tab")

    def memory(found: Figures) -> float:
        return found.total("process_resident_memory_bytes")

    async with direct(two_workers) as client, AsyncExitStack() as pages:
        await until(client, lambda found: memory(found) > 1.5 * two_workers.least_memory)  # of both, that is
        for _ in range(40):
            assert (await client.get("/api/v1/setup")).status_code == 200
        assert {count(await Figures.fetch(client)) for _ in range(10)} == {40}
        for _ in range(12):
            await pages.enter_async_context(_page(two_workers))
        await until(client, lambda found: tabs(found) == 12)

        victim = max(two_workers.workers, key=lambda worker: len(worker.net_connections()))
        victim.kill()
        figures = await until(client, lambda found: tabs(found) < 12)
        assert 0 <= tabs(figures) < 12
        assert count(figures) == 40
        async with asyncio.timeout(PATIENCE):
            while victim.pid in {each.pid for each in two_workers.workers} or len(two_workers.workers) < 2:
                await asyncio.sleep(0.1)
    async with direct(two_workers) as client:
        figures = await until(client, lambda found: tabs(found) == 0)
        assert count(figures) == 40
        assert figures.total("gantry_dependency_up", part="redis") == 1
        assert figures.total("gantry_dependency_up", part="database") == 1


def _page(app: RunningApp) -> websockets.connect:
    address = f"{app.url.replace('http', 'ws', 1)}/_event/?EIO=4&transport=websocket"
    return websockets.connect(address, origin=app.url)  # pyright: ignore[reportArgumentType]


async def _conversation(app: RunningApp, admin: Person, llm: ScriptedServer) -> dict[str, str]:
    """Use *app* in every way there is; returns what its log must not have."""
    llm.default = Script(text=ANSWER, tokens_per_second=50)
    await admin.sign_in()
    conversation = await admin.ask(QUESTION)
    shown = await admin.rest.get(f"/api/v1/conversations?q={QUESTION[12:24]}&token=in-the-query-4711")
    assert shown.status_code == 200
    wrong = await admin.rest.post(
        "/api/v1/session", json={"email": admin.email, "password": "wrong-4711-wrong"}
    )
    assert wrong.status_code == 401
    async with WireTab(admin.session, f"/c/{conversation}") as tab:
        await tab.open(app)
        assert any("unmistakable" in str(update) for update in tab.updates)
        await tab.send(
            AskingState.event_handlers["send"], text=QUESTION, key="4711", conversation=conversation
        )
        token = tab.token
        async with asyncio.timeout(PATIENCE):
            while len(await admin.messages(conversation)) < 4:
                await asyncio.sleep(0.05)
        for message in await admin.messages(conversation):
            await admin.settled(conversation, message["id"])
    return {
        "question": "~unmistakable question~",
        "answer": "~unmistakable answer~",
        "cookie": admin.session,
        "password": PASSWORD,
        "wrong password": "wrong-4711-wrong",
        "API key": API_KEY,
        "tab": token,
        "query": "in-the-query-4711",
        "secret": app.settings.get("SECRET_KEY", API_KEY),
    }


def _told(app: RunningApp, secrets: dict[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if secret in app.output()]


async def test_debug_tells_no_secrets_on_one_machine(replica_llm: ScriptedServer, tmp_path: Path) -> None:
    """With LOG_LEVEL=debug and the access log on, SQLite: nothing of what was said, and nothing that opens a door."""
    app = Replica(
        tmp_path,
        openai_base_url=replica_llm.url,
        openai_api_key=API_KEY,
        log_level="debug",
        access_log_enabled=True,
    )
    try:
        await app.start()
        secrets = await _conversation(app, await app.set_up(), replica_llm)
        await app.stop()
    finally:
        await app.kill()
    assert app.output().count("request.finished") > 5
    assert _told(app, secrets) == []


async def test_debug_tells_no_secrets_in_production(
    deployment: Deployment, replica_llm: ScriptedServer, tmp_path: Path
) -> None:
    """The same over PostgreSQL and Redis; and every line is JSON, with the ids that belong together."""
    await deployment.running(1)
    known = await deployment.person()
    app = Replica(
        tmp_path,
        **{**deployment.shared, "log_level": "debug", "access_log_enabled": True, "openai_api_key": API_KEY},
    )
    try:
        await app.start()
        secrets = await _conversation(app, Person(app, known.email, known.name), replica_llm)
        await app.stop()
    finally:
        await app.kill()
    assert _told(app, secrets) == []
    lines = [orjson.loads(line) for line in app.output().splitlines() if line.startswith("{")]
    others = [line for line in app.output().splitlines() if not line.startswith("{")]
    assert [line for line in others if not line.startswith("Gantry is ")] == []
    by_program, by_page = (line for line in lines if line["event"] == "generation.finished")
    assert by_program["account"] == by_page["account"] == known.id
    assert by_program["generation"] != by_page["generation"]
    (asked,) = (
        line
        for line in lines
        if line["event"] == "request.finished" and line["request"] == by_program["request"]
    )
    assert (asked["route"], asked["status"]) == ("/api/v1/conversations/{conversation_id}/messages", 202)
    (tab,) = (line for line in lines if line.get("route") == "/_event")
    assert (tab["status"], tab["method"]) == (101, "WEBSOCKET")
    assert tab["duration_ms"] > 0


async def test_garbage_does_not_fill_the_log(replica_llm: ScriptedServer, tmp_path: Path) -> None:
    """Broken frames and made-up reports of strangers are logged a few times, not each time."""
    app = Replica(tmp_path, openai_base_url=replica_llm.url)
    try:
        await app.start()
        await app.set_up()
        for frames in (
            ['42/_event,["event",{"broken'],
            ["49/_event,[]"],
            ["4", "9", "42"],
            ["452-/_event,[]"],
        ):
            for _ in range(3 * BURST):
                await _throw(app, frames)
        async with WireTab("", "/login") as tab:
            await tab.open(app)
            for number in range(3 * BURST):
                await _report(tab, number)
        async with direct(app) as client:
            assert (await client.get("/health")).status_code == 200
        await app.stop()
    finally:
        await app.kill()
    assert app.output().count("Traceback (most recent call last)") <= 4 * BURST
    assert 0 < app.output().count("page.failed") <= BURST


async def _report(tab: WireTab, number: int) -> None:
    handler = FrontendEventExceptionState.event_handlers["handle_frontend_exception"]
    await tab.send(handler, info=f"made up {number}", component_stack="")


async def _throw(app: RunningApp, frames: list[str]) -> None:
    async with _page(app) as page:
        await page.recv()
        await page.send("40/_event,{}")
        await page.recv()
        for frame in frames:
            await page.send(frame)
