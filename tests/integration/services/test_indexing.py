"""The index follows the database: another model, a lost index, orphans, a server that is away."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.embedding import Embedder, EmbeddingModel, TextRole, Vector
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.vault import UNFINISHED, DocumentState, StoredDocument
from gantry.domain.vectors import IndexUnavailable, VectorEntry, VectorIndex, VectorKind, VectorScope
from gantry.models import new_id
from gantry.services.documents import DocumentService
from gantry.services.sweeping import SweepReport
from tests.parts import documents
from tests.parts.chroma import ChromaServer
from tests.parts.knowledge import background, embedded, read, reading_stack, until, upload
from tests.parts.stack import Stack, running_stack

ALL = DocumentScope()
NOTES = [f"Note {n}: the garden bed {n} holds {n * 3} tulips.".encode() for n in range(12)]


class OtherModel:
    """A second model of this process: hashed, with another dimension, and no quicker than it is let."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()

    async def model(self) -> EmbeddingModel:
        """Return what it is."""
        return EmbeddingModel("other", 64, semantic=True)

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return one vector for each text."""
        await self.may_go_on.wait()
        return [[byte / 255 for byte in hashlib.sha512(text.encode()).digest()] for text in texts]

    async def aclose(self) -> None:
        """Free nothing."""


async def vectors(stack: Stack, name: str) -> int:
    """Return how many vectors a set holds."""
    return await stack.main.knowledge.index.count(name)


async def found(stack: Stack, question: str) -> list[str]:
    """Return the titles of what is found."""
    return [
        each.title
        for each in (await stack.services.retriever.documents(stack.who, question, scope=ALL)).passages
    ]


async def near(stack: Stack, name: str, vector: Vector, collection: UUID) -> int:
    """Return how many vectors of a set are found in a collection."""
    scope = VectorScope(stack.who.id, VectorKind.CHUNK, groups=[collection])
    return len(await stack.main.knowledge.index.query(name, vector, scope=scope, limit=1000))


async def fill(stack: Stack) -> None:
    """Upload a dozen notes and wait until they are ready."""
    rows = await asyncio.gather(*(upload(stack, f"{n}.txt", note) for n, note in enumerate(NOTES)))
    await asyncio.gather(*(read(stack, row.id) for row in rows))


async def test_another_model_takes_over_without_losing_search_meanwhile(library: Stack) -> None:
    """Its set is filled beside the old one while questions are answered and documents come; then it is switched to."""
    await fill(library)
    other = OtherModel()
    sets = library.services.vector_sets

    async def wanted() -> Embedder:
        return other

    async def building() -> bool:
        return bool((await sets.status()).building)

    async def switched() -> bool:
        assert "7.txt" in await found(library, "How many tulips does garden bed 7 hold?")
        status = await sets.status()
        return status.model == "other" and not status.building

    sets.wanted = wanted
    extra = await upload(library, "late.txt", b"A late note about begonias.")
    await until(building)
    assert not await switched()
    other.may_go_on.set()
    await until(switched)
    await read(library, extra.id)
    assert await vectors(library, "other-64") == len(NOTES) + 1

    async def dropped() -> bool:
        return "lexical-512" not in await library.main.knowledge.index.set_names()

    await until(dropped)


async def embedding(stack: Stack, other: OtherModel, content: bytes, **where: Any) -> StoredDocument:
    """Upload a document and wait until it is held up half-way through being embedded: in one set, not in the other."""

    async def wanted() -> Embedder:
        return other

    async def building() -> bool:
        return bool((await stack.services.vector_sets.status()).building)

    await read(stack, (await upload(stack, "first.txt", b"An early note about begonias.")).id)
    stack.services.vector_sets.wanted = wanted
    await until(building)
    row = await upload(stack, "note.txt", content, **where)

    async def held_up() -> bool:
        return await vectors(stack, "lexical-512") == 2

    await until(held_up)
    return row


async def test_what_was_cancelled_is_not_found(library: Stack) -> None:
    """Cancelled while it is embedded, a document answers nothing and leaves nothing; retried it is found."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    services = library.services
    assert "note.txt" in await found(library, "How many tulips does garden bed 7 hold?")
    await services.documents.cancel(library.who, row.id)
    assert (await services.documents.get(library.who, row.id)).state is DocumentState.FAILED
    assert "note.txt" not in await found(library, "How many tulips does garden bed 7 hold?")
    assert await vectors(library, "lexical-512") == 1
    await services.documents.retry(library.who, row.id)
    other.may_go_on.set()
    ready = await read(library, row.id)
    assert (ready.state, ready.chunk_count) == (DocumentState.READY, 1)
    assert "note.txt" in await found(library, "How many tulips does garden bed 7 hold?")


async def test_a_deleted_collection_stops_being_read(library: Stack) -> None:
    """What is read of it is left off at once, and leaves nothing."""
    services, ingestion = library.services, library.main.knowledge.ingestion
    ingestion.heartbeat_seconds = 3600  # so that nothing else tells it
    work = await services.collections.create(library.who, "Work")
    await embedding(library, OtherModel(), NOTES[7], collection=work.id)
    await services.collections.delete(library.who, work.id)

    async def left_off() -> bool:
        return not ingestion.count

    await until(left_off)
    assert await vectors(library, "lexical-512") == 1


