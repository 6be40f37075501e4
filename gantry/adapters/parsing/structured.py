"""JSON in words: each value with the way to it, so that it means something alone."""

import json
from collections.abc import Iterator
from typing import Any

_BAD = 0.1  # of the lines may be something else, in a file of JSON lines


class _Pairs(list[tuple[str, Any]]):
    """The members of an object; a name may stand twice."""


def values_of(text: str) -> Iterator[Iterator[str]] | None:
    """Return the lines for each value in a file of JSON or of JSON lines; None where it is neither."""
    try:
        return iter([_flat(_read(text))])
    except (ValueError, RecursionError):
        return _lines(text)


def _lines(text: str) -> Iterator[Iterator[str]] | None:
    lines = [line for line in text.split("\n") if line.strip()]
    found: list[Iterator[str]] = []
    bad = 0
    for line in lines:
        try:
            found.append(_flat(_read(line)))
        except (ValueError, RecursionError):
            bad += 1
            found.append(iter([line.strip()]))
    return iter(found) if len(lines) > 1 and bad <= _BAD * len(lines) else None


def _read(text: str) -> Any:
    # Figures stay as they are written: 1.10 is no 1.1.
    return json.loads(text, object_pairs_hook=_Pairs, parse_float=str, parse_int=str, parse_constant=str)


def _flat(value: Any) -> Iterator[str]:
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        way, each = stack.pop()
        if isinstance(each, _Pairs):
            stack.extend((f"{way}.{name}" if way else name, inner) for name, inner in reversed(each))
        elif isinstance(each, list):
            numbered = list(enumerate(each, 1))
            stack.extend(
                (f"{way} {number}" if way else str(number), inner) for number, inner in reversed(numbered)
            )
        elif each is not None and each != "":
            said = str(each).lower() if isinstance(each, bool) else str(each)
            yield f"{way}: {said}" if way else said
