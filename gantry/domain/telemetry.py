"""What a process counts and measures about itself, and the protocol through which it does.

Numbers and names from short, known lists only: no account, no address, nothing a person wrote.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Open(StrEnum):
    """What may be open for a while."""

    ANSWER = "answer"  # being written by this process
    EVENT_STREAM = "event-stream"  # a reader of an answer
    FEED = "feed"  # a page that is told what changes
    TAB = "tab"  # a page's connection to its state


@dataclass(frozen=True, slots=True)
class RequestReport:
    """One request that has been answered.

    Attributes:
        route: The route's template; never a path, which anybody may make up.
        seconds: None for what ends when its reader likes, and so says nothing about our speed.
    """

    method: str
    route: str
    status: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """One answer that has ended.

    Attributes:
        model: Its id if the catalog knows it, else "other".
        status: How it ended.
        fault: What kind of error it ended with, if any.
        first_token_seconds: From the press of Send to the first text or reasoning; None when it did not come, or
            came from another process.
        total_seconds: From the press of Send to the end.
        prompt_tokens: As the server counted, else as we estimate.
        completion_tokens: Likewise.
    """

    model: str
    status: str
    fault: str
    first_token_seconds: float | None
    total_seconds: float
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Exposition:
    """The figures as a monitoring system reads them."""

    content: bytes
    media_type: str


class Telemetry(Protocol):
    """Takes figures. Never blocks and never raises; nothing of it is called for each token of an answer."""

    def opened(self, what: Open) -> AbstractContextManager[None]:
        """Count *what* as open for the duration of the block."""
        ...

    def request(self, report: RequestReport) -> None:
        """Count a request."""
        ...

    def answer(self, report: AnswerReport) -> None:
        """Count an answer, at its one end."""
        ...

    def taken_over(self, answers: int) -> None:
        """Count answers that this process goes on with after another one left or died."""
        ...

    def handed_over(self) -> None:
        """Count an answer that this process left to the others."""
        ...

    def ingested(self, outcome: str, seconds: float) -> None:
        """Count a document that has been read or has failed; *outcome* is ``ready`` or the kind of problem."""
        ...

    def read_pages(self, pages: int) -> None:
        """Count pages that have been read."""
        ...

    def refused(self, what: str) -> None:
        """Count an attempt refused because there were too many; *what* is of a short list: ``sign-in`` …."""
        ...

    def part(self, name: str, *, ok: bool, required: bool, seconds: float) -> None:
        """Note how a part was when it was asked just now, and how long it took."""
        ...

    def ready(self, *, fit: bool) -> None:
        """Note whether all required parts were well."""
        ...

    def refresh(self) -> None:
        """Read what is known of the process itself; called every few seconds."""
        ...

    def exposition(self) -> Exposition:
        """Return all figures, over all workers of this container; may take some milliseconds."""
        ...


class Unmeasured:
    """Takes figures and forgets them: for tools that serve nobody."""

    def opened(self, what: Open) -> AbstractContextManager[None]:
        """Count nothing."""
        return nullcontext()

    def request(self, report: RequestReport) -> None:
        """Count nothing."""

    def answer(self, report: AnswerReport) -> None:
        """Count nothing."""

    def taken_over(self, answers: int) -> None:
        """Count nothing."""

    def handed_over(self) -> None:
        """Count nothing."""

    def ingested(self, outcome: str, seconds: float) -> None:
        """Count nothing."""

    def read_pages(self, pages: int) -> None:
        """Count nothing."""

    def refused(self, what: str) -> None:
        """Count nothing."""

    def part(self, name: str, *, ok: bool, required: bool, seconds: float) -> None:
        """Note nothing."""

    def ready(self, *, fit: bool) -> None:
        """Note nothing."""

    def refresh(self) -> None:
        """Read nothing."""

    def exposition(self) -> Exposition:
        """Return nothing."""
        return Exposition(b"", "text/plain; charset=utf-8")


UNMEASURED: Telemetry = Unmeasured()
