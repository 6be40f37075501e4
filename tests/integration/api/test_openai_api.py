"""OpenAI's official client with Gantry as its server."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import openai
import pytest
from openai import AsyncOpenAI

from gantry.domain.chat import MessageStatus
from tests.factories import actor_of, make_account
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.programs import openai_client
from tests.parts.stack import Stack, all_messages

MODEL = "openai/scripted"
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
CALL = {
    "index": 0,
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"in":'},
}
MORE = {"index": 0, "function": {"arguments": ' "Oslo"}'}}
TOOL: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[AsyncOpenAI]:
    """Yield the client of somebody who has asked for nothing yet."""
    async with openai_client(stack) as client:
        yield client


async def said(stream: Any) -> str:
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


async def test_models_are_listed_and_found(client: AsyncOpenAI) -> None:
    """Those of every connection, and the built-in answerer."""
    assert [model.id async for model in client.models.list()] == [MODEL, "gantry/extractive"]
    assert (await client.models.retrieve(MODEL)).owned_by == "openai"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("openai/none")


async def test_an_answer_in_one_piece(client: AsyncOpenAI, stack: Stack) -> None:
    """What the client sends reaches the model server as it is, with the server's own name of the model and our key."""
    stack.llm.enqueue(Script("Hello there."))
    answer = await client.chat.completions.create(
        model=MODEL, messages=HELLO, temperature=0.3, seed=7, response_format={"type": "json_object"}
    )
    assert answer.choices[0].message.content == "Hello there."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage
    assert answer.usage.total_tokens > 0
    sent = stack.llm.last
    assert sent.body == {
        "model": "scripted", "messages": HELLO, "temperature": 0.3, "seed": 7, "response_format": {"type": "json_object"},
    }  # fmt: skip
    assert "gantry_" not in str(sent.headers)
    assert await stack.services.conversations.list_conversations(stack.who) == []


@pytest.mark.parametrize("model", [MODEL, "scripted"])
async def test_a_stream_with_usage(client: AsyncOpenAI, stack: Stack, model: str) -> None:
    """Word by word, with the counts at the end where they are asked for; a bare name does where it is unambiguous."""
    tokens = markdown_answer(200)
    stack.llm.enqueue(Script(tokens))
    stream = await client.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "".join(
        tokens
    )
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 200


async def test_tools_and_pictures_are_passed_through(client: AsyncOpenAI, stack: Stack) -> None:
    """Calls come back in pieces as the server sends them; a picture of several megabytes goes out."""
    stack.llm.enqueue(Script("", tool_deltas=(CALL, MORE), finish_reason="tool_calls"))
    picture = "data:image/png;base64," + "A" * 4_000_000
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": picture}}]
    stream = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": parts}],
        tools=[TOOL],
        tool_choice="auto",
        stream=True,  # type: ignore[list-item]
    )
    chunks = [chunk async for chunk in stream]
    calls = [call for chunk in chunks if chunk.choices for call in chunk.choices[0].delta.tool_calls or ()]
    assert json.loads("".join(call.function.arguments or "" for call in calls if call.function)) == {
        "in": "Oslo"
    }
    assert stack.llm.last.body["messages"][0]["content"] == parts
    assert stack.llm.last.body["tools"] == [TOOL]


