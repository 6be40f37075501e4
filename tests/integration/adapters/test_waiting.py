"""What model servers of each kind are asked while an answer has not begun, over HTTP."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from gantry.adapters.openai.chat import OpenAIChatModel, Timeouts
from gantry.adapters.openai.interleaved import with_news
from gantry.adapters.openai.waiting import Lookout
from gantry.domain.catalog import (
    ChatRequest,
    ChatTurn,
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    Delta,
    Progress,
    TextDelta,
)
from gantry.domain.live import Stage
from tests.parts.llm_server import SILENCE, Script, ScriptedServer

LOADING, QUEUED, ASKED = Progress(Stage.LOADING), Progress(Stage.QUEUED), Progress(Stage.THINKING)
ANSWER = TextDelta("Up.")
SLOW = Script(text=["Up."], first_byte_delay=0.5, usage=False)
QUESTION = ChatRequest("scripted", (ChatTurn("user", "Hello?"),), UUID(int=1), UUID(int=2))


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(SLOW) as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def model_of(
    server: ScriptedServer, client: httpx.AsyncClient, kind: str, lookout: Lookout | None = None
) -> OpenAIChatModel:
    """Return *server* as one of *kind* whose patience is short."""
    spec = ConnectionSpec(
        "rig", "Rig", ConnectionKind(kind), server.url, ConnectionOrigin.STORED, "sk-secret-123456"
    )
    return OpenAIChatModel(client, spec, Timeouts(ask=0.05, notice=0.2), lookout=lookout or Lookout())


async def heard(model: OpenAIChatModel) -> list[Delta]:
    """Return all that is told of an answer."""
    return [delta async for delta in model.stream(QUESTION)]


def asked(server: ScriptedServer, path: str) -> int:
    """Return how often *path* was asked for."""
    return sum(each.path.partition("?")[0] == path for each in server.others)


def slots(*written: int) -> list[dict[str, Any]]:
    """Return busy slots of llama.cpp that have written so much."""
    return [{"id": n, "is_processing": True, "next_token": [{"n_decoded": n}]} for n in written]


@pytest.mark.parametrize(
    ("kind", "route", "answer", "told"),
    [
        ("lmstudio", "/api/v1/models", {"models": [{"key": "scripted", "loaded_instances": []}]}, [LOADING]),
        ("lmstudio", "/api/v0/models", {"data": [{"id": "scripted", "state": "not-loaded"}]}, [LOADING]),
        ("lmstudio", "/api/v0/models", {"data": [{"id": "scripted", "state": "loaded"}]}, []),
        ("ollama", "/api/ps", {"models": []}, [LOADING]),
        ("ollama", "/api/ps", {"models": [{"name": "scripted:latest"}]}, []),
        ("tabby", "/v1/model", (400, {"detail": "No models are currently loaded."}), [LOADING]),
        ("tabby", "/v1/model", {"id": "scripted", "object": "model"}, []),
        ("llamacpp", "/slots", (503, {"error": {"code": 503, "message": "Loading model"}}), [LOADING]),
        ("llamacpp", "/slots", (400, {"error": {"code": 400, "message": "model is not loaded"}}), [LOADING]),
        ("llamacpp", "/slots", slots(7), [QUEUED]),
        ("llamacpp", "/slots", slots(0), []),
        ("vllm", "/metrics", b'vllm:num_requests_waiting{model_name="scripted"} 2.0', [QUEUED]),
    ],
)
async def test_what_a_server_tells(
    server: ScriptedServer,
    client: httpx.AsyncClient,
    kind: str,
    route: str,
    answer: Any,
    told: list[Progress],
) -> None:
    """Before the first word the server is asked what it does, in the words of its kind; that it loads is not guessed."""
    server.routes[f"GET {route}"] = answer
    assert await heard(model_of(server, client, kind)) == [*told, ANSWER]
    assert asked(server, route) >= 1


async def test_changes_are_told_and_nothing_twice(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A question that waited its turn is said to wait for the model when its turn has come."""
    server.default = Script(text=["Up."], first_byte_delay=3.5, usage=False)
    looks = iter([slots(3), slots(9)])
    server.routes["GET /slots"] = lambda _: next(looks, slots(0))
    assert await heard(model_of(server, client, "llamacpp")) == [QUEUED, ASKED, ANSWER]


