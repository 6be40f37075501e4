"""The index follows the database: another model, a lost index, orphans, a server that is away."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.embedding import Embedder, EmbeddingModel, TextRole, Vector
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.vault import UNFINISHED, DocumentState
from gantry.domain.vectors import IndexUnavailable, Shelf, VectorEntry, VectorScope
from gantry.models import Document, new_id
from gantry.services.indexing import SweepReport
from tests.parts import documents
from tests.parts.chroma import ChromaServer
from tests.parts.knowledge import background, read, reading_stack, until, upload
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
    return await stack.services.indexer.index.count(name)


async def found(stack: Stack, question: str) -> list[str]:
    """Return the titles of what is found."""
    return [
        each.title
        for each in (await stack.services.retriever.documents(stack.who, question, scope=ALL)).passages
    ]


async def near(stack: Stack, name: str, vector: Vector, collection: UUID) -> int:
    """Return how many vectors of a set are found in a collection."""
    scope = VectorScope(stack.who.id, Shelf.CHUNK, groups=[collection])
    return len(await stack.services.indexer.index.query(name, vector, scope=scope, limit=1000))


async def fill(stack: Stack) -> None:
    """Upload a dozen notes and wait until they are ready."""
    rows = await asyncio.gather(*(upload(stack, f"{n}.txt", note) for n, note in enumerate(NOTES)))
    await asyncio.gather(*(read(stack, row.id) for row in rows))


async def test_another_model_takes_over_without_losing_search_meanwhile(library: Stack) -> None:
    """Its set is filled beside the old one while questions are answered and documents come; then it is switched to."""
    await fill(library)
    other = OtherModel()
    indexer = library.services.indexer

    async def wanted() -> Embedder:
        return other

    async def building() -> bool:
        return bool((await indexer.status()).building)

    async def switched() -> bool:
        assert "7.txt" in await found(library, "How many tulips does garden bed 7 hold?")
        status = await indexer.status()
        return status.model == "other" and not status.building

    library.main.knowledge.indexer.wanted = wanted
    extra = await upload(library, "late.txt", b"A late note about begonias.")
    await until(building)
    assert not await switched()
    other.may_go_on.set()
    await until(switched)
    await read(library, extra.id)
    assert await vectors(library, "other-64") == len(NOTES) + 1

    async def dropped() -> bool:
        return "lexical-512" not in await library.services.indexer.index.set_names()

    await until(dropped)


async def embedding(stack: Stack, other: OtherModel, content: bytes, **where: Any) -> Document:
    """Upload a document and wait until it is held up half-way through being embedded: in one set, not in the other."""

    async def wanted() -> Embedder:
        return other

    async def building() -> bool:
        return bool((await stack.services.indexer.status()).building)

    await read(stack, (await upload(stack, "first.txt", b"An early note about begonias.")).id)
    stack.main.knowledge.indexer.wanted = wanted
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
    vault = library.services.vault
    assert "note.txt" in await found(library, "How many tulips does garden bed 7 hold?")
    await vault.cancel(library.who, row.id)
    assert (await vault.document(library.who, row.id)).state is DocumentState.FAILED
    assert "note.txt" not in await found(library, "How many tulips does garden bed 7 hold?")
    assert await vectors(library, "lexical-512") == 1
    await vault.retry(library.who, row.id)
    other.may_go_on.set()
    ready = await read(library, row.id)
    assert (ready.state, ready.chunk_count) == (DocumentState.READY, 1)
    assert "note.txt" in await found(library, "How many tulips does garden bed 7 hold?")


async def test_a_deleted_collection_stops_being_read(library: Stack) -> None:
    """What is read of it is left off at once, and leaves nothing."""
    vault, ingestion = library.services.vault, library.main.knowledge.ingestion
    ingestion.heartbeat_seconds = 3600  # so that nothing else tells it
    work = await vault.create_collection(library.who, "Work")
    await embedding(library, OtherModel(), NOTES[7], collection=work.id)
    await vault.delete_collection(library.who, work.id)

    async def left_off() -> bool:
        return not ingestion.count

    await until(left_off)
    assert await vectors(library, "lexical-512") == 1


async def test_a_document_moved_while_it_is_embedded_is_found_where_it_stands(library: Stack) -> None:
    """Vectors that were made for the collection it stood in are made again for the one it stands in."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    work = await library.services.vault.create_collection(library.who, "Work")
    await library.services.vault.move(library.who, row.id, work.id)
    other.may_go_on.set()
    ready = await read(library, row.id)
    assert ready.embedded_count == ready.chunk_count == 1
    assert await near(library, "other-64", [1.0] * 64, work.id) == 1


async def half_read(library: Stack) -> Document:
    """Upload a document of 150 pages; returns it while only some of its chunks are there."""
    row = await upload(library, "long.pdf", documents.long_pdf(150))
    vault, who = library.services.vault, library.who

    async def begun() -> bool:
        assert (await vault.document(who, row.id)).state in UNFINISHED
        return bool((await vault.preview(who, row.id)).chunks)

    await until(begun)
    return row


