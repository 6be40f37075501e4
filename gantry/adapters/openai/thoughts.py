"""Thoughts that a server tells from the answer itself, in the forms they come in."""

from collections.abc import Mapping, Sequence
from typing import Any

from gantry.domain.catalog import Delta, ReasoningDelta

FIELDS = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_text",
    "reasoning_details",
    "thinking_blocks",
)


def thoughts(text: str) -> Sequence[Delta]:
    """Return *text* as a delta; nothing for an empty one."""
    return (ReasoningDelta(text),) if text else ()


def thought_in(part: Mapping[str, Any]) -> str:
    """Return the thought of one part."""
    names = ("thinking", "text", "reasoning", "content", "summary")
    thoughts = next((part[name] for name in names if part.get(name)), [])
    if isinstance(thoughts, str):
        return thoughts
    return "".join(piece if isinstance(piece, str) else piece.get("text") or "" for piece in thoughts)


def thought_of(value: Any) -> str:
    """Return a thought told as text, as an object or as a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return ""
    pieces = (
        part if isinstance(part, str) else thought_in(part) for part in value if isinstance(part, str | dict)
    )
    return "".join(pieces)