async def test_errors_have_the_clients_own_classes(client: AsyncOpenAI, stack: Stack) -> None:
    """By what went wrong: the request, the model, the server behind."""
    refused: list[tuple[Script, type[openai.APIStatusError], str]] = [
        (
            Script(status=400, body={"error": {"message": "top_k is too large"}}),
            openai.BadRequestError,
            "top_k",
        ),
        (Script(status=429, body={"error": {"message": "slow down"}}), openai.RateLimitError, "slow"),
        (
            Script(status=500, body={"error": {"message": "out of memory"}}),
            openai.InternalServerError,
            "memory",
        ),
        (Script(status=401, body={"error": {"message": "bad key"}}), openai.InternalServerError, "key"),
        (Script(status=404, body={"error": {"message": "no such model"}}), openai.NotFoundError, "model"),
    ]
    for script, kind, words in refused:
        for streams in (False, True):
            stack.llm.enqueue(script)
            with pytest.raises(kind) as error:
                await client.chat.completions.create(model=MODEL, messages=HELLO, stream=streams)
            assert words in error.value.message
            assert error.value.type
            assert error.value.code
    with pytest.raises(openai.NotFoundError) as unknown:
        await client.chat.completions.create(model="nobody/none", messages=HELLO)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    bad: list[Any] = [{"messages": []}, {"n": 3}, {"n": [1]}, {"extra_body": {"gantry": {"shelves": []}}}]
    for wrong in bad:
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(**{"model": MODEL, "messages": HELLO} | wrong)


async def test_values_of_another_kind_are_refused(client: AsyncOpenAI, stack: Stack) -> None:
    """A list where a word belongs is the client's fault, and not ours; so is a search without a question."""
    system: Any = [{"role": "system", "content": "Be kind."}]
    facts = {"gantry": {"memory": True}}
    await stack.services.memory.add_fact(stack.who, "Ada keeps the lighthouse.")
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(model=MODEL, messages=system, extra_body=facts)
    odd: list[Any] = [
        [{"type": ["message"]}],
        [{"role": ["user"], "content": "x"}],
        [{"role": "user", "content": [{"type": {}}]}],
    ]
    for wrong in odd:
        with pytest.raises(openai.BadRequestError):
            await client.responses.create(model=MODEL, input=wrong)
    for field in ("encoding_format", "dimensions"):
        values: dict[str, Any] = {field: [1]}
        with pytest.raises(openai.BadRequestError):
            await client.embeddings.create(model="gantry/embeddings", input="x", **values)


async def test_errors_within_a_stream_are_raised(client: AsyncOpenAI, stack: Stack) -> None:
    """Also when the model server says so in mid-answer, or just hangs up."""
    for script in (
        Script(error_after=(3, {"message": "the machine is on fire"})),
        Script(cut_after=3),
    ):
        stack.llm.enqueue(script)
        stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        with pytest.raises(openai.APIError):
            await said(stream)


async def test_who_may_not_is_told_so(stack: Stack) -> None:
    """Without a token, with a wrong one, without the scope, and with a cookie alone."""
    from gantry.domain.api_tokens import Scope  # noqa: PLC0415

    async with openai_client(stack, None, Scope.READ) as reader:
        assert [model.id async for model in reader.models.list()]
        with pytest.raises(openai.PermissionDeniedError) as lacking:
            await reader.chat.completions.create(model=MODEL, messages=HELLO)
        assert lacking.value.code == "insufficient_scope"
        for key in ("none", "gantry_" + "0" * 49):
            with pytest.raises(openai.AuthenticationError) as unknown:
                await reader.with_options(api_key=key).models.list()
            assert unknown.value.code == "invalid_api_key"
    assert stack.llm.requests == []


async def test_a_client_that_leaves_frees_the_model_server(client: AsyncOpenAI, stack: Stack) -> None:
    """At once: in mid-stream, before the first word, and while it waits for a whole answer."""
    endless = Script(markdown_answer(100_000), tokens_per_second=50)
    silent = Script(first_byte_delay=60)
    for number, (script, streams) in enumerate(((endless, True), (silent, True), (silent, False)), 1):
        stack.llm.enqueue(script)
        asking = asyncio.create_task(_until_cancelled(client, streams=streams))
        request = await stack.llm.wait_requests(number)
        await asyncio.sleep(0.2)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        async with asyncio.timeout(2):
            while request.disconnected_at is None:
                await asyncio.sleep(0.02)
    assert not stack.services.programs.open_requests


async def _until_cancelled(client: AsyncOpenAI, *, streams: bool) -> None:
    answer = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=streams)
    if streams:
        await said(answer)


