"""The index of vectors: an index only, rebuilt from the database when it is lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from gantry.domain.embedding import EmbeddingModel, Vector
from gantry.domain.errors import Unavailable


class VectorKind(StrEnum):
    """Which table a vector belongs to."""

    CHUNK = "chunk"
    MEMORY = "memory"


class IndexUnavailable(Unavailable):
    """The vector index does not answer; words alone can still be searched."""

    kind = "index-unavailable"


@dataclass(frozen=True, slots=True)
class VectorEntry:
    """One vector of a row. A row may have several (its sentences), told apart by ``part``."""

    row: UUID  # chunk or memory item
    part: int
    vector: Vector
    source: UUID  # the document, or the conversation (the row itself for a fact without one)
    group: UUID  # the collection (or the conversation an attached file belongs to); for memory the account


@dataclass(frozen=True, slots=True)
class VectorScope:
    """What a query may see. ``None`` means all of the account's; both lists together mean: in either."""

    account: UUID
    kind: VectorKind
    sources: Collection[UUID] | None = None
    groups: Collection[UUID] | None = None
    without_source: UUID | None = None


@dataclass(frozen=True, slots=True)
class VectorHit:
    """A row that is near; ``score`` is the cosine similarity of its best part (1 is equal)."""

    row: UUID
    part: int
    score: float
    vector: Vector | None = None  # only where it was asked for


@dataclass(frozen=True, slots=True)
class Near:
    """What is near to a question: its nearest rows, and how near the first is to the question as it was asked."""

    hits: Sequence[VectorHit]
    similarity: float  # cosine; of no row it is 0
    model: EmbeddingModel  # whose cosines these are: each model's mean something else


class Nearest(Protocol):
    """Finds rows by meaning: embeds the question as the active set wants it, and asks the index."""

    async def nearest(self, question: str, *, scope: VectorScope, limit: int, feedback: int = 0) -> Near:
        """Return the nearest rows inside *scope*, best first, each row once.

        With *feedback* the question is first moved a little towards so many of the nearest rows (Rocchio), which finds more of what is
        like them.

        Raises:
            Unavailable: The embedding model or the index does not answer, or there are no vectors yet.
        """
        ...


class VectorIndex(Protocol):
    """Vectors by account, in sets (one for each embedding model). Every call is off the event loop.

    Every method raises IndexUnavailable when the index does not answer within its deadline.
    """

    async def add(
        self, set_name: str, account: UUID, kind: VectorKind, entries: Sequence[VectorEntry]
    ) -> None:
        """Add or replace; the same row and part replaces what was there."""
        ...

    async def query(
        self, set_name: str, vector: Vector, *, scope: VectorScope, limit: int, vectors: bool = False
    ) -> list[VectorHit]:
        """Return the nearest rows inside *scope*, best first, each row once. An unknown set is empty."""
        ...

    async def delete(
        self,
        set_name: str,
        account: UUID,
        kind: VectorKind,
        *,
        rows: Collection[UUID] | None = None,
        sources: Collection[UUID] | None = None,
    ) -> None:
        """Remove what belongs to *rows* or *sources*; with neither, all of the account's of the kind."""
        ...

    async def move(self, set_name: str, account: UUID, *, source: UUID, group: UUID) -> None:
        """Give all vectors of a document another group."""
        ...

    async def rows(self, set_name: str, account: UUID, kind: VectorKind) -> set[UUID]:
        """Return which rows of an account have vectors, to be compared with the database."""
        ...

    async def accounts(self, set_name: str) -> set[UUID]:
        """Return which accounts have vectors in a set."""
        ...

    async def count(self, set_name: str) -> int:
        """Return how many vectors a set holds."""
        ...

    async def drop(self, set_name: str) -> None:
        """Remove a whole set."""
        ...

    async def set_names(self) -> set[str]:
        """Return the sets there are."""
        ...

    async def ping(self) -> str:
        """Return a word on what answers (``embedded`` or ``server``)."""
        ...

    async def aclose(self) -> None:
        """Let go of the index."""
        ...
