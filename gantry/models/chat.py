"""Conversations, their tree of messages, and the answers being written."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index, SmallInteger, Text, false, text, true
from sqlmodel import Field

from gantry.domain.chat import (
    CitationKind,
    GenerationStatus,
    MessageRole,
    MessageStatus,
    Rating,
)
from gantry.domain.context import PartKind
from gantry.models.base import Row, UtcDateTime, text_enum

_LIVE = text("status IN ('queued', 'running')")
_UNREAD = text("memorised_at IS NULL AND status <> 'streaming'")


class Conversation(Row, table=True):
    """One conversation. Its messages are a tree; the path to ``active_leaf_id`` is on screen.

    ``title_by_hand`` keeps our titles from replacing a person's. ``deleted_at`` is set for the minutes in which
    a deletion can be undone. ``seen_at`` is when its owner last had it open; ``answered_at`` when an answer last ended.
    ``scope`` is a ``domain.knowledge.DocumentScope``. With ``remembered`` off nothing is recalled into it nor learned from it;
    ``parameters`` are ``domain.parameters.Parameters`` of its own, which go before those of its persona;
    a ``temporary`` one is in no list and no search, and is removed when its owner leaves it. ``studied_id`` is the last
    message a model has read for facts; until ``study_after`` somebody is at it, or it is not to be tried again.
    An ``archived`` one is found, read and continued, but stands in no list of the others. ``compared`` are the ids of answers to
    one question that stand side by side, in order; they do while ``active_leaf_id`` is one of them.
    """

    __table_args__ = (
        Index("ix_conversation_account_id_updated_at", "account_id", "updated_at"),
        Index("ix_conversation_listed", "account_id", "archived", "pinned", "folder_id", "updated_at"),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    title: str = Field(default="", max_length=120)
    title_by_hand: bool = False
    pinned: bool = False
    archived: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    folder_id: UUID | None = Field(default=None, foreign_key="folder.id", ondelete="SET NULL", index=True)
    tags: list[str] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )  # None: none
    model: str | None = Field(default=None, max_length=255)
    scope: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    parameters: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    persona_id: UUID | None = None  # no foreign key: SQLite cannot drop a column that has one
    remembered: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    temporary: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    studied_id: UUID | None = None  # no foreign key: it only marks a place in time
    study_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    active_leaf_id: UUID | None = None  # no foreign key: it would close a ring with message
    compared: list[str] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )  # None: none
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class Message(Row, table=True):
    """One message of the tree. ``depth`` is 0 at the root; siblings are alternatives.

    While ``status`` is streaming, ``content`` is the last checkpoint. ``error`` is a ``domain.chat.AnswerError``,
    never text of the answer. ``client_key`` is the page's name for one press of Send. ``left_out`` counts earlier messages that did not fit the model's context;
    ``ending`` is a ``domain.chat.Ending``.
    ``retrieval`` says of an answer where was looked and what was found (``domain.context.Retrieval``), ``memorised_at``
    when memory has read the message; None: it is still to be read, ``domain.memory.PASSED_OVER``: memory was off for it.
    """

    __table_args__ = (
        Index("ix_message_conversation_id_parent_id", "conversation_id", "parent_id"),
        Index("ix_message_account_id_id", "account_id", "id"),  # the newest of a person, in order
        Index("uq_message_account_id_client_key", "account_id", "client_key", unique=True),
        CheckConstraint("role = 'assistant' OR status = 'complete'", name="user_is_complete"),
        CheckConstraint("depth >= 0", name="depth_not_negative"),
        Index("ix_message_unread", "id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
    )

    conversation_id: UUID = Field(foreign_key="conversation.id", ondelete="CASCADE")
    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    parent_id: UUID | None = Field(default=None, foreign_key="message.id", ondelete="CASCADE", index=True)
    depth: int = 0
    role: MessageRole = Field(sa_type=text_enum(MessageRole))
    client_key: str | None = Field(default=None, max_length=64)
    content: str = Field(default="", sa_type=Text)
    reasoning: str = Field(default="", sa_type=Text)
    status: MessageStatus = Field(default=MessageStatus.COMPLETE, sa_type=text_enum(MessageStatus))
    model: str | None = Field(default=None, max_length=255)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_estimated: bool = False
    first_token_ms: int | None = None
    reasoning_ms: int | None = None
    total_ms: int | None = None
    left_out: int = 0
    truncated: bool = False
    ending: str | None = Field(default=None, max_length=16)
    error: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    retrieval: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    memorised_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Generation(Row, table=True):
    """One answer being written; the row that decides which process writes it.

    A writer may write only while ``attempt`` is its own and ``status`` is running. ``stored_attempt`` is the attempt
    that the message's content comes from: a takeover that starts over has none until its first checkpoint.
    ``resumes_from`` is set for "continue": the answer begins after that many characters of the message. ``parameters`` are those
    that were in force when it was asked for: whoever takes it over asks the same. ``place`` is that among answers side by side,
    of which each place has one live one; all other answers have the first place.
    """

    __table_args__ = (
        CheckConstraint("attempt >= 0", name="attempt_not_negative"),
        CheckConstraint("status <> 'running' OR lease_until IS NOT NULL", name="running_has_lease"),
        Index(
            "uq_generation_conversation_id_place_live",
            "conversation_id",
            "place",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
        Index("ix_generation_lease_until", "lease_until", postgresql_where=_LIVE, sqlite_where=_LIVE),
    )

    conversation_id: UUID = Field(foreign_key="conversation.id", ondelete="CASCADE")
    message_id: UUID = Field(foreign_key="message.id", ondelete="CASCADE", index=True)
    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    model: str = Field(max_length=255)
    status: GenerationStatus = Field(default=GenerationStatus.QUEUED, sa_type=text_enum(GenerationStatus))
    attempt: int = 0
    stored_attempt: int = 0
    resumes_from: int | None = None
    place: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    parameters: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    writer: str = Field(default="", max_length=64)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stop_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Attachment(Row, table=True):
    """A file that was sent with one message; ``document_id`` is empty once the file was deleted."""

    message_id: UUID = Field(foreign_key="message.id", ondelete="CASCADE", index=True)
    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    document_id: UUID | None = Field(default=None, foreign_key="document.id", ondelete="SET NULL", index=True)
    name: str = Field(max_length=255)
    media_type: str = Field(max_length=127)
    size_bytes: int
    created_at: datetime = Field(sa_type=UtcDateTime)


class Citation(Row, table=True):
    """One numbered source that was given for an answer; ``cited`` says whether the answer refers to it.

    Its passage, and what that was taken from, is a ``Quotation``, which goes when its source does; the number stays.
    """

    __table_args__ = (Index("uq_citation_message_id_number", "message_id", "number", unique=True),)

    message_id: UUID = Field(foreign_key="message.id", ondelete="CASCADE")
    number: int
    kind: CitationKind = Field(default=CitationKind.DOCUMENT, sa_type=text_enum(CitationKind))
    cited: bool = True
    title: str = Field(default="", max_length=255)
    page: int | None = None
    heading: str = Field(default="", max_length=500)
    start_offset: int = 0
    end_offset: int = 0


class ContextTrace(Row, table=True):
    """That something was sent to the model for one answer, and how much; its parts are ``SentPart``."""

    message_id: UUID = Field(foreign_key="message.id", ondelete="CASCADE", unique=True)
    tokens: int
    budget_tokens: int
    created_at: datetime = Field(sa_type=UtcDateTime)


class SentPart(Row, table=True):
    """One part of what was sent to the model for an answer, or left out: a ``domain.context.ContextPart``.

    ``text`` is empty of history (``upto`` names its last message) and of what was quoted (``Quotation``).
    """

    __table_args__ = (Index("uq_sent_part_trace_id_ordinal", "trace_id", "ordinal", unique=True),)

    trace_id: UUID = Field(foreign_key="context_trace.id", ondelete="CASCADE")
    ordinal: int
    kind: PartKind = Field(sa_type=text_enum(PartKind))
    title: str = Field(default="", sa_type=Text)
    tokens: int = 0
    text: str = Field(default="", sa_type=Text)
    number: int = 0
    messages: int = 0
    upto: UUID | None = Field(default=None, foreign_key="message.id", ondelete="SET NULL", index=True)
    left_out: str = Field(default="", max_length=255)


class Quotation(Row, table=True):
    """What was taken from a document or from memory for an answer; the database removes it with what it was taken from.

    ``passage`` is what a citation shows, empty of facts, which have no number; ``sent`` is what the model read.
    """

    citation_id: UUID | None = Field(default=None, foreign_key="citation.id", ondelete="CASCADE", unique=True)
    part_id: UUID | None = Field(default=None, foreign_key="sent_part.id", ondelete="CASCADE", unique=True)
    document_id: UUID | None = Field(default=None, foreign_key="document.id", ondelete="CASCADE", index=True)
    memory_item_id: UUID | None = Field(
        default=None, foreign_key="memory_item.id", ondelete="CASCADE", index=True
    )
    passage: str = Field(default="", sa_type=Text)
    sent: str = Field(default="", sa_type=Text)


class Feedback(Row, table=True):
    """A person's judgement of an answer; one for each message."""

    message_id: UUID = Field(foreign_key="message.id", ondelete="CASCADE", unique=True)
    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    rating: Rating = Field(sa_type=text_enum(Rating))
    created_at: datetime = Field(sa_type=UtcDateTime)


def is_held_back(answer: Message | type[Message]) -> Any:
    """Whether memory waits until an answer is chosen among those side by side; of the table: that as a condition."""
    return answer.memorised_at == answer.created_at


def hold_back(answer: Message) -> None:
    """Have memory wait until this answer is chosen."""
    answer.memorised_at = answer.created_at
