"""Answers that call a function, kept until the function's output comes: they are no answers yet, and stand in no conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self
from uuid import UUID

import orjson

from gantry.domain.errors import Invalid
from gantry.domain.json_values import Json, objects_in
from gantry.domain.programs import Question

KEPT_SECONDS = 3600
MAX_CALL_BYTES = 4_000_000  # of one exchange, with the pictures in it
MAX_CALLS_BYTES = 16_000_000  # of one account together: the newest that fit
_INSTRUCTIONS = ("system", "developer")


class CallStore(Protocol):
    """Keeps bytes for ``KEPT_SECONDS``, the newest ``MAX_CALLS_BYTES`` of each account."""

    async def keep(self, account: UUID, answer: UUID, value: bytes) -> None:
        """Keep what *answer* needs to go on; where that cannot be done now, it is not kept."""
        ...

    async def find(self, account: UUID, answer: UUID) -> bytes | None:
        """Return it; None when it is not *account*'s, or over.

        Raises:
            Unavailable: It cannot be told now.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenCall:
    """An exchange up to a call of functions: its messages, without instructions, and its place among what is stored."""

    messages: Sequence[Json]
    conversation_id: UUID | None = None
    after: UUID | None = None

    @classmethod
    def of(cls, asked: Question, words: str, calls: Sequence[Json]) -> Self:
        """Return the exchange of *asked*, whose answer makes *calls*."""
        turn = {"role": "assistant", "content": words or None, "tool_calls": list(calls)}
        said = [each for each in asked.messages if each.get("role") not in _INSTRUCTIONS]
        return cls([*said, turn], asked.extras.conversation_id, asked.extras.after)

    def stored(self) -> bytes:
        """Return it as it is kept."""
        place = [self.conversation_id, self.after]
        return orjson.dumps([list(self.messages), *place])

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read what ``stored`` wrote."""
        messages, *place = orjson.loads(raw)
        return cls(messages, *(UUID(each) if each else None for each in place))

    def resumed(self, asked: Question) -> Question:
        """Return *asked* with what was said before it, in the place of that.

        Raises:
            Invalid: It is to continue another conversation.
        """
        thread = asked.extras.conversation_id
        if self.after is None and thread not in (None, self.conversation_id):
            raise Invalid(
                "previous_response_id is an answer of another conversation.", field="previous_response_id"
            )
        head = [each for each in asked.messages if each.get("role") in _INSTRUCTIONS]
        known = set(_called(self.messages))
        new = [
            each
            for each in asked.messages
            if each.get("role") not in _INSTRUCTIONS and not known.intersection(_called([each]))
        ]
        messages = (*head, *self.messages, *new)
        place = replace(
            asked.extras, conversation_id=self.conversation_id or thread, after=self.after, store=True
        )
        passed = {**asked.passed, "messages": list(messages)}
        return replace(asked, messages=messages, extras=place, passed=passed)


def require_calls(asked: Question) -> None:
    """Raise Invalid where a function's output answers no call."""
    known = set(_called(asked.messages))
    for each in asked.messages:
        call = each.get("tool_call_id")
        if each.get("role") == "tool" and not (isinstance(call, str) and call in known):
            raise Invalid(
                "input holds the output of a function that was not called.",
                advice="A call waits for its output for an hour, if it was asked for with store: true.",
                field="input",
            )


def _called(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    calls = (call for each in messages for call in objects_in(each.get("tool_calls")) or ())
    return [call["id"] for call in calls if isinstance(call.get("id"), str)]
