"""Reading every table as of one moment, whichever database and whichever revision.

The tables are taken from the database itself, not from our classes: an archive of an older revision can be made and read.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gantry.domain.archive import Kind, Layout
from gantry.domain.archive_rows import encode
from gantry.domain.errors import WrongSchema
from gantry.places import typed
from gantry.repositories.archive_passing import Passing, passing
from gantry.repositories.connecting import connected
from gantry.repositories.database import engine_url

_APART = {"alembic_version", "embedding_set"}  # the second tells of vectors, which are made again
_FETCHED = 100  # rows held at once; one may be large
_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
    (sa.Uuid, Kind.UUID),
    (sa.JSON, Kind.JSON),
    (sa.Boolean, Kind.BOOLEAN),
    (sa.DateTime, Kind.MOMENT),
    (sa.Integer, Kind.INTEGER),
    (sa.Float, Kind.FLOAT),
    (sa.LargeBinary, Kind.BYTES),
    (sa.String, Kind.TEXT),
)
TYPES: Mapping[Kind, sa.types.TypeEngine[Any]] = {
    Kind.UUID: sa.Uuid(),
    Kind.TEXT: sa.Text(),
    Kind.MOMENT: sa.DateTime(timezone=True),
    Kind.JSON: sa.Text(),  # as it is written: what it means is not the database's business here
    Kind.INTEGER: sa.BigInteger(),
    Kind.FLOAT: sa.Double(),
    Kind.BOOLEAN: sa.Boolean(),
    Kind.BYTES: sa.LargeBinary(),
}


def layouts_of(connection: sa.Connection) -> list[Layout]:
    """Return our tables, each after those it refers to; searching tables are left out: they are rebuilt."""
    inspector = sa.inspect(connection)
    names = [name for name, _keys in inspector.get_sorted_table_and_fkc_names() if name is not None]
    return [_layout(inspector, name) for name in names if _ours(name)]


def _ours(table: str) -> bool:
    return table not in _APART and not table.startswith(("fts_", "sqlite_"))


def _layout(inspector: sa.Inspector, table: str) -> Layout:
    columns = sorted((column["name"], _kind(column["type"])) for column in inspector.get_columns(table))
    key = tuple(inspector.get_pk_constraint(table)["constrained_columns"])
    return Layout(table, tuple(columns), key)


def _kind(found: sa.types.TypeEngine[Any]) -> Kind:
    if isinstance(found, sa.CHAR) and found.length == 32:
        return Kind.UUID  # how SQLite keeps them
    for kind, name in _KINDS:
        if isinstance(found, kind):
            return name
    raise WrongSchema(f"A column of type {found} cannot be archived.")


class Snapshot:
    """The database as it was when the block began, while others write."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.engine = connection.dialect.name
        self.revision = _revision(connection)
        self.layouts = layouts_of(connection)

    @cached_property
    def passing(self) -> Passing:
        """What no archive holds."""
        return passing(self._connection, self.layouts)

    def kept_lines(self, layout: Layout) -> Iterator[bytes]:
        """Yield the rows of a table that an archive holds, as lines, in the order of its key."""
        for row in self.passing.without(layout, self._rows(layout)):
            yield encode(layout, row)

    def lines(self, layout: Layout) -> Iterator[bytes]:
        """Yield all rows of a table as lines, in the order of its key."""
        for row in self._rows(layout):
            yield encode(layout, row)

    def _rows(self, layout: Layout) -> Iterator[Mapping[Any, Any]]:
        columns = [self._column(name, kind) for name, kind in layout.columns]
        chosen = sa.select(*columns).select_from(sa.table(layout.name)).order_by(*self._order(layout))
        found = self._connection.execute(chosen, execution_options={"yield_per": _FETCHED})
        with found:
            yield from found.mappings()

    def count(self, layout: Layout) -> int:
        """Return the number of rows of a table."""
        rows = sa.select(sa.func.count()).select_from(sa.table(layout.name))
        return self._connection.execute(rows).scalar_one()

    def _column(self, name: str, kind: Kind) -> sa.ColumnElement[Any]:
        column = sa.column(name, TYPES[kind])
        if kind is Kind.JSON and self.engine == "postgresql":
            return sa.cast(column, sa.Text).label(name)
        return column

    def _order(self, layout: Layout) -> Iterator[sa.ColumnElement[Any]]:
        kinds = dict(layout.columns)
        for name in layout.key:
            column = sa.column(name)
            bytewise = kinds[name] is Kind.TEXT and self.engine == "postgresql"
            yield sa.collate(column, "C") if bytewise else column


def _revision(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        raise WrongSchema("The database is empty.", advice=f"Run: {typed('migrate')}")
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()


@contextmanager
def snapshot(database_url: str) -> Generator[Snapshot]:
    """Open the database for reading as of one moment; writers are not disturbed.

    Raises:
        WrongSchema: It has no tables yet.
        Unavailable: It failed.
    """
    require_file(database_url)
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("BEGIN"))
        else:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield Snapshot(connection)


def has_rows(database_url: str) -> bool:
    """Whether anything at all is stored."""
    if not is_there(database_url):
        return False
    with connected(database_url) as connection:
        return any(
            connection.execute(sa.select(sa.literal(1)).select_from(sa.table(layout.name)).limit(1)).first()
            for layout in layouts_of(connection)
        )


def require_file(database_url: str) -> None:
    """Raise WrongSchema where SQLite would make an empty file."""
    if not is_there(database_url):
        raise WrongSchema("There is no database yet.", advice=f"Run: {typed('migrate')}")


def is_there(database_url: str) -> bool:
    """Whether SQLite has a file, without making one; PostgreSQL has to be asked."""
    url = engine_url(database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()
