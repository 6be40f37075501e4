"""What memory finds of the past, and in which order."""

from gantry.domain.accounts import Actor
from tests.factories import actor_of, make_account
from tests.parts.knowledge import learned
from tests.parts.llm_server import Script
from tests.parts.stack import Reader, Stack


async def say(stack: Stack, *texts: str, who: Actor | None = None) -> None:
    """Say each in a conversation of its own, and wait until all are learned."""
    stack.llm.default = Script(text="Noted.")
    who = who or stack.who
    for text in texts:
        sent = await stack.services.chat.send(who, None, text, model="openai/scripted")
        await Reader().follow(stack.services, who, sent.generation_id)
    await learned(stack)


async def recalled(stack: Stack, question: str) -> list[tuple[str, float]]:
    """Return what is found, best first, with its score."""
    found = await stack.services.retriever.memory(stack.who, question)
    return [(each.text, round(each.score, 6)) for each in found.passages]


async def test_an_instruction_is_recalled_where_it_shares_no_word_with_the_request(library: Stack) -> None:
    """But not where somebody asks about the past."""
    await say(library, "Always answer in metric units.", "The harbour was full of sails.")
    assert "Always answer in metric units." in [
        text for text, _score in await recalled(library, "Plan a hike")
    ]
    asked = await recalled(library, "Where did you see sails?")
    assert [text for text, _score in asked][:1] == ["The harbour was full of sails."]
    assert "Always answer in metric units." not in [text for text, _score in asked]


async def test_what_others_keep_changes_nothing(library: Stack) -> None:
    """Neither the order nor a score: how rare a word is, a person's own past tells."""
    await say(
        library,
        "The lighthouse stands by the harbour.",
        "We walked past the lighthouse to the mill, and later we had soup.",
        "The harbour smells of tar.",
    )
    before = await recalled(library, "Which lighthouse is at the harbour?")
    assert before
    async with library.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    await say(library, *(f"Harbour number {n}, with a harbour wall." for n in range(6)), who=eve)
    assert await recalled(library, "Which lighthouse is at the harbour?") == before


async def test_talk_brings_back_instructions_and_nothing_else(library: Stack) -> None:
    """A preference is told with a request that memory has to do with; neither it nor the past with thanks or a sum."""
    await say(
        library,
        "Always answer in metric units.",
        "For walks I prefer the river path, it is shaded.",
        "The harbour was full of sails.",
    )
    for message in ("Thanks a lot!", "What is 17 times 23?", "Write a limerick about a turtle."):
        told = {text for text, _score in await recalled(library, message)}
        assert told <= {"Always answer in metric units."}, message
    told = {text for text, _score in await recalled(library, "Suggest a walk by the harbour")}
    assert "For walks I prefer the river path, it is shaded." in told
