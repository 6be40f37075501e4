"""A deployment that also reads, indexes and remembers, as the application does beside its requests."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from gantry.bootstrap import Built, background_of
from gantry.domain.accounts import Actor
from gantry.domain.vault import UNFINISHED, StoredDocument
from gantry.models import Message
from tests.parts.stack import Stack, running_stack

PATIENCE = 40.0
_Found = TypeVar("_Found")


@asynccontextmanager
async def background(built: Built) -> AsyncGenerator[Built]:
    """Run the workers of one process."""
    async with background_of(built.knowledge).running(sweep_seconds=0.2, alone=False):
        yield built


@asynccontextmanager
async def reading_stack(database_url: str, **values: Any) -> AsyncGenerator[Stack]:
    """Start one process with its workers."""
    async with running_stack(database_url, **values) as stack, background(stack.main):
        yield stack


@pytest.fixture
async def library(database_url: str) -> AsyncIterator[Stack]:
    """Yield a deployment that reads documents, with embedded Chroma, on both kinds of database."""
    async with reading_stack(database_url) as stack:
        yield stack


async def until(check: Callable[[], Awaitable[_Found]], seconds: float = PATIENCE) -> _Found:
    """Return the first truthy outcome of *check*."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.05)
        return found


async def once(content: bytes) -> AsyncGenerator[bytes]:
    """Yield an upload as it comes: in pieces."""
    for first in range(0, len(content), 64_000):
        yield content[first : first + 64_000]


async def upload(
    stack: Stack, name: str, content: bytes, *, who: Actor | None = None, **where: Any
) -> StoredDocument:
    """Upload a file and return its document as it is then."""
    services, who = stack.services, who or stack.who
    received = await services.uploads.receive(who, once(content))
    return (await services.uploads.accept(who, received, name=name, **where)).document


async def read(stack: Stack, document: UUID, *, who: Actor | None = None) -> StoredDocument:
    """Wait until a document is ready or has failed."""

    async def finished() -> StoredDocument | None:
        row = await stack.services.documents.get(who or stack.who, document)
        return None if row.state in UNFINISHED else row

    found = await until(finished)
    assert found is not None
    return found


async def embedded(stack: Stack) -> None:
    """Wait until no row waits for its vector: on a busy machine the index may answer late, and is asked again."""

    async def done() -> bool:
        _rows, waiting, _vectors = await stack.main.knowledge.sweep.compared()
        return not waiting

    await until(done)


async def learned(stack: Stack) -> None:
    """Wait until every message has been read into memory and embedded."""

    async def done() -> bool:
        async with stack.database.read() as tx:
            unread = select(func.count()).where(col(Message.memorised_at).is_(None))
            left = (await tx.session.execute(unread)).scalar_one()
            return not left and not await tx.indexing.waiting_memories(limit=1)

    await until(done)
