"""The contract of ``domain.live.EventLog``, for every implementation and every place a reader may be."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from gantry.adapters.in_process.live import InProcessEventLog
from gantry.domain.live import EventLog, LiveKind, Opening, Position
from tests.parts.live import Page, follow

pytest_plugins = ["tests.parts.redis"]

IDLE = 0.4
TEXT, STATUS, SOURCES = LiveKind.TEXT, LiveKind.STATUS, LiveKind.SOURCES
RESTARTED, ERROR, END, REASONING = LiveKind.RESTARTED, LiveKind.ERROR, LiveKind.END, LiveKind.REASONING


@dataclass
class House:
    """The logs of one installation: where answers are written, and where they are read."""

    writers: list[EventLog]
    readers: list[EventLog]

    @property
    def writer(self) -> EventLog:
        return self.writers[0]

    @property
    def reader(self) -> EventLog:
        return self.readers[0]


@pytest.fixture(params=["memory", "redis, same replica", "redis, other replica", "redis, any replica"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    if request.param == "memory":
        log = InProcessEventLog(idle_seconds=IDLE)
        yield House([log], [log])
        return
    from gantry.adapters.redis.live import RedisEventLog, connect  # noqa: PLC0415  memory must do without

    url = request.getfixturevalue("redis_url")
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(
                RedisEventLog(
                    await stack.enter_async_context(connect(url)), idle_seconds=IDLE, flush_seconds=0.02
                )
            )
            for _ in range(3)
        ]
        one, two, _three = replicas
        yield {
            "redis, same replica": House([one], [one]),
            "redis, other replica": House([one], [two]),
            "redis, any replica": House([one, two], [two, *replicas]),
        }[request.param]


@pytest.fixture
def answer() -> UUID:
    return uuid4()


async def test_reader_gets_all_text_and_then_the_end(house: House, answer: UUID) -> None:
    """A reader from the beginning gets the whole text in order, the end event, and then nothing."""
    house.writer.open(answer, Opening(1))
    reading = asyncio.create_task(follow(house.reader, answer))
    for word in ("Once ", "upon ", "a ", "time"):
        house.writer.append(answer, text=word)
        await asyncio.sleep(0)
    house.writer.end(answer, "complete")
    page = await reading
    assert (page.text, page.ended, page.kinds) == ("Once upon a time", "complete", [TEXT, END])
    assert page.position == Position(1, 16)


async def test_text_that_waits_is_merged(house: House, answer: UUID) -> None:
    """Whatever waits for a reader comes as one event of each kind."""
    house.writer.open(answer, Opening(1))
    for _ in range(100):
        house.writer.append(answer, reasoning="hm ")
        house.writer.append(answer, text="ab")
    house.writer.end(answer, "complete")
    page = await follow(house.reader, answer)
    assert [event.kind for event in page.events] == [REASONING, TEXT, END]
    assert page.events[0].position == Position(1, 0, 300)
    assert page.events[1].position == Position(1, 200, 300)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 9, 10])
async def test_reader_resumes_at_any_character(house: House, answer: UUID, count: int) -> None:
    """A reader that has some characters gets exactly the rest, also from within a piece."""
    house.writer.open(answer, Opening(1))
    for piece in ("01234", "5", "6789"):
        house.writer.append(answer, text=piece)
    house.writer.end(answer, "complete")
    page = await follow(house.reader, answer, Position(1, count))
    assert page.text == "?" * count + "0123456789"[count:]
    assert RESTARTED not in page.kinds


async def test_late_reader_gets_the_newest_announcements(house: House, answer: UUID) -> None:
    """Who comes before the text gets the newest status and the sources."""
    house.writer.open(answer, Opening(1))
    house.writer.announce(answer, STATUS, {"state": "loading", "detail": "10 %"})
    house.writer.announce(answer, SOURCES, {"sources": ["a"]})
    house.writer.announce(answer, STATUS, {"state": "reading", "detail": ""})
    page = await Page().until(house.reader, answer, lambda page: len(page.events) == 2)
    told = {event.kind: event.data for event in page.events}
    assert told == {SOURCES: {"sources": ["a"]}, STATUS: {"state": "reading", "detail": ""}}


async def test_status_is_of_no_interest_once_text_has_come(house: House, answer: UUID) -> None:
    """Who comes during the text gets sources and text, but not what the answer did before."""
    house.writer.open(answer, Opening(1))
    house.writer.announce(answer, STATUS, {"state": "reading", "detail": ""})
    house.writer.announce(answer, SOURCES, {"sources": []})
    house.writer.append(answer, text="Well")
    page = await Page().until(house.reader, answer, lambda page: page.text == "Well")
    assert page.kinds == [SOURCES, TEXT]


async def test_error_comes_before_the_end(house: House, answer: UUID) -> None:
    """A failed answer tells its partial text, then why, then that it ended."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="Half an ans")
    house.writer.announce(
        answer, ERROR, {"kind": "cut-off", "title": "It broke.", "advice": "", "details": ""}
    )
    house.writer.end(answer, "failed")
    page = await follow(house.reader, answer)
    assert (page.kinds, page.ended) == ([TEXT, ERROR, END], "failed")


