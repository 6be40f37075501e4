"""Documents: uploaded, read, found, moved, deleted; nobody else's, and nothing lost when a process dies."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gantry.adapters.parsing import recognition
from gantry.bootstrap import build
from gantry.domain.clock import utc_now
from gantry.domain.context import PartKind, Retrieval
from gantry.domain.errors import Conflict, Invalid, NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.parsing import ParsingFailed
from gantry.domain.vault import DEFAULT_COLLECTION_NAME, DocumentState, StoredDocument
from gantry.domain.vectors import IndexUnavailable, Near, VectorKind, VectorScope
from gantry.models import new_id
from gantry.repositories import migrations
from gantry.services.conversations import Beginning
from gantry.services.uploads import MAX_RECEIVING
from tests.factories import actor_of, make_account
from tests.parts import documents
from tests.parts.doomed import DoomedWriter
from tests.parts.hasty import after_search
from tests.parts.knowledge import background, once, read, until, upload
from tests.parts.live import eventually
from tests.parts.llm_server import Script
from tests.parts.locks import waits_for_a_lock
from tests.parts.samples import SAMPLES, SENTENCE
from tests.parts.stack import Stack

ALL = DocumentScope()
GARDEN = documents.pdf(
    ["The harbour bridge was painted blue in 1931.", "The lighthouse keeper was called Amalia."]
)


async def test_an_uploaded_pdf_is_found_with_its_page(library: Stack) -> None:
    """A question finds the passage, and where it stands."""
    row = await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    assert (row.state, row.pages, row.problem) == (DocumentState.READY, 2, None)
    assert row.chunk_count == row.embedded_count == 2
    found = await library.services.retriever.documents(library.who, "Who kept the lighthouse?", scope=ALL)
    assert (found.searched, list(found.left_out)) == (1, [])
    best = found.passages[0]
    assert (best.title, best.page, best.source_id) == ("harbour.pdf", 2, row.id)
    assert "Amalia" in best.text
    page = await library.services.documents.page_text(library.who, row.id, start=best.start, end=best.end)
    assert page.text[slice(*page.mark)] == best.text
    assert page.page == 2


async def test_every_kind_is_read_and_found(library: Stack) -> None:
    """What is uploaded becomes ready, and a question finds its passage with the page or the heading where it stands."""
    kinds = [name for name in SAMPLES if name != "keeper.png" or recognition.is_installed()]
    waiting = [await upload(library, name, SAMPLES[name]()) for name in kinds]
    for name, row in zip(kinds, waiting, strict=True):
        done = await read(library, row.id)
        assert (name, done.state, done.problem) == (name, DocumentState.READY, None)
        scope = DocumentScope(ScopeKind.SOME, documents=(row.id,))
        found = await library.services.retriever.documents(
            library.who, "Who kept the lighthouse?", scope=scope
        )
        passage = found.passages[0]
        assert SENTENCE in passage.text, name
        assert passage.page == (1 if name.rpartition(".")[2] in {"pdf", "pptx", "odp"} else None), name


async def test_a_page_is_given_once(library: Stack) -> None:
    """What stands at the top and the foot of a page is one passage; what is between them is left out, and marked so."""
    between = "\n".join(
        f"The market of week {week} had {'apples, fish, rope, ' * 4}and cheese." for week in range(45)
    )
    page = f"The lighthouse keeper was Amalia.\n{between}\nThe lighthouse keeper had one dog."
    content = documents.pdf([page, "The lighthouse has a keeper to this day."])
    row = await read(library, (await upload(library, "harbour.pdf", content)).id)
    assert row.chunk_count > 3
    found = await library.services.retriever.documents(library.who, "lighthouse keeper", scope=ALL)
    assert sorted(each.page or 0 for each in found.passages) == [1, 2]
    first = next(each for each in found.passages if each.page == 1)
    assert "Amalia" in first.text
    assert "dog" in first.text
    assert "\n…\n" in first.text


async def test_words_alone_need_fewer_of_the_question(library: Stack) -> None:
    """While search by meaning is away a third of them is enough; of what has none in common nothing is given."""
    await read(library, (await upload(library, "bridge.pdf", GARDEN)).id)
    alone = replace(library.services.retriever, vectors=Away())
    question = "Who decided in which colour the old iron harbour bridge is painted every spring?"
    found = await alone.documents(library.who, question, scope=ALL)
    assert (found.left_out, [each.page for each in found.passages]) == (("vectors",), [1])
    assert not (await alone.documents(library.who, "Who invented printing?", scope=ALL)).passages


class Away:
    """Search by meaning without an index."""

    async def nearest(self, question: str, *, scope: VectorScope, limit: int, feedback: int = 0) -> Near:
        raise IndexUnavailable("The vector index does not answer.")


async def test_what_others_keep_changes_no_score(library: Stack) -> None:
    """How rare a word is, a person's own documents tell."""
    for name, text in {
        "coast.txt": "The lighthouse stands by the harbour.",
        "walk.txt": "We walked past the lighthouse to the mill, and later we had soup.",
        "tar.txt": "The harbour smells of tar.",
    }.items():
        await read(library, (await upload(library, name, text.encode())).id)

    async def found() -> list[tuple[str, float]]:
        passages = await library.services.retriever.documents(
            library.who, "Which lighthouse is at the harbour?", scope=DocumentScope()
        )
        return [(each.title, round(each.score, 6)) for each in passages.passages]

    before = await found()
    assert before[0][0] == "coast.txt"
    async with library.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    for n in range(6):
        text = f"Harbour number {n}, with a harbour wall."
        await read(library, (await upload(library, f"{n}.txt", text.encode(), who=eve)).id, who=eve)
    assert await found() == before


