"""Open WebUI, as its makers publish it, with Gantry as its model server. Runs where `make test-open-webui` has installed it (3 GB)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.app import EMAIL, PASSWORD
from bench.peer_products import CACHE, open_webui
from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.api_tokens import Scope
from gantry.domain.hosts import HostNames
from gantry.runtime import installed
from tests.integration.api.test_clients import PICTURE, equipped
from tests.parts.api_server import serving
from tests.parts.stack import Stack

pytestmark = [
    pytest.mark.skipif(not (CACHE / "open-webui" / ".installed").exists(), reason="Open WebUI is not installed"),
    pytest.mark.timeout(400),
]  # fmt: skip


class Visitor:
    """Somebody at Open WebUI's page: what it calls for them."""

    def __init__(self, origin: str) -> None:
        self.web = httpx.AsyncClient(base_url=origin, timeout=60, trust_env=False)

    async def sign_up(self) -> None:
        """Become the first person."""
        person = {"name": "Ada", "email": EMAIL, "password": PASSWORD, "profile_image_url": ""}
        answer = await self.web.post("/api/v1/auths/signup", json=person)
        assert answer.status_code == 200, answer.text
        self.web.headers["authorization"] = f"Bearer {answer.json()['token']}"

    async def models(self) -> set[str]:
        """Return what its picker lists."""
        answer = await self.web.get("/api/models", params={"refresh": "true"})
        return {each["id"] for each in answer.json()["data"]}

    async def ask(self, model: str, content: Any, **more: Any) -> httpx.Response:
        """Ask for a whole answer."""
        messages = [{"role": "user", "content": content}]
        return await self.web.post(
            "/api/chat/completions", json={"model": model, "messages": messages, **more}
        )

    async def stream(self, model: str, content: str, *, pieces: int = 10_000) -> str:
        """Ask for a stream; returns the words of so many pieces, then leaves."""
        body = {"model": model, "messages": [{"role": "user", "content": content}], "stream": True}
        words: list[str] = []
        async with self.web.stream("POST", "/api/chat/completions", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    choices = json.loads(line[6:]).get("choices")
                    words += [choices[0]["delta"].get("content") or ""] if choices else []
                if len(words) >= pieces:
                    break
        return "".join(words)


async def test_open_webui(library: Stack, database_url: str, tmp_path: Path) -> None:
    """It lists Gantry's models and personas, streams, shows pictures, calls tools, embeds, and tells errors."""
    if not database_url.startswith("sqlite"):
        pytest.skip("one database will do: it takes minutes to start")
    await equipped(library)
    made = await library.services.api_tokens.create(library.who, "Open WebUI", [Scope.CHAT])
    names = HostNames(["127.0.0.1"], [])
    with installed(library.services):
        async with serving(Guard(create_api(), page_policy="default-src 'self'", names=names)) as address:
            url = f"{address}/v1"
            of_documents = {
                "RAG_EMBEDDING_MODEL": "gantry/embeddings",
                "RAG_OPENAI_API_BASE_URL": url,
                "RAG_OPENAI_API_KEY": made.secret,
            }
            product = open_webui(tmp_path, url, made.secret, **of_documents)
            running = await asyncio.to_thread(product.__enter__)
            try:
                await _visit(Visitor(running.origin), library)
            finally:
                await asyncio.to_thread(product.__exit__, None, None, None)
        await library.services.api_tokens.settle()


async def _visit(visitor: Visitor, stack: Stack) -> None:
    await visitor.sign_up()
    assert {"openai/scripted", "gantry/extractive", "gantry/keeper"} <= await visitor.models()
    model = "openai/scripted"
    whole = await visitor.ask(model, "[[script:hello]]")
    assert whole.json()["choices"][0]["message"]["content"] == "Hello there."
    assert await visitor.stream(model, "[[script:hello]]") == "Hello there."
    assert await visitor.stream("gantry/keeper", "Who kept the lighthouse?") == "It was Amalia [1]."
    assert stack.llm.last.body["messages"][0]["content"].startswith("You keep the light.")
    shown = [
        {"type": "text", "text": "[[script:hello]]"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]
    assert (await visitor.ask(model, shown)).status_code == 200
    assert stack.llm.last.body["messages"][-1]["content"] == shown
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    called = await visitor.ask(model, "Weather in Oslo?", tools=[tool])
    assert called.json()["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "weather"
    busy = await visitor.ask(model, "[[script:busy]]")
    assert (busy.status_code, "slow down" in busy.text) == (429, True)
    embedded = await visitor.web.post(
        "/api/v1/retrieval/process/text", json={"name": "note", "content": "A lighthouse."}
    )
    assert embedded.status_code == 200, embedded.text
    await visitor.stream(model, "[[script:endless]]", pieces=3)
    request = stack.llm.last
    async with asyncio.timeout(10):
        while request.disconnected_at is None:
            await asyncio.sleep(0.05)
    assert not stack.services.programs.open_requests