async def test_a_document_moved_while_it_is_embedded_is_found_where_it_stands(library: Stack) -> None:
    """Vectors that were made for the collection it stood in are made again for the one it stands in."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    work = await library.services.collections.create(library.who, "Work")
    await library.services.documents.move(library.who, row.id, work.id)
    other.may_go_on.set()
    ready = await read(library, row.id)
    assert ready.embedded_count == ready.chunk_count == 1
    assert await near(library, "other-64", [1.0] * 64, work.id) == 1


async def half_read(library: Stack) -> StoredDocument:
    """Upload a document of 150 pages; returns it while only some of its chunks are there."""
    row = await upload(library, "long.pdf", documents.long_pdf(150))
    services, who = library.services, library.who

    async def begun() -> bool:
        assert (await services.documents.get(who, row.id)).state in UNFINISHED
        return bool((await services.documents.preview(who, row.id)).chunks)

    await until(begun)
    return row


async def test_a_document_moved_while_it_is_read_is_found_where_it_stands(library: Stack) -> None:
    """Every chunk and every vector of it stands in the new collection, those that came later too."""
    row = await half_read(library)
    services, who = library.services, library.who
    work = await services.collections.create(who, "Work")
    await services.documents.move(who, row.id, work.id)
    ready = await read(library, row.id)

    async def moved() -> bool:  # where the index was busy, they are made anew
        return await near(library, "lexical-512", [1.0] * 512, work.id) == ready.chunk_count

    await until(moved)
    scope = DocumentScope(ScopeKind.SOME, collections=(work.id,))
    assert (await library.services.retriever.documents(who, "page 149", scope=scope)).passages


class Slow:
    """An index in which moving waits until it may; everything else is the index's own."""

    def __init__(self, index: VectorIndex) -> None:
        self._index = index
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    async def move(self, set_name: str, account: UUID, *, source: UUID, group: UUID) -> None:
        """Move, late."""
        self.begun.set()
        await self.may_go_on.wait()
        await self._index.move(set_name, account, source=source, group=group)


def slow_documents(stack: Stack) -> tuple[DocumentService, Slow]:
    """Return a service whose vectors follow late, and what holds them."""
    documents = stack.services.documents
    index = Slow(documents.vectors.index)
    held: Any = index
    return replace(documents, vectors=replace(documents.vectors, index=held)), index


async def test_a_process_that_dies_in_a_move_leaves_no_vectors_behind(library: Stack) -> None:
    """They are made anew where the document stands."""
    row = await read(library, (await upload(library, "note.txt", NOTES[7])).id)
    work = await library.services.collections.create(library.who, "Work")
    documents, index = slow_documents(library)
    moving = asyncio.create_task(documents.move(library.who, row.id, work.id))
    await index.begun.wait()
    moving.cancel()

    async def followed() -> bool:
        return await near(library, "lexical-512", [1.0] * 512, work.id) == 1

    await until(followed)


async def test_moved_twice_vectors_end_where_the_document_stands(library: Stack) -> None:
    """Also where the first move reaches the index last."""
    services, who = library.services, library.who
    row = await read(library, (await upload(library, "note.txt", NOTES[7])).id)
    first, second = [await services.collections.create(who, name) for name in ("First", "Second")]
    documents, index = slow_documents(library)
    moving = asyncio.create_task(documents.move(who, row.id, first.id))
    await index.begun.wait()
    await services.documents.move(who, row.id, second.id)

    async def followed() -> bool:
        return await near(library, "lexical-512", [1.0] * 512, second.id) == 1

    await until(followed)
    index.may_go_on.set()
    await moving
    await until(followed)
    await embedded(library)
    assert await followed()


async def test_vectors_that_followed_are_not_made_again(stack: Stack) -> None:
    """A large document is moved at once, however slow the model is."""
    async with background(stack.main):
        row = await read(stack, (await upload(stack, "note.txt", NOTES[7])).id)
        await embedded(stack)
    work = await stack.services.collections.create(stack.who, "Work")
    await stack.services.documents.move(stack.who, row.id, work.id)
    assert await stack.main.knowledge.sweep.compared() == (1, 0, 1)
    assert await near(stack, "lexical-512", [1.0] * 512, work.id) == 1


