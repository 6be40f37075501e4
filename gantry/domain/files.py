"""Keeping the bytes of documents."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has come in and belongs to no document yet; at *path*, for a while."""

    path: str
    size_bytes: int
    sha256: str


class FileStore(Protocol):
    """Files by account and document; never changed once they are kept."""

    async def receive(self, body: AsyncIterator[bytes], *, limit_bytes: int) -> Received:
        """Write what comes to a temporary place, never holding it in memory; leaves nothing when it breaks off.

        Raises:
            Invalid: It is longer than *limit_bytes*.
            Unavailable: The disk is full, or cannot be written.
        """
        ...

    async def keep(
        self, received: Received, *, account: UUID, document: UUID, same_as: UUID | None = None
    ) -> None:
        """Make what was received the file of *document*; it takes no room where *same_as* has the same content."""
        ...

    async def discard(self, received: Received) -> None:
        """Remove what was received and is not wanted."""
        ...

    def path(self, *, account: UUID, document: UUID) -> str:
        """Return where the file of a document is."""
        ...

    def read(self, *, account: UUID, document: UUID) -> AsyncIterator[bytes]:
        """Yield the file of a document, a block at a time; NotFound where it has gone."""
        ...

    async def holds(self, *, account: UUID, document: UUID) -> bool:
        """Return whether the file of a document is there."""
        ...

    async def remove(self, *, account: UUID, documents: Collection[UUID]) -> None:
        """Remove the files of documents; those that are not there are no error."""
        ...

    async def kept(self, *, before: datetime) -> list[tuple[UUID, UUID]]:
        """Return account and document of each file that was kept before that moment; removes broken uploads on the way."""
        ...

    async def set_aside(self, files: Collection[tuple[UUID, UUID]]) -> None:
        """Put files (account and document) where nobody looks for them, and from where they can be brought back."""
        ...

    async def aside(self) -> list[tuple[UUID, UUID]]:
        """Return account and document of each file that was set aside."""
        ...

    async def bring_back(self, files: Collection[tuple[UUID, UUID]]) -> None:
        """Put files that were set aside back in their place."""
        ...

    async def discard_aside(self, *, before: datetime) -> int:
        """Remove for good what was set aside before that moment; returns how many files."""
        ...
