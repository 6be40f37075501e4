"""Rows as lines of JSON, the same for every database.

A line is an object with the table's columns in order of their names: moments in UTC with microseconds, UUIDs with
hyphens, bytes in base64, a JSON column as the text of its value (so that its own null differs from no value) with
sorted keys.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gantry.domain.archive import Kind, Layout, damaged

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_ESCAPED = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def encode(layout: Layout, values: Mapping[Any, Any]) -> bytes:
    """Return one row as a line, without its end."""
    return _line({name: _plain(kind, values[name]) for name, kind in layout.columns})


def decode(layout: Layout, line: bytes) -> dict[str, Any]:
    """Return a line's values as Python has them; JSON columns stay text.

    Raises:
        ArchiveRefused: The line is not a row of this table.
    """
    try:
        told = json.loads(line)
        if list(told) == [name for name, _kind in layout.columns]:
            return {name: _value(kind, told[name]) for name, kind in layout.columns}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise damaged(f"a row of {layout.name} cannot be read") from error
    raise damaged(f"a row of {layout.name} has other columns")


def canonical_json(text: str) -> str:
    """Return JSON with sorted keys and no spaces."""
    return _dumps(json.loads(text))


def _dumps(value: Any) -> str:
    text = _CANONICAL.encode(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can hold
            return _ESCAPED.encode(value)
    return text


def _line(values: dict[str, Any]) -> bytes:
    return _dumps(values).encode()


def _plain(kind: Kind, value: Any) -> Any:
    return None if value is None else _PLAIN[kind](value)


def _moment(value: datetime) -> str:
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _float(value: float) -> float | str:
    return float(value) if math.isfinite(value) else repr(float(value))


_PLAIN: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.UUID: str,
    Kind.TEXT: str,
    Kind.MOMENT: _moment,
    Kind.JSON: canonical_json,
    Kind.INTEGER: int,
    Kind.FLOAT: _float,
    Kind.BOOLEAN: bool,
    Kind.BYTES: lambda value: base64.b64encode(value).decode(),
}


def _value(kind: Kind, plain: Any) -> Any:
    if plain is None:
        return None
    wanted, convert = _VALUES[kind]
    if type(plain) not in wanted:
        raise TypeError(kind)
    return convert(plain)


def _utc(plain: str) -> datetime:
    if not plain.endswith("Z"):
        raise ValueError("not UTC")
    return datetime.fromisoformat(plain)


def _same(plain: Any) -> Any:
    return plain


_VALUES: Mapping[Kind, tuple[tuple[type, ...], Callable[[Any], Any]]] = {
    Kind.UUID: ((str,), UUID),
    Kind.TEXT: ((str,), _same),
    Kind.MOMENT: ((str,), _utc),
    Kind.JSON: ((str,), canonical_json),
    Kind.INTEGER: ((int,), _same),
    Kind.FLOAT: ((float, int, str), float),
    Kind.BOOLEAN: ((bool,), _same),
    Kind.BYTES: ((str,), lambda plain: base64.b64decode(plain, validate=True)),
}
