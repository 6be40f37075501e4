"""Documents and their collections: values and rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from gantry.domain.messages import _
from gantry.domain.names import on_one_line

MAX_NAME_CHARACTERS = 255
MAX_COLLECTION_NAME_CHARACTERS = 80
DEFAULT_COLLECTION_NAME = _("My documents")


class DocumentState(StrEnum):
    """How far a document has come on its way to being searchable. The last two are final."""

    QUEUED = "queued"
    PARSING = "parsing"
    EMBEDDING = "embedding"  # its words can be searched already
    READY = "ready"
    FAILED = "failed"


UNFINISHED = (DocumentState.QUEUED, DocumentState.PARSING, DocumentState.EMBEDDING)


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """Why a document could not be read; ``page`` is where, 1-based, when it is known."""

    kind: str
    title: str
    advice: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection and what is in it: how many documents, how many of them ready, their bytes."""

    id: UUID
    name: str
    is_default: bool
    documents: int
    ready: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An uploaded file, and how far it has come.

    It stands in a collection, or belongs to a conversation as an attached file, or (both empty) waits to be sent with a message.
    ``pages`` is None while it is not known, and of a kind without pages; ``problem`` is a ``DocumentProblem``.
    """

    id: UUID
    collection_id: UUID | None
    conversation_id: UUID | None
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    state: DocumentState
    pages: int | None
    pages_done: int
    characters: int
    chunk_count: int
    embedded_count: int
    problem: Mapping[str, Any] | None
    attempt: int
    created_at: datetime
    ready_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A piece of a document's text, ``start_offset`` to ``end_offset`` in characters; ``context`` is searched with it."""

    id: UUID
    ordinal: int
    page: int | None
    heading: str
    start_offset: int
    end_offset: int
    context: str
    content: str


def cleaned_name(raw: str) -> str:
    """Return a file's or collection's name on one line, without folders and no longer than we store; may be empty."""
    name = on_one_line(raw.replace("\\", "/").rsplit("/", 1)[-1])
    if len(name) <= MAX_NAME_CHARACTERS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 12:
        return name[:MAX_NAME_CHARACTERS]
    return f"{stem[: MAX_NAME_CHARACTERS - len(ending) - 1]}.{ending}"
