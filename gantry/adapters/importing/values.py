"""Values of foreign JSON, taken with care: anything may be missing, null, or of another kind."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gantry.domain.text import storable

_MILLISECONDS = 100_000_000_000  # seconds beyond this are the year 5138: they are milliseconds
_NONE: Mapping[str, Any] = {}


def mapping(value: object) -> Mapping[str, Any]:
    """Return *value* if it is an object of JSON, else an empty one."""
    return value if isinstance(value, Mapping) else _NONE


def items(value: object) -> list[Any]:
    """Return *value* if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list; whatever else is in it is passed over."""
    return (each for each in items(value) if isinstance(each, Mapping))


def text(value: object) -> str:
    """Return *value* if it is text, made storable; numbers as they are written; else nothing."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def first_text(value: Mapping[str, Any], *keys: str) -> str:
    """Return the first of *keys* that has words."""
    return next((found for key in keys if (found := text(value.get(key))).strip()), "")


def moment(value: object) -> datetime | None:
    """Return a time: ISO 8601 (UTC where it has no zone), seconds or milliseconds since 1970, or MongoDB's ``$date``."""
    if isinstance(value, Mapping):
        inner = value.get("$date", value.get("$numberLong"))
        return moment(inner) if inner is not None else None
    if isinstance(value, str):
        return _written(value.strip())
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return _counted(value)
    return None


def _counted(number: float) -> datetime | None:
    try:
        while number > _MILLISECONDS and number < math.inf:
            number /= 1000
        return datetime.fromtimestamp(number, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _written(value: str) -> datetime | None:
    if len(value) >= 9 and value.isascii() and value.replace(".", "", 1).isdigit():
        return _counted(float(value))
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
