"""What search finds, and where it may look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self
from uuid import UUID

from gantry.domain.accounts import Actor


class ScopeKind(StrEnum):
    """Which documents a conversation reads."""

    NONE = "none"
    ALL = "all"
    SOME = "some"


MAX_CHOSEN = 100  # documents, and as many collections, that one conversation names


@dataclass(frozen=True, slots=True)
class DocumentScope:
    """The documents a question may be answered from; always inside one account.

    ``attached`` are files given to one conversation; they belong to no collection, and are read whatever ``kind`` says.
    ``sent`` are those of them that came with the question itself: something of them is given whatever it says.
    """

    kind: ScopeKind = ScopeKind.ALL
    collections: tuple[UUID, ...] = ()
    documents: tuple[UUID, ...] = ()
    attached: UUID | None = None  # the conversation whose attached files are read too
    sent: tuple[UUID, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
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

    Chunks of one page, or that touch where there are no pages, are one passage: ``rows`` are all of them, in order.
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


class Nothing(StrEnum):
    """Why a search gave nothing."""

    EMPTY = "empty"  # there is nothing to search
    UNRELATED = "unrelated"  # the message has nothing to do with what there is: thanks, a sum, a poem
    MISSING = (
        "missing"  # something was asked for, of documents that were chosen or named, and it is not there
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first. ``left_out`` names what did not answer in time, as a page says it.

    ``nothing`` tells why there are no passages; None where there are, or where no search answered.
    """

    passages: Sequence[Passage] = ()
    left_out: Sequence[str] = ()  # "vectors", "keywords", "reranker"
    searched: int = 0  # how many documents (or memories) were in scope; 0 means there was nothing to search
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])
    nothing: Nothing | None = None


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A sentence about the person, and the memory it is."""

    text: str
    memory_item_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """What memory has for a question: sentences about the person, most important first, and past turns."""

    facts: Sequence[KnownFact] = ()
    turns: Found = field(default_factory=Found)


class DocumentSearch(Protocol):
    """Finds passages in a person's documents; ``services.retrieval.Retriever`` is the one there is."""

    async def documents(
        self,
        who: Actor,
        question: str,
        *,
        scope: DocumentScope,
        limit: int = 8,
        deadline_seconds: float = 3.0,
    ) -> Found:
        """Return passages inside *scope*, best first; never raises for a part that is away (see ``Found.left_out``)."""
        ...


class Recall(Protocol):
    """Finds what is remembered for a question; ``services.memory.MemoryService`` is the one there is."""

    async def recall(self, who: Actor, question: str, *, conversation: UUID | None) -> Recalled:
        """Return what may be told in *conversation*, or outside of any; nothing when memory is off for it."""
        ...