async def test_a_document_renamed_while_it_is_embedded_is_found_by_its_new_name(library: Stack) -> None:
    """Vectors that were made with the name it had are made again with the one it has."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    services, who = library.services, library.who
    await services.documents.rename(who, row.id, "begonias.txt")
    other.may_go_on.set()
    ready = await read(library, row.id)
    assert ready.embedded_count == ready.chunk_count == 1
    (chunk,) = (await services.documents.preview(who, row.id)).chunks
    assert chunk.context == "begonias"
    (vector,) = await other.embed([f"begonias\n{chunk.content}"], TextRole.PASSAGE)
    scope = VectorScope(who.id, VectorKind.CHUNK)
    (nearest,) = await library.main.knowledge.index.query("other-64", vector, scope=scope, limit=1)
    assert (nearest.row, nearest.score) == (chunk.id, pytest.approx(1.0))


async def test_a_document_renamed_while_it_is_read_has_its_new_name_throughout(library: Stack) -> None:
    """Every chunk of it is searched with that, those that came later too."""
    row = await half_read(library)
    services, who = library.services, library.who
    await services.documents.rename(who, row.id, "prices.pdf")
    ready = await read(library, row.id)
    (last,) = (await services.documents.preview(who, row.id, first=ready.chunk_count - 1)).chunks
    assert last.context == "prices"


async def test_a_lost_index_is_built_anew(database_url: str, tmp_path: Path) -> None:
    """A process that starts with an empty index makes everything anew from the database."""
    async with running_stack(database_url) as stack:
        async with background(stack.main):
            await fill(stack)
        stack.settings = stack.settings.model_copy(update={"data_dir": tmp_path / "moved"})
        knowledge = (await stack.another()).knowledge
        assert (await knowledge.sweep.sweep()).missing == len(NOTES)
        while await knowledge.indexer.work():
            pass
        assert await knowledge.index.count("lexical-512") == len(NOTES)


async def test_orphans_are_swept(database_url: str) -> None:
    """Vectors that belong to nothing are removed, and what has none gets its own."""
    async with running_stack(database_url) as stack:
        knowledge, mine = stack.main.knowledge, stack.who.id

        async def whole() -> bool:
            return await knowledge.sweep.compared() == (len(NOTES), 0, len(NOTES))

        async with background(stack.main):
            await fill(stack)
            await until(whole)
        held = await knowledge.index.rows("lexical-512", mine, VectorKind.CHUNK)
        stranger = new_id()
        for account, kind in ((mine, VectorKind.CHUNK), (stranger, VectorKind.MEMORY)):
            entry = VectorEntry(new_id(), 0, [1.0] + [0.0] * 511, new_id(), account)
            await knowledge.index.add("lexical-512", account, kind, [entry])
        await knowledge.index.delete("lexical-512", mine, VectorKind.CHUNK, rows=[next(iter(held))])
        assert await knowledge.sweep.sweep() == SweepReport(missing=1, orphans=2)
        while await knowledge.indexer.work():
            pass
        assert await whole()


async def test_a_sweep_leaves_what_is_being_embedded(library: Stack) -> None:
    """Vectors whose row is about to be marked belong to something."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    assert (await library.main.knowledge.sweep.sweep()).orphans == 0
    assert await vectors(library, "lexical-512") == 2
    other.may_go_on.set()
    assert (await read(library, row.id)).embedded_count == 1


async def test_an_index_lost_while_gantry_runs_is_built_anew(
    database_url: str, chroma_server: ChromaServer
) -> None:
    """When ChromaDB comes back empty, everything is made again without a restart, and meanwhile it is said."""
    async with running_stack(database_url, chroma_host=chroma_server.url) as stack:
        sweep = stack.main.knowledge.sweep
        sweep.look_seconds = 0.5
        async with background(stack.main):
            await fill(stack)
            (row, *_others) = await stack.services.documents.list_documents(stack.who)

            async def whole() -> bool:
                try:
                    counted = (await stack.services.documents.get(stack.who, row.id)).embedded_count
                    return counted == 1 and await vectors(stack, "lexical-512") == len(NOTES)
                except IndexUnavailable:
                    return False  # it is asked again only every few seconds

            await until(whole)
            await chroma_server.empty()
            await until(whole)
            assert await sweep.differences() == SweepReport()
        assert "7.txt" in await found(stack, "How many tulips does garden bed 7 hold?")


async def test_while_chroma_is_away_words_answer_alone_and_it_is_said(
    database_url: str, chroma_server: ChromaServer
) -> None:
    """Uploads are read, questions are answered, the answer says what was left out; later the vectors are made."""
    async with reading_stack(database_url, chroma_host=chroma_server.url) as stack:
        await fill(stack)
        await chroma_server.kill()
        late = await read(stack, (await upload(stack, "late.txt", b"A late note about begonias.")).id)
        assert (late.state.value, late.embedded_count) == ("ready", 0)
        sent = await stack.ask("Which note is about begonias?")
        await stack.read(sent)
        stored = await stack.message(sent.message_id)
        assert stored.retrieval is not None
        assert "vectors" in stored.retrieval["left_out"]
        sources = await stack.services.answers.sources(stack.who, sent.message_id)
        assert sources[0].row.title == "late.txt"
        await chroma_server.start()

        async def caught_up() -> bool:
            try:
                return await vectors(stack, "lexical-512") >= len(NOTES) + 1
            except IndexUnavailable:
                return False  # it is asked again only every few seconds

        await until(caught_up)

        async def counted() -> bool:
            row = await stack.services.documents.get(stack.who, late.id)
            return row.embedded_count == row.chunk_count == 1

        await until(counted)