async def test_an_answer_cites_what_it_was_given(library: Stack) -> None:
    """Passages go to the model under numbers; other numbers stay as they are written; the account tells every part."""
    await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    library.llm.default = Script(text="Amalia kept it [1], says everybody [9].")
    sent = await library.ask("Who was the keeper of the lighthouse?")
    reader = await library.read(sent)
    assert reader.status == "complete"
    stored = await library.message(sent.message_id)
    assert stored.content == "Amalia kept it [1], says everybody [9]."
    sources = await library.services.answers.sources(library.who, sent.message_id)
    assert next((each.row.number, each.row.cited, each.row.title, each.row.page) for each in sources) == (
        1,
        True,
        "harbour.pdf",
        2,
    )
    context = await library.services.answers.context(library.who, sent.message_id)
    asked = library.llm.requests[-1].body["messages"]
    assert context.parts[-1].text == "Who was the keeper of the lighthouse?"
    for part in context.parts:
        assert part.left_out or part.text in "\n".join(turn["content"] for turn in asked)


async def test_an_answer_that_is_taken_over_keeps_what_it_was_given(library: Stack) -> None:
    """Facts and passages go to the model again under the numbers that readers have seen, without another search."""
    await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    await library.services.memory.add_fact(library.who, "Knows the lighthouse keeper.")
    library.llm.default = Script(text="Amalia kept it [1]. " * 200, tokens_per_second=50)
    writer = await DoomedWriter.start(library.settings, library.who, "Who was the keeper of the lighthouse?")

    async def is_written() -> bool:
        return bool((await library.message(writer.sent.message_id)).content)

    await until(is_written)
    await writer.kill()
    await read(library, (await upload(library, "b.txt", b"The lighthouse keeper: the lighthouse keeper.")).id)
    library.llm.default = Script(text="Amalia kept it [1].")

    async def is_taken_over() -> bool:
        return bool(await library.main.writers.sweep())

    await until(is_taken_over)
    await library.read(writer.sent)
    first, second = (request.body["messages"][-1]["content"] for request in library.llm.requests)
    assert "Knows the lighthouse keeper." in second
    assert first == second
    assert (await library.message(writer.sent.message_id)).content == "Amalia kept it [1]."


async def test_nothing_found_is_said(library: Stack) -> None:
    """A question the documents do not answer says so, and gets no passages."""
    await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    library.llm.default = Script(text="It binds quarks [1].")
    sent = await library.ask("What do my documents say of quantum chromodynamics?")
    await library.read(sent)
    assert (await library.message(sent.message_id)).content == "It binds quarks [1]."
    retrieval = Retrieval.parse((await library.message(sent.message_id)).retrieval)
    assert retrieval is not None
    assert retrieval.sentence == "Nothing found in 1 document."