async def test_reader_may_come_before_the_writer(house: House, answer: UUID) -> None:
    """A reader waits for an answer that nobody has opened yet."""
    reading = asyncio.create_task(follow(house.reader, answer))
    await asyncio.sleep(0.05)
    house.writer.open(answer, Opening(1, text="So"))
    house.writer.end(answer, "complete")
    page = await reading
    assert (page.text, page.kinds) == ("So", [TEXT, END])


async def test_unknown_answer_ends_without_end(house: House, answer: UUID) -> None:
    """Nobody writes it: the reader is sent to the database instead of waiting for ever."""
    page = await follow(house.reader, answer)
    assert page.events == []


async def test_silence_ends_without_end(house: House, answer: UUID) -> None:
    """After the idle time without anything new the iterator ends, and the reader can come back."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="Wait")
    page = await follow(house.reader, answer)
    assert (page.text, page.ended) == ("Wait", None)
    house.writer.append(answer, text=" for it")
    house.writer.end(answer, "complete")
    assert (await page.follow(house.reader, answer)).text == "Wait for it"


async def test_new_attempt_restarts_readers(house: House, answer: UUID) -> None:
    """When an answer starts over, a reader that has text is told to forget it; a new one is not."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="First")
    page = await Page().until(house.reader, answer, lambda page: page.text == "First")
    reading = asyncio.create_task(page.follow(house.reader, answer))
    house.writers[-1].open(answer, Opening(2))
    house.writers[-1].append(answer, text="Second")
    house.writers[-1].end(answer, "complete")
    await reading
    while page.ended is None:  # a reader beside the first writer comes back after the idle time
        await page.follow(house.reader, answer)
    assert (page.text, page.kinds) == ("Second", [TEXT, RESTARTED, TEXT, END])
    assert (await follow(house.reader, answer)).kinds == [TEXT, END]


async def test_continued_attempt_keeps_readers_within_its_prefix(house: House, answer: UUID) -> None:
    """When an answer goes on from its checkpoint, who has no more than that goes on silently."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="0123456789")
    house.writers[-1].open(answer, Opening(2, text="01234567", continues=True))
    house.writers[-1].append(answer, text="abc")
    house.writers[-1].end(answer, "complete")
    within = await follow(house.reader, answer, Position(1, 8))
    assert (within.text, within.kinds) == ("????????abc", [TEXT, END])
    assert within.position == Position(2, 11)
    beyond = await follow(house.reader, answer, Position(1, 9))
    assert (beyond.text, beyond.kinds) == ("01234567abc", [RESTARTED, TEXT, END])
    stranger = await follow(house.reader, answer, Position(0, 3))
    assert stranger.kinds == [RESTARTED, TEXT, END]


async def test_sleeping_reader_goes_on_with_a_continued_attempt(house: House, answer: UUID) -> None:
    """A reader that waits in attempt 1 is woken by attempt 2 and continues without a restart."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="Half")
    page = await Page().until(house.reader, answer, lambda page: page.text == "Half")
    reading = asyncio.create_task(page.follow(house.reader, answer))
    await asyncio.sleep(0)
    house.writers[-1].open(answer, Opening(2, text="Half", continues=True))
    house.writers[-1].append(answer, text=" and half")
    house.writers[-1].end(answer, "complete")
    await reading
    while page.ended is None:
        await page.follow(house.reader, answer)
    assert (page.text, page.kinds) == ("Half and half", [TEXT, END])


async def test_reader_ahead_of_an_ended_log_is_restarted(house: House, answer: UUID) -> None:
    """Who claims more than the answer ever had is given all of it."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="Short")
    house.writer.end(answer, "complete")
    page = await follow(house.reader, answer, Position(1, 50))
    assert (page.text, page.kinds) == ("Short", [RESTARTED, TEXT, END])


async def test_nothing_counts_after_the_end(house: House, answer: UUID) -> None:
    """What a writer says to an unknown or ended answer is ignored, never raised."""
    house.writer.append(answer, text="too early")
    house.writer.announce(answer, STATUS, {})
    house.writer.end(answer, "complete")
    house.writer.open(answer, Opening(1))
    house.writer.end(answer, "stopped")
    house.writer.append(answer, text="too late")
    house.writer.announce(answer, ERROR, {})
    house.writer.end(answer, "complete")
    page = await follow(house.reader, answer)
    assert (page.text, page.kinds, page.ended) == ("", [END], "stopped")


async def test_forgotten_answer_ends_without_end(house: House, answer: UUID) -> None:
    """When a writer gives an answer up, readers beside it are sent to the database, and it says no more."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="Mine")
    page = await Page().until(house.writer, answer, lambda page: page.text == "Mine")
    reading = asyncio.create_task(page.follow(house.writer, answer))
    await asyncio.sleep(0)
    house.writer.forget(answer)
    house.writer.append(answer, text=" no more")
    async with asyncio.timeout(IDLE / 2):
        await reading
    assert (page.text, page.ended) == ("Mine", None)
    house.writer.forget(answer)


