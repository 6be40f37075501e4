"""Collections, documents and search, as programs see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from gantry.api.chat_schemas import ScopeIn
from gantry.api.described import example
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

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra=example(
            {
                "id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c75",
                "collection_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c76",
                "conversation_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c72",
                "name": "tea.pdf",
                "media_type": "application/pdf",
                "size_bytes": 48213,
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "state": "ready",
                "pages": 4,
                "pages_done": 4,
                "characters": 9120,
                "chunk_count": 11,
                "embedded_count": 11,
                "problem": {},
                "created_at": "2026-11-27T09:30:00Z",
                "ready_at": "2026-11-27T09:30:00Z",
            }
        ),
    )

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

    model_config = ConfigDict(json_schema_extra=example({"query": "How long does tea steep?", "limit": 3}))

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


class PassagesOut(BaseModel):
    """Passages, best first. ``left_out`` names what did not answer in time; ``searched`` counts the documents in scope."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "passages": [
                    {
                        "kind": "document",
                        "text": "Steep for three minutes.",
                        "score": 0.91,
                        "title": "tea.pdf",
                        "document_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c75",
                        "page": 2,
                        "heading": "Brewing",
                        "start": 410,
                        "end": 434,
                        "conversation_id": None,
                        "message_id": None,
                        "speaker": "",
                        "said_at": None,
                    }
                ],
                "left_out": [],
                "searched": 12,
                "index": "MiniLM",
            }
        )
    )

    passages: list[PassageOut]
    left_out: list[str]
    searched: int
    index: str
