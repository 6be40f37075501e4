"""What the vault page may see."""

from collections.abc import Sequence
from dataclasses import dataclass

from gantry.domain.messages import _
from gantry.domain.text import counted
from gantry.domain.vault import (
    DEFAULT_COLLECTION_NAME,
    UNFINISHED,
    CollectionSummary,
    DocumentState,
    StoredChunk,
    StoredDocument,
)
from gantry.state.language import recalled, said
from gantry.state.views.admin import ActionView

_KINDS = {
    "application/pdf": "PDF",
    "text/html": "HTML",
    "text/markdown": "Markdown",
    "text/csv": "CSV",
    "application/json": "JSON",
    "text/plain": _("Text"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.oasis.opendocument.text": "OpenDocument",
    "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument",
    "application/vnd.oasis.opendocument.presentation": "OpenDocument",
    "application/epub+zip": "EPUB",
    "application/rtf": "RTF",
    "message/rfc822": _("E-mail"),
}


_ICONS = {"Excel": "table", "CSV": "table", "Image": "image", "E-mail": "mail"}
# Why a file was not read, where reading it again may help: the file itself is not to blame.
_WORTH_A_RETRY = {"cancelled", "interrupted", "internal", "too-slow", "no-recognition", "missing"}


@dataclass(frozen=True, slots=True)
class CollectionView:
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
    icon: str  # "text", "table", "image" or "mail"
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


def collection_views(found: Sequence[CollectionSummary]) -> list[CollectionView]:
    """Make the views of collections."""
    return [
        CollectionView(str(each.id), _collection_name(each), each.documents, each.is_default)
        for each in found
    ]


def _collection_name(collection: CollectionSummary) -> str:
    """Return what a collection is called; the first one has no name of its own until somebody gives it one."""
    unnamed = collection.is_default and collection.name == DEFAULT_COLLECTION_NAME
    return said(DEFAULT_COLLECTION_NAME) if unnamed else collection.name


def document_view(document: StoredDocument) -> DocumentView:
    """Make the view of a document."""
    problem = document.problem or {}
    busy = document.state in UNFINISHED
    progress, percent = _progress(document)
    kind = _("Image") if document.media_type.startswith("image/") else _KINDS.get(document.media_type, "Word")
    return DocumentView(
        id=str(document.id),
        name=document.name,
        kind=said(kind),
        icon=_ICONS.get(kind, "text"),
        size=size_label(document.size_bytes),
        pages=said(counted(document.pages, "page")) if document.pages else "",
        state=document.state.value,
        progress=said(progress),
        advice=recalled(str(problem.get("advice", ""))),
        busy=busy,
        percent=str(percent),
        actions=_actions(document, busy=busy),
    )


def _progress(document: StoredDocument) -> tuple[str, int]:
    match document.state:
        case DocumentState.QUEUED:
            return _("Waiting to be read"), 0
        case DocumentState.PARSING if document.pages and document.pages_done:
            return (
                _("Reading page {page} of {pages}", page=document.pages_done, pages=document.pages),
                100 * document.pages_done // document.pages,
            )
        case DocumentState.PARSING:
            return _("Reading"), 10
        case DocumentState.EMBEDDING:
            percent = 100 * document.embedded_count // document.chunk_count if document.chunk_count else 0
            return _("Indexing, {percent} %", percent=percent), percent
        case DocumentState.FAILED:
            problem = document.problem or {}
            title = recalled(str(problem.get("title", "This file could not be read.")))
            page = problem.get("page") or 1
            return (
                _("Page {page}: {title}", page=page, title=title) if page > 1 else title
            ), 0  # the first page is the whole file
        case _:
            return (
                _("Ready")
                if document.embedded_count >= document.chunk_count
                else _("Ready, keyword search only for now"),
                100,
            )


def _actions(document: StoredDocument, *, busy: bool) -> list[ActionView]:
    actions = [
        ActionView("rename", said(_("Rename"))),
        ActionView("move", said(_("Move"))),
        ActionView("download", said(_("Download"))),
    ]
    if document.state is not DocumentState.FAILED:
        actions.insert(0, ActionView("preview", said(_("View text"))))
    elif (document.problem or {}).get("kind") in _WORTH_A_RETRY:
        actions.insert(0, ActionView("retry", said(_("Retry"))))
    if busy:
        actions.append(ActionView("cancel", said(_("Cancel"))))
    return [*actions, ActionView("delete", said(_("Delete")), danger=True)]


def chunk_view(chunk: StoredChunk) -> ChunkView:
    """Make the view of a chunk."""
    page = said(_("Page {page}", page=chunk.page)) if chunk.page else ""
    return ChunkView(str(chunk.id), " · ".join(part for part in (page, chunk.heading) if part), chunk.content)


def size_label(size: int) -> str:
    """Return a size as people say it."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"
