"""The tags of conversations: a JSON list in each row, taken apart by the database."""

from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.models import Conversation


def tags_of(session: AsyncSession) -> Any:
    """Return the tags of a conversation as rows with a ``value``."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    taken_apart = func.json_each if sqlite else func.json_array_elements_text
    return taken_apart(col(Conversation.tags)).table_valued("value", joins_implicitly=True)


def tagged(session: AsyncSession, tag: str) -> ColumnElement[bool]:
    """Return what holds of conversations that carry *tag*."""
    tags = tags_of(session)
    return exists(select(1).select_from(tags).where(tags.c.value == tag))
