"""What a question is answered from, and an account of what was sent to the model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from gantry.domain.chat import CitationKind


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that is given to the model under a number, so that the answer can refer to it.

    ``start`` and ``end`` are characters of the document's extracted text. ``number`` is 0 until it has been chosen.
    """

    kind: CitationKind
    title: str
    text: str
    number: int = 0
    page: int | None = None
    heading: str = ""
    start: int = 0
    end: int = 0
    document_id: UUID | None = None
    message_id: UUID | None = None  # of the past message, for a memory
    conversation_id: UUID | None = None  # where that message stands
    speaker: str = ""
    said_at: datetime | None = None

    @property
    def place(self) -> str:
        """Where it stands, as a person says it: ``report.pdf, page 12``."""
        if self.kind is CitationKind.MESSAGE:
            day = f"{self.said_at:%d %B %Y}".lstrip("0") if self.said_at else ""
            return ", ".join(part for part in (self.title, day) if part)
        return f"{self.title}, page {self.page}" if self.page else self.title

    def brief(self) -> dict[str, Any]:
        """Return what a page needs for a chip: everything but the passage, as JSON."""
        return {
            "number": self.number,
            "kind": self.kind.value,
            "title": self.title,
            "page": self.page,
            "heading": self.heading,
        }


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Where was looked for one answer, and what came of it; stored with the message.

    ``documents`` is how many were in scope: None when none were to be read. ``left_out`` names what did not answer,
    ``unread`` says of each file of the conversation that could not be read, or not yet, why.
    """

    documents: int | None = None
    passages: int = 0
    memories: int = 0
    facts: int = 0
    left_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self | None:
        """Read what ``stored`` has written; None for answers nothing was looked up for."""
        if not raw:
            return None
        known = {key: raw[key] for key in ("documents", "passages", "memories", "facts") if key in raw}
        left_out, unread = (tuple(str(one) for one in raw.get(key, ())) for key in ("left_out", "unread"))
        return cls(**known, left_out=left_out, unread=unread)

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"left_out": list(self.left_out), "unread": list(self.unread)}

    @property
    def sentence(self) -> str:
        """What a reader is told beside the sources; empty when there is nothing to say."""
        parts = list(self.unread)
        if self.documents and not self.passages:
            parts.append(f"Nothing found in {_documents(self.documents)}.")
        elif self.documents == 0 and not self.passages and not self.unread:
            parts.append("No documents to search yet.")
        if "vectors" in self.left_out:
            parts.append("Searched by words only: search by meaning did not answer.")
        if "keywords" in self.left_out:
            parts.append("Searched by meaning only: search by words did not answer in time.")
        if "reranker" in self.left_out:
            parts.append("Ranked without the reranker: it did not answer in time.")
        if "documents" in self.left_out:
            parts.append("Your documents could not be searched.")
        if "memory" in self.left_out:
            parts.append("Memory could not be searched.")
        return " ".join(parts)


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What was found for a question, before it is fitted into the model's context. Sources are best first."""

    facts: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    retrieval: Retrieval | None = None


class PartKind(StrEnum):
    """The parts of a prompt."""

    SYSTEM = "system"
    SUMMARY = "summary"  # of what lies before the history
    HISTORY = "history"
    FACT = "fact"
    SOURCE = "source"
    QUESTION = "question"
    PREFIX = "prefix"  # the beginning of the answer itself, to be continued


@dataclass(frozen=True, slots=True)
class ContextPart:
    """One part of what was sent, or (``left_out`` says why) was not.

    ``text`` is exactly what the model read, and empty of a passage that was left out or that has been deleted since. Of
    the history it is empty too: ``messages`` counts the messages that end with ``upto``, whose texts are stored already.
    """

    kind: PartKind
    title: str
    tokens: int
    text: str = ""
    number: int = 0
    messages: int = 0
    upto: str = ""
    left_out: str = ""

    def stored(self) -> dict[str, Any]:
        """Return it as JSON, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value}

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Read what ``stored`` has written."""
        return cls(
            kind=PartKind(raw["kind"]),
            title=str(raw.get("title", "")),
            tokens=int(raw.get("tokens", 0)),
            text=str(raw.get("text", "")),
            number=int(raw.get("number", 0)),
            messages=int(raw.get("messages", 0)),
            upto=str(raw.get("upto", "")),
            left_out=str(raw.get("left_out", "")),
        )


def emptied(parts: Iterable[Mapping[str, Any]], gone: Callable[[ContextPart], bool]) -> list[dict[str, Any]]:
    """Return a stored account without the texts of the parts that are *gone*: delete means delete."""
    read = map(ContextPart.parse, parts)
    return [(replace(part, text="") if gone(part) else part).stored() for part in read]


def total_tokens(parts: Sequence[ContextPart]) -> int:
    """Return the tokens of what was sent."""
    return sum(part.tokens for part in parts if not part.left_out)
