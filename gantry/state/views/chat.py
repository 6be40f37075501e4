"""What the chat page may see of conversations, messages and models."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from gantry.domain.catalog import BUILT_IN, ModelRef
from gantry.domain.chat import Ending, MessageRole, MessageStatus, StoredAttachment, StoredMessage, error_for
from gantry.domain.context import CitedSource, Retrieval
from gantry.domain.knowledge import ScopeKind
from gantry.domain.messages import _, plural
from gantry.domain.pictures import is_shown
from gantry.domain.text import counted
from gantry.domain.written_in import written_in
from gantry.services.catalog import ModelChoice
from gantry.services.chat import Bubble, Window
from gantry.state.language import recalled, said
from gantry.state.views.models import model_label


@dataclass(frozen=True, slots=True)
class SourceView:
    """A numbered source of an answer, without its passage."""

    number: int
    title: str
    page: int  # 0: it has none
    kind: str
    cited: bool  # the answer refers to it


@dataclass(frozen=True, slots=True)
class CitedView:
    """One document, conversation or fact that an answer cites."""

    title: str
    place: str  # the page, where all that is cited stands on one
    numbers: str
    first: int  # of its numbers


@dataclass(frozen=True, slots=True)
class DocumentChoiceView:
    """A document that a conversation may read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture that was sent with a question."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message on screen.

    ``generation_id`` names the stream that holds the text when ``markdown`` does not: while the answer is
    being written, and afterwards in a tab that has read it there already.
    """

    id: str
    role: str
    markdown: str
    language: str  # that of an answer's text, as browsers name it; empty where it cannot be told
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
    blank: bool  # an answer that failed before its first word
    continues: bool  # an answer that can go on
    ending: str  # what is said below a complete answer that could have been longer
    sources: list[SourceView]
    cited: list[CitedView]
    uncited: str  # what the rest of the sources is called; empty when there is none
    first_uncited: int
    note: str  # what is said beside the sources: nothing found, a search that did not answer
    files: list[str]  # names of what was sent with a question
    pictures: list[PictureView]  # and what is shown of it
    heading: str = ""  # the model, of an answer that stands side by side with others,
    goes_on: bool = False  # and whether the next message goes on from it


@dataclass(frozen=True, slots=True)
class ModelChoiceView:
    """One line of the model picker. ``context`` says ``context_tokens`` in short, ``8k``; empty and 0 when not known."""

    id: str
    name: str
    server: str
    context: str
    context_tokens: int
    available: bool


@dataclass(frozen=True, slots=True)
class ComparedModelView:
    """A further model that the next message goes to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ServerModelsView:
    """The models of one server."""

    server: str
    models: list[ModelChoiceView]


def message_view(bubble: Bubble, *, administrator: bool, held: bool = False) -> MessageView:
    """Make the view of *bubble*; of a *held* one the tab has the text, or is about to read it."""
    message = bubble.message
    error = error_for(message.error or {}, administrator=administrator)
    at = bubble.siblings.index(message.id) if message.id in bubble.siblings else 0
    live = message.status is MessageStatus.STREAMING
    retrieval = Retrieval.parse(message.retrieval)
    follows = (live or held) and bubble.generation_id is not None
    sources = () if live else bubble.sources  # until then they come with the stream
    cited, uncited = cited_views(sources), [row.number for row in sources if not row.cited]
    blank = message.status is MessageStatus.FAILED and not message.content
    can_go_on = message.truncated and message.ending != Ending.FULL
    return MessageView(
        id=str(message.id),
        role=message.role.value,
        markdown="" if held and follows else message.content,
        language="" if live or message.role is not MessageRole.ASSISTANT else written_in(message.content),
        reasoning="" if held and follows else message.reasoning,
        reasoning_ms=message.reasoning_ms or 0,
        status=message.status.value,
        model=model_label(message.model or ""),
        generation_id=str(bubble.generation_id) if follows else "",
        sibling_index=at + 1,
        sibling_count=len(bubble.siblings),
        previous_id=str(bubble.siblings[at - 1]) if at > 0 else "",
        next_id=str(bubble.siblings[at + 1]) if at + 1 < len(bubble.siblings) else "",
        rating=bubble.rating.value if bubble.rating else "",
        error_title=recalled(str(error.get("title", ""))),
        error_advice=recalled(str(error.get("advice", ""))),
        error_details=str(error.get("details", "")),
        usage="" if live else usage_label(message),
        created_at=message.created_at.isoformat(timespec="seconds"),
        left_out=message.left_out,
        blank=blank,
        continues=not blank
        and (can_go_on or message.status in {MessageStatus.STOPPED, MessageStatus.FAILED}),
        ending=_ending_of(message),
        sources=[_source_view(row) for row in bubble.sources],
        cited=cited,
        uncited=_uncited_label(len(uncited), beside=bool(cited)),
        first_uncited=uncited[0] if uncited else 0,
        note=" ".join(map(recalled, retrieval.sentences)) if retrieval and not live else "",
        files=[file.name for file in bubble.attachments if not _is_picture(file)],
        pictures=[
            PictureView(str(file.document_id), file.name) for file in bubble.attachments if _is_picture(file)
        ],
    )


def _is_picture(file: StoredAttachment) -> bool:
    return file.document_id is not None and is_shown(file.media_type)