async def test_a_document_moved_while_it_is_read_is_found_where_it_stands(library: Stack) -> None:
    """Every chunk and every vector of it stands in the new collection, those that came later too."""
    row = await half_read(library)
    vault, who = library.services.vault, library.who
    work = await vault.create_collection(who, "Work")
    await vault.move(who, row.id, work.id)
    ready = await read(library, row.id)
    assert await near(library, "lexical-512", [1.0] * 512, work.id) == ready.chunk_count
    scope = DocumentScope(ScopeKind.SOME, collections=(work.id,))
    assert (await library.services.retriever.documents(who, "page 149", scope=scope)).passages


async def test_a_document_renamed_while_it_is_embedded_is_found_by_its_new_name(library: Stack) -> None:
    """Vectors that were made with the name it had are made again with the one it has."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    vault, who = library.services.vault, library.who
    await vault.rename(who, row.id, "begonias.txt")
    other.may_go_on.set()
    ready = await read(library, row.id)
    assert ready.embedded_count == ready.chunk_count == 1
    (chunk,) = (await vault.preview(who, row.id)).chunks
    assert chunk.context == "begonias"
    (vector,) = await other.embed([f"begonias\n{chunk.content}"], TextRole.PASSAGE)
    scope = VectorScope(who.id, Shelf.CHUNK)
    (nearest,) = await library.services.indexer.index.query("other-64", vector, scope=scope, limit=1)
    assert (nearest.row, nearest.score) == (chunk.id, pytest.approx(1.0))


async def test_a_document_renamed_while_it_is_read_has_its_new_name_throughout(library: Stack) -> None:
    """Every chunk of it is searched with that, those that came later too."""
    row = await half_read(library)
    vault, who = library.services.vault, library.who
    await vault.rename(who, row.id, "prices.pdf")
    ready = await read(library, row.id)
    (last,) = (await vault.preview(who, row.id, first=ready.chunk_count - 1)).chunks
    assert last.context == "prices"


async def test_a_lost_index_is_built_anew(database_url: str, tmp_path: Path) -> None:
    """A process that starts with an empty index makes everything anew from the database."""
    async with running_stack(database_url) as stack:
        async with background(stack.main):
            await fill(stack)
        stack.settings = stack.settings.model_copy(update={"data_dir": tmp_path / "moved"})
        indexer = (await stack.another()).knowledge.indexer
        assert (await indexer.sweep()).missing == len(NOTES)
        while await indexer.work():
            pass
        assert await indexer.index.count("lexical-512") == len(NOTES)


async def test_orphans_are_swept(database_url: str) -> None:
    """Vectors that belong to nothing are removed, and what has none gets its own."""
    async with running_stack(database_url) as stack:
        indexer, mine = stack.services.indexer, stack.who.id

        async def whole() -> bool:
            return await indexer.compared() == (len(NOTES), 0, len(NOTES))

        async with background(stack.main):
            await fill(stack)
            await until(whole)
        held = await indexer.index.rows("lexical-512", mine, Shelf.CHUNK)
        stranger, row = new_id(), new_id()
        for account, shelf in ((mine, Shelf.CHUNK), (stranger, Shelf.MEMORY)):
            entry = VectorEntry(row, 0, [1.0] + [0.0] * 511, new_id(), account)
            await indexer.index.add("lexical-512", account, shelf, [entry])
        await indexer.index.delete("lexical-512", mine, Shelf.CHUNK, rows=[next(iter(held))])
        assert await indexer.sweep() == SweepReport(missing=1, orphans=2)
        while await indexer.work():
            pass
        assert await whole()


async def test_a_sweep_leaves_what_is_being_embedded(library: Stack) -> None:
    """Vectors whose row is about to be marked belong to something."""
    other = OtherModel()
    row = await embedding(library, other, NOTES[7])
    assert (await library.services.indexer.sweep()).orphans == 0
    assert await vectors(library, "lexical-512") == 2
    other.may_go_on.set()
    assert (await read(library, row.id)).embedded_count == 1


async def test_an_index_lost_while_gantry_runs_is_built_anew(
    database_url: str, chroma_server: ChromaServer
) -> None:
    """When ChromaDB comes back empty, everything is made again without a restart, and meanwhile it is said."""
    async with running_stack(database_url, chroma_host=chroma_server.url) as stack:
        indexer = stack.services.indexer
        indexer.look_seconds = 0.5
        async with background(stack.main):
            await fill(stack)
            (row, *_others) = await stack.services.vault.documents(stack.who)

            async def whole() -> bool:
                try:
                    counted = (await stack.services.vault.document(stack.who, row.id)).embedded_count
                    return counted == 1 and await vectors(stack, "lexical-512") == len(NOTES)
                except IndexUnavailable:
                    return False  # it is asked again only every few seconds

            await until(whole)
            await chroma_server.empty()
            await until(whole)
            assert await indexer.differences() == SweepReport()
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
            row = await stack.services.vault.document(stack.who, late.id)
            return row.embedded_count == row.chunk_count == 1

        await until(counted)
