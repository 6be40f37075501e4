"""The contract of ``domain.live.Notices``, in memory and on Redis."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gantry.adapters.in_process.live import InProcessNotices
from gantry.adapters.redis.live import RedisNotices, connect
from gantry.domain.live import EVERYBODY, Notice, NoticeKind, Notices
from tests.parts.live import eventually

pytest_plugins = ["tests.parts.redis"]

CATALOG, CONVERSATION = NoticeKind.CATALOG, NoticeKind.CONVERSATION


@dataclass
class House:
    """Where notices are published, where they are subscribed to, and the Redis between them."""

    near: Any
    far: Any
    redis: Redis | None = None

    async def subscribed(self, *accounts: UUID) -> None:
        """Wait until the far notices's subscriptions have reached Redis."""
        if self.redis is not None:
            redis = self.redis
            channels = [f"gantry:notices:{account}" for account in accounts]

            async def all_there() -> bool:
                return all(count for _, count in await redis.pubsub_numsub(*channels))

            await eventually(all_there)


@pytest.fixture(params=["memory", "redis, same replica", "redis, other replica"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    if request.param == "memory":
        notices = InProcessNotices()
        yield House(notices, notices)
        return
    url = request.getfixturevalue("redis_url")
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connect(url)) for _ in range(2)]
        one, two = [await stack.enter_async_context(RedisNotices(client)) for client in clients]
        yield House(one, one if "same" in request.param else two, clients[0])


@pytest.fixture
def account() -> UUID:
    return uuid4()


async def take(feed: AsyncIterator[Notice], count: int) -> list[Notice]:
    async with asyncio.timeout(10):
        return [await anext(feed) for _ in range(count)]


async def test_every_page_of_an_account_is_told(house: House, account: UUID) -> None:
    """All subscribers of an account get each notice once, in order; others get nothing."""
    other = uuid4()
    pages = [house.far.subscribe(account) for _ in range(3)]
    stranger = house.far.subscribe(other)
    await house.subscribed(account, other)
    notices = [
        Notice(CONVERSATION, str(number), {"n": number, "é": ["\ud83d"]}, f"page {number}")
        for number in range(20)
    ]
    for notice in notices:
        house.near.publish(account, notice)
    for page in pages:
        assert await take(page, 20) == notices
    house.near.publish(account, Notice(CATALOG))
    house.near.publish(other, Notice(CATALOG, "theirs"))
    for page in pages:
        assert await take(page, 1) == [Notice(CATALOG)], "each came once"
    assert await take(stranger, 1) == [Notice(CATALOG, "theirs")]
    for feed in (*pages, stranger):
        await feed.aclose()


async def test_everybody_is_told(house: House, account: UUID) -> None:
    """What is told to everybody reaches all accounts once; a subscriber of everybody hears nothing else."""
    pages = [house.far.subscribe(each) for each in (account, uuid4())]
    all_ears = house.far.subscribe(EVERYBODY)
    await house.subscribed(account, EVERYBODY)
    house.near.publish(account, Notice(CONVERSATION, "own"))
    house.near.publish(EVERYBODY, Notice(CATALOG, "all"))
    house.near.publish(account, Notice(CONVERSATION, "last"))
    assert [each.id for each in await take(pages[0], 3)] == ["own", "all", "last"]
    assert [each.id for each in await take(pages[1], 1)] == ["all"]
    assert [each.id for each in await take(all_ears, 1)] == ["all"]
    for feed in (*pages, all_ears):
        await feed.aclose()


async def test_closing_sends_what_waits(redis: Redis, account: UUID) -> None:
    """A command that publishes and ends at once is heard elsewhere, though it was never started."""
    async with RedisNotices(redis) as far:
        feed = far.subscribe(account)
        await House(far, far, redis).subscribed(account)
        brief = RedisNotices(redis)
        brief.publish(account, Notice(CATALOG, "brief"))
        await brief.aclose()
        assert (await take(feed, 1))[0].id == "brief"
        await feed.aclose()


async def test_slow_page_loses_the_oldest(house: House, account: UUID) -> None:
    """A subscriber that does not read keeps the newest 256 notices."""
    slow, quick = house.far.subscribe(account), house.far.subscribe(account)
    await house.subscribed(account)
    for number in range(300):
        house.near.publish(account, Notice(CONVERSATION, str(number)))
        if house.near is not house.far:
            assert (await take(quick, 1))[0].id == str(number)
    assert [notice.id for notice in await take(slow, 256)] == [str(number) for number in range(44, 300)]
    await slow.aclose()
    await quick.aclose()


