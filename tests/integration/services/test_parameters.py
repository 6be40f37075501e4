"""What is set for a conversation reaches the model server as it is, whoever writes the answer."""

from typing import Any

import pytest
from sqlalchemy import event

from gantry.domain.errors import Invalid, NotFound
from gantry.domain.parameters import NOTHING_SET, Effort, Parameters
from gantry.services.chat import Beginning
from tests.factories import actor_of, make_account
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import Reader, Stack

ALL = Parameters(
    system_prompt="Answer as a pirate would.",
    temperature=0.0,
    top_p=0.5,
    seed=7,
    max_tokens=400,
    reasoning_effort=Effort.LOW,
    stop=("END", "\n\n\n"),
)
SENT = {
    "temperature": 0.0,
    "top_p": 0.5,
    "seed": 7,
    "max_tokens": 400,
    "reasoning_effort": "low",
    "stop": ["END", "\n\n\n"],
}
LONG = "".join(markdown_answer(400))


def wishes(stack: Stack) -> dict[str, Any]:
    """Return what the newest request asks for beside its turns."""
    always = {"model", "messages", "stream", "stream_options"}
    return {name: value for name, value in stack.llm.last.body.items() if name not in always}


def told(stack: Stack) -> str:
    """Return the system turn of the newest request."""
    return stack.llm.last.body["messages"][0]["content"]


async def test_every_way_to_ask_sends_what_is_set(stack: Stack) -> None:
    """A new conversation, the next question, another answer, an edit, going on; and no more once nothing is set."""
    chat = stack.services.chat
    stack.llm.default = Script(text="Arr.", finish_reason="length")
    sent = await stack.ask(beginning=Beginning(parameters=ALL))
    conversation = sent.conversation_id
    question = (await chat.window(stack.who, conversation)).bubbles[0].message.id
    await stack.read(sent)
    assert wishes(stack) == SENT
    assert told(stack).startswith("Answer as a pirate would.\n\nToday is ")
    for ask in (
        lambda: stack.ask("again", conversation),
        lambda: chat.regenerate(stack.who, sent.message_id),
        lambda: chat.edit(stack.who, question, "otherwise"),
        lambda: chat.resume(stack.who, sent.message_id),
    ):
        await stack.read(await ask())
        assert wishes(stack) == SENT
        assert told(stack).startswith("Answer as a pirate would.")
    await stack.services.conversations.set_parameters(stack.who, conversation, NOTHING_SET)
    await stack.read(await stack.ask("plainly", conversation))
    assert wishes(stack) == {}
    assert told(stack).startswith("You are a helpful assistant.")


async def test_what_was_sent_shows_the_instructions(stack: Stack) -> None:
    """As a part of their own, with its tokens, before what we tell every model."""
    sent = await stack.ask(beginning=Beginning(parameters=ALL))
    await stack.read(sent)
    read = await stack.services.answers.context(stack.who, sent.message_id)
    first, second = read.parts[:2]
    assert (first.title, first.text) == ("Your instructions", ALL.system_prompt)
    assert first.tokens > 0
    assert second.text.startswith("Today is ")


async def test_a_takeover_asks_for_the_same(stack: Stack) -> None:
    """Another process goes on with what was set when the question was asked, whatever has been set since."""
    stack.llm.default = Script(text=LONG, tokens_per_second=100)
    sent = await stack.ask(beginning=Beginning(parameters=ALL))
    reader = await Reader().follow(
        stack.services, stack.who, sent.generation_id, until=lambda reader: len(reader.text) > 100
    )
    other = await stack.another()
    await other.services.conversations.set_parameters(stack.who, sent.conversation_id, NOTHING_SET)
    await stack.main.writers.drain()
    assert await other.writers.sweep() == 1
    await reader.follow(other.services, stack.who, sent.generation_id)
    assert reader.status == "complete"
    assert len(stack.llm.requests) == 2
    assert wishes(stack) == SENT
    assert told(stack).startswith("Answer as a pirate would.")


async def test_an_answer_too_long_for_the_context_is_not_asked_for(stack: Stack) -> None:
    """Servers refuse a limit beyond their context."""
    stack.llm.models = ({"id": "scripted", "max_model_len": 2000},)
    await stack.services.catalog.refresh()
    sent = await stack.ask(beginning=Beginning(parameters=Parameters(max_tokens=100_000)))
    await stack.read(sent)
    assert 1000 < wishes(stack)["max_tokens"] < 2000


async def test_parameters_are_ones_own_and_checked(stack: Stack) -> None:
    """Nobody else's conversation can be changed, and nothing out of range is stored."""
    conversations = stack.services.conversations
    thread = await conversations.create(stack.who)
    async with stack.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    with pytest.raises(NotFound):
        await conversations.set_parameters(eve, thread.id, ALL)
    with pytest.raises(Invalid):
        await conversations.set_parameters(stack.who, thread.id, Parameters(temperature=3))
    with pytest.raises(Invalid):
        await conversations.create(stack.who, beginning=Beginning(parameters=Parameters(top_p=3)))
    assert (await stack.services.chat.window(stack.who, thread.id)).conversation.parameters is None


async def test_a_question_costs_no_more_statements(stack: Stack) -> None:
    """What is set is read with the rows that are read anyway."""
    await stack.main.writers.drain()  # so that only the question itself is counted
    engine = stack.services.chat.database.engine.sync_engine
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: statements.append(sql))

    async def counted(parameters: Parameters) -> int:
        beginning = Beginning(parameters=parameters)
        thread = await stack.services.conversations.create(stack.who, beginning=beginning)
        statements.clear()
        await stack.ask("hello", thread.id)
        return len(statements)

    plain, full = list[int](), list[int]()
    for _ in range(4):  # now and then something else is asked too, the time for example
        plain.append(await counted(NOTHING_SET))
        full.append(await counted(ALL))
    assert min(plain) == min(full)
    assert not any("FROM persona" in each for each in statements)
