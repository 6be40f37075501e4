"""Failures of a model server on a real port, as ``OpenAIChatModel`` tells them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from gantry.adapters.openai.chat import OpenAIChatModel, Timeouts
from gantry.domain.catalog import (
    ChatRequest,
    ChatTurn,
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    TextDelta,
)
from gantry.domain.errors import ContextTooLong, ModelFault, ModelUnavailable
from tests.parts.llm_server import Script, ScriptedServer
from tests.parts.ports import free_port

KEY = "sk-secret-123456"
QUESTION = ChatRequest("scripted", (ChatTurn("user", "Hello?"),), UUID(int=1), UUID(int=2))


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def fault_of(
    script: Script, server: ScriptedServer, client: httpx.AsyncClient, **limits: float
) -> tuple[str, ModelUnavailable]:
    """Return the text that came before the fault, and the fault."""
    server.enqueue(script)
    return await fault_at(server.url, client, **limits)


async def fault_at(url: str, client: httpx.AsyncClient, **limits: float) -> tuple[str, ModelUnavailable]:
    spec = ConnectionSpec("rig", "Our rig", ConnectionKind.OPENAI, url, ConnectionOrigin.STORED, KEY)
    text = ""
    try:
        async for delta in OpenAIChatModel(client, spec, Timeouts(**limits)).stream(QUESTION):
            text += delta.text if isinstance(delta, TextDelta) else ""
    except ModelUnavailable as caught:
        error = caught
    else:
        pytest.fail("The answer came without a fault.")
    assert KEY not in error.public + error.advice + error.details
    assert error.advice
    assert isinstance(error, ContextTooLong) or "Our rig" in error.public
    return text, error


@pytest.mark.parametrize(
    ("status", "body", "fault", "details"),
    [
        (
            401,
            {"error": {"message": f"Incorrect API key provided: {KEY}."}},
            "not-authorised",
            "Incorrect API key",
        ),
        (403, {"detail": "Not allowed here"}, "not-authorised", "Not allowed here"),
        (404, {"error": {"message": "model 'x' not found"}}, "model-not-found", "model 'x' not found"),
        (404, None, "model-not-found", "HTTP status 404"),
        (418, {"message": "I am a teapot"}, "rejected", "I am a teapot"),
        (
            422,
            {"detail": [{"msg": "field required"}, {"msg": "too small"}]},
            "rejected",
            "field required; too small",
        ),
        (400, {"error": "the prompt is odd"}, "rejected", "the prompt is odd"),
        (308, None, "rejected", "HTTP status 308"),
        (500, "<html><title>Oops</title><h1>Trace</h1></html>", "server-error", "Oops"),
        (502, "<html><h1>Bad &amp; gateway</h1></html>", "server-error", "Bad & gateway"),
        (503, {"error": {"message": "Overloaded", "code": 503}}, "server-error", "Overloaded"),
    ],
)
async def test_refusals(
    server: ScriptedServer, client: httpx.AsyncClient, status: int, body: Any, fault: str, details: str
) -> None:
    """Each status is a fault of its own, with the server's message in the details and no key anywhere."""
    _, error = await fault_of(Script(status=status, body=body), server, client)
    assert error.fault == ModelFault(fault)
    assert error.details.startswith(details)


