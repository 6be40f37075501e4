"""What servers mean by ``finish_reason``: OpenAI has four words for it, the others many more."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


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
    "success", "normal", "end_of_turn", "end_of_text", "stop_word", "stop_words", "user_stop", "</s>", "<|im_end|>", "<|eot_id|>",
})  # fmt: skip
_FAILURE = re.compile(r"error|abort|cancel|insufficient_system|overload|fail|malformed|timeout|interrupt")
_LENGTH = re.compile(
    r"length|max_?(?:\w+_?)?tokens|tokens?_?limit|context_?(?:window|limit|exceed|full)|^(?:limit|max)|truncated|truncation|^incomplete$"
    r"|(?:token|output)_?(?:limit|budget)|^(?:token_?)?budget|context_?overflow|too_?long|cut_?off|out_of_tokens|^tokens$"
)
_FILTER = re.compile(
    r"filter|safety|recitation|prohibit|block|spii|guardrail|moderat|sensitive|policy|censor|^refus|language$|\brisk|risk_|unsafe|violat|harm|profan|toxic"
)
_NAMES = ("finish_reason", "finish_details", "finishReason", "stop_reason", "done_reason")
_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s-]+")


def told_ending(choice: Mapping[str, Any]) -> object:
    """Return how a choice ended, by the names that others than OpenAI have for it."""
    delta = choice.get("delta")
    for holder in (choice, delta if isinstance(delta, Mapping) else {}):
        for name in _NAMES:
            if reason := holder.get(name):
                return reason
    return None


def ending_of(reason: object) -> Ending | None:
    """Return what *reason* means; None when it says nothing: null, empty, or of no use as a word."""
    if isinstance(reason, Mapping):
        reason = reason.get("type") or reason.get("reason")
    if not isinstance(reason, str):
        return None
    word = _BORDER.sub("_", reason.strip()).lower().removeprefix("finish_reason_")
    if word in {"", "null", "none", "unspecified", "not_finished", "in_progress"}:
        return None
    if word in _STOPS:
        return Ending.STOP
    for pattern, ending in ((_FILTER, Ending.FILTER), (_FAILURE, Ending.FAILURE), (_LENGTH, Ending.LENGTH)):
        if pattern.search(word):
            return ending
    return Ending.UNKNOWN