def cited_views(rows: Sequence[CitedSource]) -> list[CitedView]:
    """Group what an answer cites by what it is from, in the order of the first number."""
    by_origin: dict[tuple[str, UUID | None], list[CitedSource]] = {}
    for row in rows:
        if row.cited:
            by_origin.setdefault((row.title, row.document_id), []).append(row)
    return [
        CitedView(
            title=group[0].title,
            place=said(_("p. {page}", page=group[0].page))
            if len({row.page for row in group}) == 1 and group[0].page
            else "",
            numbers=", ".join(str(row.number) for row in group),
            first=group[0].number,
        )
        for group in by_origin.values()
    ]


def _uncited_label(count: int, *, beside: bool) -> str:
    if not count:
        return ""
    if beside:
        return said(_("+{count} more", count=count))
    return said(plural("{count} source read, not cited", "{count} sources read, none cited", count=count))


def _source_view(row: CitedSource) -> SourceView:
    return SourceView(row.number, row.title, row.page or 0, row.kind.value, row.cited)


def scope_label(kind: str, collections: Sequence[str], documents: int) -> str:
    """Say what a conversation may read; *collections* are the names of the chosen ones."""
    if kind != ScopeKind.SOME:
        return said(_("No documents") if kind == ScopeKind.NONE else _("All documents"))
    parts = [said(counted(len(collections), "collection"))] if len(collections) > 1 else [*collections]
    if documents:
        parts.append(said(counted(documents, "document")))
    return ", ".join(parts) or said(_("Some documents"))


def message_views(
    window: Window, held: Collection[str] = (), *, administrator: bool = False
) -> list[MessageView]:
    """Make the views of a window, oldest first, those side by side last; *held* are ids of messages whose text the tab has."""
    path = window.bubbles[:-1] if window.compared else window.bubbles
    views = [
        message_view(bubble, administrator=administrator, held=str(bubble.message.id) in held)
        for bubble in (*path, *window.compared)
    ]
    return [*views[: len(path)], *_side_by_side(window, views[len(path) :])]


def _side_by_side(window: Window, views: Sequence[MessageView]) -> list[MessageView]:
    names = [view.model for view in views]
    return [
        replace(
            view,
            heading=view.model if names.count(view.model) == 1 else bubble.message.model or view.model,
            goes_on=bubble.message.id == window.conversation.active_leaf_id,
            usage=view.usage.removeprefix(view.model).removeprefix(" · "),
        )
        for view, bubble in zip(views, window.compared, strict=True)
    ]


def _ending_of(message: StoredMessage) -> str:
    if message.status is not MessageStatus.COMPLETE:
        return ""
    if message.ending == Ending.FILTERED:
        return said(_("The model server's content filter ended this answer."))
    if message.ending == Ending.FULL:
        return said(
            _(
                "This chat has reached the model's context limit, so the answer cannot continue."
                " Start a new chat, or choose a model with a longer context."
            )
        )
    return said(_("The model reached its length limit.")) if message.truncated else ""


def tokens_so_far(window: Window) -> int:
    """Return how many tokens the newest answer and all that was sent for it have; 0 when that is not known."""
    answers = [each.message for each in window.bubbles if each.message.prompt_tokens]
    return (answers[-1].prompt_tokens or 0) + (answers[-1].completion_tokens or 0) if answers else 0


def parent_ids(window: Window) -> list[str]:
    """Return the id of the message above each one of *window*; empty for the first of a conversation."""
    return [str(bubble.message.parent_id or "") for bubble in window.bubbles]


def usage_label(message: StoredMessage) -> str:
    """Say what an answer took: ``412 tokens · 38 tokens/s · 10.8 s``; empty for a question."""
    if not message.model:
        return ""
    model = ModelRef.parse(message.model)
    parts: list[str] = []
    tokens, total_ms = message.completion_tokens, message.total_ms
    if tokens:
        parts.append(f"{'≈ ' if message.tokens_estimated else ''}{said(counted(tokens, 'token'))}")
        writing_ms = (total_ms or 0) - (message.first_token_ms or 0)
        if writing_ms > 0 and model.connection != BUILT_IN:  # which quotes: it has no speed of writing
            speed = tokens * 1000 / writing_ms
            parts.append(said(_("{speed} tokens/s", speed=round(speed) if speed >= 10 else round(speed, 1))))
    if total_ms:
        parts.append(said(_("{seconds} s", seconds=round(total_ms / 1000, 1))))
    return " · ".join(parts)


def model_views(choices: Collection[ModelChoice]) -> list[ModelChoiceView]:
    """Make the lines of the model picker, in the catalog's order."""
    return [
        ModelChoiceView(
            id=choice.id,
            name=said(choice.name),
            server=said(choice.connection_name),
            context=_short_count(choice.context_tokens),
            context_tokens=choice.context_tokens or 0,
            available=choice.available,
        )
        for choice in choices
    ]


def by_server(models: Sequence[ModelChoiceView]) -> list[ServerModelsView]:
    """Group *models*, which are in the catalog's order, by their servers."""
    servers = dict.fromkeys(model.server for model in models)
    return [ServerModelsView(each, [model for model in models if model.server == each]) for each in servers]


def only_built_in(choices: Collection[ModelChoice]) -> bool:
    """Whether no model server is connected, so that only the built-in answerer can answer."""
    return all(choice.connection == BUILT_IN for choice in choices)


def _short_count(tokens: int | None) -> str:
    if not tokens:
        return ""
    if tokens < 1024:
        return str(tokens)
    return f"{tokens // 1024}k" if tokens < 1024 * 1024 else f"{tokens / (1024 * 1024):.3g}M"
