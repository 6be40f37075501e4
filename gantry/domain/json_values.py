"""JSON that somebody else has written: what it is shows only by looking."""

from collections.abc import Mapping
from typing import Any, cast

Json = Mapping[str, Any]


def object_in(value: Any) -> Json | None:
    """Return *value* if it is a JSON object."""
    return cast("Json", value) if isinstance(value, Mapping) else None


def list_in(value: Any) -> list[Any] | None:
    """Return *value* if it is a JSON list."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def objects_in(value: Any) -> list[Json] | None:
    """Return *value* if it is a list of objects."""
    found = list_in(value)
    if found is None or not all(isinstance(each, Mapping) for each in found):
        return None
    return cast("list[Json]", found)
