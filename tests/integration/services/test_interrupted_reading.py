"""Documents whose reading is interrupted by what is no fault of theirs: they are read in the end."""

from uuid import UUID

from gantry.bootstrap import Built
from gantry.domain.vault import DocumentState
from gantry.models import Document
from gantry.services.ingestion import MAX_ATTEMPTS
from tests.parts import documents
from tests.parts.database import fresh_postgres
from tests.parts.gate import gate_to
from tests.parts.knowledge import background, read, until, upload
from tests.parts.live import eventually
from tests.parts.stack import Stack, running_stack

LONG = documents.long_pdf(300)


async def row_of(stack: Stack, document: UUID) -> Document:
    """Return a document as it is stored."""
    async with stack.database.read() as tx:
        found = await tx.attachments.find_document(document)
    assert found is not None
    return found


async def begun(stack: Stack, at: Built, document: UUID) -> None:
    """Have *at* begin to read a document."""
    ingestion = at.knowledge.ingestion

    async def reads() -> bool:
        await ingestion.sweep()
        row = await row_of(stack, document)
        assert row.state is not DocumentState.FAILED
        return row.worker == ingestion.name and row.failures > 0

    await until(reads)


async def test_many_deployments_are_no_failure_of_a_file(stack: Stack) -> None:
    """A process that is told to stop has not died of what it read."""
    document = (await upload(stack, "long.pdf", LONG)).id
    for _ in range(MAX_ATTEMPTS + 1):
        process = await stack.another()
        await begun(stack, process, document)
        await process.knowledge.ingestion.drain()
        assert (await row_of(stack, document)).failures == 0
    async with background(await stack.another()):
        assert (await read(stack, document)).state is DocumentState.READY


async def test_many_outages_are_no_failure_of_a_file(postgres_url: str, postgres_template: str) -> None:
    """Nor has the file taken the database away; it is let go as soon as that is back."""
    with fresh_postgres(postgres_url, postgres_template) as url:
        async with gate_to(url) as (gate, through), running_stack(through) as stack:
            ingestion = stack.main.knowledge.ingestion
            ingestion.heartbeat_seconds = 0.1
            document = (await upload(stack, "long.pdf", LONG)).id
            for _ in range(MAX_ATTEMPTS + 1):
                await begun(stack, stack.main, document)
                gate.close()
                await eventually(lambda: gate.refused > 3)
                gate.open()
                await eventually(lambda: ingestion.count == 0)
                assert (await row_of(stack, document)).failures == 0
            async with background(stack.main):
                assert (await read(stack, document)).state is DocumentState.READY
