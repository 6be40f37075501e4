"""What no archive holds: temporary conversations and everything that hangs on them, whatever the revision has of tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gantry.domain.archive import Layout

_ROOT = "conversation"
_BATCH = 500  # ids of one question


@dataclass(frozen=True, slots=True)
class _Reference:
    """A column that refers to a table; its row goes with what it refers to, or lets go of it."""

    column: str
    table: str
    goes_with: bool


@dataclass(slots=True)
class Passing:
    """The rows to be left out, by table."""

    gone: dict[str, set[UUID]] = field(default_factory=dict[str, set[UUID]])
    references: dict[str, list[_Reference]] = field(default_factory=dict[str, list[_Reference]])

    def without(self, layout: Layout, rows: Iterable[Mapping[Any, Any]]) -> Iterator[Mapping[Any, Any]]:
        """Yield those of a table's *rows* that stay, without their references to those that do not."""
        gone = self.gone.get(layout.name, set[UUID]())
        loose = [
            (each.column, self.gone[each.table])
            for each in self.references.get(layout.name, ())
            if not each.goes_with and self.gone.get(each.table)
        ]
        for row in rows:
            if gone and row["id"] in gone:
                continue
            let_go = {column: None for column, ids in loose if row[column] in ids}
            yield {**row, **let_go} if let_go else row

    def is_file(self, path: str) -> bool:
        """Whether the file of a document at *path* is left out."""
        name = path.rpartition("/")[2]
        return any(name == each.hex for each in self.gone.get("document", ()))


def passing(connection: sa.Connection, layouts: Sequence[Layout]) -> Passing:
    """Find what is left out of *layouts*, which stand in an order in which a row's parents come before it."""
    found = Passing()
    if not any(layout.name == _ROOT and ("temporary" in dict(layout.columns)) for layout in layouts):
        return found
    conversations = sa.table(_ROOT, sa.column("id", sa.Uuid()), sa.column("temporary", sa.Boolean()))
    temporary = sa.select(conversations.c.id).where(conversations.c.temporary.is_(True))
    found.gone[_ROOT] = set(connection.execute(temporary).scalars())
    if not found.gone[_ROOT]:
        return found
    inspector = sa.inspect(connection)
    for layout in layouts:
        references = [
            _Reference(
                key["constrained_columns"][0],
                key["referred_table"],
                key.get("options", {}).get("ondelete", "").upper() == "CASCADE",
            )
            for key in inspector.get_foreign_keys(layout.name)
            if key["referred_table"] != layout.name  # such a one stands beside what it refers to
        ]
        found.references[layout.name] = references
        for each in references:
            if each.goes_with and (parents := found.gone.get(each.table)):
                found.gone.setdefault(layout.name, set()).update(
                    _hanging(connection, layout.name, each.column, sorted(parents))
                )
    return found


def _hanging(connection: sa.Connection, table: str, column: str, parents: Sequence[UUID]) -> Iterator[UUID]:
    rows = sa.table(table, sa.column("id", sa.Uuid()), sa.column(column, sa.Uuid()))
    for first in range(0, len(parents), _BATCH):
        some = rows.c[column].in_(parents[first : first + _BATCH])
        yield from connection.execute(sa.select(rows.c.id).where(some)).scalars()
