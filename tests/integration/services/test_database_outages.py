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
from gantry.domain.live import LiveKind, NoticeKind
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
