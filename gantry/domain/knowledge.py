"""What search finds, and where it may look."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID


class ScopeKind(StrEnum):
    """Which documents a conversation reads."""

    NONE = "none"
    ALL = "all"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class DocumentScope:
    """The documents a question may be answered from; always inside one account.

    ``attached`` are files given to one conversation; they belong to no collection, and are read whatever ``kind`` says.
    """

    kind: ScopeKind = ScopeKind.ALL
    collections: tuple[UUID, ...] = ()
    documents: tuple[UUID, ...] = ()
    attached: UUID | None = None  # the conversation whose attached files are read too

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Self:
        """Read what ``conversation.scope`` stores; anything that is not one means all."""
        try:
            kind = ScopeKind(raw.get("kind", ScopeKind.ALL))
            collections = tuple(UUID(one) for one in raw.get("collections", ()))
            documents = tuple(UUID(one) for one in raw.get("documents", ()))
        except (TypeError, ValueError, AttributeError):
            return cls()
        return cls(kind, collections, documents)

    def stored(self) -> dict[str, Any]:
        """Return the form of ``conversation.scope``."""
        return {
            "kind": self.kind.value,
            "collections": [str(one) for one in self.collections],
            "documents": [str(one) for one in self.documents],
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document or of a past conversation; a higher score is better, between 0 and 1.

    Neighbouring chunks are joined into one passage: ``rows`` are all of them, in order. ``page`` is that of the first.
    """

    rows: tuple[UUID, ...]  # chunk ids, or one memory item
    text: str
    score: float
    source_id: UUID  # the document, or the conversation; for a fact without one the fact
    title: str
    page: int | None = None
    heading: str = ""
    start: int = 0  # in characters of the document's extracted text
    end: int = 0
    message_id: UUID | None = None
    speaker: str = ""  # "user" or "assistant" for memory
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first. ``left_out`` names what did not answer in time, as a page says it."""

    passages: Sequence[Passage] = ()
    left_out: Sequence[str] = ()  # "vectors", "keywords", "reranker"
    searched: int = 0  # how many documents (or memories) were in scope; 0 means there was nothing to search
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])
