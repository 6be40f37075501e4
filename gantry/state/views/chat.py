"""What the chat page may see of conversations, messages and models."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gantry.domain.catalog import BUILT_IN, ModelRef
from gantry.domain.chat import MessageStatus
from gantry.domain.context import Retrieval
from gantry.models import Message
from gantry.services.catalog import ModelChoice
from gantry.services.chat import Bubble, Window
from gantry.services.vault import CollectionSummary


@dataclass(frozen=True, slots=True)
class SourceView:
    """A numbered source of an answer, without its passage."""

    number: int
    title: str
    page: int  # 0: it has none
    kind: str


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection that a conversation may read."""

    id: str
    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message on screen.

    ``generation_id`` names the stream that holds the text when ``markdown`` does not: while the answer is
    being written, and afterwards in a tab that has read it there already.
    """

    id: str
    role: str
    markdown: str
    reasoning: str
    reasoning_ms: int
    status: str
    model: str
    generation_id: str
    sibling_index: int  # from 1
    sibling_count: int
    previous_id: str
    next_id: str
    rating: str
    error_title: str
    error_advice: str
    error_details: str
    usage: str
    created_at: str  # ISO 8601; the browser shows it in its own time zone
    left_out: int
    truncated: bool
    sources: list[SourceView]
    note: str  # what is said beside the sources: nothing found, a search that did not answer
    files: list[str]  # names of what was sent with a question


@dataclass(frozen=True, slots=True)
class ModelChoiceView:
    """One line of the model picker. ``context`` is a length such as ``8k``, or empty when it is not known."""

    id: str
    name: str
    group: str
    context: str
    available: bool


def message_view(bubble: Bubble, *, held: bool = False) -> MessageView:
    """Make the view of *bubble*; of a *held* one the tab has the text, or is about to read it."""
    message = bubble.message
    error = message.error or {}
    at = bubble.siblings.index(message.id) if message.id in bubble.siblings else 0
    live = message.status is MessageStatus.STREAMING
    retrieval = Retrieval.parse(message.retrieval)
    follows = (live or held) and bubble.generation_id is not None
    return MessageView(
        id=str(message.id),
        role=message.role.value,
        markdown="" if held and follows else message.content,
        reasoning="" if held and follows else message.reasoning,
        reasoning_ms=message.reasoning_ms or 0,
        status=message.status.value,
        model=ModelRef.parse(message.model).name if message.model else "",
        generation_id=str(bubble.generation_id) if follows else "",
        sibling_index=at + 1,
        sibling_count=len(bubble.siblings),
        previous_id=str(bubble.siblings[at - 1]) if at > 0 else "",
        next_id=str(bubble.siblings[at + 1]) if at + 1 < len(bubble.siblings) else "",
        rating=bubble.rating.value if bubble.rating else "",
        error_title=str(error.get("title", "")),
        error_advice=str(error.get("advice", "")),
        error_details=str(error.get("details", "")),
        usage="" if live else usage_label(message),
        created_at=message.created_at.isoformat(timespec="seconds"),
        left_out=message.left_out,
        truncated=message.truncated,
        sources=[SourceView(row.number, row.title, row.page or 0, row.kind.value) for row in bubble.sources],
        note=retrieval.sentence if retrieval and not live else "",
        files=[file.name for file in bubble.attachments],
    )


def collection_views(found: Sequence[CollectionSummary]) -> list[CollectionView]:
    """Make the lines of the scope picker."""
    return [CollectionView(str(each.collection.id), each.collection.name, each.documents) for each in found]


def message_views(window: Window, held: Collection[str] = ()) -> list[MessageView]:
    """Make the views of a window, oldest first; *held* are ids of messages whose text the tab has."""
    return [message_view(bubble, held=str(bubble.message.id) in held) for bubble in window.bubbles]


def parent_ids(window: Window) -> list[str]:
    """Return the id of the message above each one of *window*; empty for the first of a conversation."""
    return [str(bubble.message.parent_id or "") for bubble in window.bubbles]


def usage_label(message: Message) -> str:
    """Say what an answer took: ``llama3 · 412 tokens · 38 tokens/s · 10.8 s``; empty for a question."""
    if not message.model:
        return ""
    model = ModelRef.parse(message.model)
    parts = [model.name]
    tokens, total_ms = message.completion_tokens, message.total_ms
    if tokens:
        parts.append(
            f"{'≈ ' if message.tokens_estimated else ''}{tokens:,} token{'' if tokens == 1 else 's'}"
        )
        writing_ms = (total_ms or 0) - (message.first_token_ms or 0)
        if writing_ms > 0 and model.connection != BUILT_IN:  # which quotes: it has no speed of writing
            speed = tokens * 1000 / writing_ms
            parts.append(f"{speed:.0f} tokens/s" if speed >= 10 else f"{speed:.1f} tokens/s")
    if total_ms:
        parts.append(f"{total_ms / 1000:.1f} s")
    return " · ".join(parts)


def model_views(choices: Collection[ModelChoice]) -> list[ModelChoiceView]:
    """Make the lines of the model picker, in the catalog's order."""
    return [
        ModelChoiceView(
            id=choice.id,
            name=choice.name,
            group=choice.connection_name,
            context=_short_count(choice.context_tokens),
            available=choice.available,
        )
        for choice in choices
    ]


def only_built_in(choices: Collection[ModelChoice]) -> bool:
    """Whether no model server is connected, so that only the built-in answerer can answer."""
    return all(choice.connection == BUILT_IN for choice in choices)


def _short_count(tokens: int | None) -> str:
    if not tokens:
        return ""
    if tokens < 1024:
        return str(tokens)
    return f"{tokens // 1024}k" if tokens < 1024 * 1024 else f"{tokens / (1024 * 1024):.3g}M"
