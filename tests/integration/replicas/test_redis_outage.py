"""Redis is emptied, restarted or away: pages and answers go on, people are told, and all is well again by itself."""

import asyncio
from time import monotonic

import pytest
from redis.asyncio import Redis

from gantry.state.asking import AskingState
from gantry.state.session import NoticeState
from tests.parts.live_reader import LiveReader
from tests.parts.llm_script import Script
from tests.parts.redis import RedisServer
from tests.parts.replicas import Deployment
from tests.parts.wire_tab import WireTab

pytestmark = pytest.mark.timeout(120)

AWAY = "Live updates are delayed: Redis does not answer."
WORDS = [f"w{number:04} " for number in range(80)]
ANSWER = "".join(WORDS)


async def test_emptied_redis(deployment: Deployment, redis: Redis) -> None:
    """Redis loses everything: the next event of an open tab fills it anew from its address and its cookie."""
    first, second = await deployment.running(2)
    await deployment.has_redis()
    person = await deployment.person()
    conversation = await person.ask("Hello.")
    async with WireTab(person.session, f"/c/{conversation}") as tab:
        await tab.open(first)
        await redis.flushall()
        tab.state.clear()
        await tab.send(AskingState.event_handlers["stop"], generation="none")
        await tab.until(lambda: tab.notices and tab.is_hydrated)
        assert tab.conversation == conversation
        assert tab.account == person.id
        await tab.abort()
        await redis.flushall()
        await tab.open(second)
        assert (tab.conversation, tab.new_tokens) == (conversation, [])


async def test_pages_without_redis(deployment: Deployment, redis_server: RedisServer) -> None:
    """While Redis is away open pages work and say so, new ones open; when it is back a tab moves between replicas again."""
    first, second = await deployment.running(2)
    await deployment.has_redis()
    person = await deployment.person()
    conversation = await person.ask("Hello.")
    async with WireTab(person.session, f"/c/{conversation}") as tab, WireTab(person.session) as late:
        await tab.open(first)
        redis_server.stop()
        asked_at = monotonic()
        await tab.send(AskingState.event_handlers["stop"], generation="none")
        await tab.until(lambda: AWAY in tab.notices and "This item no longer exists." in tab.notices)
        assert monotonic() - asked_at < 5
        await tab.until(lambda: (tab.conversation, tab.account) == (conversation, person.id))
        await late.open(second)
        assert (late.account, late.notices) == (person.id, [AWAY])
        await late.send(AskingState.event_handlers["send"], text="Are you there?", key="k1", conversation="")
        await late.until(lambda: late.var(AskingState, "accepted") == "k1")
        await late.until(lambda: late.conversation)
        await _ended(person, late.conversation)
        assert [each["status"] for each in await person.messages(late.conversation)] == ["complete"] * 2
        redis_server.start()
        await deployment.has_redis()
        tab.state.clear()
        await tab.send(AskingState.event_handlers["stop"], generation="none")
        await tab.until(lambda: tab.notices == ["This item no longer exists."] and tab.is_hydrated)
        await tab.abort()
        tab.state.clear()
        await tab.open(second)
        assert (tab.conversation, tab.new_tokens) == (conversation, [])
        assert "This item no longer exists." in tab.notices
        [notice, *_] = tab.var(NoticeState, "notices")
        await tab.send(NoticeState.event_handlers["dismiss"], notice=notice["id"])
        await tab.until(lambda: notice not in tab.var(NoticeState, "notices"))


async def test_answers_without_redis(deployment: Deployment, redis_server: RedisServer) -> None:
    """Redis goes in mid-answer: the answer ends and is stored, and readers at both replicas get all of it once."""
    first, second = await deployment.running(2)
    await deployment.has_redis()
    person = await deployment.person()
    conversation = await person.conversation()
    deployment.llm.scripts["outage"] = Script(WORDS, tokens_per_second=20)
    sent = await person.send(conversation, "[[script:outage]]")
    here = LiveReader(person.session, sent["generation_id"])
    there = LiveReader(person.session, sent["generation_id"])
    await here.follow([first], until=lambda reader: len(reader.text) > 50)
    await there.follow([second], until=lambda reader: len(reader.text) > 50)
    redis_server.stop()
    await asyncio.gather(here.follow([first]), there.follow([second]))
    assert (here.text, here.status, there.text, there.status) == (ANSWER, "complete") * 2
    stored = await person.messages(conversation)
    assert stored[-1]["content"] == ANSWER


async def test_redis_that_hangs(deployment: Deployment, redis_server: RedisServer) -> None:
    """Redis accepts connections and says nothing: an event is handled all the same, within a few seconds."""
    [first] = await deployment.running(1)
    await deployment.has_redis()
    person = await deployment.person()
    async with WireTab(person.session) as tab:
        await tab.open(first)
        with redis_server.frozen():
            asked_at = monotonic()
            await tab.send(AskingState.event_handlers["stop"], generation="none")
            await tab.until(lambda: AWAY in tab.notices)
            assert monotonic() - asked_at < 8
        await deployment.has_redis()
        await tab.send(AskingState.event_handlers["stop"], generation="none")
        await tab.until(lambda: tab.notices == ["This item no longer exists."])


async def _ended(person, conversation: str) -> None:
    async with asyncio.timeout(15):
        while any(each["status"] == "streaming" for each in await person.messages(conversation)):
            await asyncio.sleep(0.05)


async def test_start_without_redis(deployment: Deployment, redis_server: RedisServer) -> None:
    """A replica starts and its pages open while Redis is away; later they move to other replicas like any."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    await second.kill()
    redis_server.stop()
    await second.start()
    async with WireTab(person.session) as tab:
        await tab.open(second)
        assert (tab.account, tab.notices) == (person.id, [AWAY])
        redis_server.start()
        await deployment.has_redis()
        tab.state.clear()
        await tab.send(AskingState.event_handlers["stop"], generation="none")
        await tab.until(lambda: tab.notices == ["This item no longer exists."] and tab.is_hydrated)
        await tab.lose_sight()
        await tab.open(first)
        assert (tab.new_tokens, tab.notices) == ([], ["This item no longer exists."])
