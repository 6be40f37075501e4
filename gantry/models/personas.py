"""Personas and prompts: what a person keeps to begin with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field

from gantry.models.base import Row, UtcDateTime

_DEFAULT = text("is_default")


class Persona(Row, table=True):
    """How a model is to answer, under a name: what a conversation may be had with. One may be the default.

    ``parameters`` are ``domain.parameters.Parameters``, ``scope`` is a ``domain.knowledge.DocumentScope``, ``questions`` are ways
    to begin. ``model`` is None where any will do.
    """

    __table_args__ = (
        Index(
            "uq_persona_account_id_default",
            "account_id",
            unique=True,
            postgresql_where=_DEFAULT,
            sqlite_where=_DEFAULT,
        ),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=80)
    description: str = Field(default="", max_length=300)
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    model: str | None = Field(default=None, max_length=255)
    scope: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    questions: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    is_default: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Prompt(Row, table=True):
    """A text under a name, to be put into a message; ``{{name}}`` stands for what is asked for then."""

    __table_args__ = (Index("uq_prompt_account_id_name", "account_id", "name", unique=True),)

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    name: str = Field(max_length=80)
    content: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