async def test_the_scope_of_a_conversation_is_kept_to(library: Stack) -> None:
    """None reads nothing; some reads only what was chosen; what is not one's own cannot be chosen."""
    services, who = library.services, library.who
    other = await services.collections.create(who, "Work")
    await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    work = await read(
        library,
        (await upload(library, "work.txt", b"The lighthouse budget is 400 euros.", collection=other.id)).id,
    )
    search = library.services.retriever.documents
    question = "lighthouse budget keeper"
    both = await search(who, question, scope=ALL)
    assert {each.title for each in both.passages} == {"harbour.pdf", "work.txt"}
    for scope in (
        DocumentScope(ScopeKind.SOME, collections=(other.id,)),
        DocumentScope(ScopeKind.SOME, documents=(work.id,)),
    ):
        found = await search(who, question, scope=scope)
        assert {each.title for each in found.passages} == {"work.txt"}
    assert (await search(who, question, scope=DocumentScope(ScopeKind.NONE))).passages == ()
    thread = await library.services.conversations.create(who)
    async with library.database.begin() as tx:
        stranger = actor_of(await make_account(tx, "eve@example.org"))
    theirs = await services.collections.create(stranger, "Theirs")
    with pytest.raises(NotFound):
        await library.services.conversations.set_scope(
            who, thread.id, DocumentScope(ScopeKind.SOME, collections=(theirs.id,))
        )
    many = DocumentScope(ScopeKind.SOME, documents=tuple(new_id() for _ in range(101)))
    with pytest.raises(Invalid, match="up to 100 documents"):
        await library.services.conversations.set_scope(who, thread.id, many)


