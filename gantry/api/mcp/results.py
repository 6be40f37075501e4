"""What the tools return, as clients may rely on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class FoundPassage(BaseModel):
    """A passage of a document."""

    document: UUID
    title: str
    page: int | None = Field(description="For read_page.")
    heading: str
    text: str
    score: float
    resource: str = Field(description="Address of the document's text.")


class FoundPassages(BaseModel):
    """Passages, best first."""

    passages: list[FoundPassage]
    searched: int = Field(description="How many documents were searched.")
    left_out: list[str] = Field(description="Which ways of searching did not answer.")


class PageText(BaseModel):
    """One page."""

    document: UUID
    title: str
    page: int
    pages: int = Field(description="How many the document has.")
    text: str


class PastTurn(BaseModel):
    """Something that was said."""

    conversation: UUID
    title: str
    speaker: str
    said_at: datetime | None
    text: str


class Remembered(BaseModel):
    """What is remembered."""

    facts: list[str]
    said: list[PastTurn]


class NewFact(BaseModel):
    """What is remembered from now on."""

    id: UUID
    text: str


class ListedConversation(BaseModel):
    """A conversation; with a query also what was found in it."""

    id: UUID
    title: str
    at: datetime
    message: UUID | None = None
    snippet: str = ""


class Conversations(BaseModel):
    """Conversations, newest first."""

    conversations: list[ListedConversation]


class Reference(BaseModel):
    """What an answer refers to by a number in square brackets."""

    number: int
    title: str
    passage: str = ""
    document: UUID | None = None
    page: int | None = None
    conversation: UUID | None = None


class SaidMessage(BaseModel):
    """A message."""

    id: UUID
    role: str
    text: str
    at: datetime
    citations: list[Reference] = []


class ReadMessages(BaseModel):
    """A part of a conversation, oldest message first."""

    id: UUID
    title: str
    messages: list[SaidMessage]
    earlier: bool = Field(description="Whether there are messages before these.")


class Answered(BaseModel):
    """An answer."""

    answer: str
    status: str = Field(description="complete, stopped or failed.")
    conversation: UUID
    citations: list[Reference]


def schema_of(result: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a tool's result, or of what it says when it fails: clients check both against it."""
    schema = result.model_json_schema()
    fails = ["type", "status", "detail"]
    return {**schema, "required": [], "anyOf": [{"required": schema["required"]}, {"required": fails}]}
