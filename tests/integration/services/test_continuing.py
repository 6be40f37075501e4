"""What Continue leaves as it was, and what it adds: on both databases."""

import asyncio
from uuid import UUID

import pytest

from gantry.domain.context import CitedSource
from gantry.domain.errors import AlreadyAnswering
from gantry.domain.sharing import Included, SharedSource
from gantry.models import MemoryItem
from gantry.services.chat import Sent
from tests.parts.knowledge import learned, read, upload
from tests.parts.live import eventually
from tests.parts.llm_server import Script
from tests.parts.locks import waits_for_a_lock
from tests.parts.stack import Stack

HERE = "192.0.2.1"
HARBOURS = "\n\n".join(f"Paragraph {n} tells of harbour {n} and of its masters." for n in range(220))
FILLER = "So they tell of the harbours and of all who kept them well. " * 160


async def sources_of(stack: Stack, message: UUID) -> list[CitedSource]:
    """Return the sources of an answer with their passages."""
    async with stack.database.read() as tx:
        return (await tx.sent.citations([message], passages=True)).get(message, [])


async def shared(stack: Stack, token: str) -> list[SharedSource]:
    """Return the sources that a link shows."""
    seen = await stack.services.shares.read(token, HERE)
    return [source for message in seen.messages for source in message.sources]


async def test_continuing_keeps_every_source_of_the_text_there_is(library: Stack) -> None:
    """Also those that find no room beside it, whether the model goes on or fails; links show their passages as before."""
    file = await read(library, (await upload(library, "harbours.txt", HARBOURS.encode(), attach=True)).id)
    cut = Script(text=f"As they say [1] [2] [3]. {FILLER}", finish_reason="length")
    library.llm.enqueue(cut)
    sent = await library.ask("Of which harbours does it tell?", files=[file.id])
    await library.read(sent)
    before = await sources_of(library, sent.message_id)
    assert len([each for each in before if each.cited and each.passage]) >= 3
    services, who = library.services, library.who
    included = Included(sources=True)
    _share, token = await services.shares.create(who, sent.conversation_id, included=included)
    linked = await shared(library, token)
    assert all(each.passage for each in linked)

    library.llm.enqueue(Script(status=500, body={"error": {"message": "away"}}))
    reader = await library.read(await services.chat.resume(who, sent.message_id))
    assert reader.status == "failed"
    assert "\n[3] harbours.txt" not in library.llm.last.body["messages"][-3]["content"]
    assert await sources_of(library, sent.message_id) == before

    library.llm.enqueue(Script(text=" And that is all [1]."))
    reader = await library.read(await services.chat.resume(who, sent.message_id))
    assert reader.status == "complete"
    assert "\n[1] harbours.txt" in library.llm.last.body["messages"][-3]["content"]
    assert await sources_of(library, sent.message_id) == before
    assert await shared(library, token) == linked
    told = (await services.answers.context(who, sent.message_id)).parts
    assert [part.number for part in told if part.number and part.text]


ROSES = (
    "Roses of the old sort need a great deal of water in the long dry weeks of the summer, says the gardener."
)
LUPINS = " Lupins dislike lime and chalk in the ground where they stand, and ask for nothing else all the year long."


async def turn_of(stack: Stack, message: UUID) -> MemoryItem | None:
    """Return what memory holds of a message."""
    async with stack.database.read() as tx:
        return (await tx.memory.turns_of([message])).get(message)


async def cut_off(stack: Stack, *more: Script) -> Sent:
    """Have an answer cut off, and *more* to be said by whoever goes on with it."""
    stack.llm.enqueue(Script(text=ROSES, finish_reason="length"), *more)
    sent = await stack.ask("What do you know of gardens?")
    await stack.read(sent)
    return sent


async def test_memory_reads_what_continuing_adds(library: Stack) -> None:
    """It is found by its words, and has vectors of its own beside those there were."""
    services, who, index = library.services, library.who, library.main.knowledge.index
    sent = await cut_off(library, Script(text=LUPINS))
    await learned(library)
    vectors = await index.count("lexical-512")
    await library.read(await services.chat.resume(who, sent.message_id))
    await learned(library)
    held = await turn_of(library, sent.message_id)
    assert held
    assert held.content == ROSES + LUPINS
    assert await index.count("lexical-512") == vectors + 1
    other = await services.conversations.create(who)
    recalled = await services.memory.recall(who, "What do lupins dislike?", conversation=other.id)
    assert "Lupins" in " ".join(each.text for each in recalled.turns.passages)


