"""What a question is answered from, and an account of what was sent to the model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from gantry.domain.chat import CitationKind
from gantry.domain.knowledge import KnownFact, Nothing
from gantry.domain.messages import _
from gantry.domain.text import counted

_UNSEEN = _(
    "This model cannot see images: the answer does without them. Choose a model that can, then press Retry."
)


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
    memory_item_id: UUID | None = None  # the memory of that message
    conversation_id: UUID | None = None  # where that message stands
    speaker: str = ""
    said_at: datetime | None = None

    @property
    def place(self) -> str:
        """Where it stands, as a person says it: ``report.pdf, page 12``."""
        if self.kind is CitationKind.MESSAGE:
            day = f"{self.said_at:%d %B %Y}".lstrip("0") if self.said_at else ""
            return ", ".join(part for part in (self.title, day) if part)
        return _("{title}, page {page}", title=self.title, page=str(self.page)) if self.page else self.title

    def brief(self) -> dict[str, Any]:
        """Return what a page needs for a chip: everything but the passage, as JSON."""
        return _brief(self)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Where was looked for one answer, and what came of it; stored with the message.

    ``documents`` is how many were in scope: None when none were to be read. ``left_out`` names what did not answer,
    ``unread`` says of each file of the conversation that could not be read, or not yet, why. ``nothing`` tells why no passage
    was given; None also for answers stored by versions that did not tell.
    """

    documents: int | None = None
    passages: int = 0
    memories: int = 0
    facts: int = 0
    left_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    nothing: Nothing | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self | None:
        """Read what ``stored`` has written; None for answers nothing was looked up for."""
        if not raw:
            return None
        known = {key: raw[key] for key in ("documents", "passages", "memories", "facts") if key in raw}
        left_out, unread = (tuple(str(one) for one in raw.get(key, ())) for key in ("left_out", "unread"))
        why = raw.get("nothing")
        return cls(
            **known, left_out=left_out, unread=unread, nothing=Nothing(why) if why in set(Nothing) else None
        )

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"left_out": list(self.left_out), "unread": list(self.unread)}

    def without_pictures(self) -> Self:
        """Return it with what is said of pictures that the model could not see."""
        return replace(self, unread=(*self.unread, _UNSEEN))

    @property
    def not_found(self) -> str:
        """Say that the documents have nothing for a question."""
        if not self.documents:
            return _("There are no documents to search in this selection.")
        return _("Nothing found in {documents}.", documents=counted(self.documents, "document"))

    @property
    def sentence(self) -> str:
        """What a reader is told beside the sources; empty when there is nothing to say."""
        return " ".join(self.sentences)

    @property
    def sentences(self) -> list[str]:
        """The same, one by one.

        That nothing was given is said only where something was asked of the documents: most messages want nothing of them.
        """
        parts = list(self.unread)
        if self.nothing is Nothing.MISSING:
            parts.append(self.not_found)
        if "vectors" in self.left_out:
            parts.append(_("Only keyword search was used: search by meaning did not answer."))
        if "keywords" in self.left_out:
            parts.append(_("Only search by meaning was used: keyword search did not answer in time."))
        if "reranker" in self.left_out:
            parts.append(_("Results were not reranked: the reranker did not answer in time."))
        if "documents" in self.left_out:
            parts.append(_("Your documents could not be searched."))
        if "memory" in self.left_out:
            parts.append(_("Memory could not be searched."))
        return parts


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What was found for a question, before it is fitted into the model's context. Sources are best first."""

    facts: tuple[KnownFact, ...] = ()
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
    upto: UUID | None = None
    left_out: str = ""
    memory_item_id: UUID | None = None  # of a fact


@dataclass(frozen=True, slots=True)
class ContextRead:
    """What was sent for an answer, in the order it was sent, and what was left out."""

    parts: tuple[ContextPart, ...]
    tokens: int
    budget_tokens: int


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A numbered source of an answer as it is stored; without references and passage once it was deleted or forgotten.

    ``source_message_id`` is the past message of a memory. ``passage`` is empty too where it was not asked for.
    """

    number: int
    kind: CitationKind
    cited: bool
    title: str
    page: int | None
    heading: str
    start_offset: int
    end_offset: int
    document_id: UUID | None
    memory_item_id: UUID | None
    source_message_id: UUID | None
    passage: str

    def brief(self) -> dict[str, Any]:
        """Return what a page needs for a chip: everything but the passage, as JSON."""
        return _brief(self)


def _brief(source: Source | CitedSource) -> dict[str, Any]:
    return {
        "number": source.number,
        "kind": source.kind.value,
        "title": source.title,
        "page": source.page,
        "heading": source.heading,
    }


def total_tokens(parts: Sequence[ContextPart]) -> int:
    """Return the tokens of what was sent."""
    return sum(part.tokens for part in parts if not part.left_out)