async def test_time_limits_of_the_client_hold(client: AsyncOpenAI, stack: Stack) -> None:
    """A client that waits for a tenth of a second raises its own exception."""
    stack.llm.enqueue(Script(first_byte_delay=30))
    with pytest.raises(openai.APITimeoutError):
        await client.with_options(timeout=0.2).chat.completions.create(model=MODEL, messages=HELLO)


async def _all_of(stream: Any) -> None:
    async for _event in stream:
        pass


async def test_a_stream_ends_with_its_token(stack: Stack) -> None:
    """Within a second or so of its being revoked, with an error that clients raise; the model server is free."""
    endless = Script(markdown_answer(100_000), tokens_per_second=50)
    async with openai_client(stack) as client:
        for dialect in ("chat", "responses"):
            stack.llm.enqueue(endless)
            made = await stack.services.api_tokens.create(stack.who, "Short", ["chat"])
            short = client.with_options(api_key=made.secret)
            if dialect == "chat":
                stream: Any = await short.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
            else:
                stream = await short.responses.create(model=MODEL, input="hello", stream=True)
            await anext(stream)
            await stack.services.api_tokens.revoke(stack.who, made.token.id)
            with pytest.raises(openai.APIError) as ended:
                await asyncio.wait_for(said(stream) if dialect == "chat" else _all_of(stream), 5)
            assert "not valid" in ended.value.message
    async with asyncio.timeout(5):
        while stack.services.programs.open_requests:
            await asyncio.sleep(0.02)


