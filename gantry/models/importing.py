"""What came in from other products, so that it comes once, and can go again as a whole."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from gantry.domain.imports import ImportState
from gantry.models.base import Row, UtcDateTime, text_enum


class ImportRun(Row, table=True):
    """One import. ``receipt`` is a ``domain.imports.Receipt``; of one that was only looked at, what it would add.

    ``path`` is where the upload waits, until it is imported or an hour has passed. ``problem`` says why it failed.
    """

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    name: str = Field(default="", max_length=255)
    state: ImportState = Field(sa_type=text_enum(ImportState))
    receipt: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    progress: int = 0  # percent
    path: str = Field(default="", max_length=1000)
    problem: str = Field(default="", max_length=1000)
    created_at: datetime = Field(sa_type=UtcDateTime)
    beat_at: datetime = Field(sa_type=UtcDateTime)  # when whoever works on it was last heard of
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ImportedConversation(Row, table=True):
    """Which conversation of a source became which of ours. ``key`` is the source's id, or a hash of its content.

    ``title``, ``updated_at`` and ``state`` (a hash of where it stands and how it is asked) are as they were imported: where
    ours differ, its owner has changed it since.
    """

    __table_args__ = (
        Index("uq_imported_conversation_account_id_format_key", "account_id", "format", "key", unique=True),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    run_id: UUID | None = Field(default=None, foreign_key="import_run.id", ondelete="SET NULL", index=True)
    conversation_id: UUID = Field(foreign_key="conversation.id", ondelete="CASCADE", unique=True)
    format: str = Field(max_length=32)
    key: str = Field(max_length=255)
    title: str = Field(default="", max_length=120)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    state: str | None = Field(default=None, max_length=64)  # None: an earlier version has not noted it
