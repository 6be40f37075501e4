"""The live text of answers: where a reader stands, what it is told, and the log it reads from.

A reader's place in an answer is the number of characters it has, not the number of an event. So any
replica can go on from it with batches of any size, from its memory, from Redis or from the checkpoint
in the database.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Position:
    """How much of which attempt a reader has; written ``attempt.text`` or ``attempt.text.reasoning``.

    ``text`` and ``reasoning`` count Unicode code points from the beginning of the message.
    """

    attempt: int = 0
    text: int = 0
    reasoning: int = 0

    def __str__(self) -> str:
        short = f"{self.attempt}.{self.text}"
        return f"{short}.{self.reasoning}" if self.reasoning else short

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Read a ``Last-Event-ID``; anything that is not one means the beginning."""
        parts = raw.split(".")
        if 2 <= len(parts) <= 3 and all(p.isascii() and p.isdigit() and len(p) < 10 for p in parts):
            return cls(*(int(part) for part in parts))
        return cls()


class LiveKind(StrEnum):
    """Names of the events on an answer's stream."""

    TEXT = "text"  # {"text": only what is new}
    REASONING = "reasoning"  # {"text": only what is new}
    STATUS = "status"  # {"state": Stage, "detail": sentence for the reader}
    SOURCES = "sources"  # {"sources": [...]}
    RESTARTED = "restarted"  # {}: forget the text so far, all of it follows again
    ERROR = "error"  # {"kind", "title", "advice", "details"}: comes before end
    END = "end"  # {"status": MessageStatus}: the last event


class Stage(StrEnum):
    """What an answer is doing before its first token."""

    QUEUED = "queued"
    LOADING = "loading"
    READING = "reading"
    THINKING = "thinking"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event as a reader gets it; ``position`` is where the reader stands after it."""

    kind: LiveKind
    data: Mapping[str, Any]
    position: Position


@dataclass(frozen=True, slots=True)
class Opening:
    """How an attempt begins: with nothing, or with the prefix it continues.

    ``continues`` says that *text* and *reasoning* are what the attempt before had stored, so a reader that
    stands within them need not start over.
    """

    attempt: int
    text: str = ""
    reasoning: str = ""
    continues: bool = False


class EventLog(Protocol):
    """The live text of the answers being written, for any number of readers anywhere.

    A log is a convenience: the database is the truth, and a reader whom the log fails falls back to the
    checkpoints there. Finished answers may be forgotten after a minute.
    """

    def open(self, generation: UUID, opening: Opening) -> None:
        """Begin an attempt; what the log had of earlier attempts is replaced. Never blocks, never raises."""
        ...

    def append(self, generation: UUID, *, text: str = "", reasoning: str = "") -> None:
        """Add what is new. Called for each token: never blocks, never raises."""
        ...

    def announce(self, generation: UUID, kind: LiveKind, data: Mapping[str, Any]) -> None:
        """Tell readers a status, sources or an error; a reader that comes late gets the newest of each kind."""
        ...

    def end(self, generation: UUID, status: str) -> None:
        """Close the log with an end event; call after the transaction that finished the answer."""
        ...

    def forget(self, generation: UUID) -> None:
        """Drop what this process has of an answer it no longer writes; its readers' iterators end, without an end event."""
        ...

    def read(self, generation: UUID, after: Position) -> AsyncGenerator[LiveEvent]:
        """Yield what lies after *after*, then what comes, merging all text that waits into one event.

        Ends after an end event; ends without one when the log does not know the generation, has lost it, or
        has been silent for ``idle_seconds`` (an attribute of each implementation, about 5): the caller then
        looks into the database and reads again. Any number of readers; closing the iterator frees what it held.
        """
        ...


EVERYBODY = UUID(int=0)  # in place of an account: publishing to it tells every subscriber of every account


class NoticeKind(StrEnum):
    """What may change under an open page."""

    CALL = "call"  # a program gave up a call; told beside the feed, never to pages
    CONVERSATION = "conversation"  # its messages or its row changed
    CONVERSATIONS = "conversations"  # one was added, removed, renamed or pinned
    FOLDERS = "folders"  # one was added, removed or changed
    CATALOG = "catalog"  # the list of models changed
    DOCUMENTS = "documents"  # one was added, removed or came further; data: {"state": DocumentState, …}
    IMPORTS = "imports"  # an import came further, or ended
    LOOKS = "looks"  # the person prefers another theme, density or size of text, or other details of messages
    MEMORY = "memory"  # something was learned, changed or forgotten
    PERSONAS = "personas"  # a persona or a prompt was added, removed or changed
    SESSION = "session"  # a session of this account was ended


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of an account's feed.

    ``origin`` is the page whose handler made the change (``Actor.page``) and has shown it: to it, this is no news.
    """

    kind: NoticeKind
    id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    origin: str = ""


class NoticeStream(Protocol):
    """One subscription; iterate it, and close it in the end."""

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> Notice: ...

    async def aclose(self) -> None:
        """End the subscription; a waiting reader's iteration ends with it."""
        ...


class Notices(Protocol):
    """Tells every open page of an account, on every replica, that something changed.

    At most once, in order per process; pages that miss a notice rebuild themselves when they reconnect.
    """

    def publish(self, account: UUID, notice: Notice) -> None:
        """Tell every subscriber of *account*, or of all with EVERYBODY. Never blocks, never raises."""
        ...

    def subscribe(self, account: UUID) -> NoticeStream:
        """Yield what is published from now on; closing the iterator ends the subscription.

        A subscriber of EVERYBODY gets only what is told to everybody.
        """
        ...


class Presence(Protocol):
    """Which processes of a deployment are there. Never raises: when it cannot tell, nobody is silent."""

    async def beat(self, name: str, *, silence_seconds: float) -> list[str]:
        """Note that *name* is there; return who was and has not been heard for *silence_seconds*."""
        ...

    async def leave(self, name: str, *, silence_seconds: float) -> None:
        """Count *name* as silent from now on."""
        ...
