"""Documents whose process is killed while it reads them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gantry.domain.knowledge import DocumentScope
from gantry.domain.vault import DocumentState, StoredDocument
from tests.parts import documents
from tests.parts.chroma import ChromaServer
from tests.parts.doomed_reader import DoomedReader
from tests.parts.knowledge import background, read, until, upload
from tests.parts.stack import Stack, running_stack

PAGES = 700


@pytest.fixture
async def shared(database_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    """Yield a deployment whose vectors are in a ChromaDB server, as processes that die need it; nobody reads yet."""
    server = ChromaServer(tmp_path / "chroma")
    await server.start()
    async with running_stack(database_url, chroma_host=server.url) as stack:
        yield stack
    await server.kill()


async def reaches(stack: Stack, row: StoredDocument, state: DocumentState) -> None:
    """Wait until a document has come to a stage, with chunks stored."""

    async def there() -> bool:
        now = await stack.services.documents.get(stack.who, row.id)
        assert now.state is not DocumentState.READY, "it was too quick to be killed"
        return now.state is state and bool((await stack.services.documents.preview(stack.who, row.id)).chunks)

    await until(there)


@pytest.mark.parametrize("stage", [DocumentState.PARSING, DocumentState.EMBEDDING])
async def test_another_process_goes_on_after_kill_9(shared: Stack, stage: DocumentState) -> None:
    """Wherever it was: every page is there once, every chunk has its vectors, and the file is as it was."""
    content = documents.long_pdf(PAGES)
    row = await upload(shared, "long.pdf", content)
    doomed = await DoomedReader.start(shared.settings)
    try:
        await reaches(shared, row, stage)
    finally:
        await doomed.kill()
    async with background(shared.main):
        ready = await read(shared, row.id)
        assert (ready.state, ready.pages, ready.attempt) == (DocumentState.READY, PAGES, 2)
        assert ready.embedded_count == ready.chunk_count
        sweep = shared.main.knowledge.sweep

        async def settled() -> bool:
            with_vectors, waiting, held = await sweep.compared()
            return not waiting and with_vectors == held == ready.chunk_count

        await until(settled)
    ordinals: list[int] = []
    while chunks := (
        await shared.services.documents.preview(shared.who, row.id, first=len(ordinals), limit=100)
    ).chunks:
        ordinals += [chunk.ordinal for chunk in chunks]
    assert ordinals == list(range(ready.chunk_count))
    original = await shared.services.documents.original(shared.who, row.id)
    assert await asyncio.to_thread(Path(original.path).read_bytes) == content
    found = await shared.services.retriever.documents(shared.who, f"page {PAGES - 1}", scope=DocumentScope())
    assert found.passages
