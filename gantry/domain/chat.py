"""Conversations, messages and answers: values and rules."""

import re
from dataclasses import dataclass
from enum import StrEnum

from gantry.domain.text import storable

MAX_MESSAGE_CHARACTERS = 200_000
MAX_TITLE_CHARACTERS = 120
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


class CitationKind(StrEnum):
    """What a numbered source of an answer is."""

    DOCUMENT = "document"
    MESSAGE = "message"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class AnswerError:
    """Why an answer failed: stored beside its partial text, never as text."""

    kind: str
    title: str
    advice: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one answer; ``estimated`` when the server did not report them."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Timings:
    """How long one answer took, in milliseconds."""

    first_token_ms: int | None
    total_ms: int
    reasoning_ms: int | None = None


_FENCE = re.compile(r"```.*?(```|\Z)", re.DOTALL)
_MARKS = re.compile(r"^[#>\-*\s]+|[*_`]+")


def title_from_prompt(prompt: str) -> str:
    """Make a conversation title from its first message, without a model.

    The first line with words in it, markdown marks and code blocks removed, cut at a word near 60 characters.
    """
    prose = _FENCE.sub("\n", prompt) if _FENCE.sub("", prompt).strip() else prompt
    line = next((line for line in prose.splitlines() if re.search(r"\w", line)), "")
    words = " ".join(_MARKS.sub("", line).split())
    if not words:
        return "New conversation"
    if len(words) > _TITLE_CHARACTERS:
        head = words[:_TITLE_CHARACTERS]
        words = (head.rsplit(" ", 1)[0] if " " in head[20:] else head).rstrip(" ,.;:") + "…"
    return words[0].upper() + words[1:]


def cleaned_title(raw: str) -> str:
    """Return a title a person typed, on one line and no longer than we store; may be empty."""
    return " ".join(storable(raw).split())[:MAX_TITLE_CHARACTERS]
