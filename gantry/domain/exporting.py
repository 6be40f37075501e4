"""Conversations as they leave Gantry: values, and the JSON that Gantry itself reads back (docs/export-format.md)."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from gantry.domain.chat import MessageStatus, Rating, StoredMessage
from gantry.domain.context import CitedSource

FORMAT = "gantry"
MAX_CHOSEN = 500  # conversations that one request names: its address must fit into 32 KB
VERSION = (
    1  # raised only when a reader of the version before would go wrong; it passes over keys it does not know
)


class ExportForm(StrEnum):
    """As what a conversation is taken out."""

    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"

    @property
    def suffix(self) -> str:
        """What names of such files end with."""
        return ".md" if self is ExportForm.MARKDOWN else f".{self.value}"

    @property
    def media_type(self) -> str:
        """What such files are, as HTTP says it."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    ExportForm.JSON: "application/json",
    ExportForm.MARKDOWN: "text/markdown; charset=utf-8",
    ExportForm.HTML: "text/html; charset=utf-8",
    ExportForm.PDF: "application/pdf",
}


class ZipStream(Protocol):
    """A ZIP that is written once, from beginning to end; what is ready is handed out on the way."""

    def member(self, name: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Write a member, and yield what is ready. What goes wrong in *content* leaves the ZIP without an end."""
        ...

    def end(self) -> bytes:
        """Return the rest; without it the ZIP is broken."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A collection or document that a conversation reads."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class ExportedConversation:
    """A conversation as it is exported, without its messages. ``folder`` names the folder it stands in, after the one around that; ``reads`` is a ``domain.knowledge.ScopeKind``."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    title: str
    title_by_hand: bool
    pinned: bool
    model: str | None
    remembered: bool
    active_leaf_id: UUID | None
    archived: bool = False
    tags: Sequence[str] = ()
    folder: Sequence[str] = ()
    parameters: Mapping[str, Any] | None = None
    persona: Named | None = None
    reads: str = "all"
    collections: tuple[Named, ...] = ()
    documents: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was sent with a message; what is known of it once it was deleted is without ``id`` and hash."""

    id: UUID | None
    name: str
    media_type: str
    size_bytes: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person thought of an answer, and when."""

    rating: Rating
    at: datetime


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """A message with what was given with it."""

    message: StoredMessage
    files: Sequence[ExportedFile] = ()
    citations: Sequence[CitedSource] = ()
    feedback: Judgement | None = None


@dataclass(frozen=True, slots=True)
class FileList:
    """The files of a document of JSON, each once, in the order in which they came; ``paths`` says where the bytes are beside it."""

    paths: dict[UUID, str] = field(default_factory=dict[UUID, str])
    found: dict[UUID, ExportedFile] = field(default_factory=dict[UUID, ExportedFile])

    def add(self, files: Sequence[ExportedFile]) -> None:
        """Take in the files of a message."""
        for file in files:
            if file.id is not None:
                self.found.setdefault(file.id, file)

    def to_json(self) -> list[dict[str, Any]]:
        """Return them as they are written."""
        return [
            {
                "id": str(each),
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
                "path": self.paths.get(each),
            }
            for each, file in self.found.items()
        ]


def opening(product: str, at: datetime) -> str:
    """Return the beginning of a document of JSON, up to its first conversation."""
    head = {"format": FORMAT, "version": VERSION, "product": product, "exported_at": moment(at)}
    return _dumps(head)[:-1] + ',"conversations":['


def conversation_opening(conversation: ExportedConversation) -> str:
    """Return the beginning of a conversation, up to its first message."""
    return f'\n{_dumps(_head(conversation))[:-1]},"messages":['


CONVERSATION_END = "\n]}"


def ending(files: FileList) -> str:
    """Return the end of a document of JSON, after its last conversation."""
    return f'\n],"files":{_dumps(files.to_json())}}}\n'


def message_line(exported: ExportedMessage) -> str:
    """Return a message on a line of its own."""
    return f"\n{_dumps(_message(exported))}"


def moment(at: datetime | None) -> str | None:
    """Return a moment as it is written: in UTC, to the microsecond."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _head(conversation: ExportedConversation) -> dict[str, Any]:
    return {
        "id": str(conversation.id),
        "title": conversation.title,
        "title_by_hand": conversation.title_by_hand,
        "created_at": moment(conversation.created_at),
        "updated_at": moment(conversation.updated_at),
        "pinned": conversation.pinned,
        "archived": conversation.archived,
        "folder": list(conversation.folder),
        "tags": list(conversation.tags),
        "model": conversation.model,
        "parameters": conversation.parameters,
        "persona": None if conversation.persona is None else _named([conversation.persona])[0],
        "remembered": conversation.remembered,
        "scope": {
            "kind": conversation.reads,
            "collections": _named(conversation.collections),
            "documents": _named(conversation.documents),
        },
        "active_leaf": _id(conversation.active_leaf_id),
    }


def _message(exported: ExportedMessage) -> dict[str, Any]:
    """Return a message; an answer that is still being written is one that was stopped here."""
    message = exported.message
    status = message.status
    return {
        "id": str(message.id),
        "parent": _id(message.parent_id),
        "role": message.role.value,
        "created_at": moment(message.created_at),
        "finished_at": moment(message.finished_at),
        "status": (MessageStatus.STOPPED if status is MessageStatus.STREAMING else status).value,
        "model": message.model,
        "content": message.content,
        "reasoning": message.reasoning,
        "usage": {
            "prompt_tokens": message.prompt_tokens,
            "completion_tokens": message.completion_tokens,
            "estimated": message.tokens_estimated,
        },
        "timings": {
            "first_token_ms": message.first_token_ms,
            "reasoning_ms": message.reasoning_ms,
            "total_ms": message.total_ms,
        },
        "left_out": message.left_out,
        "truncated": message.truncated,
        "ending": message.ending,
        "error": message.error,
        "retrieval": message.retrieval,
        "feedback": _feedback(exported.feedback),
        "files": [_file(file) for file in exported.files],
        "citations": [_citation(source) for source in exported.citations],
    }


def _feedback(given: Judgement | None) -> dict[str, Any] | None:
    return None if given is None else {"rating": given.rating.value, "at": moment(given.at)}


def _file(file: ExportedFile) -> dict[str, Any]:
    return {
        "id": _id(file.id),
        "name": file.name,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
    }


def _citation(source: CitedSource) -> dict[str, Any]:
    return {
        "number": source.number,
        "kind": source.kind.value,
        "cited": source.cited,
        "title": source.title,
        "page": source.page,
        "heading": source.heading,
        "start": source.start_offset,
        "end": source.end_offset,
        "document": _id(source.document_id),
        "message": _id(source.source_message_id),
        "passage": source.passage,
    }


def _named(things: Sequence[Named]) -> list[dict[str, str]]:
    return [{"id": str(each.id), "name": each.name} for each in things]


def _id(each: UUID | None) -> str | None:
    return None if each is None else str(each)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def summary(
    product: str, at: datetime, form: ExportForm, contents: Mapping[str, int], instead: Sequence[str]
) -> str:
    """Return what a ZIP says about itself; *instead* are the conversations that are there in another form."""
    told = {
        "format": FORMAT,
        "version": VERSION,
        "product": product,
        "exported_at": moment(at),
        "as": form.value,
        "contents": dict(contents),
        "instead": list(instead),
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
