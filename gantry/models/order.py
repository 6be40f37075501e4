"""The order of conversations, and the links by which others read one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from gantry.models.base import Row, UtcDateTime


class Folder(Row, table=True):
    """A person's folder of conversations; one with a parent stands inside it, and holds no other.

    ``scope`` is the ``domain.knowledge.DocumentScope`` that a conversation begun in it starts with; None: all documents.
    ``persona_id`` is the persona it starts with, in place of the default one.
    """

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    parent_id: UUID | None = Field(default=None, foreign_key="folder.id", ondelete="SET NULL", index=True)
    name: str = Field(max_length=80)
    scope: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    persona_id: UUID | None = None  # no foreign key, as in Conversation: one that is gone is none
    folded: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)


class Share(Row, table=True):
    """A conversation's branch as it was at one moment, for whoever has the link; of its token only the hash is kept.

    ``messages`` are ``domain.sharing.SharedMessage``. Files, and the passages of sources, are read from where they are: what is
    deleted there is gone from here.
    """

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    conversation_id: UUID = Field(foreign_key="conversation.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    title: str = Field(default="", max_length=120)
    messages: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    with_files: bool = False
    with_sources: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
