"""Every request has an id, and one line in the access log that says what happened, and to whom; never what was said."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest
import websockets
from starlette.types import Receive, Scope, Send

from gantry.api.observed import Observed
from gantry.log import ACCESS, JsonFormatter
from gantry.runtime import installed
from tests.parts.api_server import sign_in
from tests.parts.figures import Figures, observed_api
from tests.parts.llm_server import Script
from tests.parts.stack import PATIENCE, Stack

SECRET_WORDS = ("the question itself", "the answer itself", "correct horse battery", "opaque-query")


class Lines:
    """What is logged, as a log server gets it."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(JsonFormatter())

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def all(self, event: str, **wanted: Any) -> list[dict[str, Any]]:
        found = [orjson.loads(line) for line in self.text.splitlines()]
        return [line for line in found if line["event"] == event and wanted.items() <= line.items()]

    async def one(self, event: str = "request.finished", **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while not (found := self.all(event, **wanted)):
                await asyncio.sleep(0.01)
        assert len(found) == 1, found
        return found[0]


@contextmanager
def recording(*, access: bool) -> Iterator[Lines]:
    lines, ours, wanted = Lines(), logging.getLogger("gantry"), logging.getLogger(ACCESS)
    before = ours.level, wanted.level
    ours.setLevel(logging.DEBUG)
    wanted.setLevel(logging.INFO if access else logging.CRITICAL)
    ours.addHandler(lines.handler)
    try:
        yield lines
    finally:
        ours.removeHandler(lines.handler)
        ours.setLevel(before[0])
        wanted.setLevel(before[1])


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Yield what is logged with ACCESS_LOG_ENABLED."""
    with recording(access=True) as lines:
        yield lines


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client signed in as Ben, whose requests are logged."""
    async with observed_api(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        yield client


async def ask(client: httpx.AsyncClient, **headers: str) -> tuple[str, dict[str, str]]:
    conversation = (await client.post("/api/v1/conversations", json={"title": "T"})).json()["id"]
    body = {"content": SECRET_WORDS[0], "model": "openai/scripted"}
    sent = await client.post(f"/api/v1/conversations/{conversation}/messages", json=body, headers={**headers})
    assert sent.status_code == 202, sent.text
    return conversation, sent.json()


async def test_a_request_leaves_one_line(client: httpx.AsyncClient, lines: Lines) -> None:
    """Method, path without query, route, status, duration, bytes, request, account and address."""
    me = (await client.get("/api/v1/session")).json()
    answer = await client.get("/api/v1/conversations?q=opaque-query&limit=5")
    line = await lines.one(path="/api/v1/conversations")
    assert line["method"] == "GET"
    assert line["route"] == "/api/v1/conversations"
    assert line["status"] == answer.status_code
    assert line["bytes"] == len(answer.content)
    assert line["request"] == answer.headers["x-request-id"]
    assert line["account"] == me["account"]["id"]
    assert line["client"] == "127.0.0.1"
    assert 0 < line["duration_ms"] < PATIENCE * 1000
    assert line["level"] == "info"
    assert line["time"].endswith("+00:00")


async def test_the_id_of_the_proxy_is_kept_when_it_is_one(client: httpx.AsyncClient, lines: Lines) -> None:
    """A sane X-Request-ID is taken over and sent back; anything else is replaced."""
    kept = await client.get(
        "/api/v1/models", headers={"X-Request-ID": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    )
    assert kept.headers["x-request-id"] == "0f8fad5b-d9cb-469f-a165-70867728950e"
    for insane in ("short", "x" * 65, "two words here", 'quote"quote"', "ünïcödé-id-id", ""):
        answer = await client.get("/api/v1/models", headers={"X-Request-ID": insane.encode()})  # pyright: ignore[reportArgumentType]
        made = answer.headers["x-request-id"]
        assert len(made) == 32, insane
        assert (await lines.one(request=made))["path"] == "/api/v1/models"
    several = [("X-Request-ID", "first-request-id"), ("X-Request-ID", "second-request-id")]
    answer = await client.get("/api/v1/models", headers=several)
    assert "request-id" not in answer.headers["x-request-id"]


async def test_what_the_guard_refuses_is_logged(client: httpx.AsyncClient, lines: Lines) -> None:
    """A request from another site has an id and a line, like one that was served."""
    answer = await client.post("/api/v1/setup", headers={"Origin": "http://evil.example"})
    line = await lines.one(path="/api/v1/setup")
    assert (line["status"], line["route"], line["method"]) == (403, "none", "POST")
    assert line["request"] == answer.headers["x-request-id"]


async def test_a_path_cannot_forge_a_line(client: httpx.AsyncClient, lines: Lines) -> None:
    """What strangers write into a path stays encoded, on one line, and bounded."""
    await client.get('/%0a{"event":"forged"}%1b[2J' + "x" * 2000)
    line = await lines.one(status=404)
    assert line["path"].startswith("/%0a")
    assert len(line["path"]) <= 500
    assert not lines.all("forged")


async def test_machines_asking_after_us_are_left_out(client: httpx.AsyncClient, lines: Lines) -> None:
    """Health, readiness and figures are asked every few seconds: they leave no line."""
    for path in ("/health", "/ready", "/metrics"):
        assert (await client.get(path)).status_code == 200
    await client.get("/api/v1/models")
    await lines.one(path="/api/v1/models")
    assert len(lines.all("request.finished")) == 1


async def test_the_lines_of_one_answer_belong_together(
    stack: Stack, client: httpx.AsyncClient, lines: Lines
) -> None:
    """From the request that asked to the end of the answer, every line has the ids to find the others by."""
    stack.llm.default = Script(text=SECRET_WORDS[1])
    me = (await client.get("/api/v1/session")).json()["account"]["id"]
    conversation, started = await ask(client, **{"X-Request-ID": "request-of-the-question"})
    generation = started["generation_id"]
    assert (await client.get(f"/api/v1/generations/{generation}/events")).status_code == 200
    ended = await lines.one("generation.finished")
    assert ended["generation"] == generation
    assert ended["account"] == me
    assert ended["request"] == "request-of-the-question"
    asked = await lines.one(path=f"/api/v1/conversations/{conversation}/messages")
    assert asked["request"] == "request-of-the-question"
    followed = await lines.one(path=f"/api/v1/generations/{generation}/events")
    assert (followed["generation"], followed["account"]) == (generation, me)
    assert not [word for word in SECRET_WORDS if word in lines.text]
    assert client.cookies["gantry_session"] not in lines.text


async def test_streams_are_logged_when_they_end(
    stack: Stack, client: httpx.AsyncClient, lines: Lines
) -> None:
    """An event stream and a feed leave their line at their end, with how long they lasted."""
    stack.llm.default = Script(text="one two three four " * 20, tokens_per_second=20)
    _, started = await ask(client)
    origin, path = client.headers["Origin"], f"/api/v1/generations/{started['generation_id']}/events"
    cookie = {"Cookie": f"gantry_session={client.cookies['gantry_session']}"}
    async with client.stream("GET", path) as stream:
        chunks = stream.aiter_raw()
        await anext(chunks)
        async with websockets.connect(
            f"{origin.replace('http', 'ws', 1)}/api/v1/feed?x=opaque-query",
            additional_headers=cookie,
            origin=origin,  # pyright: ignore[reportArgumentType]
        ) as feed:
            assert feed.response is not None
            name = feed.response.headers["x-request-id"]
            assert not lines.all("request.finished", path="/api/v1/feed")
            await asyncio.sleep(0.2)  # how long it lasts is what is measured
        line = await lines.one(path="/api/v1/feed")
        assert (line["method"], line["status"], line["route"]) == ("WEBSOCKET", 101, "/api/v1/feed")
        assert line["request"] == name
        assert line["duration_ms"] >= 200
        assert line["account"]
        assert not lines.all("request.finished", path=path)
        await chunks.aclose()  # pyright: ignore[reportAttributeAccessIssue]
    assert (await lines.one(path=path))["bytes"] > 0
    assert "opaque-query" not in lines.text


async def test_a_crash_is_counted_and_logged_as_an_error(stack: Stack, lines: Lines) -> None:
    """What an application raises goes on to the server, and is a 500 in the log and in the figures."""

    async def crashing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    with installed(stack.services):
        transport = httpx.ASGITransport(Observed(crashing))
        async with httpx.AsyncClient(base_url="http://gantry", transport=transport) as client:
            with pytest.raises(ZeroDivisionError):
                await client.get("/api/v1/models")
    assert (await lines.one(path="/api/v1/models"))["status"] == 500
    figures = await Figures.of(stack.services.operations)
    assert figures.total("gantry_http_requests_total", status="500", route="none") == 1


async def test_without_the_setting_there_is_no_line(stack: Stack) -> None:
    """ACCESS_LOG_ENABLED=false: requests are counted and have ids, but leave no line."""
    with recording(access=False) as lines:
        async with observed_api(stack) as client:
            assert (await client.get("/api/v1/session")).headers["x-request-id"]
    assert not lines.all("request.finished")
    assert "/api/v1/session" not in lines.text
