"""How migrations run; called by gantry.repositories.migrations, which hands over an open connection."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlalchemy.types import Enum, TypeDecorator

from gantry.models import Row


def plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Render our column types as plain SQLAlchemy ones: a migration never imports gantry."""
    if kind != "type":
        return False
    if isinstance(item, Enum):
        values = ", ".join(repr(value) for value in item.enums)
        return f"sa.Enum({values}, name={item.name!r}, length={item.length}, native_enum=False, create_constraint=True)"
    if isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def ours(_item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Leave the full-text tables and indexes alone: they are written by hand, for each database."""
    return not (reflected and kind in {"table", "index"} and (name or "").startswith("fts_"))


def run(connection: sa.Connection) -> None:
    """Run what the command asks for, one migrator at a time, each migration in a transaction unless one is open."""
    inside = connection.in_transaction()
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_item=plain_type,
        include_object=ours,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    if connection.dialect.name == "postgresql":
        held = "pg_advisory_xact_lock" if inside else "pg_advisory_lock"
        connection.execute(sa.text(f"SELECT {held}(hashtext('gantry:alembic'))"))
        connection.execute(sa.text("SET lock_timeout = '5s'"))
        if not inside:
            connection.commit()
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(
        url=context.config.attributes["url"],
        target_metadata=Row.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    run(context.config.attributes["connection"])
