"""What the index asks of ChromaDB, embedded or a server: the few calls it needs, without ChromaDB's own Python client.

That client brings its telemetry, gRPC and much else: 20 to 70 MB in each process (docs/adr/0017).
"""

from collections.abc import Sequence
from typing import Any, Protocol

from gantry.domain.embedding import Vector

TENANT, DATABASE = "default_tenant", "default_database"
COSINE = {"hnsw": {"space": "cosine"}}  # how a collection is made


class MissingCollectionError(Exception):
    """There is no such collection (any more)."""


class Client(Protocol):
    """A ChromaDB that is open; every call blocks."""

    def heartbeat(self) -> None:
        """Return when it answers."""
        ...

    def names(self, limit: int, offset: int) -> list[str]:
        """Return a page of the names of its collections."""
        ...

    def collection(self, name: str, *, make: bool) -> str:
        """Return the id of a collection; MissingCollectionError when there is none and it is not to be made."""
        ...

    def drop(self, name: str) -> None:
        """Remove a collection; MissingCollectionError when there is none."""
        ...

    def upsert(
        self, key: str, ids: list[str], vectors: Sequence[Vector], metadatas: list[dict[str, Any]]
    ) -> None:
        """Add or replace rows of the collection with the id *key*."""
        ...

    def update(self, key: str, ids: list[str], metadatas: list[dict[str, Any]]) -> None:
        """Change what is said of rows."""
        ...

    def query(
        self, key: str, vector: Vector, count: int, where: dict[str, Any], include: list[str]
    ) -> dict[str, Any]:
        """Return the nearest rows: ``ids``, and what was to be included, for each question."""
        ...

    def get(
        self,
        key: str,
        *,
        where: dict[str, Any] | None = None,
        include: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> dict[str, Any]:
        """Return rows: ``ids``, and what was to be included."""
        ...

    def delete(self, key: str, where: dict[str, Any]) -> None:
        """Remove rows."""
        ...

    def count(self, key: str) -> int:
        """Return how many rows there are."""
        ...

    def close(self) -> None:
        """Let go of files, threads and connections."""
        ...
