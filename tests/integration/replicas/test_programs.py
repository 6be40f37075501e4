"""Programs at two replicas: one token, one set of limits, and assistants whose requests land at either."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextResourceContents
from openai import APIError, AsyncOpenAI

from tests.parts.app import Person, RunningApp
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.replicas import Deployment, Replica

pytestmark = pytest.mark.timeout(180)
HELLO: Any = [{"role": "user", "content": "hello"}]
ANSWER = {"question": "slowly [[tokens:4000]] [[rate:50]]", "model": "openai/scripted"}


async def token_of(person: Person, *scopes: str) -> dict[str, Any]:
    """Return a new token."""
    asked = {"name": "Program", "scopes": scopes or ("chat", "read", "write")}
    answer = await person.rest.post("/api/v1/me/tokens", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


def client_at(app: RunningApp, token: str) -> AsyncOpenAI:
    """Return OpenAI's client at a replica."""
    return AsyncOpenAI(base_url=f"{app.url}/v1", api_key=token, max_retries=0, timeout=20)


async def rest_of(stream: AsyncIterator[Any]) -> None:
    """Read a stream to its end."""
    async for _chunk in stream:
        pass


async def statuses(token: str, places: list[Replica], times: int) -> list[int]:
    """Ask for the models so often, at the replicas in turn and several at once; returns what came of it."""
    limits = httpx.Limits(max_connections=12)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=60, limits=limits, trust_env=False) as web:
        asked = (web.get(f"{places[number % len(places)].url}/v1/models") for number in range(times))
        return [answer.status_code for answer in await asyncio.gather(*asked)]


async def test_a_token_revoked_at_one_replica_is_none_at_the_other(deployment: Deployment) -> None:
    """Within a second: for new requests, and for the stream of one that runs."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    made = await token_of(person)
    async with client_at(second, made["token"]) as client:
        deployment.llm.enqueue(Script(markdown_answer(10_000), tokens_per_second=50))
        stream = await client.chat.completions.create(model="openai/scripted", messages=HELLO, stream=True)
        words = aiter(stream)
        await anext(words)
        request = deployment.llm.last
        assert (await statuses(made["token"], [first, second], 2)) == [200, 200]
        revoked = await person.rest.delete(f"/api/v1/me/tokens/{made['id']}")
        assert revoked.status_code == 204
        at = time.monotonic()
        assert (await statuses(made["token"], [first, second], 2)) == [401, 401]
        assert time.monotonic() - at < 1
        async with asyncio.timeout(3):  # a second, and what a busy machine takes
            with pytest.raises(APIError):
                await rest_of(words)
            while request.disconnected_at is None:
                await asyncio.sleep(0.02)


async def test_limits_of_a_token_count_everywhere(deployment: Deployment) -> None:
    """600 requests a minute at two replicas together, and not at each; another token is another matter."""
    replicas = await deployment.running(2)
    person = await deployment.person()
    made, other = await token_of(person), await token_of(person)
    codes = await statuses(made["token"], replicas, 610)
    assert codes.count(200) == 600
    assert codes.count(429) == 10
    assert await statuses(made["token"], replicas, 2) == [429, 429]
    assert await statuses(other["token"], replicas, 2) == [200, 200]


class InTurn(httpx2.AsyncBaseTransport):
    """Sends each request to the next of several replicas, as a balancer without memory does."""

    def __init__(self, places: list[Replica]) -> None:
        self._places = places
        self._line = httpx2.AsyncHTTPTransport()
        self.asked = [0] * len(places)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one."""
        number = sum(self.asked) % len(self._places)
        self.asked[number] += 1
        request.url = request.url.copy_with(port=self._places[number].port)
        request.headers["host"] = f"127.0.0.1:{self._places[number].port}"
        return await self._line.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all lines."""
        await self._line.aclose()


@asynccontextmanager
async def assistant(places: list[Replica], token: str, mode: Any) -> AsyncGenerator[tuple[Client, InTurn]]:
    """Yield the protocol's official client, whose requests land at either replica."""
    line = InTurn(places)
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(transport=line, headers=headers, timeout=30) as web,
        Client(streamable_http_client(f"{places[0].url}/mcp", http_client=web), mode=mode) as client,
    ):
        yield client, line


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_assistant_at_either_replica(deployment: Deployment, mode: str) -> None:
    """Tools with checked results, documents as resources: no replica keeps anything of a session."""
    replicas = await deployment.running(2)
    person = await deployment.person()
    for number in range(2):
        file = {"file": (f"note{number}.txt", f"The lighthouse {number} is white.".encode())}
        answer = await person.rest.post("/api/v1/documents", files=file)
        assert answer.status_code in {200, 201, 202}, answer.text
    made = await token_of(person)
    async with assistant(replicas, made["token"], mode) as (client, line):
        tools = {each.name: each for each in (await client.list_tools()).tools}
        assert all(each.output_schema for each in tools.values())
        told = await client.call_tool("add_memory", {"text": "I drink green tea."})
        assert told.structured_content
        found = await client.call_tool("search_memory", {"query": "What tea?"})
        assert found.structured_content
        assert "I drink green tea." in found.structured_content["facts"]
        await _read(person)
        listed = await client.list_resources()
        assert {each.name for each in listed.resources} == {"note0.txt", "note1.txt"}
        (block,) = (await client.read_resource(listed.resources[-1].uri)).contents
        assert isinstance(block, TextResourceContents)
        assert "lighthouse" in block.text
        failed = await client.call_tool("read_conversation", {"id": "00000000-0000-0000-0000-000000000000"})
        assert failed.is_error
        assert min(line.asked) >= 2


