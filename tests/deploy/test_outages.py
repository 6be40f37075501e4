"""Each part is stopped and started while somebody has the page open: what degrades is said, the rest goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.scripts import Cues
from tests.e2e.test_documents import file, ready, upload
from tests.parts.app import Person
from tests.parts.browser import Tab, Visits
from tests.parts.compose import Stack
from tests.parts.llm_server import Script, ScriptedServer, ServerThread

RECOVERY_SECONDS = 30.0


@pytest.fixture
def answered(deploy_llm: ScriptedServer) -> str:
    """Return the words that have the model answer at once."""
    return str(Cues(deploy_llm)(Script("It is answered.")))


@asynccontextmanager
async def _without(stack: Stack, service: str) -> AsyncIterator[None]:
    await stack.compose_async("stop", "--timeout", "5", service)
    try:
        yield
    finally:
        await stack.compose_async("start", service)
        await stack.until_healthy(1, service)


async def _ready(stack: Stack) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS), httpx.AsyncClient() as client:
        while (await client.get(f"{stack.url}/ready")).status_code != 200:
            await asyncio.sleep(0.2)


async def _asks_and_is_answered(tab: Tab, text: str, answers: int) -> None:
    """Ask, and wait for the answer, which is the one of this number on the page."""
    await expect(tab.answers).to_have_count(answers - 1)
    await tab.ask(text)
    await _is_answered(tab, answers)


async def _is_answered(tab: Tab, answers: int) -> None:
    await tab.ends(answers=answers)
    await tab.shows("It is answered.")


async def test_redis_away(stack: Stack, admin: Person, visits: Visits, answered: str) -> None:
    """Without Redis people go on asking and are told that other windows may lag; afterwards all is as before."""
    visits.faults.allow_network_away()
    tab = await visits.tab(admin, "/", ignore_https_errors=True)
    await _asks_and_is_answered(tab, f"Before {answered}", 1)
    async with _without(stack, "redis"):
        await tab.ask(f"Meanwhile {answered}", accepted=False)
        await expect(tab.notices.filter(has_text="Redis")).to_be_visible()  # it leaves after six seconds
        await _is_answered(tab, 2)
        await tab.reload()
        await expect(tab.answers).to_have_count(2)
    await _ready(stack)
    await _asks_and_is_answered(tab, f"Afterwards {answered}", 3)


async def test_chroma_away(stack: Stack, admin: Person, visits: Visits, answered: str) -> None:
    """Without ChromaDB conversations go on, documents are searched by their words, and the answer says so."""
    tab = await visits.tab(admin, "/vault", ignore_https_errors=True)
    await upload(tab, file("mill.txt", b"The miller of Thornbury was called Ottilie.", "text/plain"))
    await ready(tab, "mill.txt")
    await tab.open("/")
    async with _without(stack, "chromadb"):
        await _asks_and_is_answered(tab, f"Who was the miller of Thornbury? {answered}", 1)
        await expect(tab.answer).to_contain_text("Only keyword search was used")
    await _asks_and_is_answered(tab, f"And the miller of Thornbury? {answered}", 2)
    await expect(tab.answer).not_to_contain_text("Only keyword search was used")


async def test_the_database_away(stack: Stack, admin: Person, visits: Visits, answered: str) -> None:
    """Without the database nothing can be asked: the text stays, the page says why, and sending works afterwards."""
    visits.faults.allow_status(500, 502, 503)
    visits.faults.allow_network_away()
    tab = await visits.tab(admin, "/", ignore_https_errors=True)
    await _asks_and_is_answered(tab, f"Before {answered}", 1)
    text = f"Meanwhile {answered}"
    async with _without(stack, "postgres"):
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{stack.url}/health")).status_code == 200
            ready = await client.get(f"{stack.url}/ready")
        assert ready.status_code == 503
        assert not ready.json()["parts"]["database"]["ok"]
        await tab.ask(text, accepted=False)
        await expect(tab.notices.or_(tab.failure).first).to_be_visible(timeout=20_000)
        await expect(tab.composer).to_have_value(text, timeout=20_000)
    await _ready(stack)
    await _asks_and_is_answered(tab, text, 2)


async def test_the_model_server_away(
    admin: Person, visits: Visits, answered: str, llm_thread: ServerThread
) -> None:
    """Without its model server a question fails in place, with a next step that works when the server is back."""
    tab = await visits.tab(admin, "/", ignore_https_errors=True)
    await _asks_and_is_answered(tab, f"Before {answered}", 1)
    await asyncio.to_thread(llm_thread.run, llm_thread.server.__aexit__())
    try:
        await tab.ask(f"Meanwhile {answered}")
        await tab.ends("failed", answers=2)
        await expect(tab.failure.locator("p")).to_have_count(2)  # what happened, and what to do
        await tab.reload()
        await expect(tab.answers).to_have_count(2)
    finally:
        await asyncio.to_thread(llm_thread.run, llm_thread.server.__aenter__())
    await tab.failure.get_by_role("button", name="Retry").click()
    await tab.ends(answers=2)
    await tab.shows("It is answered.")
