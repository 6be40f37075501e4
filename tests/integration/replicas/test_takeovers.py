"""An answer outlives the replica that writes it: another one goes on, and readers get all of it once."""

import asyncio
from time import monotonic

import pytest

from gantry.state.chat import ChatState
from tests.parts.app import Person
from tests.parts.live_reader import LiveReader
from tests.parts.llm_server import Script
from tests.parts.replicas import Deployment, Replica, program
from tests.parts.wire_tab import WireTab

pytestmark = pytest.mark.timeout(120)

WORDS = [f"w{number:04} " for number in range(200)]
ANSWER = "".join(WORDS)
SET = {"system_prompt": "Answer in one line.", "temperature": 0.25, "seed": 7}


async def begun(deployment: Deployment, replica: Replica, person: Person, rate: float = 40) -> dict[str, str]:
    """Have *replica* write a long answer; returns its ids."""
    deployment.llm.scripts["long"] = Script(WORDS, tokens_per_second=rate)
    async with program(replica, person.session) as client:
        made = await client.post("/api/v1/conversations", json={"parameters": SET})
        conversation = made.json()["id"]
        sent = await client.post(
            f"/api/v1/conversations/{conversation}/messages", json={"content": "[[script:long]]"}
        )
        assert sent.status_code == 202, sent.text
        return {"conversation": conversation, **sent.json()}


async def is_whole(place: Replica, person: Person, sent: dict[str, str], reader: LiveReader) -> None:
    """The reader and the database have the whole answer, once."""
    assert (reader.text, reader.status) == (ANSWER, "complete")
    async with program(place, person.session) as client:
        stored = (await client.get(f"/api/v1/conversations/{sent['conversation']}")).json()["messages"]
    assert [(each["role"], each["status"]) for each in stored] == [
        ("user", "complete"),
        ("assistant", "complete"),
    ]
    assert stored[-1]["content"] == ANSWER


async def test_read_at_another_replica(deployment: Deployment) -> None:
    """An answer written at one replica is read at another while it is written, in order and once."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    sent = await begun(deployment, first, person, rate=100)
    reader = await LiveReader(person.session, sent["generation_id"]).follow([second])
    await is_whole(second, person, sent, reader)
    assert (reader.restarts, reader.breaks) == (0, [])
    assert len(reader.arrivals) > 5


async def test_reader_changes_replicas(deployment: Deployment) -> None:
    """A reader goes back and forth between replicas and misses nothing."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    sent = await begun(deployment, first, person, rate=60)
    reader = LiveReader(person.session, sent["generation_id"])
    for turn in range(8):
        so_far = len(reader.text)
        places = [first, second] if turn % 2 else [second, first]
        await reader.follow(places, until=lambda reader, so_far=so_far: len(reader.text) > so_far + 60)
    await reader.follow([second])
    await is_whole(second, person, sent, reader)
    assert reader.restarts == 0


@pytest.mark.parametrize("reads_at", ["the writer", "another"])
async def test_killed_writer(deployment: Deployment, reads_at: str, record_property) -> None:
    """The writing replica is killed: another one takes the answer over within eight seconds, well before the lease."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    sent = await begun(deployment, first, person)
    reader = LiveReader(person.session, sent["generation_id"])
    places = [first, second] if reads_at == "the writer" else [second]
    reading = asyncio.create_task(reader.follow(places, seconds=60))
    while len(reader.text) < 200:
        await asyncio.sleep(0.05)
    killed_at = monotonic()
    await first.kill()
    await reading
    silence = reader.longest_silence(after=killed_at + 0.3)
    record_property("takeover_seconds", round(silence, 2))
    await is_whole(second, person, sent, reader)
    assert reader.restarts == 1
    assert silence < 8
    first_asked, then_asked = (each.body for each in deployment.llm.requests[-2:])
    for asked in (first_asked, then_asked):  # whoever writes it asks for what was set
        assert (asked["temperature"], asked["seed"]) == (SET["temperature"], SET["seed"])
        assert asked["messages"][0]["content"].startswith(SET["system_prompt"])


async def test_stopped_writer(deployment: Deployment, record_property) -> None:
    """The writing replica is told to stop: another one goes on within three seconds of its end."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    sent = await begun(deployment, first, person)
    reader = LiveReader(person.session, sent["generation_id"])
    reading = asyncio.create_task(reader.follow([first, second], seconds=60))
    async with WireTab(person.session, f"/c/{sent['conversation']}") as tab:
        await tab.open(first)
        tab.stay_connected([first, second])
        while len(reader.text) < 200:
            await asyncio.sleep(0.05)
        told_at = monotonic()
        await first.stop()
        ended_at = monotonic()
        await reading
        silence = reader.longest_silence(after=ended_at)
        record_property("handover_seconds", round(silence, 2))
        await is_whole(second, person, sent, reader)
        await tab.until(lambda: tab.reconnects)
        assert tab.reconnects[0] < 5
        assert (tab.conversation, tab.new_tokens) == (sent["conversation"], [])
        assert tab.var(ChatState, "latest")
    assert silence < 3
    assert ended_at - told_at < 8


async def test_stopped_from_another_replica(deployment: Deployment) -> None:
    """Stop pressed at another replica than the writer's stops the answer there."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    sent = await begun(deployment, first, person)
    reader = LiveReader(person.session, sent["generation_id"])
    await reader.follow([second], until=lambda reader: len(reader.text) > 60)
    async with program(second, person.session) as client:
        await client.post(f"/api/v1/generations/{sent['generation_id']}/stop")
    await reader.follow([second], seconds=5)
    assert reader.status == "stopped"
    assert ANSWER.startswith(reader.text)
