"""An import as its owner sees it: how far it is, and the receipt of what came and what did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from gantry.domain.importing import Skipped
from gantry.domain.messages import _

PRODUCTS = _(
    "ChatGPT, Claude, Open WebUI, LibreChat, Nebulus Gantry, Gemini, Grok, DeepSeek, Chatbot UI, LobeChat, Jan, LM Studio, "
    "SillyTavern, TypingMind, Big-AGI, AnythingLLM or Gantry"
)
MAX_TOLD = 300  # lines of what was skipped; the rest is counted
_MAX_LINE = 300


class ImportState(StrEnum):
    """How far an import is."""

    LOOKING = "looking"
    LOOKED = "looked"  # the receipt says what it would add
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # what was added before stays, and can be undone


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a project: a persona, and documents that are new in the collection it reads.

    Attributes:
        is_collection_new: Whether the collection was made for them.
    """

    persona: UUID
    collection: UUID | None = None
    documents: tuple[UUID, ...] = ()
    is_collection_new: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        collection = str(self.collection) if self.collection else None
        documents = [str(each) for each in self.documents]
        return {
            "persona": str(self.persona),
            "collection": collection,
            "documents": documents,
            "collection_is_new": self.is_collection_new,
        }

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Read what is stored."""
        collection = UUID(raw["collection"]) if raw.get("collection") else None
        documents = tuple(UUID(each) for each in raw.get("documents", ()))
        return cls(UUID(raw["persona"]), collection, documents, raw.get("collection_is_new") is True)


@dataclass(slots=True)
class Receipt:
    """What an import added (or would add), and what it did not and why.

    ``already`` counts conversations that were there, ``restored`` those that were deleted a moment ago and are back.
    """

    format: str = ""
    conversations: int = 0
    messages: int = 0
    branches: int = 0
    files: int = 0
    already: int = 0
    restored: int = 0
    personas: int = 0  # of projects
    already_personas: int = 0
    brought: list[Brought] = field(default_factory=list[Brought])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    not_told: int = 0
    formats: dict[str, int] = field(default_factory=dict[str, int])

    def count_format(self, name: str) -> None:
        """Note that a conversation was of this format; the receipt names the most frequent one."""
        self.formats[name] = self.formats.get(name, 0) + 1
        self.format = max(self.formats, key=self.formats.__getitem__)

    def skip(self, skipped: Skipped) -> None:
        """Name something that does not come along."""
        if len(self.skipped) < MAX_TOLD:
            self.skipped.append(Skipped(skipped.what[:_MAX_LINE], skipped.why[:_MAX_LINE]))
        else:
            self.not_told += 1

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recognised."""
        return not (
            self.conversations
            or self.already
            or self.restored
            or self.messages
            or self.personas
            or self.already_personas
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as programs read it."""
        skipped = [{"what": each.what, "why": each.why} for each in self.skipped]
        if self.not_told:
            skipped.append({"what": _("{count} more", count=self.not_told), "why": _("like those before")})
        return {
            "format": self.format,
            "conversations": self.conversations,
            "messages": self.messages,
            "branches": self.branches,
            "files": self.files,
            "skipped": skipped,
            "already": self.already,
            "restored": self.restored,
            "personas": self.personas,
            "brought": [each.to_json() for each in self.brought],
        }


@dataclass(frozen=True, slots=True)
class StoredImport:
    """An import as it is stored. ``receipt`` is ``Receipt.to_json``."""

    id: UUID
    name: str
    state: ImportState
    created_at: datetime
    receipt: Mapping[str, Any] = field(default_factory=dict[str, Any])
    progress: int = 0
    problem: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo removed, and the titles of what it left because its owner has changed it since."""

    conversations: int
    messages: int
    left: tuple[str, ...] = ()