async def test_new_writer_after_a_forgotten_one(house: House, answer: UUID) -> None:
    """An answer that one writer gave up is read from the next one, also beside the first."""
    house.writer.open(answer, Opening(1))
    house.writer.append(answer, text="Mine")
    page = await Page().until(house.reader, answer, lambda page: page.text == "Mine")
    house.writer.forget(answer)
    house.writers[-1].open(answer, Opening(2, text="Mine", continues=True))
    house.writers[-1].append(answer, text=" and yours")
    house.writers[-1].end(answer, "complete")
    beside = await follow(house.writer, answer)
    assert (beside.text, beside.ended) == ("Mine and yours", "complete")
    await page.follow(house.reader, answer)
    assert (page.text, page.kinds) == ("Mine and yours", [TEXT, END])


async def test_any_text_survives(house: House, answer: UUID) -> None:
    """Emoji, control characters and half surrogate pairs arrive as they were, counted in code points."""
    odd = "a\N{GRINNING FACE}\0\u2028\ud83d é\n"
    house.writer.open(answer, Opening(1, reasoning=odd))
    house.writer.append(answer, text=odd)
    house.writer.end(answer, "complete")
    page = await follow(house.reader, answer)
    assert (page.text, page.reasoning) == (odd, odd)
    assert page.position == Position(1, len(odd), len(odd))


async def test_many_readers_come_and_go(house: House, answer: UUID) -> None:
    """Readers that leave in the middle, closed or cancelled, disturb nobody."""
    house.writer.open(answer, Opening(1))
    loyal = [asyncio.create_task(follow(house.reader, answer)) for _ in range(5)]
    fickle = [asyncio.create_task(Page().follow(house.reader, answer, at_most=1)) for _ in range(5)]
    cancelled = [asyncio.create_task(follow(house.reader, answer)) for _ in range(5)]
    house.writer.append(answer, text="Stay")
    await asyncio.gather(*fickle)
    for task in cancelled:
        task.cancel()
    await asyncio.gather(*cancelled, return_exceptions=True)
    house.writer.append(answer, text=" with me")
    house.writer.end(answer, "complete")
    assert {page.text for page in await asyncio.gather(*loyal)} == {"Stay with me"}


@dataclass
class Play:
    """A random answer, written with takeovers, and readers that reconnect wherever they like."""

    house: House
    answer: UUID
    dice: random.Random
    text: str = ""
    reasoning: str = ""

    async def write(self) -> None:
        log = self.dice.choice(self.house.writers)
        log.open(self.answer, Opening(1))
        for attempt in range(1, self.dice.randint(1, 3) + 1):
            if attempt > 1:
                log = self.take_over(attempt)
            for _ in range(self.dice.randint(1, 120)):
                piece = "".join(self.dice.choices("abcdefg é\n", k=self.dice.randint(1, 12)))
                if self.dice.random() < 0.2:
                    self.reasoning += piece
                    log.append(self.answer, reasoning=piece)
                else:
                    self.text += piece
                    log.append(self.answer, text=piece)
                if self.dice.random() < 0.5:
                    await asyncio.sleep(self.dice.choice((0, 0, 0.001, 0.005)))
        log.end(self.answer, "complete")

    def take_over(self, attempt: int) -> EventLog:
        """Go on from a checkpoint, or start over; what comes next differs from what was lost."""
        continues = self.dice.random() < 0.6
        self.text = self.text[: self.dice.randint(0, len(self.text))] if continues else ""
        self.reasoning = self.reasoning[: self.dice.randint(0, len(self.reasoning))] if continues else ""
        log = self.dice.choice(self.house.writers)
        log.open(self.answer, Opening(attempt, self.text, self.reasoning, continues))
        return log

    async def watch(self, dice: random.Random) -> Page:
        page = Page()
        while page.ended is None:
            if dice.random() < 0.3:  # a page that had stored less than it showed
                page.text = page.text[: dice.randint(0, len(page.text))]
                page.position = Position(page.position.attempt, len(page.text), len(page.reasoning))
            await page.follow(dice.choice(self.house.readers), self.answer, at_most=dice.randint(1, 12))
            await asyncio.sleep(dice.choice((0, 0.002, 0.02)))
        return page


@pytest.mark.parametrize("seed", range(12))
async def test_readers_end_with_what_was_written(house: House, answer: UUID, seed: int) -> None:
    """Whatever the order of writing, takeovers and reconnects, every reader ends with the writer's text."""
    dice = random.Random(seed)
    play = Play(house, answer, dice)
    async with asyncio.timeout(30), asyncio.TaskGroup() as everybody:
        watching = [everybody.create_task(play.watch(random.Random(f"{seed}.{n}"))) for n in range(6)]
        everybody.create_task(play.write())
    for page in (task.result() for task in watching):
        assert (page.text, page.reasoning) == (play.text, play.reasoning)
