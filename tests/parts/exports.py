"""Exports of other products, read as the importer reads them."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gantry.adapters.importing.elements import elements
from gantry.adapters.importing.reading import found_in
from gantry.adapters.importing.zipped import alone
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignFile, ForeignMessage, Skipped, Surroundings
from gantry.domain.importing_tree import Planted, planted


class Bytes:
    """A file in memory."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        return self._file.read(size)

    def element_ended(self) -> None:
        """Hear that an element was read."""


@dataclass(frozen=True)
class Beside:
    """A file with others in the same folder."""

    files: Mapping[str, bytes]
    name: str = "messages.jsonl"

    def beside(self, name: str) -> bytes | None:
        return self.files.get(name)

    def find(self, key: str) -> str | None:
        return None

    def known_as(self, member: str) -> str:
        return member


@dataclass
class Read:
    """What came out of a file."""

    conversations: list[ForeignConversation] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)

    @property
    def one(self) -> ForeignConversation:
        """The only conversation."""
        (conversation,) = self.conversations
        return conversation

    @property
    def tree(self) -> Planted:
        """The messages of the only conversation, as they are stored."""
        return planted(self.one)

    @property
    def told(self) -> str:
        """All that was left out, and why."""
        return "\n".join(f"{each.what}: {each.why}" for each in self.skipped)

    @property
    def files(self) -> list[ForeignFile]:
        """The files of the only conversation."""
        return [file for message in self.tree.messages for file in message.files]

    def path(self) -> list[ForeignMessage]:
        """The branch on screen, oldest first."""
        tree = self.tree
        by_key = {message.key: message for message in tree.messages}
        found: list[ForeignMessage] = []
        at = tree.leaf
        while at is not None:
            found.append(by_key[at])
            at = by_key[at].parent
        return found[::-1]

    def spoken(self) -> list[tuple[str, str]]:
        """Who says what on the branch on screen."""
        return [("U" if each.role is MessageRole.USER else "A", each.content) for each in self.path()]


def lines(*records: object) -> str:
    """Return records as lines of JSON."""
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


def read(content: Any, name: str = "export", around: Surroundings | None = None) -> Read:
    """Read a file with *content*: bytes and text as they are, anything else as JSON."""
    raw = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    told = Read()
    for found in found_in(elements(Bytes(raw)), around or alone(name), name):
        if found.format:
            told.formats.add(found.format)
        if isinstance(found.item, Skipped):
            told.skipped.append(found.item)
        elif isinstance(found.item, ForeignConversation):
            told.conversations.append(found.item)
    return told
