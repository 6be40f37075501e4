"""Answers in OpenAI's newer dialect that go on from stored ones."""

from collections.abc import AsyncIterator
from uuid import UUID

import openai
import pytest
from openai import AsyncOpenAI

from tests.factories import actor_of, make_account
from tests.parts.llm_server import Script
from tests.parts.programs import openai_client
from tests.parts.stack import Stack

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
    _thread, messages = await stack.services.conversations.all_messages(stack.who, kept)
    assert len(messages) == 6


async def test_only_from_ones_own_stored_answers(client: AsyncOpenAI, stack: Stack) -> None:
    """An answer that was not stored, another's, a question, a word: refused by the field's name, and no model is asked."""
    loose = await client.responses.create(model=MODEL, input="Who are you?")
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    async with openai_client(stack, ben) as bens:
        theirs = await bens.responses.create(model=MODEL, input="Who are you?", store=True)
    own = await client.responses.create(model=MODEL, input="Who are you?", store=True)
    _thread, messages = await stack.services.conversations.all_messages(
        stack.who,
        UUID(own.model_extra["gantry"]["conversation_id"]),  # type: ignore[index]
    )
    asked = len(stack.llm.requests)
    for named in (loose.id, theirs.id, f"resp_{messages[0].id.hex}", "resp_1", "x" * 5000):
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model=MODEL, input="And?", previous_response_id=named)
        assert refused.value.param == "previous_response_id"
    assert len(stack.llm.requests) == asked
