"""Model servers, and what they offer."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from gantry.domain.catalog import ConnectionKind
from gantry.models.base import Row, UtcDateTime, text_enum


class Connection(Row, table=True):
    """A model server an administrator added; its key is encrypted with a key derived from SECRET_KEY.

    ``models_by_hand``: offered also where the server does not list them. The waits are None for the usual ones (``Waits``).
    """

    slug: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=80)
    kind: ConnectionKind = Field(sa_type=text_enum(ConnectionKind))
    base_url: str = Field(max_length=500)
    key_encrypted: str | None = Field(default=None, max_length=2000)
    enabled: bool = True
    models_by_hand: list[str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    first_word_seconds: float | None = None
    between_words_seconds: float | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ModelEntry(Row, table=True):
    """The last known state of a model, so that a page opens with a list while servers are asked again."""

    __table_args__ = (Index("uq_model_entry_connection_name", "connection_slug", "name", unique=True),)

    connection_slug: str = Field(max_length=40)
    name: str = Field(max_length=255)
    context_tokens: int | None = None
    context_learned: bool = False  # told by the server in an error, which beats what it lists
    seen_at: datetime = Field(sa_type=UtcDateTime)
