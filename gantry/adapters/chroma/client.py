"""What the index needs of ChromaDB.

Its own Python package brings OpenTelemetry, gRPC and much more into the process: thirty megabytes and a third of a second
of every start. What it does for us is little: it calls the library that is the database, or sends JSON to its server.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

TENANT, DATABASE = "default_tenant", "default_database"
# How a collection is made; as the package writes it, so that the package can open it too.
CONFIGURATION = {"hnsw": {"space": "cosine"}, "spann": None, "embedding_function": {"type": "legacy"}}
PAGE = 20_000  # each page goes over all before it

Where = dict[str, Any]


class Missing(Exception):
    """There is no such collection."""


class Client(Protocol):
    """ChromaDB, embedded or a server. A collection is named by its id where it is used; any call may raise `Missing`."""

    def heartbeat(self) -> None:
        """Return when it answers."""
        ...

    def names(self) -> list[str]:
        """Return the names of all collections."""
        ...

    def find(self, name: str) -> str:
        """Return the id of the collection of that name."""
        ...

    def make(self, name: str) -> str:
        """Return the id of the collection of that name, made where there is none."""
        ...

    def drop(self, name: str) -> None:
        """Remove the collection of that name."""
        ...

    def upsert(
        self, collection: str, ids: list[str], vectors: list[list[float]], about: list[dict[str, str]]
    ) -> None:
        """Add or replace entries."""
        ...

    def update(self, collection: str, ids: list[str], about: list[dict[str, str]]) -> None:
        """Change what is known of entries."""
        ...

    def query(
        self, collection: str, vector: list[float], count: int, where: Where, include: list[str]
    ) -> dict[str, Any]:
        """Return the nearest entries: lists of one list, for the one vector, under ``ids`` and what *include* names."""
        ...

    def get(
        self, collection: str, where: Where | None, include: list[str], *, limit: int | None, offset: int
    ) -> dict[str, Any]:
        """Return entries: lists under ``ids`` and what *include* names."""
        ...

    def delete(self, collection: str, where: Where) -> None:
        """Remove entries."""
        ...

    def count(self, collection: str) -> int:
        """Return how many entries there are."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


Open = Callable[[], Client]


def pages(read: Callable[[int], Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield what *read* returns from each offset, until a page is not full."""
    start = 0
    while page := read(start):
        yield page
        start += len(page)
        if len(page) < PAGE:
            return
