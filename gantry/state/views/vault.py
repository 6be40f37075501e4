"""What the vault page may see."""

from dataclasses import dataclass

from gantry.domain.vault import UNFINISHED, DocumentState
from gantry.models import Chunk, Document
from gantry.services.vault import CollectionSummary
from gantry.state.views.admin import ActionView

_KINDS = {
    "application/pdf": "PDF",
    "text/html": "HTML",
    "text/markdown": "Markdown",
    "text/csv": "CSV",
    "application/json": "JSON",
    "text/plain": "Text",
}


@dataclass(frozen=True, slots=True)
class ShelfView:
    """One collection."""

    id: str
    name: str
    documents: int
    is_default: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document of the list."""

    id: str
    name: str
    kind: str
    size: str
    pages: str
    state: str
    progress: str  # what is being done now, or what went wrong
    advice: str
    busy: bool
    percent: str  # of what is being done now
    actions: list[ActionView]


@dataclass(frozen=True, slots=True)
class ChunkView:
    """A piece of a document's text."""

    id: str
    place: str
    text: str


def shelf(found: CollectionSummary) -> ShelfView:
    """Make the view of a collection."""
    row = found.collection
    return ShelfView(str(row.id), row.name, found.documents, row.is_default)


def document_view(row: Document) -> DocumentView:
    """Make the view of a document."""
    problem = row.problem or {}
    busy = row.state in UNFINISHED
    progress, percent = _progress(row)
    return DocumentView(
        id=str(row.id),
        name=row.name,
        kind=_KINDS.get(row.media_type, "Word"),
        size=size_label(row.size_bytes),
        pages=f"{row.pages:,} page{'' if row.pages == 1 else 's'}" if row.pages else "",
        state=row.state.value,
        progress=progress,
        advice=str(problem.get("advice", "")),
        busy=busy,
        percent=str(percent),
        actions=_actions(row, busy=busy),
    )


def _progress(row: Document) -> tuple[str, int]:
    match row.state:
        case DocumentState.QUEUED:
            return "Waiting to be read", 0
        case DocumentState.PARSING if row.pages and row.pages_done:
            return f"Reading page {row.pages_done:,} of {row.pages:,}", 100 * row.pages_done // row.pages
        case DocumentState.PARSING:
            return "Reading", 10
        case DocumentState.EMBEDDING:
            percent = 100 * row.embedded_count // row.chunk_count if row.chunk_count else 0
            return f"Indexing, {percent} %", percent
        case DocumentState.FAILED:
            problem = row.problem or {}
            title, page = str(problem.get("title", "It could not be read.")), problem.get("page") or 1
            return (f"Page {page}: {title}" if page > 1 else title), 0  # the first page is the whole file
        case _:
            return (
                "Ready" if row.embedded_count >= row.chunk_count else "Ready, searched by its words for now",
                100,
            )


def _actions(row: Document, *, busy: bool) -> list[ActionView]:
    actions = [
        ActionView("preview", "Show the text"),
        ActionView("rename", "Rename"),
        ActionView("move", "Move"),
        ActionView("download", "Download"),
    ]
    if busy:
        actions.append(ActionView("cancel", "Cancel"))
    if row.state is DocumentState.FAILED:
        actions = [ActionView("retry", "Retry"), *actions[1:]]
    return [*actions, ActionView("delete", "Delete", danger=True)]


def chunk_view(row: Chunk) -> ChunkView:
    """Make the view of a chunk."""
    page = f"Page {row.page}" if row.page else ""
    return ChunkView(str(row.id), " · ".join(part for part in (page, row.heading) if part), row.content)


def size_label(size: int) -> str:
    """Return a size as people say it."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"