async def test_a_model_that_is_never_loaded(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A server that says it is loading for longer than anybody waits is STALLED."""
    server.default = Script(status=503, body={"error": {"message": "Loading model", "code": 503}})
    _, error = await fault_at(server.url, client, first_byte=0.2, loading=0.05)
    assert error.fault is ModelFault.STALLED


async def test_rate_limit_says_when_to_come_back(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """The advice of a rate limit holds the server's Retry-After."""
    script = Script(status=429, body={"error": {"message": "Slow down"}}, headers={"Retry-After": "17"})
    _, error = await fault_of(script, server, client)
    assert (error.fault, "17 seconds" in error.advice) == (ModelFault.RATE_LIMITED, True)


async def test_prompt_that_does_not_fit(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A prompt beyond the context is ContextTooLong with the length that the server told."""
    message = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
    _, error = await fault_of(Script(status=400, body={"error": {"message": message}}), server, client)
    assert isinstance(error, ContextTooLong)
    assert error.context_tokens == 8192


async def test_nobody_listens(client: httpx.AsyncClient) -> None:
    """A closed port is UNREACHABLE, and the advice holds the address but no path."""
    port = free_port()
    _, error = await fault_at(f"http://127.0.0.1:{port}/v1", client)
    assert error.fault is ModelFault.UNREACHABLE
    assert f"127.0.0.1:{port}," in error.advice


@pytest.mark.parametrize("url", ["ftp://host/v1", "nonsense", "http://[broken/v1"])
async def test_address_that_is_none(client: httpx.AsyncClient, url: str) -> None:
    """An address that cannot be one is UNREACHABLE like any other wrong one."""
    _, error = await fault_at(url, client)
    assert error.fault is ModelFault.UNREACHABLE


@pytest.mark.parametrize("headers_first", [False, True])
async def test_no_first_byte(server: ScriptedServer, client: httpx.AsyncClient, headers_first: bool) -> None:
    """A server that takes the question and says nothing is STALLED after the first-byte limit."""
    script = Script(first_byte_delay=30, headers_first=headers_first)
    _, error = await fault_of(script, server, client, first_byte=0.5)
    assert (error.fault, "not started" in error.public) == (ModelFault.STALLED, True)
    await server.last.wait_disconnected(1.0)


async def test_silence_in_the_middle(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A server that stops talking is STALLED after the idle limit, and what came stays."""
    text, error = await fault_of(Script(text=["a", "b", "c"], stall_after=2), server, client, idle=0.1)
    assert (text, error.fault) == ("ab", ModelFault.STALLED)
    await server.last.wait_disconnected(1.0)


async def test_slow_answer_is_not_a_stalled_one(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """The idle limit counts from the last piece: a long answer at a slow rate is none of its business."""
    script = Script(text=["a"] * 12, tokens_per_second=20, cut_after=12)
    text, error = await fault_of(script, server, client, idle=0.3)
    assert (text, error.fault) == ("a" * 12, ModelFault.CUT_OFF)


async def test_cut_in_the_middle(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A connection that closes before any finish reason is CUT_OFF, and what came stays."""
    text, error = await fault_of(Script(text=["a", "b", "c"], cut_after=2), server, client)
    assert (text, error.fault) == ("ab", ModelFault.CUT_OFF)


@pytest.mark.parametrize("tail", [b"", b'data: {"choices":[{"del'])
async def test_clean_close_without_an_end(
    server: ScriptedServer, client: httpx.AsyncClient, tail: bytes
) -> None:
    """A stream that ends in good order but without a finish reason is CUT_OFF as well, in mid-line too."""
    script = Script(raw=[b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', tail])
    text, error = await fault_of(script, server, client)
    assert (text, error.fault) == ("a", ModelFault.CUT_OFF)


async def test_broken_line(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """Half a JSON value on a line of its own is BROKEN, and what came before it stays."""
    text, error = await fault_of(Script(text=["a", "b", "c"], broken_sse_after=1), server, client)
    assert (text, error.fault) == ("a", ModelFault.BROKEN)


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ("<html><title>Sign in</title></html>", "Sign in"),
        ({"hello": "world"}, '{"hello": "world"}'),
        ([1, 2], "[1, 2]"),
    ],
)
async def test_not_an_answer_at_all(
    server: ScriptedServer, client: httpx.AsyncClient, body: Any, details: str
) -> None:
    """A web page, or JSON that is no completion, with status 200 is BROKEN."""
    _, error = await fault_of(Script(status=200, body=body), server, client)
    assert (error.fault, error.details) == (ModelFault.BROKEN, details)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"message": "CUDA out of memory", "type": "server_error"}, ModelFault.SERVER_ERROR),
        ({"message": "Slow down", "code": 429}, ModelFault.RATE_LIMITED),
        ("something broke", ModelFault.SERVER_ERROR),
        ({"message": "too long", "type": "exceed_context_size_error", "n_ctx": 4096}, ModelFault.TOO_LONG),
    ],
)
async def test_error_inside_the_stream(
    server: ScriptedServer, client: httpx.AsyncClient, value: Any, fault: ModelFault
) -> None:
    """An error told within a stream is typed by its code, and what came before it stays."""
    text, error = await fault_of(Script(text=["a", "b"], error_after=(1, value)), server, client)
    assert (text, error.fault) == ("a", fault)


async def test_words_of_a_stream_without_an_answer_are_kept(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """Whatever shape they have: who runs the server finds them in the details."""
    _, error = await fault_of(Script(raw=[b'data: {"exit":{"why":"card on fire"}}\n\n']), server, client)
    assert (error.fault, error.details) == (ModelFault.CUT_OFF, '{"exit": {"why": "card on fire"}}')


async def test_error_of_status_200(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """An error as JSON with status 200 is an error all the same."""
    _, error = await fault_of(Script(body={"error": {"message": "No credits", "code": 402}}), server, client)
    assert (error.fault, error.details) == (ModelFault.QUOTA, "No credits")


async def test_next_question_works_after_a_fault(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """A fault leaves nothing behind: the next answer on the same client is whole."""
    await fault_of(Script(cut_after=2), server, client)
    spec = ConnectionSpec("rig", "Our rig", ConnectionKind.OPENAI, server.url, ConnectionOrigin.STORED)
    deltas = [delta async for delta in OpenAIChatModel(client, spec).stream(QUESTION)]
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == server.default.text
