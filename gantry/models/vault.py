"""Documents, their collections, and the chunks that search works on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index, Text, text
from sqlmodel import Field

from gantry.domain.embedding import SetState
from gantry.domain.vault import DocumentState
from gantry.models.base import Row, UtcDateTime, text_enum

_UNFINISHED = text("state IN ('queued', 'parsing', 'embedding')")
_DEFAULT = text("is_default")
_ACTIVE = text("state = 'active'")


class Collection(Row, table=True):
    """A person's group of documents; one of them is the default."""

    __table_args__ = (
        Index("uq_collection_account_id_name", "account_id", "name", unique=True),
        Index(
            "uq_collection_account_id_default",
            "account_id",
            unique=True,
            postgresql_where=_DEFAULT,
            sqlite_where=_DEFAULT,
        ),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    name: str = Field(max_length=80)
    is_default: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Document(Row, table=True):
    """One uploaded file, and how far it has come; its bytes never change.

    It stands in a collection, or belongs to a conversation as an attached file, or (both empty) waits to be sent with a message.
    Ingestion is leased like an answer: only the worker whose ``attempt`` it is may write. ``problem`` is a ``domain.vault.DocumentProblem``.
    """

    __table_args__ = (
        CheckConstraint("attempt >= 0", name="attempt_not_negative"),
        CheckConstraint("collection_id IS NULL OR conversation_id IS NULL", name="one_place"),
        Index("uq_document_collection_id_sha256", "collection_id", "sha256", unique=True),
        Index("ix_document_account_id_created_at", "account_id", "created_at"),
        Index(
            "ix_document_lease_until", "lease_until", postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED
        ),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    collection_id: UUID | None = Field(default=None, foreign_key="collection.id", ondelete="CASCADE")
    conversation_id: UUID | None = Field(
        default=None, foreign_key="conversation.id", ondelete="CASCADE", index=True
    )
    name: str = Field(max_length=255)
    media_type: str = Field(max_length=127)
    size_bytes: int
    sha256: str = Field(max_length=64)
    state: DocumentState = Field(default=DocumentState.QUEUED, sa_type=text_enum(DocumentState))
    pages: int | None = None  # None: not known yet, or a kind without pages
    pages_done: int = 0
    characters: int = 0  # of the extracted text
    chunk_count: int = 0
    embedded_count: int = 0
    problem: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    attempt: int = 0
    failures: int = 0  # attempts that ended without a word while the file was being read
    worker: str = Field(default="", max_length=64)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    ready_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Chunk(Row, table=True):
    """A piece of a document's extracted text, ``start_offset`` to ``end_offset`` in characters; pieces may overlap.

    ``context`` (the document's name and the headings above) is searched with it. ``vectors_in`` names the newest
    vector set that holds its vector; empty: it waits to be embedded. ``collection_id`` and ``conversation_id`` repeat the document's, for the search.
    """

    __table_args__ = (
        Index("uq_chunk_document_id_ordinal", "document_id", "ordinal", unique=True),
        Index("ix_chunk_vectors_in_id", "vectors_in", "id"),
    )

    document_id: UUID = Field(foreign_key="document.id", ondelete="CASCADE")
    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    collection_id: UUID | None = None
    conversation_id: UUID | None = None
    ordinal: int
    page: int | None = None
    heading: str = Field(default="", max_length=500)
    start_offset: int
    end_offset: int
    context: str = Field(default="", sa_type=Text)
    content: str = Field(sa_type=Text)
    vectors_in: str = Field(default="", max_length=64)


class EmbeddingSet(Row, table=True):
    """The vectors of one embedding model; exactly one set is searched, another may be filled beside it.

    The lease on the active one says which process indexes what waits.
    """

    __table_args__ = (
        Index(
            "uq_embedding_set_active", "state", unique=True, postgresql_where=_ACTIVE, sqlite_where=_ACTIVE
        ),
    )

    name: str = Field(max_length=64, unique=True)
    model: str = Field(max_length=255)
    dimension: int
    semantic: bool = True
    state: SetState = Field(default=SetState.BUILDING, sa_type=text_enum(SetState))
    created_at: datetime = Field(sa_type=UtcDateTime)
    worker: str = Field(default="", max_length=64)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
