"""Conversations, messages and answers: values and rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from gantry.domain.messages import _
from gantry.domain.names import on_one_line

MAX_MESSAGE_CHARACTERS = 200_000
MAX_TITLE_CHARACTERS = 120
MAX_COMPARED = 4  # answers to one question, side by side
MAX_ANSWER_CHARACTERS = 400_000  # with its reasoning; beyond it a model is most likely caught in a loop
_TITLE_CHARACTERS = 60


class MessageRole(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """How far a message has come; a user's message is always complete."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


class GenerationStatus(StrEnum):
    """Life of one answer being written. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


LIVE = (GenerationStatus.QUEUED, GenerationStatus.RUNNING)


class Rating(StrEnum):
    """A reader's judgement of an answer."""

    UP = "up"
    DOWN = "down"


#: How a source is called whose conversation has no title.
UNTITLED = _("Conversation")


class CitationKind(StrEnum):
    """What a numbered source of an answer is."""

    DOCUMENT = "document"
    MESSAGE = "message"
    FACT = "fact"


class Ending(StrEnum):
    """Why a complete answer is not longer, where there is more to say than that it reached the length limit."""

    FILTERED = "filtered"  # the model server's content filter ended it
    FULL = "context-full"  # question and answer fill the model's context: it cannot be continued


@dataclass(frozen=True, slots=True)
class AnswerError:
    """Why an answer failed: stored beside its partial text, never as text.

    ``advice`` is an administrator's next step; ``person_advice`` is anybody else's, where theirs is another.
    """

    kind: str
    title: str
    advice: str = ""
    details: str = ""
    person_advice: str = ""


def error_for(error: Mapping[str, Any], *, administrator: bool) -> dict[str, Any]:
    """Return a stored ``AnswerError`` as one reader sees it: with the next step that fits them."""
    told = dict(error)
    person = told.pop("person_advice", "")
    if person and not administrator:
        told["advice"] = person
    return told


@dataclass(frozen=True, slots=True)
class Timings:
    """How long one answer took, in milliseconds."""

    first_token_ms: int | None
    total_ms: int
    reasoning_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation as its owner sees it. The path to ``active_leaf_id`` is on screen.

    ``scope`` is a ``DocumentScope``, ``parameters`` are ``Parameters`` of its own. ``compared`` are ids of answers side by side.
    """

    id: UUID
    created_at: datetime
    updated_at: datetime
    title: str = ""
    pinned: bool = False
    model: str | None = None
    scope: Mapping[str, Any] = field(default_factory=dict[str, Any])
    remembered: bool = True
    temporary: bool = False
    archived: bool = False
    folder_id: UUID | None = None
    tags: Sequence[str] | None = None  # None: none
    active_leaf_id: UUID | None = None
    compared: Sequence[str] | None = None  # None: none
    parameters: Mapping[str, Any] | None = None
    persona_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message of a conversation's tree as its owner sees it.

    While ``status`` is streaming, ``content`` is the last checkpoint. ``error`` is an ``AnswerError``, ``retrieval`` a
    ``domain.context.Retrieval``, ``ending`` an ``Ending``; ``left_out`` counts earlier messages that did not fit the model's context.
    """

    id: UUID
    conversation_id: UUID
    role: MessageRole
    created_at: datetime
    parent_id: UUID | None = None
    content: str = ""
    reasoning: str = ""
    status: MessageStatus = MessageStatus.COMPLETE
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_estimated: bool = False
    first_token_ms: int | None = None
    reasoning_ms: int | None = None
    total_ms: int | None = None
    left_out: int = 0
    truncated: bool = False
    ending: str | None = None
    error: Mapping[str, Any] | None = None
    finished_at: datetime | None = None
    retrieval: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file that was sent with a message; without ``document_id`` once it was deleted."""

    document_id: UUID | None
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class StoredGeneration:
    """One answer being written, or written."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    model: str
    status: GenerationStatus
    attempt: int
    created_at: datetime
    finished_at: datetime | None


_TITLE_FROM = 20_000  # characters of a message that are looked at for its title,
_TITLE_LINE = 1000  # and of a line: taking marks off in pairs takes time by its square
_FENCE = re.compile(
    r"^ {0,3}(?P<mark>`{3,}|~{3,})[^\n]*\n?(?P<code>.*?)(?:^ {0,3}(?P=mark)[^\n]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_BEGINS_LINE = re.compile(r"^(?:\s*(?:#{1,6}|>|[-*+]|\d{1,3}[.)])\s+)+")
_PAIRS = re.compile(r"(\*{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1|(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\3(?![\w(]|\.\w)")
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*(?=[\s,;:!?.]|\Z)(?!\.\w|://)")


def title_from_prompt(prompt: str) -> str:
    """Make a conversation title from its first message, without a model.

    The first line with words in it, outside of code where there is one, without the marks of markdown, cut at a word near
    60 characters. Names such as ``snake_case`` and addresses stay as they are written. Without words there is no title yet.
    """
    prompt = prompt[:_TITLE_FROM]
    prose = _FENCE.sub("\n", prompt)
    line = _first_line(prose)[:_TITLE_LINE]
    if line:
        line = _PAIRS.sub(lambda pair: pair[2] or pair[4], _BEGINS_LINE.sub("", line))
        word = _PLAIN_WORD.match(line)
        if word and word[0].islower():
            line = line[0].upper() + line[1:]
    else:
        line = _first_line("\n".join(block["code"] for block in _FENCE.finditer(prompt)))
    words = on_one_line(line)
    if not words:
        return ""
    if len(words) > _TITLE_CHARACTERS:
        head = words[:_TITLE_CHARACTERS]
        words = (head.rsplit(" ", 1)[0] if " " in head[20:] else head).rstrip(" ,.;:") + "…"
    return words


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if re.search(r"\w", line)), "")


def cleaned_title(raw: str) -> str:
    """Return a title a person typed, on one line and no longer than we store; may be empty."""
    return on_one_line(raw)[:MAX_TITLE_CHARACTERS]