async def test_what_belongs_to_others_does_not_exist(library: Stack) -> None:
    """Another person's documents are in no list, no search and no answer, whatever ids are sent."""
    services = library.services
    row = await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    async with library.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    own = await services.collections.create(eve, "Mine")
    assert not await services.documents.list_documents(eve)
    for scope in (
        ALL,
        DocumentScope(ScopeKind.SOME, documents=(row.id,)),
        DocumentScope(ScopeKind.SOME, collections=(row.collection_id or row.id,)),
    ):
        assert not (await library.services.retriever.documents(eve, "lighthouse", scope=scope)).passages
    for attempt in (
        services.documents.get(eve, row.id),
        services.documents.preview(eve, row.id),
        services.documents.page_text(eve, row.id, start=0, end=5),
        services.documents.original(eve, row.id),
        services.documents.rename(eve, row.id, "mine"),
        services.documents.move(eve, row.id, own.id),
        services.documents.delete(eve, [row.id]),
        services.documents.cancel(eve, row.id),
        services.documents.retry(eve, row.id),
        services.collections.delete(eve, row.collection_id or row.id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_the_same_file_is_recognised(library: Stack) -> None:
    """Uploaded again it is the document that is there; in another collection it is another one."""
    first = await upload(library, "harbour.pdf", GARDEN)
    assert (await upload(library, "other name.pdf", GARDEN)).id == first.id
    other = await library.services.collections.create(library.who, "Work")
    second = await upload(library, "harbour.pdf", GARDEN, collection=other.id)
    assert second.id != first.id
    with pytest.raises(Conflict):
        await library.services.documents.move(library.who, second.id, first.collection_id or other.id)


async def test_an_upload_given_up_while_it_is_stored_is_whole_or_not_there(library: Stack) -> None:
    """Whether the database stored it nobody knows then. Uploaded again it is read."""
    services, who = library.services, library.who
    await services.collections.default(who)
    received = await services.uploads.receive(who, once(GARDEN))
    accepting = asyncio.create_task(services.uploads.accept(who, received, name="harbour.pdf"))

    def give_up(_connection: Any) -> None:
        accepting.cancel()

    async with library.main.writers.database.read() as tx:
        engine = (await tx.session.connection()).engine.sync_engine
    event.listen(engine, "commit", give_up)
    with pytest.raises(asyncio.CancelledError):
        await accepting
    event.remove(engine, "commit", give_up)
    for row in await services.documents.list_documents(who):
        assert Path((await services.documents.original(who, row.id)).path).read_bytes() == GARDEN
    again = await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    assert again.state is DocumentState.READY
    assert Path((await services.documents.original(who, again.id)).path).read_bytes() == GARDEN


async def test_uploading_a_lost_file_again_brings_it_back(stack: Stack) -> None:
    """The document that is there is read, and gives its original."""
    row = await upload(stack, "harbour.pdf", GARDEN)
    path = Path((await stack.services.documents.original(stack.who, row.id)).path)
    await asyncio.to_thread(path.unlink)
    async with background(stack.main):
        assert (await read(stack, row.id)).state is DocumentState.FAILED
        assert (await upload(stack, "harbour.pdf", GARDEN)).id == row.id
        assert (await read(stack, row.id)).state is DocumentState.READY
    assert path.read_bytes() == GARDEN


async def test_no_collection_takes_the_name_of_the_default_one(stack: Stack) -> None:
    """Not even before anything has needed that one."""
    services, who = stack.services, stack.who
    with pytest.raises(Conflict):
        await services.collections.create(who, DEFAULT_COLLECTION_NAME)
    (only,) = await services.collections.list_collections(who)
    assert (only.name, only.is_default) == (DEFAULT_COLLECTION_NAME, True)


async def test_a_document_is_renamed_and_moved(library: Stack) -> None:
    """Its name is searched with its text; its vectors follow it into another collection."""
    services, who = library.services, library.who
    row = await read(
        library, (await upload(library, "a.txt", b"It was painted blue in the spring of that year.")).id
    )
    other = await services.collections.create(who, "Work")
    await services.documents.rename(who, row.id, "../lighthouse manual.txt")
    await services.documents.move(who, row.id, other.id)
    scope = DocumentScope(ScopeKind.SOME, collections=(other.id,))
    found = await library.services.retriever.documents(who, "lighthouse manual", scope=scope)
    assert [each.title for each in found.passages] == ["lighthouse manual.txt"]


async def test_a_document_that_waits_to_be_read_is_renamed(stack: Stack) -> None:
    """Once it is read, it is searched with the name it has then."""
    row = await upload(stack, "a.txt", b"It was painted blue in the spring of that year.")
    await stack.services.documents.rename(stack.who, row.id, "lighthouse manual.txt")
    async with background(stack.main):
        await read(stack, row.id)
    found = await stack.services.retriever.documents(stack.who, "lighthouse manual", scope=ALL)
    assert [each.title for each in found.passages] == ["lighthouse manual.txt"]


async def test_deleting_removes_every_trace(library: Stack) -> None:
    """Rows, file and vectors go; answers keep the number of the source, without its text."""
    row = await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    library.llm.default = Script(text="Amalia [1].")
    sent = await library.ask("Who kept the lighthouse?")
    await library.read(sent)
    path = Path((await library.services.documents.original(library.who, row.id)).path)
    assert path.read_bytes() == GARDEN
    await library.services.documents.delete(library.who, [row.id])
    assert not path.exists()
    assert not (await library.services.retriever.documents(library.who, "lighthouse", scope=ALL)).passages
    index = library.main.knowledge.index
    assert not await index.rows(
        "lexical-512", library.who.id, VectorKind.CHUNK
    )  # the question may be remembered
    source = (await library.services.answers.sources(library.who, sent.message_id))[0]
    assert (source.available, source.row.passage, source.row.number) == (False, "", 1)
    context = await library.services.answers.context(library.who, sent.message_id)
    assert any(part.number == 1 for part in context.parts)
    assert not any("keeper" in part.text for part in context.parts if part.kind is PartKind.SOURCE)


async def test_what_is_deleted_while_an_answer_begins_is_not_kept(library: Stack) -> None:
    """The answer was given it already and ends well; its number stays, its text does not."""
    row = await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    after_search(library, lambda: library.services.documents.delete(library.who, [row.id]))
    library.llm.default = Script(text="Amalia [1].")
    sent = await library.ask("Who kept the lighthouse?")
    reader = await library.read(sent)
    assert (reader.text, reader.status) == ("Amalia [1].", "complete")
    source = (await library.services.answers.sources(library.who, sent.message_id))[0]
    assert (source.available, source.row.passage, source.row.cited) == (False, "", True)
    async with library.database.read() as tx:
        trace = await tx.sent.trace(sent.message_id)
    assert trace is not None
    assert "Amalia" not in str(trace.parts)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("half.pdf", documents.broken_pdf(), "broken"),
        ("locked.pdf", documents.encrypted_pdf(), "encrypted"),
    ],
)
async def test_a_bad_file_fails_with_its_reason_and_the_next_one_is_read(
    library: Stack, name: str, content: bytes, kind: str
) -> None:
    """A file that cannot be read says why; the worker lives on."""
    bad = await read(library, (await upload(library, name, content)).id)
    assert (bad.state, bad.problem and bad.problem["kind"]) == (DocumentState.FAILED, kind)
    good = await read(library, (await upload(library, "a.txt", b"All is well here.")).id)
    assert good.state is DocumentState.READY


