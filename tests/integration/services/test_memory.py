"""Memory: learned once, recalled elsewhere, seen, changed and forgotten by its owner alone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from gantry.domain.clock import utc_now
from gantry.domain.context import PartKind
from gantry.domain.english.learning import Learned, Link
from gantry.domain.errors import Conflict, NotFound
from gantry.domain.memory import PASSED_OVER, EntityKind, MemoryKind
from gantry.domain.vectors import VectorKind
from gantry.models import Entity, MemoryItem, Message, Relation
from gantry.repositories.unit import UnitOfWork
from gantry.services.conversations import UNDO_SECONDS, Beginning
from gantry.services.facts import make_names, name_entities, store_fact
from gantry.services.sweeping import SweepReport
from tests.factories import actor_of, make_account
from tests.parts.hasty import after_search
from tests.parts.knowledge import background, learned
from tests.parts.live import eventually
from tests.parts.llm_server import Script
from tests.parts.locks import waits_for_a_lock
from tests.parts.stack import Stack


async def told(stack: Stack, text: str, **values: object) -> UUID:
    """Say something and wait until it has been learned."""
    stack.llm.default = Script(text="Noted.")
    sent = await stack.ask(text, **values)  # pyright: ignore[reportArgumentType]
    await stack.read(sent)
    await learned(stack)
    return sent.conversation_id


async def count(stack: Stack, table: type) -> int:
    """Return how many rows a table has."""
    async with stack.database.read() as tx:
        return (await tx.session.execute(select(func.count()).select_from(table))).scalar_one()


async def purge(stack: Stack) -> None:
    """Remove for good what can no longer be brought back, as if the time for that were over."""
    later = utc_now() + timedelta(seconds=UNDO_SECONDS + 1)
    await stack.main.knowledge.cleaner.forget_conversations(
        await replace(stack.services.conversations, now=lambda: later).purge()
    )


async def test_learning_from_a_conversation_that_is_removed_meanwhile(stack: Stack) -> None:
    """Who learns holds its messages and then names it; the removal waits for that, and takes what was learned with it."""
    stack.llm.default = Script(text="Noted.")
    first = await stack.ask("My sister is called Beatrix.")
    await stack.read(first)
    await stack.main.knowledge.learner.learn()
    conversation = first.conversation_id
    await stack.read(await stack.ask("She lives in Lisbon.", conversation))
    await stack.services.conversations.delete(stack.who, conversation)
    later = replace(stack.services.conversations, now=lambda: utc_now() + timedelta(seconds=UNDO_SECONDS + 1))
    async with stack.database.begin() as tx:
        unread = await tx.reading.unread(limit=5)
        removal = asyncio.create_task(later.purge())
        if not stack.database.is_sqlite:  # where the removal cannot begin before this has ended
            await eventually(lambda: waits_for_a_lock(stack.database))
        before = (
            await tx.memory.turns_of([message.parent_id for message, *_ in unread if message.parent_id])
        ).values()
        for item in before:
            item.around += " Lisbon."
        for message, thread, _account in unread:
            now = utc_now()
            tx.session.add(
                MemoryItem(
                    account_id=message.account_id,
                    kind=MemoryKind.TURN,
                    conversation_id=thread.id,
                    message_id=message.id,
                    content=message.content,
                    said_at=now,
                    created_at=now,
                    updated_at=now,
                )
            )
        await tx.session.flush()
    assert unread
    assert before
    assert [gone.conversation for gone in await removal] == [conversation]
    assert await count(stack, MemoryItem) == 0


@pytest.mark.parametrize("is_of_one", [False, True])
async def test_switched_on_while_somebody_reads_that_it_is_off(stack: Stack, *, is_of_one: bool) -> None:
    """What the learner holds at that moment is read all the same."""
    memory, who = stack.services.memory, stack.who
    stack.llm.default = Script(text="Noted.")
    sent = await stack.ask("My sister is called Beatrix.")
    await stack.read(sent)

    async def switch(on: bool) -> None:
        if is_of_one:
            await memory.set_remembered(who, sent.conversation_id, on)
        else:
            await memory.change_settings(who, enabled=on)

    await switch(False)
    async with stack.database.begin() as tx:
        await tx.session.execute(update(Message).values(memorised_at=None))  # said just now
    async with stack.database.begin() as tx:
        unread = await tx.reading.unread(limit=5)
        switching = asyncio.create_task(switch(True))
        if not stack.database.is_sqlite:  # where that cannot begin before this has ended
            await eventually(lambda: waits_for_a_lock(stack.database))
        await tx.reading.mark_read([message.id for message, *_ in unread], at=PASSED_OVER)
    await switching
    await stack.main.knowledge.learner.learn()
    assert [fact.content for fact in await memory.facts(who)] == ["Has a sister called Beatrix."]


async def test_what_was_said_once_is_given_in_another_conversation(library: Stack) -> None:
    """Past turns and facts go to the model with their date; the graph knows the names."""
    await told(library, "My sister is called Beatrix. I live in Lisbon.")
    facts = {fact.content for fact in await library.services.memory.facts(library.who)}
    assert facts == {"Has a sister called Beatrix.", "Lives in Lisbon."}
    library.llm.default = Script(text="Beatrix [1].")
    sent = await library.ask("What is my sister called?")
    await library.read(sent)
    asked = library.llm.requests[-1].body["messages"][-1]["content"]
    assert "My sister is called Beatrix." in asked
    assert "Has a sister called Beatrix." in asked
    source = (await library.services.answers.sources(library.who, sent.message_id))[0]
    assert (source.row.kind.value, source.available) == ("message", True)
    assert source.said is not None
    assert source.said.content == "My sister is called Beatrix. I live in Lisbon."
    graph = await library.services.memory.graph(library.who)
    assert {"Beatrix", "Lisbon"} <= {each.name for each in graph.names}
    assert {"sister", "lives in"} <= {each.predicate for each in graph.relations}


async def test_memory_holds_what_the_person_said_of_themselves(library: Stack) -> None:
    """Not what stands in a text they want changed, what a character says, nor the capitalised words of an answer."""
    library.llm.default = Script(
        text="I think that the Best Mode is to ask Frames Readers about the Nordwind Setting."
    )
    told = await library.ask("Fix the grammar:\n\nhi, I work at Acme. My wife is called Zelda.")
    await library.read(told)
    play = await library.ask("You are a dragon, and I am a knight who met Dame Alys.")
    await library.read(play)
    said = await library.ask("My name is Ragnar and I live in Valhalla.", conversation=play.conversation_id)
    await library.read(said)
    await learned(library)
    assert await library.services.memory.facts(library.who) == []
    graph = await library.services.memory.graph(library.who)
    assert [each.name for each in graph.names] == []


async def test_only_turns_have_vectors(library: Stack) -> None:
    """Facts are told as they are: nothing waits for their vectors, and nothing is missing without them."""
    await told(library, "I live in Lisbon.")
    await library.services.memory.add_fact(library.who, "Likes tea.")
    await learned(library)
    knowledge = library.main.knowledge
    assert len(await knowledge.index.rows("lexical-512", library.who.id, VectorKind.MEMORY)) == 2
    assert (await knowledge.sweep.compared())[:2] == (2, 0)
    assert await knowledge.sweep.sweep() == SweepReport()


async def test_a_newer_fact_takes_the_older_ones_place_unless_it_is_the_persons_own(library: Stack) -> None:
    """Moving house replaces the home that was learned; what was pinned or written by hand stays."""
    memory, who = library.services.memory, library.who
    await told(library, "I live in Lisbon.")
    await told(library, "I moved to Porto.")
    assert [fact.content for fact in await memory.facts(who)] == ["Lives in Porto."]
    own = (await memory.facts(who))[0]
    await memory.change_fact(who, own.id, "Lives in Porto since May.")
    await told(library, "I live in Faro.")
    assert {fact.content for fact in await memory.facts(who)} == {
        "Lives in Porto since May.",
        "Lives in Faro.",
    }


async def test_memory_can_be_switched_off(library: Stack) -> None:
    """Off for all or for one conversation, nothing is learned from it nor told in it; on again it is read."""
    memory, who = library.services.memory, library.who
    await memory.change_settings(who, enabled=False)
    await told(library, "I live in Lisbon.")
    assert await count(library, MemoryItem) == 0
    await memory.change_settings(who, enabled=True)
    await learned(library)
    assert [fact.content for fact in await memory.facts(who)] == ["Lives in Lisbon."]
    thread = await library.services.conversations.create(who, beginning=Beginning(remembered=False))
    await told(library, "My dog is called Rex. Where do I live?", conversation=thread.id)
    assert "Lisbon" not in library.llm.requests[-1].body["messages"][-1]["content"]
    assert len(await memory.facts(who)) == 1


async def test_taking_a_conversation_out_forgets_what_came_from_it(library: Stack) -> None:
    """Facts, turns, names and vectors of it go."""
    conversation = await told(library, "My sister is called Beatrix.")
    await library.services.memory.set_remembered(library.who, conversation, False)
    assert (
        await count(library, MemoryItem)
        == await count(library, Entity)
        == await count(library, Relation)
        == 0
    )
    assert await library.main.knowledge.index.count("lexical-512") == 0


async def test_deleting_a_conversation_deletes_what_came_from_it(library: Stack) -> None:
    """Nothing of it is told while the deletion can be undone, and nothing is left afterwards."""
    conversations, who = library.services.conversations, library.who
    conversation = await told(library, "My sister is called Beatrix.")
    await conversations.delete(who, conversation)
    other = await conversations.create(who)
    recalled = await library.services.memory.recall(who, "What is my sister called?", conversation=other.id)
    assert (recalled.facts, recalled.turns.passages) == ([], [])
    await purge(library)
    await library.main.knowledge.learner.housekeeping()
    assert await count(library, MemoryItem) == await count(library, Entity) == 0
    assert await library.main.knowledge.index.count("lexical-512") == 0


async def test_what_is_said_again_is_kept_though_a_deleted_conversation_said_it(library: Stack) -> None:
    """A fact that goes with its conversation is not known any more, learned or written by hand, and nothing takes its place."""
    memory, conversations, who = library.services.memory, library.services.conversations, library.who
    first = await told(library, "My sister is called Beatrix. I live in Lisbon.")
    await conversations.delete(who, first)
    await told(library, "I live in Lisbon.")
    await memory.add_fact(who, "Has a sister called Beatrix.")
    await purge(library)
    facts = {fact.content for fact in await memory.facts(who)}
    assert facts == {"Has a sister called Beatrix.", "Lives in Lisbon."}
    second = await told(library, "My cat is called Tom. I work at Acme.")
    await conversations.delete(who, second)
    await told(library, "I work at Initech.")
    await conversations.undelete(who, second)
    assert "Works at Acme." in {fact.content for fact in await memory.facts(who)}


async def delete(stack: Stack, conversation: UUID) -> None:
    """Delete a conversation for good."""
    await stack.services.conversations.delete(stack.who, conversation)
    await purge(stack)


async def take_out(stack: Stack, conversation: UUID) -> None:
    """Have memory forget a conversation."""
    await stack.services.memory.set_remembered(stack.who, conversation, False)


async def forget_all(stack: Stack, _conversation: UUID) -> None:
    """Have memory forget everything."""
    await stack.services.memory.forget_everything(stack.who)


@pytest.mark.parametrize("forget", [delete, take_out, forget_all])
async def test_what_is_forgotten_is_no_longer_read_in_other_answers(
    library: Stack, forget: Callable[[Stack, UUID], Awaitable[None]]
) -> None:
    """Neither beside them nor in the account of what was sent; the number of the source stays."""
    conversation = await told(library, "My sister is called Beatrix.")
    library.llm.default = Script(text="She has a name [1].")
    sent = await library.ask("What is my sister called?")
    await library.read(sent)
    assert "Beatrix" in await recalled_in(library, sent.message_id)
    await forget(library, conversation)
    assert "Beatrix" not in await recalled_in(library, sent.message_id)
    source = (await library.services.answers.sources(library.who, sent.message_id))[0]
    assert (source.row.number, source.row.passage, source.available) == (1, "", False)


@pytest.mark.parametrize("forget", [take_out, forget_all])
async def test_what_is_forgotten_while_an_answer_begins_is_not_kept_with_it(
    library: Stack, forget: Callable[[Stack, UUID], Awaitable[None]]
) -> None:
    """The answer was given it already and ends well; facts and turns are gone from the account of it."""
    conversation = await told(library, "My sister is called Beatrix.")
    after_search(library, lambda: forget(library, conversation))
    library.llm.default = Script(text="Beatrix [1].")
    sent = await library.ask("What is my sister called?")
    assert (await library.read(sent)).status == "complete"
    assert "Beatrix" in library.llm.requests[-1].body["messages"][-1]["content"]
    assert "Beatrix" not in await recalled_in(library, sent.message_id)


async def test_a_forgotten_fact_is_no_longer_read_in_other_answers(library: Stack) -> None:
    """What was said stays where it was said; a deleted conversation is unread while that can be undone."""
    conversation = await told(library, "My sister is called Beatrix.")
    sent = await library.ask("What is my sister called?")
    await library.read(sent)
    fact = (await library.services.memory.facts(library.who))[0]
    told_as = fact.content
    assert told_as in await recalled_in(library, sent.message_id)
    await library.services.memory.change_fact(library.who, fact.id, "Has a sister.")
    await library.services.memory.forget(library.who, [fact.id])
    assert told_as not in await recalled_in(library, sent.message_id)
    assert "My sister is called Beatrix." in await recalled_in(library, sent.message_id)
    await library.services.conversations.delete(library.who, conversation)
    assert "Beatrix" not in await recalled_in(library, sent.message_id)
    await library.services.conversations.undelete(library.who, conversation)
    assert "Beatrix" in await recalled_in(library, sent.message_id)


async def recalled_in(stack: Stack, message: UUID) -> str:
    """Return what the page shows of what memory gave for an answer."""
    sources = await stack.services.answers.sources(stack.who, message)
    context = await stack.services.answers.context(stack.who, message)
    parts = [part.text for part in context.parts if part.kind in {PartKind.FACT, PartKind.SOURCE}]
    return "\n".join([*(source.passage for source in sources), *parts])


async def test_a_temporary_conversation_is_never_learned(library: Stack) -> None:
    """It is in no list and no search, and gone once it is discarded."""
    library.llm.default = Script(text="Really?")
    sent = await library.ask("I live in Atlantis.", beginning=Beginning(temporary=True))
    await library.read(sent)
    await learned(library)
    assert await count(library, MemoryItem) == 0
    assert not await library.services.conversations.list_conversations(library.who)
    await library.services.conversations.discard(library.who, sent.conversation_id)
    assert await count(library, Message) == 0


async def test_nobody_elses_memory_exists(library: Stack) -> None:
    """Whatever ids are sent."""
    memory = library.services.memory
    await told(library, "My sister is called Beatrix.")
    fact = (await memory.facts(library.who))[0]
    async with library.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    thread = await library.services.conversations.create(eve)
    assert not await memory.facts(eve)
    assert not (await memory.graph(eve)).names
    recalled = await memory.recall(eve, "What is my sister called? Beatrix?", conversation=thread.id)
    assert not recalled.facts
    assert not recalled.turns.passages
    for attempt in (
        memory.change_fact(eve, fact.id, "mine"),
        memory.pin(eve, fact.id, True),
        memory.forget(eve, [fact.id]),
        memory.recall(library.who, "sister", conversation=thread.id),
        memory.set_remembered(library.who, thread.id, False),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_forgetting_is_forgetting(library: Stack) -> None:
    """One fact or everything; conversations stay, and are not learned again."""
    memory, who = library.services.memory, library.who
    await told(library, "My sister is called Beatrix. I live in Lisbon.")
    fact = next(each for each in await memory.facts(who) if "Lisbon" in each.content)
    await memory.forget(who, [fact.id])
    assert [each.content for each in await memory.facts(who)] == ["Has a sister called Beatrix."]
    await memory.forget_everything(who)
    await learned(library)
    assert await count(library, MemoryItem) == await count(library, Entity) == 0
    assert len(await library.services.conversations.list_conversations(who)) == 1


async def test_what_was_forgotten_stays_forgotten_when_memory_is_switched_off_and_on(library: Stack) -> None:
    """One fact, or everything. A conversation that is taken in again is read anew, but for what was forgotten with everything."""
    memory, who = library.services.memory, library.who
    conversation = await told(library, "My sister is called Beatrix. I live in Lisbon.")
    fact = next(each for each in await memory.facts(who) if "Lisbon" in each.content)
    await memory.forget(who, [fact.id])

    async def off_and_on() -> set[str]:
        await memory.change_settings(who, enabled=False)
        await told(library, "I work at Acme.", conversation=conversation)
        await memory.change_settings(who, enabled=True)
        await learned(library)
        return {each.content for each in await memory.facts(who)}

    assert await off_and_on() == {"Has a sister called Beatrix.", "Works at Acme."}
    await memory.forget_everything(who)
    assert await off_and_on() == {"Works at Acme."}
    await memory.set_remembered(who, conversation, False)
    await told(library, "I speak Danish.", conversation=conversation)
    await memory.set_remembered(who, conversation, True)
    await learned(library)
    assert {each.content for each in await memory.facts(who)} == {"Works at Acme.", "Speaks Danish."}


async def test_a_conversation_that_was_taken_out_can_be_taken_in_again(library: Stack) -> None:
    """Memory then holds it as before."""
    memory, who = library.services.memory, library.who
    conversation = await told(library, "My sister is called Beatrix.")
    await memory.set_remembered(who, conversation, False)
    assert not await memory.facts(who)
    await memory.set_remembered(who, conversation, True)
    await learned(library)
    assert [each.content for each in await memory.facts(who)] == ["Has a sister called Beatrix."]
    other = await library.services.conversations.create(who)
    recalled = await memory.recall(who, "What is my sister called?", conversation=other.id)
    assert [each.text for each in recalled.turns.passages][:1] == ["My sister is called Beatrix."]


async def test_taking_a_conversation_out_waits_for_what_is_just_being_learned(stack: Stack) -> None:
    """What a learner stores meanwhile is forgotten with the rest, and read anew when the conversation is taken in again."""
    memory, who, learner = stack.services.memory, stack.who, stack.main.knowledge.learner
    sent = await stack.ask("I live in Lisbon.")
    await stack.read(sent)
    async with stack.database.begin() as tx:
        assert await learner._learn(tx) == (2, {who.id})
        taking_out = asyncio.create_task(memory.set_remembered(who, sent.conversation_id, False))
        assert not (await asyncio.wait({taking_out}, timeout=0.5))[0]
    await taking_out
    assert await count(stack, MemoryItem) == await count(stack, Entity) == 0
    await memory.set_remembered(who, sent.conversation_id, True)
    assert await learner.learn() == 2
    assert [each.content for each in await memory.facts(who)] == ["Lives in Lisbon."]


async def test_forgetting_everything_includes_what_memory_has_yet_to_read(stack: Stack) -> None:
    """Nobody reads here until everything has been forgotten; afterwards only what is said then is learned."""
    await stack.read(await stack.ask("I live in Lisbon."))
    await stack.services.memory.forget_everything(stack.who)
    await stack.read(await stack.ask("I work at Acme."))
    async with background(stack.main):
        await learned(stack)
    facts = [each.content for each in await stack.services.memory.facts(stack.who)]
    assert facts == ["Works at Acme."]


async def test_what_is_known_of_a_neighbour_in_the_graph_is_told(library: Stack) -> None:
    """Across one relation, and never across the person, who is related to everything."""
    memory, who = library.services.memory, library.who
    conversation = await told(library, "My sister is called Beatrix. I live in Lisbon.")
    works = Link("Beatrix", "works at", "Acme", EntityKind.ORGANISATION)
    async with library.database.begin() as tx:
        message = await tx.chat.find_first_message(conversation)
        assert message is not None
        fact = Learned("Beatrix works at Acme.", links=(works,))
        await store_fact(tx, message, fact, await tx.memory.account(who.id), utc_now())
    await memory.add_fact(who, "Acme builds bicycles.")
    other = await library.services.conversations.create(who)
    recalled = await memory.recall(who, "How does Beatrix spend her days?", conversation=other.id)
    assert {fact.text for fact in recalled.facts} == {
        "Has a sister called Beatrix.",
        "Beatrix works at Acme.",
        "Acme builds bicycles.",
    }


async def test_the_graph_has_the_names_of_a_fact_as_it_is_now(library: Stack) -> None:
    """A fact that is put into other words takes its old names and relations with it."""
    memory, who = library.services.memory, library.who
    await memory.add_fact(who, "Knows Amalia.")
    await memory.change_fact(who, (await memory.facts(who))[0].id, "Knows Beatrix.")
    await memory.add_fact(who, "Was in Porto.")
    await told(library, "my sister is called Cecilia.")
    learned_fact = next(each for each in await memory.facts(who) if "Cecilia" in each.content)
    await memory.change_fact(who, learned_fact.id, "Has a sister called Dorothea.")
    graph = await memory.graph(who)
    names = {each.name for each in graph.names}
    assert {"Beatrix", "Porto", "Dorothea"} <= names
    assert "Amalia" not in names
    assert not graph.relations


async def remember(tx: UnitOfWork, stack: Stack, text: str, names: Sequence[str]) -> MemoryItem:
    """Store a fact that mentions names, in a transaction that goes on."""
    now = utc_now()
    row = MemoryItem(
        account_id=stack.who.id,
        kind=MemoryKind.FACT,
        content=text,
        said_at=now,
        created_at=now,
        updated_at=now,
    )
    await tx.memory.add(row)
    await name_entities(tx, row, names, now)
    return row


async def test_who_makes_the_same_names_waits_and_goes_on(stack: Stack) -> None:
    """A learner and a person, in opposite order and while a third has made one of the names: all is kept."""
    memory, who = stack.services.memory, stack.who
    for text in ("Say hello to Zoe.", "Say hello to Middleton.", "Say hello to Amalia."):
        await stack.read(await stack.ask(text))
    async with stack.database.begin() as tx:
        await remember(tx, stack, "Knows Middleton.", ["Middleton"])
        learning = asyncio.create_task(stack.main.knowledge.learner.learn())
        adding = asyncio.create_task(memory.add_fact(who, "Knows Amalia and Middleton and Zoe."))
        assert not (await asyncio.wait({learning, adding}, timeout=0.5))[0]
    read, _fact = await asyncio.gather(learning, adding)
    assert read == 6
    graph = await memory.graph(who)
    mentions = {each.name: each.mentions for each in graph.names}
    assert (mentions["Amalia"], mentions["Middleton"], mentions["Zoe"]) == (2, 3, 2)


async def test_a_name_that_is_just_mentioned_again_stays(stack: Stack) -> None:
    """Whoever removes names that nothing mentions leaves it, and the mention."""
    async with stack.database.begin() as tx:
        row = await remember(tx, stack, "Was in Porto.", ["Porto"])
        await tx.memory.remove([row.id], owner=stack.who.id)
    async with stack.database.begin() as tx:
        await remember(tx, stack, "Lives in Porto.", ["Porto"])
        tidying = asyncio.create_task(stack.main.knowledge.learner.housekeeping())
        await asyncio.wait({tidying}, timeout=0.5)
    await tidying
    graph = await stack.services.memory.graph(stack.who)
    assert [(each.name, each.mentions) for each in graph.names] == [("Porto", 1)]


async def test_a_name_that_is_just_being_removed_is_made_again(stack: Stack) -> None:
    """Who mentions it waits for that."""
    async with stack.database.begin() as tx:
        row = await remember(tx, stack, "Was in Porto.", ["Porto"])
        await tx.memory.remove([row.id], owner=stack.who.id)
    async with stack.database.begin() as tx:
        await tx.graph.remove_unmentioned(stack.who.id)
        adding = asyncio.create_task(stack.services.memory.add_fact(stack.who, "Lives in Porto."))
        assert not (await asyncio.wait({adding}, timeout=0.5))[0]
    await adding
    graph = await stack.services.memory.graph(stack.who)
    assert [(each.name, each.mentions) for each in graph.names] == [("Porto", 1)]


async def test_names_of_others_are_left_to_the_housekeeping(stack: Stack) -> None:
    """Whoever changes or forgets a fact goes through their own names alone."""
    memory, who = stack.services.memory, stack.who
    async with stack.database.begin() as tx:
        ben = await make_account(tx, "ben@example.org")
        await make_names(tx, ben.id, [("Bergen", None)], utc_now())
        await make_names(tx, who.id, [("Porto", None)], utc_now())
    fact = await memory.add_fact(who, "Knows Amalia.")
    await memory.change_fact(who, fact.id, "Knows Beatrix.")
    assert await count(stack, Entity) == 2, "Bergen and Beatrix"
    await memory.forget(who, [fact.id])
    assert await count(stack, Entity) == 1
    await stack.main.knowledge.learner.housekeeping()
    assert await count(stack, Entity) == 0


async def test_memory_holds_so_many_facts_and_no_more(
    library: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more by hand is refused, and is not learned either; one that takes another's place is."""
    monkeypatch.setattr("gantry.services.facts.MAX_FACTS", 2)
    memory, who = library.services.memory, library.who
    by_hand = await memory.add_fact(who, "Knows Amalia.")
    await told(library, "My name is Ada.")
    with pytest.raises(Conflict):
        await memory.add_fact(who, "Knows Beatrix.")
    await told(library, "My sister is called Cecilia.")
    await told(library, "My name is Eve.")
    assert {each.content for each in await memory.facts(who)} == {"Knows Amalia.", "Name: Eve"}
    await memory.forget(who, [by_hand.id])
    await memory.add_fact(who, "Knows Beatrix.")


