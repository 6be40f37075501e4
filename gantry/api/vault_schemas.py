"""Collections, documents and search, as programs see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from gantry.api.chat_schemas import ScopeIn
from gantry.domain.vault import MAX_COLLECTION_NAME_CHARACTERS, MAX_NAME_CHARACTERS


class CollectionIn(BaseModel):
    """A collection's name."""

    name: str = Field(min_length=1, max_length=MAX_COLLECTION_NAME_CHARACTERS)


class CollectionOut(BaseModel):
    """A collection and what is in it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    is_default: bool
    documents: int
    ready: int
    size_bytes: int


class DocumentOut(BaseModel):
    """A document; ``state`` is queued, parsing, embedding, ready or failed, with ``problem`` saying why.

    It can be searched by its words from ``embedding`` on.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    collection_id: UUID | None
    conversation_id: UUID | None
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    state: str
    pages: int | None
    pages_done: int
    characters: int
    chunk_count: int
    embedded_count: int
    problem: dict[str, Any] | None
    created_at: datetime
    ready_at: datetime | None


class DocumentList(BaseModel):
    """Newest first; ``next`` goes into ``after`` for the following page."""

    documents: list[DocumentOut]
    next: UUID | None


class DocumentChange(BaseModel):
    """What to change; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=MAX_NAME_CHARACTERS)
    collection_id: UUID | None = None


class ChunkOut(BaseModel):
    """A piece of the extracted text, between two places in characters; pieces overlap."""

    model_config = ConfigDict(from_attributes=True)

    ordinal: int
    page: int | None
    heading: str
    start_offset: int
    end_offset: int
    content: str


class ChunkList(BaseModel):
    """Chunks in order; ``next`` goes into ``first``."""

    chunks: list[ChunkOut]
    next: int | None


class PageTextOut(BaseModel):
    """The text around a passage; the passage itself lies between ``mark_start`` and ``mark_end`` of it."""

    name: str
    text: str
    start: int
    page: int | None
    pages: int | None
    mark_start: int
    mark_end: int


class SearchRequest(BaseModel):
    """A question, and where to look."""

    query: str = Field(min_length=1, max_length=4000)
    scope: ScopeIn = ScopeIn()
    memory: StrictBool = False
    limit: int = Field(default=8, ge=1, le=50)


class PassageOut(BaseModel):
    """A passage that was found; a higher score is better, comparable inside one search."""

    kind: str
    text: str
    score: float
    title: str
    document_id: UUID | None = None
    page: int | None = None
    heading: str = ""
    start: int = 0
    end: int = 0
    conversation_id: UUID | None = None
    message_id: UUID | None = None
    speaker: str = ""
    said_at: datetime | None = None


class SearchOut(BaseModel):
    """Passages, best first. ``left_out`` names what did not answer in time; ``searched`` counts the documents in scope."""

    passages: list[PassageOut]
    left_out: list[str]
    searched: int
    index: str
