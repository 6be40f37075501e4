"""Checkpoints that come together are stored together; what is wrong with one of them is its own."""

import asyncio
from dataclasses import replace
from typing import Any

from gantry.domain.errors import LeaseLost
from gantry.services.checkpoints import Checkpoint, Checkpoints
from gantry.services.drafts import Assignment
from tests.parts.llm_server import Script
from tests.parts.stack import PATIENCE, Stack


async def let_go(stack: Stack, count: int) -> list[Assignment]:
    """Return *count* answers that were begun, and that nobody writes any more."""
    stack.llm.default = Script(text=["word "] * 2000, tokens_per_second=20)
    sent = [await stack.ask() for _ in range(count)]
    await stack.main.writers.drain()
    assignments: list[Assignment] = []
    async with stack.database.read() as tx:
        for each in sent:
            row = await tx.generations.get(each.generation_id, owner=stack.who.id)
            message = await tx.chat.find_message(row.message_id)
            assert message is not None
            assignments.append(Assignment.of(row, message))
    return assignments


async def stored(stack: Stack, given: list[tuple[Assignment, Any]]) -> list[Any]:
    """Store a text for each at the same time; return what each was told, and what its message holds."""
    checkpoints = Checkpoints(stack.database, 15)
    told = await asyncio.gather(
        *(
            checkpoints.store(Checkpoint(each, {"content": text, "reasoning": ""}, None))
            for each, text in given
        ),
        return_exceptions=True,
    )
    texts = [(await stack.message(each.message_id)).content for each, _text in given]
    return list(zip(told, texts, strict=True))


async def test_each_is_told_of_its_own_answer(stack: Stack) -> None:
    """Whether somebody wants it stopped, or whether it is another's by now: then nothing of it is stored."""
    first, second, third = await let_go(stack, 3)
    async with stack.database.begin() as tx:
        await tx.generations.request_stop(second.generation_id, at=stack.main.clock())
    lost = replace(third, attempt=third.attempt + 1)
    before = stack.database.commits
    told = await stored(stack, [(first, "one"), (second, "two"), (lost, "three")])
    assert told[:2] == [(False, "one"), (True, "two")]
    assert isinstance(told[2][0], LeaseLost)
    assert told[2][1] != "three"
    assert stack.database.commits == before  # no worker has anything to do about a checkpoint


async def test_what_cannot_be_stored_hurts_no_other(stack: Stack) -> None:
    """They share a transaction, but not a fault."""
    first, second, third, fourth = await let_go(stack, 4)
    told = await stored(stack, [(first, object()), (second, object()), (third, "three"), (fourth, "four")])
    assert [isinstance(outcome, Exception) for outcome, _text in told] == [True, True, False, False]
    assert told[2:] == [(False, "three"), (False, "four")]


async def test_nobody_waits_for_a_task_that_was_cancelled(stack: Stack) -> None:
    """As when a process is made to end at once; who comes after that is still served."""
    first, second = await let_go(stack, 2)
    checkpoints = Checkpoints(stack.database, 15)

    async def store(each: Assignment) -> bool:
        return await checkpoints.store(Checkpoint(each, {"content": "text", "reasoning": ""}, None))

    waiting = asyncio.create_task(store(first))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if task.get_name() == "checkpoints":
            task.cancel()
    later = asyncio.create_task(store(second))
    async with asyncio.timeout(PATIENCE):
        assert await later is False
        assert await waiting is False


async def test_who_stops_waiting_stops_nobody(stack: Stack) -> None:
    """A writer that is cancelled leaves the others' checkpoints alone."""
    first, second = await let_go(stack, 2)
    checkpoints = Checkpoints(stack.database, 15)
    one, two = (
        asyncio.create_task(checkpoints.store(Checkpoint(each, {"content": text, "reasoning": ""}, None)))
        for each, text in ((first, "one"), (second, "two"))
    )
    await asyncio.sleep(0)
    one.cancel()
    assert await two is False
    assert (await stack.message(second.message_id)).content == "two"
