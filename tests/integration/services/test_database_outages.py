"""A database that goes away while something is answered: nothing of it is lost, and nothing is told twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from gantry.bootstrap import Built, build
from gantry.domain.chat import MessageStatus
from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.domain.live import LiveKind
from gantry.services import exchanges
from gantry.services.programs import ProgramAnswer
from gantry.services.sources import Asked
from tests.parts.database import fresh_postgres
from tests.parts.gate import Gate, gate_to
from tests.parts.live import eventually
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import PATIENCE, Reader, Stack, all_messages, running_stack

TEXT = "".join(markdown_answer(100))


@pytest.fixture
async def gated(postgres_url: str, postgres_template: str):
    """Yield a deployment of one process, and the gate to its database."""
    with fresh_postgres(postgres_url, postgres_template) as url:
        async with gate_to(url) as (gate, through), running_stack(through) as stack:
            yield stack, gate
            gate.open()  # what goes on at the end of the stack is stored


async def until_logged(caplog: pytest.LogCaptureFixture, event: str, times: int = 1) -> None:
    """Wait until *event* has been logged so many times."""
    await eventually(
        lambda: sum(record.message == event for record in caplog.records) >= times, seconds=PATIENCE
    )


async def test_an_answer_that_ends_in_a_long_outage_is_kept(
    gated: tuple[Stack, Gate], caplog: pytest.LogCaptureFixture
) -> None:
    """However long the database is away: what was read is what is stored, and the model is asked once."""
    stack, gate = gated
    stack.llm.enqueue(Script(TEXT, tokens_per_second=100), Script("Other words."))
    sent = await stack.ask()
    reader = await Reader().follow(
        stack.services, stack.who, sent.generation_id, until=lambda reader: len(reader.text) > 100
    )
    gate.close()
    await until_logged(caplog, "generation.finish_delayed")
    stack.main.writers.now = lambda: utc_now() + timedelta(minutes=10)
    caplog.clear()
    await until_logged(caplog, "database.failed", 5)
    stack.main.writers.now = stack.main.clock
    gate.open()
    await eventually(lambda: stack.main.writers.count == 0)
    await stack.main.writers.sweep()
    await reader.follow(stack.services, stack.who, sent.generation_id)
    stored = await stack.message(sent.message_id)
    assert (stored.content, stored.status) == (TEXT, MessageStatus.COMPLETE)
    assert (reader.text, reader.status) == (TEXT, "complete")
    assert LiveKind.RESTARTED not in reader.kinds
    assert len(stack.llm.requests) == 1


async def test_an_answer_is_prepared_when_the_database_is_back(gated: tuple[Stack, Gate]) -> None:
    """That it went away before the model was asked is no fault of the answer: it is written, in the first attempt."""
    stack, gate = gated
    stack.llm.default = Script(TEXT)
    sent = await stack.ask()
    gate.close()
    await eventually(lambda: gate.refused > 5)
    assert not stack.llm.requests
    gate.open()
    reader = await stack.read(sent)
    assert (reader.text, reader.status, reader.position.attempt) == (TEXT, "complete", 1)


async def test_an_answer_that_waits_for_the_database_can_be_stopped(gated: tuple[Stack, Gate]) -> None:
    """Whoever does not want to wait presses Stop; the end is stored when the database is back."""
    stack, gate = gated
    sent = await stack.ask()
    gate.close()
    await eventually(lambda: gate.refused > 5)
    stack.main.writers.stop(sent.generation_id)
    gate.open()
    assert (await stack.read(sent)).status == "stopped"
    assert not stack.llm.requests


async def test_a_search_that_failed_is_not_shared(gated: tuple[Stack, Gate]) -> None:
    """Answers side by side look once; when that failed for the database, the next try looks again."""
    stack, gate = gated
    sent = await stack.ask()
    await stack.read(sent)
    answer = await stack.message(sent.message_id)
    finder, question = stack.main.writers._once, answer.parent_id
    assert finder is not None
    assert question is not None
    asked = Asked(stack.who, sent.conversation_id, question, "hello")
    gate.close()
    with pytest.raises(Unavailable):
        await finder.find(asked, on_stage=print)
    gate.open()
    assert await finder.find(asked, on_stage=print)


async def program_asks(stack: Stack) -> ProgramAnswer:
    """Have a program ask a question that is to be stored; its model has begun to answer."""
    asked = {"role": "user", "content": "What is 2 + 2?"}
    body = {"model": "openai/scripted", "messages": [asked], "stream": False, "store": True}
    return await stack.services.programs.chat(stack.who, body)


async def told_of(answer: ProgramAnswer) -> dict[str, Any]:
    """Return what Gantry says of a program's answer."""
    told = b"".join([piece async for piece in answer.pieces])
    await answer.aclose()
    value = orjson.loads(told)
    assert value["choices"][0]["message"]["content"] == "Four."
    return value["gantry"]


async def conversations_of(stack: Stack) -> list[list[str]]:
    """Return what is said in each conversation."""
    listed = await stack.services.conversations.list_conversations(stack.who)
    said: list[list[str]] = []
    for each in listed:
        _, messages = await all_messages(stack.services, stack.who, each.conversation.id)
        said.append([message.content for message in messages])
    return said


