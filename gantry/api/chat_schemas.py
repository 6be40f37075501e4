"""Conversations, messages and answers, as programs see them."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gantry.domain.chat import MAX_MESSAGE_CHARACTERS, MAX_TITLE_CHARACTERS, Rating


class _FromRow(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="ignore")


class NewConversation(BaseModel):
    """What to start a conversation with."""

    title: str = Field(default="", max_length=MAX_TITLE_CHARACTERS)
    model: str | None = Field(default=None, max_length=255)


class ConversationChange(BaseModel):
    """What to change; what is left out stays."""

    title: str | None = Field(default=None, max_length=MAX_TITLE_CHARACTERS)
    pinned: bool | None = None
    model: str | None = Field(default=None, max_length=255)


class ConversationOut(_FromRow):
    """One conversation."""

    id: UUID
    title: str
    pinned: bool
    model: str | None
    active_leaf_id: UUID | None
    created_at: datetime
    updated_at: datetime


class ListedConversation(ConversationOut):
    """A conversation in the list."""

    answering: bool
    unseen: bool


class ConversationList(BaseModel):
    """Newest change first; ``next`` goes into ``before`` for the following page."""

    conversations: list[ListedConversation]
    next: datetime | None


class UsageOut(BaseModel):
    """Tokens; estimated where the server did not report them."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool


class MessageOut(_FromRow):
    """One message of the tree; ``error`` says why an answer failed and is never part of ``content``."""

    id: UUID
    parent_id: UUID | None
    role: str
    content: str
    reasoning: str
    status: str
    model: str | None
    usage: UsageOut | None = None
    first_token_ms: int | None
    total_ms: int | None
    left_out: int
    truncated: bool
    error: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """Make one from a row of the table."""
        usage = None
        if row.completion_tokens is not None:
            usage = UsageOut(
                prompt_tokens=row.prompt_tokens or 0,
                completion_tokens=row.completion_tokens,
                estimated=row.tokens_estimated,
            )
        return cls.model_validate(row).model_copy(update={"usage": usage})


class ConversationWithMessages(ConversationOut):
    """A conversation with the messages of all branches, oldest first."""

    messages: list[MessageOut]


class NewMessage(BaseModel):
    """A message to send; ``parent_id`` is the answer it follows, by default the newest on the active branch."""

    content: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)
    parent_id: UUID | None = None
    model: str | None = Field(default=None, max_length=255)


class EditedMessage(BaseModel):
    """The new text of one of one's own messages."""

    content: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)
    model: str | None = Field(default=None, max_length=255)


class ModelChoiceIn(BaseModel):
    """Which model to use; null keeps the conversation's."""

    model: str | None = Field(default=None, max_length=255)


class RatingIn(BaseModel):
    """A judgement; null takes it back."""

    rating: Rating | None


class Started(BaseModel):
    """An answer being written: follow it at ``/api/v1/generations/{generation_id}/events``."""

    conversation_id: UUID
    message_id: UUID
    generation_id: UUID


class GenerationOut(_FromRow):
    """One answer being written, or written."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    model: str
    status: str
    attempt: int
    created_at: datetime
    finished_at: datetime | None
