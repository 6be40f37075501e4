"""What comes in from other products: conversations as a reader finds them, before they are ours.

A reader (``adapters/importing``) turns an export into these values; ``importing_tree`` makes a tree of them by our rules.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gantry.domain.chat import MessageRole, Rating
from gantry.domain.messages import _
from gantry.domain.text import storable


class Standing(StrEnum):
    """What becomes of a message of an export."""

    SHOWN = "shown"  # it is a message here too
    STEP = "step"  # a thought, a call of a tool, its result: it opens the answer that follows it
    HIDDEN = "hidden"  # a system message, an empty node: its children hang on its nearest shown ancestor


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file of a message. Its bytes are *member* of the ZIP or *data*; its words may be *text*; it may be only a name.

    Where only the kind is known, ``media_type`` is ``image/*`` or the like. ``url`` is how the export refers to it.
    """

    name: str
    media_type: str = ""
    member: str = ""
    data: bytes = field(default=b"", repr=False)
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ForeignMessage:
    """A message of an export. ``key`` and ``parent`` are the source's; ``content`` is Markdown.

    What else happened in it (calls of tools, code that ran, what a search found) is in ``content`` as ``folded`` makes it.
    """

    key: str
    parent: str | None
    role: MessageRole
    content: str = ""
    reasoning: str = ""
    model: str = ""
    created_at: datetime | None = None
    files: tuple[ForeignFile, ...] = ()
    rating: Rating | None = None
    standing: Standing = Standing.SHOWN
    own: Mapping[str, Any] = field(default_factory=dict[str, Any])  # columns as our own export has them


@dataclass(frozen=True, slots=True)
class ForeignConversation:
    """A conversation of an export; ``messages`` in the order of the file, whatever their times.

    ``key`` is the source's id, empty where it has none: then the content decides whether it was imported before.
    ``leaf`` is the key of the last message of the branch on screen, where the source says so.
    """

    key: str
    title: str
    messages: tuple[ForeignMessage, ...]
    leaf: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    model: str = ""
    pinned: bool = False
    archived: bool = False
    folder: str = ""
    tags: tuple[str, ...] = ()
    system: str = ""
    own: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ForeignProject:
    """What a product asks a group of chats with: instructions, and documents they may read.

    ``links_lost`` where its export does not say which chats those are.
    """

    name: str
    description: str = ""
    prompt: str = ""
    documents: tuple[ForeignFile, ...] = ()
    links_lost: bool = False


Item = ForeignConversation | ForeignProject


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something of an export that does not come along, and why, in words for a person."""

    what: str
    why: str


NOT_THERE = _("the export does not hold it")
NO_MESSAGES = _("it has no messages")
NONE_INSIDE = _("there are no messages in it")
NO_CONVERSATION = _("there is no conversation in it")


def unread_message(title: str, error: Exception) -> Skipped:
    """Return what is told of a message of the conversation *title* that could not be read."""
    return Skipped(
        _("a message of “{title}”", title=title[:80]), _("it could not be read ({error})", error=str(error))
    )


class Surroundings(Protocol):
    """Where an element was found: the file, and what lies beside it in the same ZIP."""

    @property
    def name(self) -> str:
        """The file's own name, without folders."""
        ...

    def beside(self, name: str) -> bytes | None:
        """Return a small file of that name from the same folder."""
        ...

    def find(self, key: str) -> str | None:
        """Return the path of the member whose name is, or begins with, *key* (an id, a file's name)."""
        ...

    def known_as(self, member: str) -> str:
        """Return a member's name as its owner knew it, where an index in the ZIP says so; else its own."""
        ...


class Reader(Protocol):
    """One product's export. A module of ``adapters/importing`` has one instance of it as ``READER``."""

    @property
    def name(self) -> str:
        """The format as a receipt names it: ``chatgpt``."""
        ...

    @property
    def gathers(self) -> bool:
        """Whether all elements it claims in one file are one whole: then ``read`` gets them as one list."""
        ...

    def claims(self, element: object) -> bool:
        """Whether it knows this element by its content: an object of an array, a line of JSON, a whole object, or a text."""
        ...

    def read(self, element: object, around: Surroundings) -> Iterator[Item | Skipped]:
        """Read one element (or a list of them). What it raises costs that element only."""
        ...


def folded(name: str, text: str, language: str = "") -> str:
    """Return Markdown for something that happened within a message: its name, and what was written in a block of code."""
    text = text.strip("\n")
    if not text.strip():
        return f"**{name}**"
    longest = max((len(run) for run in _runs_of_backticks(text)), default=0)
    fence = "`" * max(3, longest + 1)
    label = "".join(each for each in language if each.isalnum() or each in "+#-_.")
    return f"**{name}**\n\n{fence}{label}\n{text}\n{fence}"


def _runs_of_backticks(text: str) -> Iterator[str]:
    run = ""
    for each in text:
        if each == "`":
            run += each
        elif run:
            yield run
            run = ""
    if run:
        yield run


def joined(parts: Sequence[str]) -> str:
    """Put blocks of Markdown together; empty ones do not count."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def placeholder(kind: str, name: str = "") -> str:
    """Return the line that stands for something which does not come along: ``placeholder("Image", "cat.png")``."""
    name = storable(" ".join(name.split())).replace("[", "(").replace("]", ")")[:200]
    return f"[{kind} not in the export: {name}]" if name else f"[{kind} not in the export]"


def in_a_row(messages: Sequence[ForeignMessage]) -> tuple[ForeignMessage, ...]:
    """Return messages of an export without a tree, each with the one before it as its parent."""
    row: list[ForeignMessage] = []
    for message in told_apart(messages):
        row.append(replace(message, parent=row[-1].key if row else None))
    return tuple(row)


def told_apart(messages: Iterable[ForeignMessage]) -> list[ForeignMessage]:
    """Return *messages* with a key of its own for each that says something else than one with the same key; copies stay as they are."""
    keys: dict[tuple[object, ...], str] = {}
    times: Counter[str] = Counter()
    apart: list[ForeignMessage] = []
    for message in messages:
        said = (message.key, message.role, message.content, message.reasoning, message.files)
        if said not in keys:
            times[message.key] += 1
            number = times[message.key]
            keys[said] = message.key if number == 1 else f"{message.key}#{number}"
        apart.append(message if keys[said] == message.key else replace(message, key=keys[said]))
    return apart


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found in an export, and the format it was told by (empty: by none)."""

    format: str
    item: Item | Skipped


class Export(Protocol):
    """An export that is open. Its methods block: they read a file."""

    @property
    def total_bytes(self) -> int:
        """How large it is, unpacked."""
        ...

    @property
    def read_bytes(self) -> int:
        """How much of that was read by now."""
        ...

    def found(self) -> Iterator[Found]:
        """Yield what is in it, one by one, in its order."""
        ...

    def pieces(self, member: str) -> Iterator[bytes]:
        """Yield the bytes of a member of a ZIP."""
        ...

    def close(self) -> None:
        """Close its file."""
        ...


class Exports(Protocol):
    """Opens exports of any product, told by their content."""

    def open(self, path: str, name: str) -> Export:
        """Open the file at *path*, which its owner knows as *name*.

        Raises:
            Invalid: It is larger than is read here, or damaged.
        """
        ...
