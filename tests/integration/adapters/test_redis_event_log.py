"""What the event log on Redis does when replicas come and go, and when Redis does."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from gantry.adapters.in_process.live_text import Attempt
from gantry.adapters.redis.live import RedisEventLog, connect
from gantry.adapters.redis.wire import FIELD, Batch, Sent, stream_key
from gantry.domain.live import LiveKind, Opening, Position
from tests.parts.live import Page, eventually, follow

pytest_plugins = ["tests.parts.redis"]

IDLE = 1.0
MakeLog = Callable[..., Awaitable[RedisEventLog]]


@pytest.fixture
async def replica(redis_url: str) -> AsyncIterator[MakeLog]:
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> RedisEventLog:
            client = await stack.enter_async_context(connect(redis_url))
            return await stack.enter_async_context(RedisEventLog(client, **{"idle_seconds": IDLE, **options}))

        yield make


@pytest.fixture
def answer() -> UUID:
    return uuid4()


async def come_to_the_end(page: Page, log: RedisEventLog, answer: UUID) -> Page:
    """Read again whenever the log gives up, as a caller does while the database says it is being written."""
    async with asyncio.timeout(30):
        while page.ended is None:
            await page.follow(log, answer)
    return page


async def write_batches(redis: Redis, answer: UUID, *batches: Batch) -> None:
    for batch in batches:
        fields: dict[Any, Any] = {FIELD: batch.encode()}
        await redis.xadd(stream_key(answer), fields)
    await redis.expire(stream_key(answer), 60)


async def test_redis_restarted_in_the_middle(replica: MakeLog, answer: UUID, redis_server: Any) -> None:
    """Losing Redis and all it had costs a remote reader time but no text, and a new one gets everything."""
    writer, elsewhere = await replica(), await replica()
    writer.open(answer, Opening(1))
    writer.append(answer, text="before, ")
    page = await Page().until(elsewhere, answer, lambda page: page.text == "before, ")
    reading = asyncio.create_task(come_to_the_end(page, elsewhere, answer))
    beside = asyncio.create_task(follow(writer, answer))
    redis_server.stop()
    writer.append(answer, text="during, ")
    await asyncio.sleep(0.3)  # the outage lasts longer than a flush
    redis_server.start()
    writer.append(answer, text="after")
    writer.end(answer, "complete")
    assert (await beside).text == "before, during, after"
    assert (await reading).text == "before, during, after"
    assert LiveKind.RESTARTED not in page.kinds
    assert (await follow(await replica(), answer)).text == "before, during, after"


async def test_a_stalled_process_is_no_silence(replica: MakeLog, redis_url: str, answer: UUID) -> None:
    """A reader's process that gets no processor time for longer than the idle time still tells what came meanwhile."""
    elsewhere = await replica()
    opening = Attempt(Opening(1))
    sent = Sent()
    with SyncRedis.from_url(redis_url) as writer:

        def write(text: str, end: str | None = None) -> None:
            opening.append(text, "")
            opening.end = end
            batch = Batch.next(opening, sent)
            assert batch is not None
            fields: dict[Any, Any] = {FIELD: batch.encode()}
            writer.xadd(stream_key(answer), fields)
            writer.expire(stream_key(answer), 60)

        write("before, ")
        page = await Page().until(elsewhere, answer, lambda page: page.text == "before, ")
        reading = asyncio.create_task(page.follow(elsewhere, answer))
        await asyncio.sleep(IDLE / 2)  # it waits
        write("after", "complete")
        time.sleep(IDLE * 1.5)  # the stall
        await reading
    assert (page.text, page.ended) == ("before, after", "complete")


