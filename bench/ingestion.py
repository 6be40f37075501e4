"""How quickly a long PDF is read, and in how much memory: ``python -m bench.ingestion [PAGES]``.

The file goes the way of every upload, through the product's vault and its background workers: read by a process of its
own, cut into chunks, found by its words, given vectors. Memory is the peak of resident pages: of the process that reads
(as the kernel counts it), and of ours (how much its peak has grown meanwhile).
"""

import argparse
import asyncio
import os
import resource
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from gantry import bootstrap
from gantry.bootstrap import Built, background_of, build
from gantry.domain.accounts import Actor
from gantry.domain.knowledge import DocumentScope
from gantry.domain.vault import DocumentState, StoredDocument
from gantry.repositories.database import Database
from gantry.settings import Settings
from tests.factories import actor_of, make_account
from tests.parts.documents import long_pdf

_PIECE_BYTES = 256 * 1024
_PATIENCE_SECONDS = 1800


async def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description="Measure how a long PDF is read.")
    parser.add_argument("pages", nargs="?", type=int, default=1000)
    parser.add_argument(
        "--model", default=os.environ.get("EMBEDDING_MODEL", "auto"), help="as EMBEDDING_MODEL"
    )
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="gantry-bench-"))
    try:
        await _run(long_pdf(options.pages), options.pages, options.model, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


async def _run(content: bytes, pages: int, model: str, work: Path) -> None:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        database_url=f"sqlite:///{work / 'bench.db'}",
        data_dir=work,
        secret_key=secrets.token_urlsafe(48),  # pyright: ignore[reportArgumentType]
        probe_local_models=False,
        embedding_model=model,
        max_upload_mb=max(100, len(content) // 1_000_000 + 1),
    )
    await asyncio.to_thread(bootstrap.migrate, settings)
    async with build(settings) as built, Database(settings.database_url) as database:
        async with database.begin() as tx:
            who = actor_of(await make_account(tx, "ada@example.org"))
        async with background_of(built.knowledge).running(sweep_seconds=0.2, alone=True):
            services = built.services
            received = await services.uploads.receive(who, _pieces(content))
            begun = time.perf_counter()
            document = (await services.uploads.accept(who, received, name="long.pdf")).document

            async def look() -> StoredDocument:
                return await services.documents.get(who, document.id)

            before = _resident_mb()
            row = await _until(look, lambda row: row.state in {DocumentState.EMBEDDING, DocumentState.READY})
            read = time.perf_counter() - begun
            _line("read and found by its words", pages, len(content), read)
            row = await _until(look, lambda row: row.chunk_count == row.embedded_count)
            took = time.perf_counter() - begun
            _line("with all vectors", pages, len(content), took)
            await _search(built, who)
        child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"chunks {row.chunk_count}, vectors {row.embedded_count / (took - read):.0f} a second")
        print(f"memory of the reading process {child_mb:.0f} MB")
        print(f"memory of the server: grew by {_resident_mb() - before:.0f} MB at its peak")


async def _search(built: Built, who: Actor) -> None:
    found = await built.services.retriever.documents(
        who, "Which line tells of item 39990?", scope=DocumentScope(), limit=5
    )
    place = found.passages[0].page if found.passages else None
    print(f"asked for item 39990, its first passage is on page {place} (expected: 999 or 1000)")


async def _until(
    look: Callable[[], Awaitable[StoredDocument]], done: Callable[[StoredDocument], bool]
) -> StoredDocument:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            row = await look()
            if row.state is DocumentState.FAILED:
                raise SystemExit(f"The document failed: {row.problem}")
            if done(row):
                return row
            await asyncio.sleep(0.05)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for first in range(0, len(content), _PIECE_BYTES):
        yield content[first : first + _PIECE_BYTES]


def _line(what: str, pages: int, size: int, seconds: float) -> None:
    print(
        f"{what}: {seconds:.1f} s, {pages / seconds:.0f} pages/s, {size / seconds / 1e6:.2f} MB/s", flush=True
    )


def _resident_mb() -> float:
    """Return the peak of this process's resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    asyncio.run(main())