async def test_facts_are_paged_in_their_order(stack: Stack) -> None:
    """Page after page brings every fact once, pinned ones first, whichever of them is older."""
    memory, who = stack.services.memory, stack.who
    made = [await memory.add_fact(who, f"Knows number {n}.") for n in range(6)]
    for row in (made[0], made[3]):
        await memory.pin(who, row.id, True)
    seen: list[str] = []
    after = None
    while page := await memory.facts(who, after=after, limit=1):
        seen += [each.content for each in page]
        after = page[-1].id
    assert seen == [f"Knows number {n}." for n in (3, 0, 5, 4, 2, 1)]
    await memory.forget(who, [made[5].id])
    with pytest.raises(NotFound):
        await memory.facts(who, after=made[5].id)


async def test_two_processes_learn_once(library: Stack) -> None:
    """Each message is remembered once, however many processes learn."""
    other = await library.another()
    library.llm.default = Script(text="Noted.")
    async with background(other):
        sent = await asyncio.gather(*(library.ask(f"My cat is called Cat{n}.") for n in range(6)))
        await asyncio.gather(*(library.read(each) for each in sent))
        await learned(library)
    assert (await library.services.memory.settings(library.who)).turns == 12


async def test_a_long_conversation_is_summarised(library: Stack) -> None:
    """What no longer fits is told in short, and the account of the answer says so."""
    library.llm.default = Script(
        text="We decided to plant forty roses near the northern wall in April. " * 12
    )
    sent = await library.ask("How many roses shall we plant?")
    await library.read(sent)
    for number in range(14):
        sent = await library.ask(f"And what about bed {number}? " + "soil " * 700, sent.conversation_id)
        await library.read(sent)
    assert await library.main.knowledge.learner.summarise() == 1
    assert await library.main.knowledge.learner.summarise() == 0
    last = await library.ask("So, how many?", sent.conversation_id)
    await library.read(last)
    context = await library.services.answers.context(library.who, last.message_id)
    kinds = [part.kind.value for part in context.parts]
    assert "summary" in kinds
    assert "forty roses" in next(part.text for part in context.parts if part.kind.value == "summary")
