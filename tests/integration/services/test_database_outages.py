"""A database that goes away while something is answered: nothing of it is lost, and nothing is told twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.chat import MessageStatus
from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.domain.live import LiveKind, NoticeKind
from gantry.services.sources import Asked
from tests.parts.database import fresh_postgres
from tests.parts.gate import Gate, gate_to
from tests.parts.live import eventually
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import PATIENCE, Reader, Stack, running_stack

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
