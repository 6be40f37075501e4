"""What servers mean by ``finish_reason``: OpenAI has four words for it, the others many more."""

import re
from enum import StrEnum


class Ending(StrEnum):
    """How a server says that its answer ended."""

    STOP = "stop"
    LENGTH = "length"
    FILTER = "filter"
    FAILURE = "failure"
    UNKNOWN = "unknown"  # a word nobody knows: no end of its own, but a sign of one when the stream ends too


_STOPS = frozenset({
    "stop", "stopped", "end_turn", "end", "eos", "eos_token", "stop_sequence", "stop_str", "stop_token",
    "tool_calls", "tool_call", "tool_use", "function_call", "complete", "completed", "done", "finish", "finished",
    "success",
})  # fmt: skip
_FAILURE = re.compile(r"error|abort|cancel|insufficient_system|overload|fail|malformed|timeout|interrupt")
_LENGTH = re.compile(
    r"length|max_?(?:\w+_?)?tokens|tokens?_?limit|context_?(?:window|limit|exceed|full)|^(?:limit|max)|^truncated|^incomplete$"
)
_FILTER = re.compile(
    r"filter|safety|recitation|prohibit|block|spii|guardrail|moderat|sensitive|policy|censor|^refus|language$|\brisk|risk_|unsafe"
)
_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s-]+")


def ending_of(reason: object) -> Ending | None:
    """Return what *reason* means; None when it says nothing: null, empty, or of no use as a word."""
    if not isinstance(reason, str):
        return None
    word = _BORDER.sub("_", reason.strip()).lower().removeprefix("finish_reason_")
    if word in {"", "null", "none", "unspecified", "not_finished", "in_progress"}:
        return None
    if word in _STOPS:
        return Ending.STOP
    for pattern, ending in ((_FAILURE, Ending.FAILURE), (_FILTER, Ending.FILTER), (_LENGTH, Ending.LENGTH)):
        if pattern.search(word):
            return ending
    return Ending.UNKNOWN
