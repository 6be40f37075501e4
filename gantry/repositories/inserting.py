"""Inserting what may be there already: SQLAlchemy spells that in the words of each kind of database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


def insert_of(session: AsyncSession, table: type, rows: Sequence[dict[str, Any]]) -> Any:
    """Return an INSERT of *rows* that can be told what to do ``ON CONFLICT``."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table).values(rows)