async def test_closed_feed_ends(house: House, account: UUID) -> None:
    """Closing a feed ends it, also for whoever waits in it, and is forgotten."""
    feed = house.far.subscribe(account)
    waiting = asyncio.create_task(anext(feed, None))
    await asyncio.sleep(0)
    await feed.aclose()
    assert await waiting is None
    assert await anext(feed, None) is None
    await feed.aclose()


async def test_publishing_to_nobody_is_harmless(house: House, account: UUID) -> None:
    """A notice without a subscriber is dropped; a later subscriber may just get what is still on its way."""
    house.near.publish(account, Notice(CATALOG, "early"))
    feed = house.far.subscribe(account)
    await house.subscribed(account)
    house.near.publish(account, Notice(CATALOG, "late"))
    told = [(await take(feed, 1))[0].id]
    if told == ["early"]:
        told.append((await take(feed, 1))[0].id)
    assert told in (["late"], ["early", "late"])
    await feed.aclose()


async def test_dropped_feed_ends_its_subscription(account: UUID) -> None:
    """A page whose task was cancelled, and which never closed its feed, is forgotten."""
    notices = InProcessNotices()
    feed = notices.subscribe(account)
    reading = asyncio.create_task(anext(feed))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    del feed, reading

    def forgotten() -> bool:
        gc.collect()
        return notices.accounts == set()

    await eventually(forgotten)


async def test_board_implements_the_protocol() -> None:
    """Both boards are notice boards to the type checker."""
    boards: list[Notices] = [InProcessNotices(), RedisNotices(Redis())]
    assert len(boards) == 2


async def test_connection_listens_only_while_somebody_does(redis: Redis, account: UUID) -> None:
    """Subscriptions of one account share a channel, which is left with the last of them."""
    async with RedisNotices(redis) as notices:
        channel = f"gantry:notices:{account}"

        async def listeners() -> int:
            return dict(await redis.pubsub_numsub(channel))[channel.encode()]

        feeds = [notices.subscribe(account) for _ in range(3)]
        await House(notices, notices, redis).subscribed(account)
        assert await listeners() == 1
        for feed in feeds:
            await feed.aclose()

        async def nobody() -> bool:
            return await listeners() == 0

        await eventually(nobody)


async def test_a_broken_connection_loses_no_notice(redis_url: str, redis: Redis, account: UUID) -> None:
    """Where only the one breaks that publishes, nobody else knows that there is something to look up."""
    async with (
        Redis.from_url(redis_url, client_name="publisher", retry=Retry(NoBackoff(), 0)) as one,
        connect(redis_url) as two,
        RedisNotices(one) as near,
        RedisNotices(two) as far,
    ):
        feed = far.subscribe(account)
        await House(near, far, redis).subscribed(account)
        near.publish(account, Notice(CATALOG, "before"))
        assert (await take(feed, 1))[0].id == "before"

        async def publishing() -> list[str]:
            clients: Any = await redis.client_list()
            return [
                each["id"] for each in clients if each["name"] == "publisher" and each["cmd"] == "publish"
            ]

        await redis.client_pause(10_000, all=False)
        near.publish(account, Notice(CATALOG, "lost"))
        await eventually(lambda: not near._unsent)
        for each in await publishing():
            await redis.client_kill_filter(_id=each)
        await redis.client_unpause()
        assert (await take(feed, 1))[0].id == "lost"
        await feed.aclose()


async def test_redis_restarted(redis_server: Any, account: UUID) -> None:
    """While Redis is away pages on the same replica are told; after it is back all of them are. Each change has all look again."""
    async with (
        connect(redis_server.url) as one,
        connect(redis_server.url) as two,
        RedisNotices(one) as near,
        RedisNotices(two) as far,
    ):
        beside, elsewhere = near.subscribe(account), far.subscribe(account)
        await House(near, far, one).subscribed(account)
        redis_server.stop()
        for feed in (beside, elsewhere):
            assert [each.kind for each in await take(feed, 1)] == [NoticeKind.CONVERSATIONS]
        near.publish(account, Notice(CATALOG, "away"))
        assert (await take(beside, 1))[0].id == "away"
        redis_server.start()
        seen: list[str] = []

        async def heard() -> bool:
            near.publish(account, Notice(CATALOG, "back"))
            try:
                async with asyncio.timeout(0.1):
                    seen.append((await anext(elsewhere)).id)
            except TimeoutError:
                return False
            return seen[-1] == "back"

        await eventually(heard)
        assert seen[0] == ""  # what it missed meanwhile it looks up
        assert {each.kind for each in await take(beside, 2)} == {NoticeKind.CONVERSATIONS, CATALOG}
        await beside.aclose()
        await elsewhere.aclose()
