"""Answers in OpenAI's newer dialect that go on from stored ones."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.responses import Response

from gantry.domain.finding import Filters, sought
from gantry.services.conversations import Beginning
from tests.factories import actor_of, make_account
from tests.parts.live import eventually
from tests.parts.llm_server import Script
from tests.parts.locks import waits_for_a_lock
from tests.parts.programs import openai_client
from tests.parts.stack import Stack, all_messages

MODEL = "openai/scripted"


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[AsyncOpenAI]:
    """Yield the client of somebody who has asked for nothing yet."""
    async with openai_client(stack) as client:
        yield client


async def test_an_answer_goes_on_from_a_stored_one(client: AsyncOpenAI, stack: Stack) -> None:
    """Whole or streamed, from the last answer or from one before: then it is a branch, as in the page."""
    stack.llm.enqueue(Script("Hal."), Script("As I said."), Script("Otherwise."))
    first = await client.responses.create(model=MODEL, input="Who are you?", store=True)
    events = [
        event
        async for event in await client.responses.create(
            model=MODEL, instructions="Be brief.", input="Again?", previous_response_id=first.id, stream=True
        )
    ]
    second = events[-1].response  # type: ignore[union-attr]
    assert (second.previous_response_id, second.output_text) == (first.id, "As I said.")
    assert second.id == events[0].response.id  # type: ignore[union-attr]
    assert [turn["content"] for turn in stack.llm.last.body["messages"]] == [
        "Be brief.", "Who are you?", "Hal.", "Again?",
    ]  # fmt: skip
    beside = await client.responses.create(model=MODEL, input="Or else?", previous_response_id=first.id)
    assert [turn["content"] for turn in stack.llm.last.body["messages"]] == [
        "Who are you?",
        "Hal.",
        "Or else?",
    ]
    kept = UUID(beside.model_extra["gantry"]["conversation_id"])  # type: ignore[index]
    assert kept == UUID(first.model_extra["gantry"]["conversation_id"])  # type: ignore[index]
    window = await stack.services.chat.window(stack.who, kept)
    assert [each.message.content for each in window.bubbles] == [
        "Who are you?",
        "Hal.",
        "Or else?",
        "Otherwise.",
    ]
    _thread, messages = await all_messages(stack.services, stack.who, kept)
    assert len(messages) == 6


async def test_only_from_ones_own_stored_answers(client: AsyncOpenAI, stack: Stack) -> None:
    """An answer that was not stored, another's, a question, a word: refused by the field's name, and no model is asked."""
    loose = await client.responses.create(model=MODEL, input="Who are you?")
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    async with openai_client(stack, ben) as bens:
        theirs = await bens.responses.create(model=MODEL, input="Who are you?", store=True)
    own = await client.responses.create(model=MODEL, input="Who are you?", store=True)
    _thread, messages = await all_messages(
        stack.services,
        stack.who,
        UUID(own.model_extra["gantry"]["conversation_id"]),  # type: ignore[index]
    )
    asked = len(stack.llm.requests)
    for named in (loose.id, theirs.id, f"resp_{messages[0].id.hex}", "resp_1", "x" * 5000):
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model=MODEL, input="And?", previous_response_id=named)
        assert refused.value.param == "previous_response_id"
    assert len(stack.llm.requests) == asked


@pytest.mark.parametrize("beginning", [Beginning(temporary=True), Beginning(remembered=False), Beginning()])
async def test_memory_is_off_where_the_conversation_says_so(
    client: AsyncOpenAI, stack: Stack, beginning: Beginning
) -> None:
    """Also where only an answer of it is named."""
    await stack.services.memory.add_fact(stack.who, "My boat is called Amalia.")
    thread = await stack.services.conversations.create(stack.who, beginning=beginning)
    named = {"gantry": {"conversation_id": str(thread.id)}}
    first = await client.responses.create(model=MODEL, input="Hello?", extra_body=named)
    await client.responses.create(
        model=MODEL,
        input="What is my boat called?",
        previous_response_id=first.id,
        store=True,
        extra_body={"gantry": {"memory": True}},
    )
    is_told = "Amalia" in stack.llm.last.body["messages"][-1]["content"]
    assert is_told is (beginning == Beginning())


async def test_a_conversation_without_a_title_is_found_by_the_one_it_gets(
    client: AsyncOpenAI, stack: Stack
) -> None:
    """It is that of its first question."""
    thread = await stack.services.conversations.create(stack.who)
    named = {"gantry": {"conversation_id": str(thread.id)}}
    await client.responses.create(model=MODEL, input="Where do heliotropes grow?", extra_body=named)
    async with stack.database.read() as tx:
        found = await tx.finding.titles(sought("heliotropes"), Filters(), owner=stack.who.id)
    assert [each.conversation_id for each in found] == [thread.id]


CALLS = (
    {
        "index": 0,
        "id": "call_a",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"place":'},
    },
    {"index": 0, "function": {"arguments": ' "Oslo"}'}},
    {"index": 1, "id": "call_b", "type": "function", "function": {"name": "time", "arguments": "{}"}},
)
TOOLS: Any = [
    {"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}, "strict": False}
    for name in ("weather", "time")
]


def output(call: str, said: str) -> Any:
    return {"type": "function_call_output", "call_id": call, "output": said}


@pytest.mark.parametrize("streams", [False, True])
async def test_functions_are_called_and_answered(client: AsyncOpenAI, stack: Stack, streams: bool) -> None:
    """Only their outputs are sent; one call may lead to the next, and the exchange is stored when it is answered."""

    async def ask(**asked: Any) -> Response:
        if not streams:
            return await client.responses.create(model=MODEL, tools=TOOLS, **asked)
        events = [
            each
            async for each in await client.responses.create(model=MODEL, tools=TOOLS, stream=True, **asked)
        ]
        return events[-1].response  # type: ignore[union-attr]

    stack.llm.enqueue(
        Script("Hal."),
        Script("I look.", tool_deltas=CALLS, finish_reason="tool_calls"),
        Script("", tool_deltas=CALLS[2:], finish_reason="tool_calls"),
        Script("It rains at noon."),
        Script("As I said."),
    )
    hello = await ask(input="Who are you?", store=True)
    first = await ask(instructions="Be brief.", input="The weather?", previous_response_id=hello.id)
    called = [(each.name, each.arguments) for each in first.output if each.type == "function_call"]
    assert called == [("weather", '{"place": "Oslo"}'), ("time", "{}")]
    _thread, messages = await all_messages(stack.services, stack.who, conversation(hello))
    assert len(messages) == 2, "a call is no answer"
    second = await ask(
        instructions="Be brief.",
        input=[output("call_a", "rain"), output("call_b", "noon")],
        previous_response_id=first.id,
    )
    again = await ask(input=[output("call_b", "one")], previous_response_id=second.id)
    assert again.output_text == "It rains at noon."
    sent = stack.llm.last.body["messages"]
    assert [turn["role"] for turn in sent] == [
        "user", "assistant", "user", "assistant", "tool", "tool", "assistant", "tool",
    ]  # fmt: skip
    assert [call["id"] for call in sent[3]["tool_calls"]] == ["call_a", "call_b"]
    assert sent[3]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"place": "Oslo"}'}
    last = await ask(input="Sure?", previous_response_id=again.id)
    assert conversation(last) == conversation(hello)
    _thread, messages = await all_messages(stack.services, stack.who, conversation(hello))
    assert [each.content for each in messages] == [
        "Who are you?", "Hal.", "The weather?", "It rains at noon.", "Sure?", "As I said.",
    ]  # fmt: skip


async def test_only_ones_own_calls_are_answered(client: AsyncOpenAI, stack: Stack) -> None:
    """Another's, one that was not to be stored, an output of no call: refused, and no model is asked."""
    stack.llm.default = Script("", tool_deltas=CALLS, finish_reason="tool_calls")
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    async with openai_client(stack, ben) as bens:
        theirs = await bens.responses.create(model=MODEL, input="Rain?", tools=TOOLS, store=True)
    loose = await client.responses.create(model=MODEL, input="Rain?", tools=TOOLS)
    own = await client.responses.create(model=MODEL, input="Rain?", tools=TOOLS, store=True)
    stack.llm.default = Script("Yes.")
    said = await client.responses.create(model=MODEL, input="Rain?", store=True)
    asked = len(stack.llm.requests)
    for previous, call in ((theirs, "call_a"), (loose, "call_a"), (own, "call_z"), (said, "call_a")):
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(
                model=MODEL, input=[output(call, "x")], previous_response_id=previous.id
            )
        assert refused.value.param in {"previous_response_id", "input"}
    assert len(stack.llm.requests) == asked
    sent: Any = [each.model_dump() for each in own.output]
    both = [*sent, output("call_a", "rain"), output("call_b", "noon")]
    told = await client.responses.create(model=MODEL, input=both, previous_response_id=own.id)
    assert told.output_text == "Yes."
    assert [turn["role"] for turn in stack.llm.last.body["messages"]] == ["user", "assistant", "tool", "tool"]


def conversation(response: Response) -> UUID:
    return UUID(response.model_extra["gantry"]["conversation_id"])  # type: ignore[index]


async def test_a_conversation_that_is_removed_meanwhile_takes_no_exchange(
    client: AsyncOpenAI, stack: Stack
) -> None:
    """Who stores one waits for the removal; neither holds what the other needs. The program has its answer, and knows."""
    stack.llm.enqueue(Script("Hal."), Script("As I said."))
    first = await client.responses.create(model=MODEL, input="Who are you?", store=True)
    conversation = UUID(first.model_extra["gantry"]["conversation_id"])  # type: ignore[index]
    async with stack.database.begin() as tx:
        assert await tx.importing.hold(conversation, owner=stack.who.id)
        asking = asyncio.create_task(
            client.responses.create(model=MODEL, input="Again?", previous_response_id=first.id)
        )
        await stack.llm.wait_requests(2)
        if not stack.database.is_sqlite:
            await eventually(lambda: waits_for_a_lock(stack.database))
        await stack.services.conversations.remove(tx, [conversation])
    answer = await asking
    assert answer.output_text == "As I said."
    assert answer.model_extra is not None
    assert answer.model_extra["gantry"].keys() & {"not_stored", "message_id"} == {"not_stored"}