async def _read(person: Person) -> None:
    """Wait until all of a person's documents were read."""
    async with asyncio.timeout(90):
        while True:
            answer = await person.rest.get("/api/v1/documents", params={"limit": 200})
            rows = answer.json()["documents"]
            if len(rows) == 2 and all(each["state"] == "ready" for each in rows):
                return
            await asyncio.sleep(0.3)


async def test_a_call_is_given_up_at_the_other_replica(deployment: Deployment) -> None:
    """``notifications/cancelled`` stops the answer wherever it is written, and only that of the client that sent it."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    made = await token_of(person)
    headers = {
        "authorization": f"Bearer {made['token']}", "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18", "user-agent": "assistant/1",
    }  # fmt: skip
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as web:

        async def call(place: Replica, agent: str) -> str:
            message = {
                "jsonrpc": "2.0",
                "id": 7,
                "method": "tools/call",
                "params": {"name": "ask", "arguments": ANSWER},
            }
            return (await web.post(f"{place.url}/mcp", json=message, headers={"user-agent": agent})).text

        before = len(deployment.llm.requests)
        asked = asyncio.create_task(call(first, "assistant/1"))
        await _asked(deployment, before + 1)
        mine = deployment.llm.last
        others = asyncio.create_task(call(first, "another/1"))
        await _asked(deployment, before + 2)
        theirs = deployment.llm.last
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        answer = await web.post(f"{second.url}/mcp", json=cancel)
        assert answer.status_code == 202
        async with asyncio.timeout(5):
            text = await asked
            while mine.disconnected_at is None:
                await asyncio.sleep(0.02)
        assert "given up" in json.dumps(text)
        assert theirs.disconnected_at is None
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)
        async with asyncio.timeout(5):
            while theirs.disconnected_at is None:
                await asyncio.sleep(0.02)


async def _asked(deployment: Deployment, number: int) -> None:
    """Wait until the model server has been asked so often and has begun to answer."""
    async with asyncio.timeout(10):
        while len(deployment.llm.requests) < number or not deployment.llm.last.token_times:
            await asyncio.sleep(0.02)