async def test_a_programs_answer_is_stored_when_the_database_is_back(gated: tuple[Stack, Gate]) -> None:
    """A moment without the database costs a moment, and neither question nor answer."""
    stack, gate = gated
    stack.llm.default = Script("Four.")
    answer = await program_asks(stack)
    gate.close()
    told = asyncio.create_task(told_of(answer))
    await eventually(lambda: gate.refused > 2)
    gate.open()
    assert set(await told) == {"conversation_id", "message_id"}
    assert await conversations_of(stack) == [["What is 2 + 2?", "Four."]]


async def test_a_programs_answer_is_stored_once(gated: tuple[Stack, Gate]) -> None:
    """Also where the database has stored it and nobody heard so."""
    stack, gate = gated
    stack.llm.default = Script("Four.")
    answer = await program_asks(stack)
    gate.lose_reply_after(b"INSERT INTO message")
    told = await told_of(answer)
    assert gate.lost.is_set()
    assert UUID(told["message_id"]) == answer.id
    assert await conversations_of(stack) == [["What is 2 + 2?", "Four."]]


async def test_a_program_does_not_wait_for_ever(
    gated: tuple[Stack, Gate], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets its answer, and is told that it is not stored; so it is when the process ends meanwhile."""
    stack, gate = gated
    stack.llm.default = Script("Four.")
    first, second = await program_asks(stack), await program_asks(stack)
    gate.close()
    monkeypatch.setattr(exchanges, "KEEP_PATIENCE_SECONDS", 0.2)
    assert (await told_of(first))["not_stored"] == "The database does not answer."
    monkeypatch.undo()
    monkeypatch.setattr(exchanges, "_LEAVE_SECONDS", 0.2)
    told = asyncio.create_task(told_of(second))
    await eventually(lambda: bool(stack.services.programs.exchanges._keeping))
    async with asyncio.timeout(PATIENCE):
        await stack.services.programs.exchanges.settle()
        assert (await told)["not_stored"] == "The database does not answer."


@asynccontextmanager
async def two_gates(
    postgres_url: str, postgres_template: str
) -> AsyncGenerator[tuple[Stack, Gate, Built, Gate]]:
    """Yield a deployment of two processes, each with its gate to the database."""
    async with AsyncExitStack() as exits:
        url = exits.enter_context(fresh_postgres(postgres_url, postgres_template))
        ours, through_ours = await exits.enter_async_context(gate_to(url))
        theirs, through_theirs = await exits.enter_async_context(gate_to(url))
        stack = await exits.enter_async_context(running_stack(through_ours))
        settings = stack.settings.model_copy(update={"database_url": through_theirs})
        yield stack, ours, await stack.exits.enter_async_context(build(settings)), theirs
        ours.open()


@pytest.mark.parametrize("lives", [True, False])
async def test_an_outage_longer_than_a_lease_takes_no_answer_from_its_writer(
    postgres_url: str, postgres_template: str, lives: bool
) -> None:
    """Who sweeps first leaves every writer the time to renew its lease; one that does not is dead."""
    async with two_gates(postgres_url, postgres_template) as (stack, ours, other, theirs):
        stack.llm.default = Script(text=["word "] * 400, tokens_per_second=100)
        sent = await stack.ask()
        await Reader().follow(
            stack.services, stack.who, sent.generation_id, until=lambda reader: bool(reader.text)
        )
        ours.close()
        theirs.close()
        ended = asyncio.get_running_loop().time() + stack.settings.generation_lease_seconds
        with pytest.raises(Unavailable):
            await other.writers.sweep()
        theirs.open()
        await eventually(lambda: asyncio.get_running_loop().time() > ended)
        assert await other.writers.sweep() == 0
        if lives:
            ours.open()
        taken, until = 0, asyncio.get_running_loop().time() + 2 * stack.settings.generation_lease_seconds
        while not taken and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.05)
            taken = await other.writers.sweep()
        assert taken == (0 if lives else 1)


async def test_an_end_is_told_also_where_nobody_heard_that_it_is_stored(
    gated: tuple[Stack, Gate], caplog: pytest.LogCaptureFixture
) -> None:
    """The database has stored it and broke off before it said so: readers and pages learn of it all the same."""
    caplog.set_level("INFO")
    stack, gate = gated
    stack.llm.default = Script(TEXT, tokens_per_second=200)
    async with aclosing(stack.services.feed.follow(stack.who)) as notices:
        sent = await stack.ask()
        gate.lose_reply_after(b"finished_at=")
        reader = await stack.read(sent)
        await eventually(lambda: stack.main.writers.count == 0)
        assert gate.lost.is_set()
        async with asyncio.timeout(PATIENCE):
            async for notice in notices:
                if notice.data.get("ended") == str(sent.message_id):
                    break
    assert (reader.text, reader.status) == (TEXT, "complete")
    assert reader.kinds.count(LiveKind.END) == 1
    assert [record.message for record in caplog.records].count("generation.finished") == 1
