"""People, their sessions, and what administrators did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index, false, text, true
from sqlmodel import Field

from gantry.domain.accounts import Role
from gantry.models.base import Row, UtcDateTime, text_enum


class Account(Row, table=True):
    """A person who may sign in. ``email`` is in the form of ``domain.accounts.normal_email``.

    ``language``: one of ``domain.messages.LANGUAGES``; empty: as in the browser.
    ``time_zone``: the name of the zone in which the person reads dates; None until a browser has told it.
    ``zone_chosen``: the person has chosen it, so it stays whatever a browser says.
    ``show_…``: what stands with messages.
    ``memory_enabled``: conversations are remembered and recalled. ``memory_by_model``: the model may extract facts when idle.
    """

    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=80)
    password_hash: str = Field(max_length=255)
    role: Role = Field(default=Role.USER, sa_type=text_enum(Role))
    active: bool = True
    theme: str = Field(default="system", max_length=16)
    language: str = Field(default="", max_length=16, sa_column_kwargs={"server_default": text("''")})
    default_model: str | None = Field(default=None, max_length=255)
    time_zone: str | None = Field(default=None, max_length=64)
    zone_chosen: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    density: str = Field(
        default="comfortable", max_length=16, sa_column_kwargs={"server_default": "comfortable"}
    )
    text_size: str = Field(default="normal", max_length=16, sa_column_kwargs={"server_default": "normal"})
    show_model: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    show_time: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    show_usage: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    memory_enabled: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    memory_by_model: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = Field(sa_type=UtcDateTime)
    password_changed_at: datetime = Field(sa_type=UtcDateTime)


class AuthSession(Row, table=True):
    """One signed-in browser. Only the SHA-256 of its token is stored."""

    __table_args__ = (Index("ix_auth_session_expires_at", "expires_at"),)

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    agent: str = Field(default="", max_length=300)
    address: str = Field(default="", max_length=64)


class ApiToken(Row, table=True):
    """What a program signs in with. Only the SHA-256 of it is stored, and how it ends, by which its owner knows it.

    ``scopes`` are words of ``domain.api_tokens.Scope``, separated by spaces.
    """

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=80)
    scopes: str = Field(max_length=64)
    token_hash: str = Field(unique=True, max_length=64)
    hint: str = Field(max_length=8)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_from: str = Field(default="", max_length=64)


class AuditEvent(Row, table=True):
    """What somebody did to accounts, sessions and connections; never deleted with its actor."""

    at: datetime = Field(sa_type=UtcDateTime, index=True)
    actor_id: UUID | None = Field(default=None, foreign_key="account.id", ondelete="SET NULL", index=True)
    action: str = Field(max_length=64)
    target: str = Field(default="", max_length=255)
    address: str = Field(default="", max_length=64)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
