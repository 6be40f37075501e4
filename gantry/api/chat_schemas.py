"""Conversations, messages and answers, as programs see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from annotated_types import Len
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    field_validator,
)

from gantry.api.described import example
from gantry.domain.chat import (
    MAX_COMPARED,
    MAX_MESSAGE_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    Ending,
    Rating,
    StoredAttachment,
    StoredMessage,
    error_for,
)
from gantry.domain.context import CitedSource
from gantry.domain.knowledge import MAX_CHOSEN, DocumentScope, ScopeKind
from gantry.domain.order import MAX_TAG_CHARACTERS, MAX_TAGS
from gantry.domain.parameters import (
    MAX_ANSWER_TOKENS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    MAX_STOP_WORD_CHARACTERS,
    MAX_STOP_WORDS,
    MAX_TEMPERATURE,
    Effort,
    Parameters,
)

Tag = Annotated[str, StringConstraints(max_length=2 * MAX_TAG_CHARACTERS)]
Tags = Annotated[list[Tag], Len(max_length=2 * MAX_TAGS)]


class _FromValue(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="ignore")


class ScopeIn(BaseModel):
    """Which documents to read: none, all, or some (those of the collections, and the documents)."""

    kind: ScopeKind = ScopeKind.ALL
    collections: list[UUID] = Field(default_factory=list, max_length=MAX_CHOSEN)
    documents: list[UUID] = Field(default_factory=list, max_length=MAX_CHOSEN)

    def scope(self) -> DocumentScope:
        """Return the value."""
        return DocumentScope(self.kind, tuple(self.collections), tuple(self.documents))


class ParametersBody(_FromValue):
    """How the model is to answer. What is null, or empty, is left to the persona, or else to the model server."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    system_prompt: str = Field(default="", max_length=MAX_PROMPT_CHARACTERS)
    temperature: StrictFloat | None = Field(default=None, ge=0, le=MAX_TEMPERATURE)
    top_p: StrictFloat | None = Field(default=None, ge=0, le=1)
    seed: StrictInt | None = Field(default=None, ge=0, le=MAX_SEED)
    max_tokens: StrictInt | None = Field(default=None, ge=1, le=MAX_ANSWER_TOKENS)
    reasoning_effort: Effort | None = None
    stop: list[Annotated[str, Field(min_length=1, max_length=MAX_STOP_WORD_CHARACTERS)]] = Field(
        default_factory=list, max_length=MAX_STOP_WORDS
    )

    def parameters(self) -> Parameters:
        """Return the value."""
        return Parameters(**self.model_dump(exclude={"stop"}), stop=tuple(self.stop))


class NewConversation(BaseModel):
    """What to start a conversation with."""

    model_config = ConfigDict(json_schema_extra=example({"title": "Tea", "model": "gantry/extractive"}))

    title: str = Field(default="", max_length=MAX_TITLE_CHARACTERS)
    model: str | None = Field(default=None, max_length=255)
    scope: ScopeIn | None = None
    temporary: StrictBool = False
    remembered: StrictBool = True
    folder_id: UUID | None = None
    parameters: ParametersBody = Field(default_factory=ParametersBody)
    persona: UUID | None = Field(
        default=None, description="With its model and documents, where none are named here."
    )


class ConversationChange(BaseModel):
    """What to change; what is left out stays. Without a ``folder_id`` (null) it stands in no folder."""

    title: str | None = Field(default=None, max_length=MAX_TITLE_CHARACTERS)
    pinned: StrictBool | None = None
    model: str | None = Field(default=None, max_length=255)
    scope: ScopeIn | None = None
    remembered: StrictBool | None = None
    archived: StrictBool | None = None
    folder_id: UUID | None = None
    tags: Tags | None = None
    parameters: ParametersBody | None = Field(
        default=None, description="In place of all that was set; {} sets nothing."
    )
    persona: UUID | None = Field(
        default=None, description="With its model and documents; null takes the persona away."
    )


_CONVERSATION = {
    "id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c72",
    "title": "Tea",
    "pinned": False,
    "model": "gantry/extractive",
    "scope": {"kind": "all", "collections": [], "documents": []},
    "remembered": True,
    "temporary": False,
    "archived": False,
    "folder_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c77",
    "tags": ["drinks"],
    "parameters": {"temperature": 0.5},
    "persona_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c78",
    "active_leaf_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c73",
    "created_at": "2026-11-27T09:30:00Z",
    "updated_at": "2026-11-27T09:31:00Z",
}


class ConversationOut(_FromValue):
    """One conversation."""

    model_config = ConfigDict(json_schema_extra=example(_CONVERSATION))

    id: UUID
    title: str
    pinned: bool
    model: str | None
    scope: dict[str, Any]
    remembered: bool
    temporary: bool
    archived: bool
    folder_id: UUID | None
    tags: list[str] = []
    parameters: Annotated[ParametersBody, BeforeValidator(lambda stored: stored or {})]
    persona_id: UUID | None
    active_leaf_id: UUID | None
    compared: list[UUID] = Field(default=[], description="Answers that stand side by side until one is kept.")
    created_at: datetime
    updated_at: datetime

    @field_validator("tags", "compared", mode="before")
    @classmethod
    def _none_is_none(cls, tags: Sequence[str] | None) -> Sequence[str]:
        return tags or []