async def test_how_far_a_model_is_loaded(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A llama.cpp server of several models tells the share of the one that it loads for us."""
    progress = {"stages": ["text_model"], "current": "text_model", "value": 0.4}
    event = {
        "model": "scripted",
        "event": "model_status",
        "data": {"status": "loading", "progress": progress},
    }
    server.routes["GET /slots"] = (400, {"error": {"code": 400, "message": "model is not loaded"}})
    server.routes["GET /models/sse"] = b"data: %b\n\n" % orjson.dumps(event)
    assert await heard(model_of(server, client, "llamacpp")) == [Progress(Stage.LOADING, 40), ANSWER]
    assert server.others[0].path == "/slots?model=scripted&autoload=false"


async def test_how_far_a_prompt_is_read(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """What llama.cpp tells in the stream itself is passed on, and then it is asked nothing."""
    frames = [
        {"choices": [{"delta": {"content": None}}], "prompt_progress": {"total": 900, "processed": 450}},
        {"choices": [{"delta": {"content": "Up."}, "finish_reason": "stop"}]},
    ]
    server.default = Script(raw=[b"data: %b\n\n" % orjson.dumps(frame) for frame in frames], raw_gap=0.2)
    assert await heard(model_of(server, client, "llamacpp")) == [Progress(Stage.THINKING, 50), ANSWER]
    assert server.last.body["return_progress"] is True
    assert not server.others


async def test_what_a_server_does_not_have_is_asked_once(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """A place that is refused is remembered for its connection; then loading is guessed, as for servers that tell nothing."""
    lookout = Lookout()
    for _ in range(3):
        assert await heard(model_of(server, client, "lmstudio", lookout)) == [LOADING, ANSWER]
    assert (asked(server, "/api/v1/models"), asked(server, "/api/v0/models")) == (1, 1)
    server.routes["GET /api/ps"] = {"models": [{"name": "scripted:latest"}]}
    assert await heard(model_of(server, client, "ollama", lookout)) == [ANSWER]


async def test_a_quick_answer_asks_nothing(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A server that answers within a moment gets no other request."""
    server.default = Script(text=["Up."], usage=False)
    assert await heard(model_of(server, client, "ollama")) == [ANSWER]
    assert not server.others


async def test_silence_at_the_place_holds_up_nothing(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """A server that never answers what it does answers the question as fast as ever."""
    server.routes["GET /metrics"] = SILENCE
    async with asyncio.timeout(1.5):
        assert await heard(model_of(server, client, "vllm")) == [ANSWER]


async def test_answers_that_wait_together_ask_once(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """Thirty questions that wait for one server cost it no more looks than one."""
    server.routes["GET /slots"] = slots(5)
    lookout = Lookout()
    models = [model_of(server, client, "llamacpp", lookout) for _ in range(30)]
    assert await asyncio.gather(*map(heard, models)) == [[QUEUED, ANSWER]] * 30
    assert asked(server, "/slots") == 1


async def test_giving_up_gives_up_the_look(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """Closing an answer that waits closes its question at the server and what was asked beside it."""
    server.default = Script(first_byte_delay=30)
    server.routes["GET /slots"] = slots(5)
    answer = model_of(server, client, "llamacpp").stream(QUESTION)
    assert await anext(answer) == QUEUED
    await answer.aclose()
    await server.last.wait_disconnected(1.0)


@pytest.mark.parametrize(
    ("kind", "route", "answer"),
    [
        ("lmstudio", "/api/v1/models", {"models": [{"key": "scripted", "loaded_instances": 1}]}),
        ("lmstudio", "/api/v0/models", {"data": [{"id": "scripted", "state": ["loaded"]}]}),
        ("vllm", "/metrics", b"vllm:num_requests_waiting +Inf"),
        ("vllm", "/metrics", b"vllm:num_requests_waiting +"),
        ("ollama", "/api/ps", (500, {"error": {"message": "?", "status": "4" * 5000}})),
    ],
)
async def test_whatever_a_server_tells_its_answer_comes(
    server: ScriptedServer, client: httpx.AsyncClient, kind: str, route: str, answer: Any
) -> None:
    """What nobody expects there is no reason to end an answer."""
    server.routes[f"GET {route}"] = answer
    assert (await heard(model_of(server, client, kind)))[-1] == ANSWER
    assert asked(server, route) >= 1


async def test_an_answer_outlives_its_news(caplog: pytest.LogCaptureFixture) -> None:
    """When asking the server fails in a way that nobody thought of, the log tells it and the answer goes on."""

    async def news() -> AsyncGenerator[Progress]:
        yield LOADING
        raise RuntimeError("out of order")

    async def answer() -> AsyncGenerator[Delta]:
        while "out of order" not in caplog.text:
            await asyncio.sleep(0.01)
        yield ANSWER

    assert [delta async for delta in with_news(answer(), news())] == [LOADING, ANSWER]