async def test_a_lost_original_is_said_and_not_taken_for_a_damaged_one(stack: Stack) -> None:
    """A document whose file is gone before it is read says so."""
    row = await upload(stack, "a.txt", b"All is well here.")
    await asyncio.to_thread(Path((await stack.services.documents.original(stack.who, row.id)).path).unlink)
    async with background(stack.main):
        lost = await read(stack, row.id)
    assert (lost.state, lost.problem and lost.problem["kind"]) == (DocumentState.FAILED, "missing")


async def test_what_is_no_document_is_refused_at_once(library: Stack) -> None:
    """Kinds that are not read, and files that are too large, leave nothing behind."""
    with pytest.raises(ParsingFailed):
        await upload(library, "noise.bin", documents.BINARY)
    with pytest.raises(ParsingFailed, match="too large when unpacked"):
        await upload(library, "bomb.docx", documents.docx_bomb())
    with pytest.raises(Invalid):
        await library.services.uploads.files.receive(once(b"x" * 300_000), limit_bytes=100_000)
    assert not list(library.settings.data_dir.glob("documents*/*"))


async def test_reading_can_be_cancelled_and_taken_up_again(library: Stack) -> None:
    """Cancelled at any moment it stops; retried it is read."""
    services, who = library.services, library.who
    row = await upload(library, "long.pdf", documents.long_pdf(150))

    async def begun() -> bool:
        return (await services.documents.get(who, row.id)).state is DocumentState.PARSING

    await until(begun)
    await services.documents.cancel(who, row.id)
    cancelled = await read(library, row.id)
    assert cancelled.problem is not None
    assert cancelled.problem["kind"] == "cancelled"
    await services.documents.retry(who, row.id)
    again = await read(library, row.id)
    assert (again.state, again.pages) == (DocumentState.READY, 150)


async def test_another_process_goes_on_where_one_stopped(library: Stack) -> None:
    """A process that is told to stop hands its documents over; no chunk comes twice."""
    row = await upload(library, "long.pdf", documents.long_pdf(200))
    services, who = library.services, library.who

    async def begun() -> bool:
        return (await services.documents.get(who, row.id)).state is DocumentState.PARSING

    await until(begun)
    await library.main.knowledge.ingestion.drain()
    other = await library.another()
    async with background(other):
        ready = await read(library, row.id)
    assert (ready.state, ready.attempt) == (DocumentState.READY, 2)
    preview = await services.documents.preview(who, row.id, limit=100)
    assert [chunk.ordinal for chunk in preview.chunks] == list(range(len(preview.chunks)))


async def test_a_file_sent_with_a_message_is_read_for_it(library: Stack) -> None:
    """It stands in no collection, is waited for, and goes with its conversation."""
    row = await upload(library, "note.txt", b"The code word is heliotrope.", attach=True)
    library.llm.default = Script(text="Heliotrope [1].")
    sent = await library.ask("What is the code word?", files=[row.id])
    reader = await library.read(sent)
    assert "reading" in reader.stages
    assert "heliotrope" in library.llm.requests[-1].body["messages"][-1]["content"]
    assert not await library.services.documents.list_documents(library.who)
    again = await library.ask("And the code word again?", sent.conversation_id)
    await library.read(again)
    assert "heliotrope" in library.llm.requests[-1].body["messages"][-1]["content"]
    with pytest.raises(NotFound):
        await library.ask("Mine?", files=[row.id])