class ListedConversation(ConversationOut):
    """A conversation in the list."""

    model_config = ConfigDict(
        json_schema_extra=example(_CONVERSATION | {"answering": False, "unseen": False})
    )

    answering: bool
    unseen: bool


class ConversationList(BaseModel):
    """Newest change first; ``next`` goes into ``before`` for the following page."""

    conversations: list[ListedConversation]
    next: datetime | None


class CitationOut(_FromValue):
    """A numbered source of an answer, without its passage (``GET /messages/{id}/sources`` has it)."""

    number: int
    kind: str
    cited: bool
    title: str
    page: int | None
    heading: str
    document_id: UUID | None
    source_message_id: UUID | None


class SourceOut(CitationOut):
    """A numbered source with its passage; empty, and not ``available``, once it was deleted.

    ``start_offset`` and ``end_offset`` are characters of the document's extracted text. Of a past message
    ``source_message_id``, ``conversation_id`` and ``said_at`` tell where and when it was said.
    """

    start_offset: int
    end_offset: int
    passage: str
    source_message_id: UUID | None = None
    conversation_id: UUID | None = None
    said_at: datetime | None = None
    available: bool = True


class ContextPartOut(BaseModel):
    """One part of a prompt; ``left_out`` says why it was not sent."""

    kind: str
    title: str
    tokens: int
    text: str
    number: int
    left_out: str


class ContextOut(BaseModel):
    """What was sent to the model for an answer; token counts are estimates that lean high."""

    tokens: int
    budget_tokens: int
    parts: list[ContextPartOut]


class AttachmentOut(_FromValue):
    """A file that was sent with a message; no ``document_id``: it was deleted."""

    document_id: UUID | None
    name: str
    media_type: str
    size_bytes: int


class UsageOut(BaseModel):
    """Tokens; estimated where the server did not report them."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool


class MessageOut(_FromValue):
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
    ending: Ending | None = None
    error: dict[str, Any] | None
    retrieval: dict[str, Any] | None = None
    citations: list[CitationOut] = []
    attachments: list[AttachmentOut] = []
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(
        cls,
        message: StoredMessage,
        citations: Sequence[CitedSource] = (),
        attachments: Sequence[StoredAttachment] = (),
        *,
        administrator: bool = False,
    ) -> Self:
        """Make one from what the services know, as an administrator or anybody else may read it."""
        usage = None
        if message.completion_tokens is not None:
            usage = UsageOut(
                prompt_tokens=message.prompt_tokens or 0,
                completion_tokens=message.completion_tokens,
                estimated=message.tokens_estimated,
            )
        more = {
            "usage": usage,
            "error": error_for(message.error, administrator=administrator) if message.error else None,
            "citations": [CitationOut.model_validate(one) for one in citations],
            "attachments": [AttachmentOut.model_validate(one) for one in attachments],
        }
        return cls.model_validate(message).model_copy(update=more)


class ConversationWithMessages(ConversationOut):
    """A conversation with the messages of all branches, oldest first."""

    model_config = ConfigDict(json_schema_extra=example(_CONVERSATION | {"messages": []}))

    messages: list[MessageOut]


class NewMessage(BaseModel):
    """A message to send; ``parent_id`` is the answer it follows, by default the newest on the active branch.

    ``documents`` are files uploaded with ``attach=true``: they go with this message.
    """

    model_config = ConfigDict(json_schema_extra=example({"content": "What did I say about tea?"}))

    content: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)
    parent_id: UUID | None = None
    model: str | None = Field(default=None, max_length=255)
    models: list[Annotated[str, StringConstraints(min_length=1, max_length=255)]] = Field(
        default_factory=list,
        max_length=MAX_COMPARED,
        description=f"In place of `model`: two to {MAX_COMPARED} different models that answer side by side, until one answer is kept.",
    )
    documents: list[UUID] = Field(default_factory=list, max_length=20)


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


class StartedAnswer(_FromValue):
    """One answer being written."""

    message_id: UUID
    generation_id: UUID
    model: str


class Started(BaseModel):
    """An answer being written: follow it at ``/api/v1/generations/{generation_id}/events``.

    ``answers`` are all of them, it first: more than one where several models were asked.
    """

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "conversation_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c72",
                "message_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c73",
                "generation_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c74",
                "answers": [
                    {
                        "message_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c73",
                        "generation_id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c74",
                        "model": "ollama/qwen3:8b",
                    }
                ],
            }
        )
    )

    conversation_id: UUID
    message_id: UUID
    generation_id: UUID
    answers: list[StartedAnswer]


class GenerationOut(_FromValue):
    """One answer being written, or written."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    model: str
    status: str
    attempt: int
    created_at: datetime
    finished_at: datetime | None
