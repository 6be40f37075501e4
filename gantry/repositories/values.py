"""From rows to the values that leave the services (a row never does), and to the tables they are in."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar, cast

from sqlalchemy import Table

from gantry.models import Row


class _Value(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


_Kind = TypeVar("_Kind", bound=_Value)


def value_of(kind: type[_Kind], row: Row, **more: object) -> _Kind:
    """Make a *kind* of the columns of *row* that it has as fields; *more* are its fields that are no columns."""
    columns = {each.name: getattr(row, each.name) for each in fields(kind) if each.name not in more}
    return kind(**columns, **more)


def values_of(kind: type[_Kind], rows: Sequence[Row]) -> list[_Kind]:
    """Make a *kind* of each row, in order."""
    return [value_of(kind, row) for row in rows]


def table_of(kind: type[Row]) -> Table:
    """Return the table of a row: statements about it spare what an object would be looked after for."""
    return cast("Any", kind).__table__


def columns_of(row: Row) -> dict[str, Any]:
    """Return what *row* holds, by the names of its columns."""
    return {column.key: getattr(row, column.key) for column in table_of(type(row)).columns}