async def test_many_at_once_are_all_read(library: Stack) -> None:
    """Two at a time, none is forgotten."""
    rows = await asyncio.gather(
        *(upload(library, f"{n}.txt", f"Number {n} is the number of this note.".encode()) for n in range(8))
    )
    done = await asyncio.gather(*(read(library, row.id) for row in rows))
    assert {row.state for row in done} == {DocumentState.READY}


async def test_originals_outlive_a_database_that_does_not_know_them(library: Stack, tmp_path: Path) -> None:
    """Started on an empty database by mistake nothing is lost: files come back with the right one, for thirty days."""
    row = await read(library, (await upload(library, "harbour.pdf", GARDEN)).id)
    services = library.services
    path = Path((await services.documents.original(library.who, row.id)).path)
    hours_ago = time.time() - 7200
    os.utime(path, (hours_ago, hours_ago))
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    await asyncio.to_thread(migrations.upgrade, empty)
    async with build(library.settings.model_copy(update={"database_url": empty})) as mistaken:
        await mistaken.knowledge.cleaner.housekeeping()
        assert not path.exists()
        await library.main.knowledge.cleaner.housekeeping()
        assert path.read_bytes() == GARDEN
        os.utime(path, (hours_ago, hours_ago))
        await mistaken.knowledge.cleaner.housekeeping()
        await replace(mistaken.knowledge.cleaner, now=lambda: utc_now() + timedelta(days=31)).housekeeping()
    await library.main.knowledge.cleaner.housekeeping()
    assert not path.exists()
    with pytest.raises(NotFound, match="original file is missing"):
        await services.documents.original(library.who, row.id)


async def test_people_take_turns_and_attachments_go_first(stack: Stack) -> None:
    """Who has uploaded much waits for others between two documents; a file of a message waits for nobody's collection."""
    ingestion = stack.main.knowledge.ingestion
    async with stack.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
        tom = actor_of(await make_account(tx, "tom@example.org"))
    for who, count in ((stack.who, 4), (tom, 1), (eve, 2)):
        for n in range(count):
            await upload(stack, f"{who.email} {n}.txt", f"Note {n} of {who.email}.".encode(), who=who)
    await upload(stack, "attached", b"Read this, please.", who=eve, attach=True)
    order: list[str] = []
    while True:
        async with stack.database.begin() as tx:
            now = ingestion.now()
            lease = now + timedelta(minutes=1)
            row = await tx.vault.claim(worker="one", now=now, lease_until=lease, apart_from=())
            if row is None:
                break
            await tx.vault.checkpoint(
                row.id, row.attempt, state=DocumentState.READY, lease_until=None, updated_at=now
            )
        order.append(row.name)
    assert order == [
        "attached",
        *("ada@example.org 0.txt", "tom@example.org 0.txt", "eve@example.org 0.txt"),
        *("ada@example.org 1.txt", "eve@example.org 1.txt"),
        *("ada@example.org 2.txt", "ada@example.org 3.txt"),
    ]


async def test_a_discarded_conversation_takes_its_files_along(library: Stack) -> None:
    """The file, its text and its vectors go with the conversation they were sent in, at once where nothing waits."""
    row = await upload(library, "note.txt", b"The code word is heliotrope.", attach=True)
    sent = await library.ask("What is it?", files=[row.id], beginning=Beginning(temporary=True))
    await library.read(sent)
    path = Path((await library.services.documents.original(library.who, row.id)).path)
    assert path.exists()
    await library.services.conversations.discard(library.who, sent.conversation_id)
    later = replace(library.services.conversations, now=lambda: utc_now() + timedelta(minutes=1))
    await library.main.knowledge.cleaner.forget_conversations(await later.purge())
    assert not path.exists()
    assert not await library.main.knowledge.index.rows("lexical-512", library.who.id, VectorKind.CHUNK)
    with pytest.raises(NotFound):
        await library.services.documents.get(library.who, row.id)


