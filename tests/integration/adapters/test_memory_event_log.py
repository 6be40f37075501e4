"""What only the event log in memory promises: exact forgetting, and a cost that does not grow."""

import asyncio
from uuid import uuid4

from gantry.adapters.in_process.live import InProcessEventLog
from gantry.domain.live import LiveKind, Opening, Position
from tests.parts.live import eventually, follow


async def test_finished_answers_are_forgotten() -> None:
    """A finished answer can be read for the time to keep it, then it takes no memory."""
    log = InProcessEventLog(idle_seconds=0.05, keep_seconds=0.2)
    answer = uuid4()
    log.open(answer, Opening(1, text="Kept"))
    log.end(answer, "complete")
    assert (await follow(log, answer)).text == "Kept"

    def forgotten() -> bool:
        log.open(other := uuid4(), Opening(1))
        log.forget(other)
        return log.attempt(answer) is None

    await eventually(forgotten)
    assert (await follow(log, answer)).events == []
    assert log._answers == {}


async def test_reader_ahead_is_restarted() -> None:
    """A reader that claims more than is written so far starts over at once."""
    log = InProcessEventLog()
    answer = uuid4()
    log.open(answer, Opening(1, text="Short"))
    stream = log.read(answer, Position(1, 9))
    assert (await anext(stream)).kind == LiveKind.RESTARTED
    assert (await anext(stream)).data == {"text": "Short"}
    await stream.aclose()


async def test_readers_leave_nothing_behind() -> None:
    """After its readers have gone an answer has no sleepers, and an unopened one is not kept."""
    log = InProcessEventLog()
    answer, unopened = uuid4(), uuid4()
    log.open(answer, Opening(1))
    tasks = [asyncio.create_task(follow(log, each)) for each in (answer, unopened) for _ in range(3)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert set(log._answers) == {answer}
    assert not log._answers[answer].sleepers
    assert log._answers[answer].readers == 0
