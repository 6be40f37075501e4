"""How answers are written into Redis Streams: one entry per batch, one JSON object per entry.

Every batch says where its text begins, so it can be applied twice, and one that is missing is noticed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self
from uuid import UUID

from gantry.adapters.in_process.live_text import Attempt
from gantry.domain.live import LiveKind, Opening

FIELD = b"batch"
_KINDS = {kind.value for kind in LiveKind}


def stream_key(generation: UUID) -> bytes:
    """Return the name of the stream of one answer."""
    return f"gantry:answer:{generation}".encode()


@dataclass(slots=True)
class Sent:
    """How much of an answer its stream has; ``attempt`` is None when the stream has to be told everything."""

    attempt: Attempt | None = None
    text: int = 0
    reasoning: int = 0
    ticks: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What is new in one attempt.

    ``prefix`` makes it an opening: the batch then holds everything from zero, and the first so many characters
    of text and reasoning are what the attempt began with.
    """

    attempt: int
    text: str = ""
    text_at: int = 0
    reasoning: str = ""
    reasoning_at: int = 0
    said: Mapping[str, Any] = field(default_factory=dict)
    end: str | None = None
    prefix: tuple[int, int] | None = None
    continues: bool = False

    @classmethod
    def next(cls, attempt: Attempt, sent: Sent) -> Self | None:
        """Return what the stream lacks and count it as sent, or None when it lacks nothing."""
        opens = sent.attempt is not attempt
        if opens:
            sent.attempt, sent.text, sent.reasoning, sent.ticks = attempt, 0, 0, 0
        batch = cls(
            attempt=attempt.number,
            text=attempt.text.since(sent.text),
            text_at=sent.text,
            reasoning=attempt.reasoning.since(sent.reasoning),
            reasoning_at=sent.reasoning,
            said={str(kind): dict(data) for kind, data in attempt.news(sent.ticks).items()},
            end=attempt.end,
            prefix=attempt.prefix if opens else None,
            continues=opens and attempt.continues,
        )
        sent.text, sent.reasoning, sent.ticks = attempt.text.length, attempt.reasoning.length, attempt.ticks
        return (
            batch if opens or batch.text or batch.reasoning or batch.said or batch.end is not None else None
        )

    def encode(self) -> bytes:
        """Return the batch as JSON. Half surrogate pairs, which models do send, survive."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        telling = {
            name: value for name, value in told.items() if value or (name == "end" and value is not None)
        }
        raw = json.dumps(telling, ensure_ascii=False, separators=(",", ":"), default=str)
        return raw.encode("utf-8", "surrogatepass")

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read a batch.

        Raises:
            ValueError: Not one of ours.
        """
        try:
            told = json.loads(raw.decode("utf-8", "surrogatepass"))
            prefix = told.pop("prefix", None)
            return cls(**told, prefix=(prefix[0], prefix[1]) if prefix is not None else None)
        except (TypeError, KeyError, AttributeError, IndexError) as error:
            raise ValueError("not a batch of an answer") from error

    @property
    def opening(self) -> Opening | None:
        """How the attempt began, when this batch is its opening."""
        if self.prefix is None:
            return None
        text, reasoning = self.prefix
        return Opening(self.attempt, self.text[:text], self.reasoning[:reasoning], self.continues)

    @property
    def announcements(self) -> dict[LiveKind, Mapping[str, Any]]:
        """What was said, by kind; kinds of a newer version are left out."""
        return {LiveKind(kind): data for kind, data in self.said.items() if kind in _KINDS}