async def test_a_file_sent_at_last_is_not_cleaned_up_meanwhile(stack: Stack) -> None:
    """Uploaded long ago and never sent it goes, unless it is just being sent."""
    sent = await upload(stack, "sent.txt", b"The code word is heliotrope.", attach=True)
    never = await upload(stack, "never.txt", b"The code word is delphinium.", attach=True)
    conversation = (await stack.ask("Hello?")).conversation_id
    later = replace(stack.main.knowledge.cleaner, now=lambda: utc_now() + timedelta(hours=25))
    async with stack.database.begin() as tx:
        (await tx.vault.get_document(sent.id, owner=stack.who.id)).conversation_id = conversation
        await tx.session.flush()
        cleaning = asyncio.create_task(later.housekeeping())
        if not stack.database.is_sqlite:  # where it cannot begin before this has ended
            await eventually(lambda: waits_for_a_lock(stack.database))
    await cleaning
    path = Path((await stack.services.documents.original(stack.who, sent.id)).path)
    assert path.read_bytes() == b"The code word is heliotrope."
    with pytest.raises(NotFound):
        await stack.services.documents.get(stack.who, never.id)


async def test_one_file_takes_room_once(library: Stack) -> None:
    """A file attached again and again, or kept in two collections, is one file on the disk, until the last is deleted."""
    services, who = library.services, library.who
    kind = await services.collections.create(who, "Other")
    rows = [await upload(library, f"{number}.pdf", GARDEN, attach=True) for number in range(3)]
    rows.append(await upload(library, "kept.pdf", GARDEN))
    rows.append(await upload(library, "also.pdf", GARDEN, collection=kind.id))
    paths = [Path(services.uploads.files.path(account=who.id, document=row.id)) for row in rows]
    assert len({path.stat().st_ino for path in paths}) == 1
    await services.documents.delete(who, [row.id for row in rows[:-1]])
    assert [path.is_file() for path in paths] == [False] * 4 + [True]
    assert paths[-1].read_bytes() == GARDEN


async def test_room_is_limited(library: Stack) -> None:
    """Beyond the quota nothing is kept; what is there already may be sent once more; deleting makes room."""
    who = library.who
    uploads = replace(library.services.uploads, quota_bytes=len(GARDEN) + 10, receiving=Counter())

    async def put(content: bytes, **where: Any) -> StoredDocument:
        received = await uploads.receive(who, once(content))
        return (await uploads.accept(who, received, name="a.txt", **where)).document

    first = await put(GARDEN, attach=True)
    again = await put(GARDEN, attach=True)
    with pytest.raises(Invalid, match="take up") as refused:
        await put(b"more than ten bytes")
    assert "STORAGE_QUOTA_MB" in refused.value.advice
    assert not list(
        Path(uploads.files.path(account=who.id, document=first.id)).parent.parent.glob("*incoming*/*")
    )
    await put(b"ten bytes.")
    with pytest.raises(Invalid, match="take up"):
        await uploads.receive(who, once(b"x"))
    await library.services.documents.delete(who, [first.id, again.id])
    assert (await put(b"room again")).size_bytes == 10


async def test_few_files_come_in_at_once(library: Stack) -> None:
    """Who sends many files at the same time is told to wait, and may go on when some have arrived."""
    uploads, who, go = replace(library.services.uploads, receiving=Counter()), library.who, asyncio.Event()

    async def slow() -> AsyncGenerator[bytes]:
        await go.wait()
        yield b"text"

    coming = [asyncio.create_task(uploads.receive(who, slow())) for _ in range(MAX_RECEIVING)]
    while uploads.receiving[who.id] < MAX_RECEIVING:
        await asyncio.sleep(0)
    with pytest.raises(Invalid, match="already"):
        await uploads.receive(who, once(b"one more"))
    go.set()
    for received in await asyncio.gather(*coming):
        await uploads.files.discard(received)
    await uploads.files.discard(await uploads.receive(who, once(b"one more")))
    assert not uploads.receiving
