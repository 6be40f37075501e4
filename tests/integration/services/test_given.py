"""What an answer is given of documents: what has to do with the question, and nothing else."""

import asyncio

import pytest

from gantry.domain.accounts import Actor
from gantry.domain.context import Retrieval
from gantry.domain.knowledge import DocumentScope, DocumentSearch, Found, Nothing, ScopeKind
from gantry.services.finding_once import FindingOnce
from gantry.services.sources import Asked, SourceFinder
from tests.parts.knowledge import read, upload
from tests.parts.live import eventually
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

LEASE = b"The rent of the flat in Mill Lane is 940 euros. The notice period is three months. The landlady is Mrs Okafor."
RECIPE = b"Fry two onions, add red lentils and a litre of stock, and let the soup simmer for twenty minutes."


async def keep(stack: Stack) -> None:
    """Keep two documents."""
    for name, text in (("lease.txt", LEASE), ("lentils.txt", RECIPE)):
        await read(stack, (await upload(stack, name, text)).id)


async def given(stack: Stack, question: str, scope: DocumentScope | None = None) -> list[str]:
    """Return the names of the documents that something is given of."""
    found = await stack.services.retriever.documents(stack.who, question, scope=scope or DocumentScope())
    return [each.title for each in found.passages]


async def test_talk_gets_nothing_and_questions_their_document(library: Stack) -> None:
    """Thanks, sums and poems want nothing; two words or one are a question too."""
    await keep(library)
    for message in (
        "Thanks a lot!",
        "Good morning",
        "What is 17 times 23?",
        "Write a limerick about a turtle.",
    ):
        assert await given(library, message) == [], message
    for question in ("How high is the rent?", "notice period", "landlady?", "Who is Mrs Okafor?"):
        assert (await given(library, question))[:1] == ["lease.txt"], question


async def test_why_nothing_was_given_is_told(library: Stack) -> None:
    """Nothing is said under talk; what was asked of documents and is not there is said."""
    search, who = library.services.retriever.documents, library.who
    assert (await search(who, "Thanks!", scope=DocumentScope())).nothing is Nothing.EMPTY
    await keep(library)
    assert (await search(who, "Thanks!", scope=DocumentScope())).nothing is Nothing.UNRELATED
    assert (await search(who, "How high is the rent?", scope=DocumentScope())).nothing is None
    lease = next(
        row for row in await library.services.documents.list_documents(who) if row.name == "lease.txt"
    )
    chosen = DocumentScope(ScopeKind.SOME, documents=(lease.id,))
    assert (await search(who, "Quantum chromodynamics?", scope=chosen)).nothing is Nothing.MISSING
    assert (await search(who, "Thanks!", scope=chosen)).nothing is Nothing.UNRELATED


async def test_a_document_as_a_whole_can_be_asked_for(library: Stack) -> None:
    """Such a question shares no word with it: by its kind, or where it was chosen."""
    await keep(library)
    assert set(await given(library, "Summarize my documents")) == {"lease.txt", "lentils.txt"}
    lease = next(
        row for row in await library.services.documents.list_documents(library.who) if row.name == "lease.txt"
    )
    chosen = DocumentScope(ScopeKind.SOME, documents=(lease.id,))
    assert await given(library, "Summarize this", chosen) == ["lease.txt"]


@pytest.mark.parametrize(
    ("message", "titles"),
    [
        ("And for how many months?", {"lease.txt"}),
        ("Thanks, that helps!", set[str]()),
        ("Tell me a riddle.", set[str]()),
    ],
)
async def test_only_a_follow_up_is_searched_with_the_question_before(
    library: Stack, message: str, titles: set[str]
) -> None:
    """Thanks for an answer from a document, or another task, do not bring the document again."""
    await keep(library)
    library.llm.default = Script(text="Three months.")
    sent = await library.ask("What is the notice period of the flat?")
    await library.read(sent)
    again = await library.ask(message, sent.conversation_id)
    await library.read(again)
    window = await library.services.chat.window(library.who, sent.conversation_id)
    assert {source.title for source in window.bubbles[-1].sources} == titles
    told = Retrieval.parse((await library.message(again.message_id)).retrieval)
    assert told is not None
    assert told.sentence == ""


async def test_of_a_long_file_that_is_sent_something_is_always_given(library: Stack) -> None:
    """Whatever the message says."""
    text = "\n\n".join(f"Paragraph {n} tells of harbour {n} and its masters." for n in range(600))
    row = await upload(library, "harbours.txt", text.encode(), attach=True)
    library.llm.default = Script(text="It tells of harbours.")
    await library.read(await library.ask("Here you are!", files=[row.id]))
    assert "tells of harbour" in library.llm.requests[-1].body["messages"][-1]["content"]


class CountedSearch:
    """A search that counts what it is asked, and takes its time."""

    def __init__(self, search: DocumentSearch) -> None:
        self.search = search
        self.asked = 0

    async def documents(
        self,
        who: Actor,
        question: str,
        *,
        scope: DocumentScope,
        limit: int = 8,
        deadline_seconds: float = 3.0,
    ) -> Found:
        self.asked += 1
        await asyncio.sleep(0.1)
        return await self.search.documents(who, question, scope=scope, limit=limit)


async def test_a_question_is_searched_once_for_all(library: Stack) -> None:
    """Answers that begin together are given what one search has found, also when one of them is stopped meanwhile."""
    await keep(library)
    sent = await library.ask("What is the notice period of the flat?")
    await library.read(sent)
    question = (await library.message(sent.message_id)).parent_id
    assert question is not None
    search = CountedSearch(library.services.retriever)
    once = FindingOnce(SourceFinder(library.database, search, library.main.knowledge.memory))
    asked = Asked(library.who, sent.conversation_id, question, "What is the notice period of the flat?")
    told: list[str] = []
    first, *others = (asyncio.create_task(once.find(asked, on_stage=told.append)) for _ in range(3))
    await eventually(lambda: search.asked)
    first.cancel()
    found = [*(await asyncio.gather(*others)), await once.find(asked, on_stage=told.append)]
    assert {next(source.title for source in each.sources) for each in found} == {"lease.txt"}
    assert (search.asked, told) == (1, ["Reading your documents"] * 3)
