"""Programs that are answered in a conversation while somebody goes on with it on the page."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from gantry.domain.chat import MessageStatus
from gantry.services.chat import Sent
from gantry.services.programs import ProgramAnswer
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

WRITING = Script("One two three four five.", stall_after=2)  # an answer that goes on until it is stopped


async def begun(stack: Stack, *, streams: bool, **where: Any) -> ProgramAnswer:
    """Have a program ask; its model has answered, and nobody has read it yet."""
    asked = {"role": "user", "content": "What is 2 + 2?"}
    body = {"model": "openai/scripted", "messages": [asked], "stream": streams, "store": True}
    after: UUID | None = where.pop("after", None)
    return await stack.services.programs.chat(stack.who, body | where, after=after)


async def read(answer: ProgramAnswer) -> tuple[str, dict[str, Any]]:
    """Return what a program is told: the answer's words, and what Gantry says of it."""
    told = b"".join([piece async for piece in answer.pieces])
    await answer.aclose()
    if not answer.streams:
        value = orjson.loads(told)
        return value["choices"][0]["message"]["content"], value["gantry"]
    assert told.endswith(b"data: [DONE]\n\n")
    lines = [line.removeprefix(b"data:") for line in told.split(b"\n") if line.startswith(b"data:")]
    chunks = [orjson.loads(line) for line in lines[:-1]]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    [ours] = [chunk["gantry"] for chunk in chunks if "gantry" in chunk]
    return "".join(choice["delta"].get("content") or "" for choice in choices), ours


async def first(stack: Stack) -> Sent:
    """Begin a conversation on the page; returns what was sent, which is answered."""
    sent = await stack.ask("Who are you?")
    await stack.read(sent)
    return sent


async def shown(stack: Stack, conversation: UUID) -> list[str]:
    """Return what the page shows of a conversation."""
    window = await stack.services.chat.window(stack.who, conversation)
    return [bubble.message.content for bubble in window.bubbles]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("names", [True, False])
async def test_an_answer_stands_beside_what_is_being_written_on_the_page(
    stack: Stack, streams: bool, names: bool
) -> None:
    """The program gets all of it; what somebody asked meanwhile stays in view and is written on, and arrows lead to the other."""
    stack.llm.enqueue(Script("Hal."), Script("Four."), WRITING)
    sent = await first(stack)
    thread = sent.conversation_id
    where = {"after": sent.message_id} if names else {"gantry": {"conversation_id": str(thread)}}
    answer = await begun(stack, streams=streams, **where)
    asked = await stack.ask("Count!", thread)
    words, told = await read(answer)
    assert (words, told["conversation_id"]) == ("Four.", str(thread))
    await stack.services.answers.stop(stack.who, asked.generation_id)
    assert (await stack.read(asked)).status == "stopped"
    assert (await shown(stack, thread))[:3] == ["Who are you?", "Hal.", "Count!"]
    stored = await stack.message(UUID(told["message_id"]))
    assert (stored.content, stored.status) == ("Four.", MessageStatus.COMPLETE)
    window = await stack.services.chat.window(stack.who, thread)
    assert stored.parent_id in window.bubbles[2].siblings
    await stack.services.chat.select(stack.who, stored.id)
    assert await shown(stack, thread) == ["Who are you?", "Hal.", "What is 2 + 2?", "Four."]


async def test_an_answer_follows_one_that_is_continued_meanwhile(stack: Stack) -> None:
    """What stood last still does: the exchange comes after it, and it is written to its end."""
    stack.llm.enqueue(Script("One two", finish_reason="length"), Script("Four."), WRITING)
    sent = await first(stack)
    answer = await begun(stack, streams=True, gantry={"conversation_id": str(sent.conversation_id)})
    going_on = await stack.services.chat.resume(stack.who, sent.message_id)
    assert (await read(answer))[0] == "Four."
    await stack.services.answers.stop(stack.who, going_on.generation_id)
    assert (await stack.read(going_on)).status == "stopped"
    assert (await shown(stack, sent.conversation_id))[2:] == ["What is 2 + 2?", "Four."]


async def test_answers_side_by_side_stay_so(stack: Stack) -> None:
    """A comparison that somebody begins meanwhile is not ended by what a program asked before."""
    stack.llm.models = ("scripted", "other")
    await stack.services.catalog.refresh()
    sent = await first(stack)
    thread = sent.conversation_id
    stack.llm.enqueue(Script("Four."), WRITING, WRITING)
    answer = await begun(stack, streams=True, gantry={"conversation_id": str(thread)})
    both = await stack.ask("Count!", thread, model=["openai/scripted", "openai/other"])
    words, told = await read(answer)
    assert (words, told["conversation_id"]) == ("Four.", str(thread))
    window = await stack.services.chat.window(stack.who, thread)
    assert len(window.compared) == 2
    for column in window.compared:
        assert column.generation_id is not None
        await stack.services.answers.stop(stack.who, column.generation_id)
    await stack.read(both)


@pytest.mark.parametrize("streams", [True, False])
async def test_an_answer_that_cannot_be_stored_any_more_is_told_all_the_same(
    stack: Stack, streams: bool
) -> None:
    """Its conversation was deleted meanwhile: the program has its answer, and is told that it is not kept."""
    stack.llm.enqueue(Script("Hal."), Script("Four."))
    sent = await first(stack)
    where = {"conversation_id": str(sent.conversation_id)}
    answer = await begun(stack, streams=streams, gantry=where)
    await stack.services.conversations.delete(stack.who, sent.conversation_id)
    gone = {"not_stored": "This conversation no longer exists."}
    assert await read(answer) == ("Four.", gone)


async def test_a_stored_exchange_is_named_by_its_question(stack: Stack) -> None:
    """Also when somebody clears the name they gave it; the answer had its id before the question had one."""
    stack.llm.enqueue(Script("Four."))
    _words, told = await read(await begun(stack, streams=False))
    thread = UUID(told["conversation_id"])
    conversations = stack.services.conversations
    assert await conversations.rename(stack.who, thread, "Sums") == "Sums"
    assert await conversations.rename(stack.who, thread, "") == "What is 2 + 2?"
