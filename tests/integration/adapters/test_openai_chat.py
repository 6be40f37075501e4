"""Answers of a model server on a real port, as ``OpenAIChatModel`` reads them."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from gantry.adapters.openai.chat import OpenAIChatModel, Timeouts
from gantry.adapters.openai.servers import HttpModelServers
from gantry.domain.catalog import (
    ChatRequest,
    ChatTurn,
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    Delta,
    Progress,
    ReasoningDelta,
    TextDelta,
    Truncated,
    UsageReport,
    Waits,
)
from gantry.domain.errors import ModelFault, ModelUnavailable
from gantry.domain.live import Stage
from gantry.domain.parameters import Effort
from tests.parts.llm_server import Script, ScriptedServer, markdown_answer

SOMEBODY = UUID(int=1)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def model(server: ScriptedServer, client: httpx.AsyncClient) -> OpenAIChatModel:
    return model_of(server, client)


def model_of(
    server: ScriptedServer, client: httpx.AsyncClient, kind: str = "openai", **limits: float
) -> OpenAIChatModel:
    spec = ConnectionSpec(
        "rig", "Rig", ConnectionKind(kind), server.url, ConnectionOrigin.STORED, "sk-secret-123456"
    )
    return OpenAIChatModel(client, spec, Timeouts(**limits))


PLAIN = {"model", "messages", "stream", "stream_options"}


def question(*turns: ChatTurn, **options: Any) -> ChatRequest:
    turns = turns or (ChatTurn("system", "Be brief."), ChatTurn("user", "How does a garden keep water?"))
    return ChatRequest("scripted", turns, SOMEBODY, SOMEBODY, **options)


def unfinished(prefix: str) -> ChatRequest:
    return question(ChatTurn("user", "Go on?"), ChatTurn("assistant", prefix), continue_last=True)


async def all_of(model: OpenAIChatModel, request: ChatRequest | None = None) -> list[Delta]:
    return [delta async for delta in model.stream(request or question())]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def thought_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))


def event(delta: str, reason: str = "null") -> bytes:
    return b'data: {"choices":[{"delta":%b,"finish_reason":%b}]}\n\n' % (delta.encode(), reason.encode())


async def test_answer_comes_token_by_token_and_ends_with_the_usage(
    model: OpenAIChatModel, server: ScriptedServer
) -> None:
    """Every token is one TextDelta in order, and the usage is the last delta."""
    tokens = markdown_answer(300)
    server.enqueue(Script(text=tokens, prompt_tokens=12))
    assert await all_of(model) == [*map(TextDelta, tokens), UsageReport(12, 300)]


async def test_request_says_what_was_asked(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """Model, turns, temperature, length and key reach the server; owner and conversation do not."""
    await all_of(model, question(temperature=0.3, max_tokens=99))
    assert server.last.body == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How does a garden keep water?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.3,
        "max_tokens": 99,
    }
    assert server.last.headers["authorization"] == "Bearer sk-secret-123456"


WISHES: dict[str, Any] = {
    "temperature": 0.0,
    "top_p": 0.9,
    "seed": 0,
    "max_tokens": 5,
    "stop": ("END", "\n\n"),
}


async def test_wishes_reach_the_server_as_they_are(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """Zero is a wish too; nothing else is sent."""
    await all_of(model, question(**WISHES, reasoning_effort=Effort.HIGH))
    sent = {name: value for name, value in server.last.body.items() if name not in PLAIN}
    assert sent == WISHES | {"stop": ["END", "\n\n"], "reasoning_effort": "high"}
    await all_of(model, question())
    assert set(server.last.body) == PLAIN


async def test_llamacpp_tells_the_effort_to_its_template(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """Its templates read it from options of their own; one that is continued must not think."""
    model = model_of(server, client, "llamacpp")
    await all_of(model, question(reasoning_effort=Effort.LOW))
    assert server.last.body["chat_template_kwargs"] == {"reasoning_effort": "low"}
    going_on = replace(unfinished("It "), reasoning_effort=Effort.LOW)
    await all_of(model, going_on)
    assert server.last.body["chat_template_kwargs"] == {"reasoning_effort": "low", "enable_thinking": False}


async def test_refused_wishes_are_remembered(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """A server that takes neither seed nor effort is asked with them once; the rest it gets each time."""
    server.default = Script(text="Fine.", rejects=("seed", "reasoning_effort"))
    for _ in range(2):
        assert text_of(await all_of(model, question(**WISHES, reasoning_effort=Effort.HIGH))) == "Fine."
    assert len(server.requests) == 4
    assert not {"seed", "reasoning_effort"} & set(server.last.body)
    assert server.last.body["temperature"] == 0.0


@pytest.mark.parametrize("where", ["reasoning_content", "reasoning", "inline"])
async def test_thinking_is_told_from_the_answer(
    model: OpenAIChatModel, server: ScriptedServer, where: Any
) -> None:
    """Thinking in either field or between tags becomes ReasoningDelta, and only that."""
    server.enqueue(Script(text="It rains.", reasoning="Let me look outside.", reasoning_field=where))
    deltas = await all_of(model)
    assert (thought_of(deltas), text_of(deltas)) == ("Let me look outside.", "It rains.")


async def test_tags_and_characters_cut_across_network_pieces(
    model: OpenAIChatModel, server: ScriptedServer
) -> None:
    """A byte at a time makes no difference, in the middle of a tag, a line or a character."""
    stream = (
        event('{"content":"<th"}')
        + event('{"content":"ink>Hm é"}')
        + event('{"content":"</think>Ja – ü"}', '"stop"')
    )
    server.enqueue(Script(raw=[bytes([byte]) for byte in stream]))
    deltas = await all_of(model)
    assert (thought_of(deltas), text_of(deltas)) == ("Hm é", "Ja – ü")


async def test_what_is_not_text_does_no_harm(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """Tool calls, null content, empty choices, comments and unknown fields are passed over."""
    odd = [
        b": waking up\n\nevent: message\nid: 7\nretry: 10\n",
        event('{"role":"assistant","content":null}'),
        b'data: {"choices":[],"prompt_filter_results":[{}]}\n\ndata: {"choices":null}\n\ndata: {"x": 1}\n\ndata:\n\n',
        event('{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{"}}]}'),
        b'data: {"choices":[{"index":0}]}\r\n\r\n',
        event('{"content":"Still here.","refusal":null}'),
        event("{}", '"stop"'),
    ]
    server.enqueue(Script(raw=odd))
    assert await all_of(model) == [TextDelta("Still here.")]


async def test_truncated_answer_says_so(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """An answer that ends at the length limit ends with Truncated, before the usage."""
    server.enqueue(Script(text=["One"], finish_reason="length", prompt_tokens=3))
    assert await all_of(model) == [TextDelta("One"), Truncated(), UsageReport(3, 1)]


async def test_running_usage_is_reported_once(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """Of counts that come with every token the last one counts."""
    counts = [
        b'data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":%d}}\n\n'
        % n
        for n in (1, 2)
    ]
    server.enqueue(Script(raw=[*counts, event("{}", '"stop"')]))
    assert await all_of(model) == [TextDelta("a"), TextDelta("a"), UsageReport(5, 2)]


@pytest.mark.parametrize("script", [Script(done=False), Script(usage=False), Script(finish_reason=None)])
async def test_either_sign_of_the_end_is_enough(
    model: OpenAIChatModel, server: ScriptedServer, script: Script
) -> None:
    """A finish reason without [DONE], and [DONE] without a finish reason, are normal ends."""
    server.enqueue(script)
    assert text_of(await all_of(model)) == script.text


async def test_server_that_never_closes_after_the_end(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """After the finish reason a server that neither says [DONE] nor closes delays the end by the tail only."""
    server.enqueue(Script(raw=[event('{"content":"Bye"}', '"stop"'), b": ", b": "], raw_gap=30))
    assert await all_of(model_of(server, client, tail=0.05)) == [TextDelta("Bye")]


async def test_whole_completion_in_place_of_a_stream(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """One JSON completion is accepted as one delta with its usage."""
    server.enqueue(
        Script(text="All at once.", reasoning="Hm.", whole=True, prompt_tokens=4, completion_tokens=9)
    )
    deltas = await all_of(model)
    assert (thought_of(deltas), text_of(deltas)) == ("Hm.", "All at once.")
    assert deltas[-1] == UsageReport(4, 9)


@pytest.mark.parametrize(
    "refused", [("stream_options",), ("temperature",), ("stream_options", "temperature")]
)
async def test_refused_option_is_left_out(
    model: OpenAIChatModel, server: ScriptedServer, refused: Any
) -> None:
    """A server that refuses an option by name gets the question again without it."""
    server.default = Script(text="Fine.", rejects=refused)
    assert text_of(await all_of(model, question(temperature=0.5))) == "Fine."
    assert len(server.requests) == 1 + len(refused)


async def test_slow_start_is_told_once(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """With no sign of life for a while it is said to load once, before the answer."""
    server.enqueue(Script(text=["Up."], first_byte_delay=0.2, usage=False))
    assert await all_of(model_of(server, client, notice=0.02)) == [Progress(Stage.LOADING), TextDelta("Up.")]


async def test_slow_start_after_the_headers(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """Headers alone are no answer: it is said to load, and the limit is the one for the first byte."""
    server.enqueue(Script(text=["Up."], first_byte_delay=0.2, headers_first=True, usage=False))
    model = model_of(server, client, notice=0.02, idle=0.05)
    assert await all_of(model) == [Progress(Stage.LOADING), TextDelta("Up.")]


async def test_a_server_that_is_loading_its_model_is_waited_for(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """llama.cpp refuses while it loads: it is said to load, and it is asked again until it answers."""
    loading = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
    server.enqueue(*[Script(status=503, body=loading)] * 2, Script(text=["Up."], usage=False))
    model = model_of(server, client, notice=0.02, loading=0.1)
    assert await all_of(model) == [Progress(Stage.LOADING), TextDelta("Up.")]
    assert len(server.requests) == 3


async def test_quick_start_tells_nothing_of_loading(model: OpenAIChatModel) -> None:
    """A server that answers at once is not said to be loading."""
    assert Progress(Stage.LOADING) not in await all_of(model)


@pytest.mark.parametrize(
    ("kind", "continues"),
    [
        ("vllm", True),
        ("llamacpp", True),
        ("ollama", True),
        ("tabby", True),
        ("openai", False),
        ("lmstudio", False),
    ],
)
def test_which_kinds_continue(kind: str, continues: bool, client: httpx.AsyncClient) -> None:
    """Only kinds known to go on from an unfinished turn say that they do."""
    assert model_of(ScriptedServer(), client, kind).continues_prefix is continues


@pytest.mark.parametrize("kind", ["vllm", "llamacpp", "ollama", "tabby"])
@pytest.mark.parametrize("echo", [False, True])
async def test_continued_answer_is_only_what_is_new(
    server: ScriptedServer, client: httpx.AsyncClient, kind: str, echo: bool
) -> None:
    """A taken-over answer goes on after its prefix, whether or not the server repeats the prefix."""
    whole = "".join(markdown_answer(120))
    prefix = whole[:101]
    server.default = Script(text=whole, echo_prefix=echo)
    rest = text_of(await all_of(model_of(server, client, kind), unfinished(prefix)))
    assert prefix + rest == whole


async def test_words_in_which_continuing_is_asked(server: ScriptedServer, client: httpx.AsyncClient) -> None:
    """Each kind is asked to continue in its own words."""
    prefix = "Once upon"
    for kind in ("vllm", "tabby", "llamacpp"):
        await all_of(model_of(server, client, kind), unfinished(prefix))
    vllm, tabby, llamacpp = (recorded.body for recorded in server.requests)
    assert (vllm["continue_final_message"], vllm["add_generation_prompt"]) == (True, False)
    assert vllm["messages"][-1] == llamacpp["messages"][-1] == {"role": "assistant", "content": prefix}
    assert (tabby["response_prefix"], tabby["messages"][-1]["role"]) == (prefix, "user")


LINE = b'{"choices":[{"delta":{"content":"Fine."},"finish_reason":"stop"}]}'


@pytest.mark.parametrize(
    "kind", ["text/event-stream", "application/json", "application/x-ndjson", "text/plain", ""]
)
@pytest.mark.parametrize(
    "stream",
    [b"data: " + LINE + b"\n\n", LINE + b"\n", LINE.replace(b"{", b"{\n  "), b"\xef\xbb\xbfdata: " + LINE + b"\r\n\r\n"],
)  # fmt: skip
async def test_bytes_tell_what_an_answer_is(
    model: OpenAIChatModel, server: ScriptedServer, kind: str, stream: bytes
) -> None:
    """Events, bare lines and JSON over several lines are read under any content type."""
    server.enqueue(Script(raw=[stream], headers={"Content-Type": kind}))
    assert text_of(await all_of(model)) == "Fine."


async def test_compressed_stream_is_read(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """A stream may come compressed, although nobody asked for it."""
    packed = gzip.compress(b"data: " + LINE + b"\n\n")
    server.enqueue(Script(raw=[packed[:9], packed[9:]], headers={"Content-Encoding": "gzip"}))
    assert text_of(await all_of(model)) == "Fine."


async def test_server_that_does_not_stream_is_asked_for_the_whole(
    model: OpenAIChatModel, server: ScriptedServer
) -> None:
    """A server that refuses streaming gives the answer in one piece; the next question asks for that at once."""
    refusal = Script(status=400, body={"error": {"message": "Not allowed to stream.", "param": "stream"}})
    server.enqueue(refusal, Script(text="Whole."), Script(text="Again."))
    assert text_of(await all_of(model)) == "Whole."
    assert text_of(await all_of(model)) == "Again."
    assert [each.body["stream"] for each in server.requests] == [True, False, False]
    assert "stream_options" not in server.last.body


async def test_server_without_a_system_turn_gets_the_instructions_with_the_question(
    model: OpenAIChatModel, server: ScriptedServer
) -> None:
    """What was the system turn stands before the first words of the user, from now on without asking."""
    refusal = Script(
        status=500, body={"error": {"message": "Conversation roles must alternate user/assistant"}}
    )
    server.enqueue(refusal, Script(text="Fine."), Script(text="Fine."))
    for _ in range(2):
        assert text_of(await all_of(model)) == "Fine."
    expected = [{"role": "user", "content": "Be brief.\n\nHow does a garden keep water?"}]
    assert [each.body["messages"] for each in server.requests[1:]] == [expected, expected]


async def test_server_that_only_complains_is_asked_a_few_times(
    model: OpenAIChatModel, server: ScriptedServer
) -> None:
    """One refusal after the other ends: each way of asking is tried once."""
    said = "stream_options, temperature, streaming and system prompts are not supported"
    server.default = Script(status=400, body={"error": {"message": said}})
    with pytest.raises(ModelUnavailable, match="refused the request"):
        await all_of(model, question(temperature=0.5))
    assert len(server.requests) == 5


async def test_half_an_answer_with_empty_reasons_is_read_to_its_end(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """Empty finish reasons end nothing, however long the pauses between the pieces are."""
    pieces = [event(f'{{"content":"{n}"}}', '""') for n in range(4)] + [event("{}", '"stop"')]
    server.enqueue(Script(raw=pieces, raw_gap=0.1))
    assert text_of(await all_of(model_of(server, client, tail=0.02))) == "0123"


@pytest.mark.parametrize("sign", [b": busy\n\n", b'data: {"choices":[]}\n\n'])
@pytest.mark.parametrize("begun", [b"", event('{"content":"a"}')])
async def test_signs_of_life_do_not_keep_an_answer_running(
    server: ScriptedServer, client: httpx.AsyncClient, sign: bytes, begun: bytes
) -> None:
    """Comments without end stretch the wait for the next word up to a limit, before the first one and after it."""
    server.enqueue(Script(raw=[begun or sign, *[sign] * 500], raw_gap=0.02))
    started = time.monotonic()
    with pytest.raises(ModelUnavailable) as raised:
        await all_of(model_of(server, client, first_byte=0.6, idle=0.3))
    assert raised.value.fault is ModelFault.STALLED
    assert 0.5 < time.monotonic() - started < 8
    await server.last.wait_disconnected(5.0)


async def test_waits_of_a_connection_go_before_the_usual_ones(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """A connection may have waits of its own."""
    server.default = Script(first_byte_delay=0.3)
    model = model_of(server, client, first_byte=0.05)
    patient = replace(model, connection=replace(model.connection, waits=Waits(first_word=20)))
    assert text_of(await all_of(patient)) == server.default.text
    with pytest.raises(ModelUnavailable, match="not started"):
        await all_of(model)


async def test_closing_the_iterator_hangs_up(model: OpenAIChatModel, server: ScriptedServer) -> None:
    """The server sees the disconnect within a second after the iterator is closed in mid-answer."""
    server.enqueue(Script(text=markdown_answer(1000), tokens_per_second=100))
    async with aclosing(model.stream(question())) as answer:
        await anext(answer)
        closed_at = time.time()
    assert await server.last.wait_disconnected(1.0) - closed_at < 1.0


@pytest.mark.parametrize(
    "script", [Script(first_byte_delay=30), Script(first_byte_delay=30, headers_first=True)]
)
async def test_closing_before_the_first_byte_hangs_up(
    server: ScriptedServer, client: httpx.AsyncClient, script: Script
) -> None:
    """An answer that is given up while the model loads is given up at the server, too."""
    server.enqueue(script)
    async with aclosing(model_of(server, client, notice=0.05).stream(question())) as answer:
        assert await anext(answer) == Progress(Stage.LOADING)
        request = await server.wait_requests(1)
    await request.wait_disconnected(1.0)


@pytest.mark.parametrize("script", [Script(first_byte_delay=30), Script(stall_after=3)])
async def test_cancelling_hangs_up(model: OpenAIChatModel, server: ScriptedServer, script: Script) -> None:
    """Cancelling the reading task is never swallowed, and the server sees the disconnect within a second."""
    server.enqueue(script)
    reading = asyncio.create_task(all_of(model))
    request = await server.wait_requests(1)
    while script.stall_after and len(request.token_times) < script.stall_after:
        await asyncio.sleep(0.005)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await request.wait_disconnected(1.0)


async def test_many_answers_at_once(server: ScriptedServer) -> None:
    """The process's client sets no limit to the number of answers read at the same time."""
    server.default = Script(text=markdown_answer(20), first_byte_delay=0.1)
    spec = ConnectionSpec("rig", "Rig", ConnectionKind.OPENAI, server.url, ConnectionOrigin.STORED)
    async with HttpModelServers() as servers:
        answers = await asyncio.gather(*(all_of(servers.open(spec)) for _ in range(120)))
    assert {text_of(answer) for answer in answers} == {"".join(markdown_answer(20))}
