"""The person's own model reads for memory: only when it may, only what was said, and never in the way."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from gantry.domain.clock import utc_now
from gantry.domain.english.learning import Learned
from gantry.services.facts import store_fact
from gantry.services.model_reader import ModelReader
from tests.parts.knowledge import learned
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

ALLERGY = {
    "fact": "Cannot eat walnuts.",
    "quote": "walnuts make me ill",
    "relations": [{"subject": "", "predicate": "cannot eat", "object": "walnuts", "type": "thing"}],
}
MADE_UP = {"fact": "Owns a yacht.", "quote": "I own a yacht"}


def reader_of(stack: Stack, **values: object) -> ModelReader:
    """Return the model_reader, for whom every conversation is quiet."""
    return replace(stack.main.knowledge.model_reader, quiet_seconds=-1, **values)  # pyright: ignore[reportArgumentType]


async def talk(stack: Stack, text: str = "Careful: walnuts make me ill.") -> UUID:
    """Say something, and have the model ready to tell what it has read."""
    stack.llm.default = Script(text="Noted.")
    sent = await stack.ask(text)
    await stack.read(sent)
    await learned(stack)
    stack.llm.default = Script(text=json.dumps({"facts": [ALLERGY, MADE_UP]}))
    return sent.conversation_id


async def facts(stack: Stack) -> list[str]:
    """Return what is known."""
    return [fact.content for fact in await stack.services.memory.facts(stack.who)]


async def test_a_quiet_conversation_is_read_once(library: Stack) -> None:
    """What quotes the person is kept with its message; what the model made up is not; relations join the graph."""
    await talk(library)
    await library.services.memory.change_settings(library.who, by_model=True)
    assert await library.main.knowledge.model_reader.study() == 0  # it is not quiet yet
    assert await reader_of(library).study() == 1
    assert await facts(library) == ["Cannot eat walnuts."]
    assert "Careful: walnuts make me ill." in library.llm.requests[-1].body["messages"][0]["content"]
    fact = (await library.services.memory.facts(library.who))[0]
    assert fact.message_id is not None
    graph = await library.services.memory.graph(library.who)
    assert "cannot eat" in {each.predicate for each in graph.relations}
    asked = len(library.llm.requests)
    assert await reader_of(library).study() == 0
    assert len(library.llm.requests) == asked


async def test_nobody_is_read_who_has_not_allowed_it(library: Stack) -> None:
    """Nor a conversation that is not remembered, nor while an answer is being written."""
    thread = await talk(library)
    memory, who = library.services.memory, library.who
    asked = len(library.llm.requests)
    assert await reader_of(library).study() == 0
    await memory.change_settings(who, by_model=True)
    assert await reader_of(library, busy=lambda: 1).study() == 0
    await memory.set_remembered(who, thread, False)
    assert await reader_of(library).study() == 0
    await memory.set_remembered(who, thread, True)
    await memory.change_settings(who, enabled=False)
    assert await reader_of(library).study() == 0
    assert len(library.llm.requests) == asked


async def test_a_model_that_fails_is_asked_again_later(library: Stack) -> None:
    """Nothing is marked as read, and it is not asked over and over."""
    await talk(library)
    await library.services.memory.change_settings(library.who, by_model=True)
    good, library.llm.default = library.llm.default, Script(status=500, body={"error": {"message": "Out."}})
    assert await reader_of(library).study() == 1
    assert await reader_of(library).study() == 0
    library.llm.default = good
    assert await reader_of(library, now=lambda: utc_now() + timedelta(minutes=16)).study() == 1
    assert await facts(library) == ["Cannot eat walnuts."]


async def test_what_was_forgotten_is_not_read_again(library: Stack) -> None:
    """A fact the person deletes does not come back from the same words, whoever reads them."""
    memory, who = library.services.memory, library.who
    await talk(library, "I live in Lisbon. Careful: walnuts make me ill.")
    await memory.change_settings(who, by_model=True)
    await memory.forget(who, [(await memory.facts(who))[0].id])
    assert await reader_of(library).study() == 0
    await talk(library)
    await memory.forget_everything(who)
    assert await reader_of(library).study() == 0
    assert await facts(library) == []


async def test_forgetting_while_the_model_reads_wins(library: Stack) -> None:
    """What it says afterwards is dropped."""
    memory, who = library.services.memory, library.who
    await talk(library)
    await memory.change_settings(who, by_model=True)
    model_reader = reader_of(library)
    async with library.database.begin() as tx:
        now = utc_now()
        taken = await tx.study.to_study(quiet_since=now, now=now, until=now)
    assert taken is not None
    await memory.forget_everything(who)
    await model_reader._read(*taken)
    assert await facts(library) == []


async def test_forgetting_waits_for_what_is_just_being_kept(library: Stack) -> None:
    """A fact between its check and its storing is there to be forgotten with everything."""
    memory, who = library.services.memory, library.who
    thread = await talk(library)
    await memory.change_settings(who, by_model=True)
    async with library.database.begin() as tx:
        assert await tx.study.may_study(thread, since=None)
        forgetting = asyncio.create_task(memory.forget_everything(who))
        assert not (await asyncio.wait({forgetting}, timeout=0.5))[0]
        message = await tx.chat.find_first_message(thread)
        assert message is not None
        account = await tx.memory.account(who.id)
        await store_fact(tx, message, Learned("Cannot eat walnuts."), account, utc_now())
        await tx.study.studied(thread, message.id)
    await forgetting
    assert await facts(library) == []


async def test_who_asks_meanwhile_goes_first(library: Stack) -> None:
    """The reading is given up, its connection closed, and begun again later; nothing is lost."""
    await talk(library)
    await library.services.memory.change_settings(library.who, by_model=True)
    good, library.llm.default = library.llm.default, Script(first_byte_delay=60)
    asked = len(library.llm.requests)
    studying = asyncio.create_task(reader_of(library, busy=lambda: len(library.llm.requests) > asked).study())
    async with asyncio.timeout(20):
        assert await studying == 1
    library.llm.default = good
    assert await reader_of(library).study() == 0
    assert await reader_of(library, now=lambda: utc_now() + timedelta(minutes=2)).study() == 1
    assert await facts(library) == ["Cannot eat walnuts."]


async def test_the_model_writes_the_summary_where_it_may(library: Stack) -> None:
    """Else the rules do; a model that fails leaves it to them too."""
    await library.services.memory.change_settings(library.who, by_model=True)
    library.llm.default = Script(text="Let us plant forty roses near the northern wall in April.")
    sent = await library.ask("How many roses shall we plant?")
    await library.read(sent)
    for number in range(14):
        sent = await library.ask(f"And bed number {number}, what of that?", sent.conversation_id)
        await library.read(sent)
    library.llm.default = Script(text="They plan forty roses.")
    assert await library.main.knowledge.learner.summarise() == 1
    summary = await library.main.knowledge.learner.summary_of(sent.conversation_id, sent.message_id)
    assert summary == "They plan forty roses."
