"""Token counts, wherever in an answer and however model servers tell them."""

from typing import Any

from gantry.domain.catalog import UsageReport
from gantry.domain.json_values import Json, list_in, object_in

_PROMPT = ("prompt_tokens", "input_tokens", "prompt_eval_count")
_ANSWER = ("completion_tokens", "output_tokens", "eval_count")
_MOST = 2_000_000_000  # no prompt is longer; a database's number holds it


def told_in(event: Json) -> UsageReport | None:
    """Return the counts of one event of a stream, or of a whole answer: its own, its first choice's, or Groq's."""
    if report := counts_of(event.get("usage")):
        return report
    for holder in (*(list_in(event.get("choices")) or [])[:1], event.get("x_groq")):
        if (inner := object_in(holder)) and (report := counts_of(inner.get("usage"))):
            return report
    return None


def counts_of(usage: Any) -> UsageReport | None:
    """Read an object of counts; None unless both are told, and can be counts."""
    told = object_in(usage)
    if told is None:
        return None
    prompt, answer = _first(told, _PROMPT), _first(told, _ANSWER)
    return None if prompt is None or answer is None else UsageReport(prompt, answer)


def _first(usage: Json, names: tuple[str, ...]) -> int | None:
    return next((count for name in names if (count := _count(usage.get(name))) is not None), None)


def _count(value: Any) -> int | None:
    """Read a number; some languages write whole ones as 12.0, or as words."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= len(str(_MOST)):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST else None