async def test_memory_reads_an_answer_that_had_no_words_at_first(library: Stack) -> None:
    """Nothing was passed over of it."""
    library.llm.enqueue(Script(status=500, body={"error": {"message": "away"}}), Script(text=LUPINS.strip()))
    sent = await library.ask("What do lupins dislike?")
    await library.read(sent)
    await learned(library)
    assert await turn_of(library, sent.message_id) is None
    await library.read(await library.services.chat.resume(library.who, sent.message_id))
    await learned(library)
    held = await turn_of(library, sent.message_id)
    assert held
    assert held.content == LUPINS.strip()


async def test_continuing_brings_back_nothing_that_was_forgotten(library: Stack) -> None:
    """Neither with everything nor with its conversation."""
    memory, who = library.services.memory, library.who
    first = await cut_off(library, Script(text=LUPINS))
    await learned(library)
    await memory.forget_everything(who)
    await library.read(await library.services.chat.resume(who, first.message_id))
    second = await cut_off(library, Script(text=LUPINS))
    await learned(library)
    await memory.set_remembered(who, second.conversation_id, False)
    await library.read(await library.services.chat.resume(who, second.message_id))
    await learned(library)
    assert await turn_of(library, first.message_id) is None
    assert await turn_of(library, second.message_id) is None


async def test_vectors_of_words_that_grew_meanwhile_do_not_count(stack: Stack) -> None:
    """Whoever made them for the answer as it was leaves it waiting as it is."""
    learner = stack.main.knowledge.learner
    sent = await cut_off(stack, Script(text=LUPINS))
    await learner.learn()
    async with stack.database.read() as tx:
        waiting = await tx.indexing.waiting_memories(limit=5)
    assert len(waiting) == 2
    await stack.read(await stack.services.chat.resume(stack.who, sent.message_id))
    await learner.learn()
    async with stack.database.begin() as tx:
        await tx.indexing.mark_memories(waiting, "lexical-512")
    async with stack.database.read() as tx:
        (left,) = await tx.indexing.waiting_memories(limit=5)
    assert (left.message_id, left.content) == (sent.message_id, ROSES + LUPINS)


async def held_up(stack: Stack, work: asyncio.Task[Sent]) -> None:
    """Wait until *work* waits for a transaction that is open."""
    if stack.database.is_sqlite:  # where it cannot begin before that has ended
        assert not (await asyncio.wait({work}, timeout=0.3))[0]
    else:
        await eventually(lambda: waits_for_a_lock(stack.database))


async def test_what_another_process_adds_meanwhile_is_continued(stack: Stack) -> None:
    """Whoever presses Continue at the same moment goes on from all there is by then, and overwrites nothing."""
    sent = await cut_off(stack, Script(text=" And so on."))
    async with stack.database.begin() as tx:
        row = await tx.chat.find_message(sent.message_id)
        assert row
        row.content = ROSES + LUPINS
        await tx.session.flush()
        going_on = asyncio.create_task(stack.services.chat.resume(stack.who, sent.message_id))
        await held_up(stack, going_on)
    reader = await stack.read(await going_on)
    assert reader.text == f"{ROSES}{LUPINS} And so on."
    assert (await stack.message(sent.message_id)).content == reader.text


async def test_an_answer_that_is_being_continued_is_not_called_complete(stack: Stack) -> None:
    """Another press of Continue is told that it is being written."""
    sent = await cut_off(stack, Script("One two three", stall_after=2))
    more = await stack.services.chat.resume(stack.who, sent.message_id)
    with pytest.raises(AlreadyAnswering):
        await stack.services.chat.resume(stack.who, sent.message_id)
    await stack.services.answers.stop(stack.who, more.generation_id)


async def test_a_title_that_somebody_gives_meanwhile_stays(stack: Stack) -> None:
    """The first question of a conversation names it only where it has no name by then; it is found by the one it has."""
    empty = await stack.services.conversations.create(stack.who)
    async with stack.database.begin() as tx:
        row = await tx.chat.get_conversation(empty.id, owner=stack.who.id)
        row.title, row.title_by_hand = "Lupins", True
        await tx.chat.index_title(row)
        asking = asyncio.create_task(stack.ask("Tell me about tides.", empty.id))
        await held_up(stack, asking)
    await stack.read(await asking)
    named = (await stack.services.chat.window(stack.who, empty.id)).conversation
    assert named.title == "Lupins"
    found = await stack.services.search.find(stack.who, "lupins")
    assert [each.conversation_id for each in found] == [empty.id]