async def test_stream_lost_without_an_outage(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """A Redis that was emptied between two batches is told everything again."""
    writer = await replica()
    writer.open(answer, Opening(1))
    writer.append(answer, text="first, ")
    await eventually(lambda: redis.exists(stream_key(answer)))
    await redis.delete(stream_key(answer))
    writer.append(answer, text="second")
    page = await Page().until(await replica(), answer, lambda page: len(page.text) == 13)
    assert page.text == "first, second"


async def test_writer_works_without_redis(
    replica: MakeLog, answer: UUID, redis_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """With Redis away from the start readers beside the writer notice nothing, and the log says so once."""
    redis_server.stop()
    with caplog.at_level(logging.INFO, logger="gantry"):
        writer = await replica()
        writer.open(answer, Opening(1))
        reading = asyncio.create_task(follow(writer, answer))
        for _ in range(50):
            writer.append(answer, text="word ")
            await asyncio.sleep(0.02)
        writer.end(answer, "complete")
        assert (await reading).text == "word " * 50
    assert [record.message for record in caplog.records] == ["live.redis_away"]


async def test_gap_shows_no_wrong_text(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """When a batch is missing the reader keeps what is right and is sent to the database."""
    opening = Batch(1, text="abc", prefix=(0, 0))
    await write_batches(
        redis, answer, opening, Batch(1, text="f", text_at=5), Batch(1, text_at=6, end="complete")
    )
    page = await follow(await replica(), answer)
    assert page.text in ("", "abc")
    assert page.ended is None


async def test_stream_without_its_beginning_shows_nothing(
    replica: MakeLog, redis: Redis, answer: UUID
) -> None:
    """A stream whose beginning was trimmed away cannot be read from; the database can."""
    await write_batches(redis, answer, Batch(1, text="def", text_at=3, end="complete"))
    assert (await follow(await replica(), answer)).events == []


async def test_unreadable_entry_shows_nothing(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """What another version of Gantry may write into the stream is not misread."""
    fields: dict[Any, Any] = {FIELD: b'{"attempt":1,"colour":"blue"}'}
    await redis.xadd(stream_key(answer), fields)
    assert (await follow(await replica(), answer)).events == []
    await redis.delete(stream_key(answer))


async def test_repeated_batches_are_shown_once(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """A batch that arrives twice, or in a repeated opening, adds nothing."""
    opening, more = Batch(1, text="abc", prefix=(0, 0)), Batch(1, text="de", text_at=3)
    again = Batch(1, text="abcdef", prefix=(0, 0), end="complete")
    await write_batches(redis, answer, opening, more, more, again)
    page = await follow(await replica(), answer)
    assert (page.text, page.kinds) == ("abcdef", [LiveKind.TEXT, LiveKind.END])


async def test_takeover_is_seen_elsewhere(replica: MakeLog, answer: UUID) -> None:
    """When the writer dies without a word and another replica goes on, a reader on a third one goes on as well."""
    dying, heir, elsewhere = await replica(), await replica(), await replica()
    dying.open(answer, Opening(1))
    dying.append(answer, text="Once upon")
    page = await Page().until(elsewhere, answer, lambda page: page.text == "Once upon")
    reading = asyncio.create_task(come_to_the_end(page, elsewhere, answer))
    await dying.aclose()
    heir.open(answer, Opening(2, text="Once upon", continues=True))
    heir.append(answer, text=" a time")
    heir.end(answer, "complete")
    await reading
    assert (page.text, page.kinds) == ("Once upon a time", [LiveKind.TEXT, LiveKind.END])
    assert page.position == Position(2, 16)


async def test_overtaken_writer_is_not_heard(replica: MakeLog, answer: UUID) -> None:
    """A writer that does not know yet that it was overtaken changes nothing, for readers anywhere."""
    stale, heir, elsewhere = await replica(), await replica(), await replica()
    stale.open(answer, Opening(1))
    stale.append(answer, text="Old")
    page = await Page().until(elsewhere, answer, lambda page: page.text == "Old")
    heir.open(answer, Opening(2))
    heir.append(answer, text="New")
    await page.until(elsewhere, answer, lambda page: page.text == "New")
    stale.append(answer, text="er and older")
    beside_stale = asyncio.create_task(come_to_the_end(Page("New", "", Position(2, 3)), stale, answer))
    reading = asyncio.create_task(come_to_the_end(page, elsewhere, answer))
    await asyncio.sleep(0.2)  # the stale batch has been sent
    heir.append(answer, text=" text")
    heir.end(answer, "complete")
    assert (await beside_stale).text == "New text"
    assert (await reading).text == "New text"
    stale.append(answer, text="!")
    assert (await follow(stale, answer)).text == "New text"


async def test_text_told_apart_anew_goes_on_after_a_silence(
    replica: MakeLog, redis: Redis, answer: UUID
) -> None:
    """A reader beside the writer, who looks into the stream meanwhile, takes nothing away from the writer."""
    writer = await replica()

    async def written(count: int) -> bool:
        return await redis.xlen(stream_key(answer)) == count

    writer.open(answer, Opening(1))
    writer.append(answer, text="I think so")
    await eventually(lambda: written(1))
    writer.open(answer, Opening(1, "", "I think so"))
    await eventually(lambda: written(2))
    await eventually(lambda: writer._log.silent_seconds(answer) > IDLE)
    reading = asyncio.create_task(come_to_the_end(Page(), writer, answer))
    await eventually(lambda: writer._mirrors.followed == 1)
    await eventually(lambda: any(each.last_id != b"0-0" for each in writer._mirrors._mirrors.values()))
    writer.append(answer, text="Yes.")
    writer.end(answer, "complete")
    page = await reading
    assert (page.reasoning, page.text) == ("I think so", "Yes.")
    assert (await follow(await replica(), answer)).text == "Yes."


async def test_mirrors_are_shared_and_freed(replica: MakeLog, answer: UUID) -> None:
    """However many read an answer there is one mirror, and it goes with the last of them."""
    writer, elsewhere = await replica(), await replica()
    writer.open(answer, Opening(1))
    writer.append(answer, text="Hello")
    streams: list[Any] = [elsewhere.read(answer, Position()) for _ in range(5)]
    for stream in streams:
        await anext(stream)
    assert elsewhere._mirrors.followed == 1
    for stream in streams[1:]:
        await stream.aclose()
    assert elsewhere._mirrors.followed == 1
    await streams[0].aclose()
    assert elsewhere._mirrors.followed == 0
    assert elsewhere._log.attempt(answer) is None
    assert not elsewhere._mirrors._live


async def test_mirror_goes_with_a_cancelled_reader(replica: MakeLog, answer: UUID) -> None:
    """A reader that is cancelled while it waits leaves no mirror behind."""
    elsewhere = await replica()
    reading = asyncio.create_task(follow(elsewhere, answer))
    await eventually(lambda: elsewhere._mirrors.followed == 1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert elsewhere._mirrors.followed == 0
    assert elsewhere._log._answers == {}


async def test_batches_are_coarse(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """However fast the tokens come, an answer makes at most ten entries a second."""
    writer = await replica()
    began = time.monotonic()
    writer.open(answer, Opening(1))
    for _ in range(300):
        writer.append(answer, text="token ")
        await asyncio.sleep(0.004)
    writer.end(answer, "complete")
    await eventually(lambda: not writer._outbox.writes(answer))
    took = time.monotonic() - began
    assert 2 <= await redis.xlen(stream_key(answer)) <= took * 10 + 2
    assert (await follow(await replica(), answer)).text == "token " * 300


async def test_streams_expire(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """A stream goes a minute after its answer ended, and an hour after a writer that died."""
    writer = await replica()
    writer.open(answer, Opening(1))
    await eventually(lambda: redis.exists(stream_key(answer)))
    assert 3500 < await redis.ttl(stream_key(answer)) <= 3600
    writer.end(answer, "complete")
    await eventually(lambda: not writer._outbox.writes(answer))
    assert 0 < await redis.ttl(stream_key(answer)) <= 60


async def test_closing_sends_what_waits(replica: MakeLog, answer: UUID) -> None:
    """A replica that shuts down in order leaves nothing unsent."""
    writer, elsewhere = await replica(), await replica()
    writer.open(answer, Opening(1))
    for word in ("all ", "of ", "it"):
        writer.append(answer, text=word)
        await asyncio.sleep(0.001)
    writer.end(answer, "stopped")
    await writer.aclose()
    page = await follow(elsewhere, answer)
    assert (page.text, page.ended) == ("all of it", "stopped")


async def test_long_answer_is_replayed_whole(replica: MakeLog, redis: Redis, answer: UUID) -> None:
    """A mirror that needs several reads to catch up restarts nobody who is ahead of it."""
    pieces = [Batch(1, text="x", text_at=at, prefix=None if at else (0, 0)) for at in range(1200)]
    await write_batches(redis, answer, *pieces, Batch(1, text_at=1200, end="complete"))
    page = await follow(await replica(), answer, Position(1, 1100))
    assert (page.text, page.kinds) == ("?" * 1100 + "x" * 100, [LiveKind.TEXT, LiveKind.END])
