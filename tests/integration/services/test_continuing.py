"""What Continue leaves as it was, and what it adds: on both databases."""

from uuid import UUID

from gantry.domain.context import CitedSource
from gantry.domain.sharing import Included, SharedSource
from tests.parts.knowledge import read, upload
from tests.parts.llm_server import Script
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
