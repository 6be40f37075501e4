"""What every table shares, and the cures of four traps.

``text_enum`` stores values, where SQLAlchemy's default is a native enum of member *names*; ``UtcDateTime``
refuses naive datetimes and gives SQLite's back with their zone; ``Row`` names tables in snake case; the metadata
names every constraint, so that migrations can too.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import DateTime, Dialect, Enum, MetaData
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def new_id() -> UUID:
    """Return a UUIDv7: unique anywhere, and in order of time, so that it indexes well."""
    return uuid_utils.compat.uuid7()


def text_enum(kind: type[StrEnum]) -> Enum:
    """Return a column type that stores the values of *kind* as text, with a check."""
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        name=_BORDER.sub("_", kind.__name__).lower(),
        length=32,
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment; refuses naive datetimes, and always returns UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what has no zone; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite drops."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(SQLModel):
    """Base of all tables."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)  # pyright: ignore[reportIncompatibleVariableOverride]
    __tablename__: ClassVar[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.__tablename__ = _BORDER.sub("_", cls.__name__).lower()
        super().__init_subclass__(**kwargs)

    id: UUID = Field(default_factory=new_id, primary_key=True)