async def test_an_account_has_a_number_of_requests_at_once(
    client: AsyncOpenAI, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is refused with 429 until one of them ends."""
    monkeypatch.setattr("gantry.services.programs.MAX_OPEN_REQUESTS", 1)
    stack.llm.enqueue(Script(markdown_answer(10_000), tokens_per_second=20), Script("Now."))
    stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
    with pytest.raises(openai.RateLimitError):
        await client.chat.completions.create(model=MODEL, messages=HELLO)
    await stream.close()
    async with asyncio.timeout(3):
        while stack.services.programs.open_requests:
            await asyncio.sleep(0.02)
    assert (await client.chat.completions.create(model=MODEL, messages=HELLO)).choices


async def test_embeddings_of_the_installation(client: AsyncOpenAI) -> None:
    """The same numbers in both forms, one vector for each text."""
    made = await client.embeddings.create(model="gantry/embeddings", input=["a lighthouse", "a harbour"])
    plain = await client.embeddings.create(
        model="gantry/embeddings", input=["a lighthouse", "a harbour"], encoding_format="float"
    )
    assert len(made.data) == 2
    for one, other in zip(made.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert made.usage.total_tokens > 0
    wrong: list[Any] = [
        {"input": []},
        {"input": [[1, 2], "x"]},
        {"input": [[]]},
        {"input": [True]},
        {"input": [-1]},
        {"input": [100_256]},
        {"input": [2**70]},
        {"input": [[1.5]]},
        {"input": [1] * 500_001},
        {"input": [[1]] * 2049},
        {"input": [58040] * 100_000},  # 80 blanks each
        {"dimensions": 5},
        {"input": "x" * 2_000_001},
    ]
    for each in wrong:
        with pytest.raises(openai.BadRequestError):
            await client.embeddings.create(**{"model": "gantry/embeddings", "input": "x"} | each)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([1] * 500_001, "at most 500,000 token numbers"),
        ([*[1] * 500_000, "x"], "at most 500,000 token numbers"),
        ([[1], [*[1] * 500_000, "x"]], "at most 500,000 token numbers"),
        ([*[[1]] * 2048, "x"], "at most 2,048 texts"),
        ([*["x"] * 2048, 1], "at most 2,048 texts"),
    ],
)
async def test_how_much_comes_is_counted_first(client: AsyncOpenAI, given: list[Any], said: str) -> None:
    """Before anybody looks at what it is, which takes a second for millions, and holds up everybody else."""
    with pytest.raises(openai.BadRequestError, match=said):
        await client.embeddings.create(model="gantry/embeddings", input=given)


async def test_token_numbers_stand_for_their_text(client: AsyncOpenAI, stack: Stack) -> None:
    """One list is one text, several are several, half a character at the end does no harm; a server is sent what came."""
    plain = await client.embeddings.create(model="gantry/embeddings", input=["hello world", "world hello"])
    one = await client.embeddings.create(model="gantry/embeddings", input=[15339, 1917])
    both = await client.embeddings.create(
        model="gantry/embeddings", input=[[15339, 1917], [14957, 24748], [15339, 9468]]
    )
    assert [each.embedding for each in one.data] == [plain.data[0].embedding]
    assert [each.embedding for each in both.data[:2]] == [each.embedding for each in plain.data]
    assert len(both.data) == 3
    stack.llm.routes["POST /v1/embeddings"] = {
        "object": "list", "model": "e5", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    }  # fmt: skip
    await client.embeddings.create(model="openai/e5", input=[1, 2], encoding_format="float")
    assert stack.llm.others[-1].body["input"] == [1, 2]


async def test_embeddings_of_a_server(client: AsyncOpenAI, stack: Stack) -> None:
    """Passed on to the server that has the model, although it is in no list of what can chat."""
    stack.llm.routes["POST /v1/embeddings"] = {
        "object": "list", "model": "e5", "usage": {"prompt_tokens": 1, "total_tokens": 1},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
    }  # fmt: skip
    made = await client.embeddings.create(model="openai/e5", input="x", encoding_format="float")
    assert made.data[0].embedding == [0.5, 0.25]
    assert stack.llm.others[-1].body == {"model": "e5", "input": "x", "encoding_format": "float"}


async def test_the_built_in_answerer(client: AsyncOpenAI) -> None:
    """It quotes without any model server, in one piece and as a stream."""
    answer = await client.chat.completions.create(model="gantry/extractive", messages=HELLO)
    assert "No model is connected" in (answer.choices[0].message.content or "")
    stream = await client.chat.completions.create(model="gantry/extractive", messages=HELLO, stream=True)
    assert await said(stream) == answer.choices[0].message.content


async def test_an_exchange_becomes_a_conversation(client: AsyncOpenAI, stack: Stack) -> None:
    """With ``store`` the page shows it; with its id it goes on, and the model is told what was said before."""
    stack.llm.enqueue(Script("My name is Hal."), Script("I said Hal."))
    first = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "system", "content": "Be Hal."}, {"role": "user", "content": "Who are you?"}],
        store=True,
    )
    kept = first.model_extra["gantry"]  # type: ignore[index]
    stream = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "What did you say?"}],
        stream=True,
        extra_body={"gantry": {"conversation_id": kept["conversation_id"]}},
    )
    told = [chunk async for chunk in stream]
    assert told[-1].model_extra["gantry"]["conversation_id"] == kept["conversation_id"]  # type: ignore[index]
    assert [turn["content"] for turn in stack.llm.last.body["messages"]] == [
        "Who are you?", "My name is Hal.", "What did you say?",
    ]  # fmt: skip
    thread, messages = await all_messages(stack.services, stack.who, UUID(kept["conversation_id"]))
    assert (thread.title, thread.model) == ("Who are you?", MODEL)
    assert [message.content for message in messages] == [
        "Who are you?", "My name is Hal.", "What did you say?", "I said Hal.",
    ]  # fmt: skip
    assert all(message.status is MessageStatus.COMPLETE for message in messages)
    window = await stack.services.chat.window(stack.who, thread.id)
    assert len(window.bubbles) == 4


async def test_what_was_cut_off_is_stored_as_stopped(client: AsyncOpenAI, stack: Stack) -> None:
    """A client that leaves in mid-answer finds the part it has seen."""
    stack.llm.enqueue(Script(markdown_answer(5000), tokens_per_second=100))
    stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True, store=True)
    seen = ""
    async for chunk in stream:
        seen += chunk.choices[0].delta.content or ""
        if len(seen) > 20:
            break
    await stream.close()
    async with asyncio.timeout(3):
        while not (listed := await stack.services.conversations.list_conversations(stack.who)):
            await asyncio.sleep(0.02)
    _thread, messages = await all_messages(stack.services, stack.who, listed[0].conversation.id)
    assert messages[-1].status is MessageStatus.STOPPED
    assert messages[-1].content.startswith(seen)


async def test_nobody_elses_conversation_or_documents(client: AsyncOpenAI, stack: Stack) -> None:
    """They do not exist, and the model is not asked."""
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    thread = await stack.services.conversations.create(ben, title="Ben's")
    shelf = await stack.services.collections.create(ben, "Ben's")
    for ours in ({"conversation_id": str(thread.id)}, {"collections": [str(shelf.id)]}):
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model=MODEL, messages=HELLO, extra_body={"gantry": ours})
    assert stack.llm.requests == []


async def test_memory_is_told_where_it_is_asked_for(client: AsyncOpenAI, stack: Stack) -> None:
    """What is known of the person goes with the question, and only then."""
    await stack.services.memory.add_fact(stack.who, "My boat is called Amalia.")
    question: list[Any] = [{"role": "user", "content": "What is my boat called?"}]
    await client.chat.completions.create(model=MODEL, messages=question)
    assert stack.llm.last.body["messages"] == question
    await client.chat.completions.create(
        model=MODEL, messages=question, extra_body={"gantry": {"memory": True}}
    )
    assert "Amalia" in stack.llm.last.body["messages"][-1]["content"]
    assert stack.llm.last.body["messages"][-1]["content"].endswith("What is my boat called?")
    assert "gantry" not in stack.llm.last.body


async def test_responses_in_one_piece_and_as_events(client: AsyncOpenAI, stack: Stack) -> None:
    """The newer dialect over a server that knows only the older one."""
    stack.llm.enqueue(Script("Hello there."), Script("Hello again."))
    answer = await client.responses.create(
        model=MODEL, instructions="Be kind.", input="hello", max_output_tokens=50, temperature=0.5
    )
    assert (answer.output_text, answer.status) == ("Hello there.", "completed")
    assert answer.usage
    assert answer.usage.total_tokens > 0
    assert stack.llm.last.body == {
        "model": "scripted", "max_tokens": 50, "temperature": 0.5,
        "messages": [{"role": "system", "content": "Be kind."}, *HELLO],
    }  # fmt: skip
    events = [event async for event in await client.responses.create(model=MODEL, input=HELLO, stream=True)]
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    ]  # fmt: skip
    assert kinds[-4:] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
    ]  # fmt: skip
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (
        "".join(event.delta for event in events if event.type == "response.output_text.delta")
        == "Hello again."
    )
    assert events[-1].response.output_text == "Hello again."  # type: ignore[union-attr]


async def test_responses_call_functions(client: AsyncOpenAI, stack: Stack) -> None:
    """A call comes as an item, its result goes back as one, and the model sees both in its own dialect."""
    stack.llm.enqueue(Script("", tool_deltas=(CALL, MORE), finish_reason="tool_calls"), Script("It rains."))
    tool: Any = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
    async with client.responses.stream(model=MODEL, input="Weather in Oslo?", tools=[tool]) as stream:
        async for _event in stream:
            pass
        answer = await stream.get_final_response()
    (call,) = answer.output
    assert (call.type, call.name, call.call_id) == ("function_call", "weather", "call_1")  # type: ignore[union-attr]
    history: list[Any] = [
        {"role": "user", "content": "Weather in Oslo?"},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"in": "Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
    ]
    done = await client.responses.create(model=MODEL, input=history, tools=[tool])
    assert done.output_text == "It rains."
    sent = stack.llm.last.body["messages"]
    assert [turn["role"] for turn in sent] == ["user", "assistant", "tool"]
    assert sent[1]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"in": "Oslo"}'}
    with pytest.raises(openai.BadRequestError):
        await client.responses.create(model=MODEL, input="x", previous_response_id="resp_1")
