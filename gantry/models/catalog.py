"""Model servers, what they offer, and the texts that shape a model."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from gantry.domain.catalog import ConnectionKind
from gantry.models.base import Row, UtcDateTime, text_enum


class Connection(Row, table=True):
    """A model server an administrator added; its key is encrypted with a key derived from SECRET_KEY."""

    slug: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=80)
    kind: ConnectionKind = Field(sa_type=text_enum(ConnectionKind))
    base_url: str = Field(max_length=500)
    key_encrypted: str | None = Field(default=None, max_length=2000)
    enabled: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ModelEntry(Row, table=True):
    """The last known state of a model, so that a page opens with a list while servers are asked again."""

    __table_args__ = (Index("uq_model_entry_connection_name", "connection_slug", "name", unique=True),)

    connection_slug: str = Field(max_length=40)
    name: str = Field(max_length=255)
    context_tokens: int | None = None
    context_learned: bool = False  # told by the server in an error, which beats what it lists
    hidden: bool = False
    seen_at: datetime = Field(sa_type=UtcDateTime)


class Persona(Row, table=True):
    """A named system prompt; of one person, or of everybody when ``account_id`` is empty."""

    account_id: UUID | None = Field(default=None, foreign_key="account.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=80)
    system_prompt: str = Field(sa_type=Text)
    model: str | None = Field(default=None, max_length=255)
    temperature: float | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class Prompt(Row, table=True):
    """A text to start from, called up with a slash."""

    __table_args__ = (Index("uq_prompt_account_id_name", "account_id", "name", unique=True),)

    account_id: UUID | None = Field(default=None, foreign_key="account.id", ondelete="CASCADE")
    name: str = Field(max_length=40)
    text: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
