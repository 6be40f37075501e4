"""Finding messages and titles by words while they are typed.

Owner and words are terms of one index (``repositories/words.py``), so what one person looks for costs by what that person keeps.
The beginning of a word is no term: it is looked for in the newest rows that hold the other words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    String,
    Uuid,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import MessageRole
from gantry.domain.finding import Filters, Sought
from gantry.models import Conversation, Folder, Message
from gantry.repositories.tags import tagged

LOOKED_THROUGH = 2000  # newest rows that hold the words
COMPARED = 100  # newest rows that are compared with each other
READ = 2000  # characters of them
SHOWN = 60_000  # characters of those that are shown

_HITS_SQLITE = """
    SELECT row.{table}_id AS id FROM (
        SELECT number FROM (
            SELECT rowid AS number FROM fts_{table} WHERE fts_{table} MATCH :whole ORDER BY rowid DESC LIMIT :looked
        )
        UNION SELECT number FROM (
            SELECT rowid AS number, {column} AS terms
            FROM fts_{table} WHERE fts_{table} MATCH :others ORDER BY rowid DESC LIMIT :looked
        ) WHERE instr(' ' || terms, :begun)
    ) AS hit CROSS JOIN fts_{table}_row AS row ON row.number = hit.number
"""
# Two steps each, so that PostgreSQL takes the index of words for the first: the newest are not found by going through all.
_HITS_POSTGRESQL = """
    WITH whole AS MATERIALIZED (SELECT {table}_id AS id FROM fts_{table} WHERE search @@ CAST(:whole AS tsquery)),
    others AS MATERIALIZED ({others})
    (SELECT id FROM whole ORDER BY id DESC LIMIT :looked)
    UNION SELECT near.id FROM (SELECT id FROM others ORDER BY id DESC LIMIT :looked) AS near
    JOIN fts_{table} AS f ON f.{table}_id = near.id WHERE f.search @@ CAST(:begun AS tsquery)
"""


_OTHERS = "SELECT {table}_id AS id FROM fts_{table} WHERE search @@ CAST(:others AS tsquery)"
# Where there are no other words, the index of words would name all that its owner has.
_NEWEST = "SELECT id FROM {table} WHERE account_id = :owner ORDER BY id DESC LIMIT :looked"


@dataclass(frozen=True, slots=True)
class FoundText:
    """A message, or (without an id) a title, that holds what is sought; ``text`` is the beginning of it."""

    message_id: UUID | None
    conversation_id: UUID
    title: str
    role: MessageRole | None
    model: str | None
    text: str
    created_at: datetime


class FindingRepository:
    """Search by words over what one person has said and was answered."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def messages(
        self, wanted: Sought, filters: Filters, *, owner: UUID, every: bool = True
    ) -> list[FoundText]:
        """Return the newest of *owner*'s messages that hold *every* word, or else any; some may only seem to."""
        model = func.coalesce(col(Message.model), col(Conversation.model))
        hit = self._hits("message", "content", wanted, owner, every=every)
        latest = (col(Message.created_at).desc(), col(Message.id).desc())
        newest = (
            select(col(Message.id))
            .select_from(hit)
            .join(Message, col(Message.id) == hit.c.id)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.account_id) == owner, *self._filtered(filters, col(Message.created_at), model))
            .order_by(*latest)
            .limit(COMPARED)
        )
        if filters.role is not None:
            newest = newest.where(col(Message.role) == filters.role)
        chosen = newest.subquery("newest")
        query = (  # the texts of those alone are read
            select(
                col(Message.id),
                col(Message.conversation_id),
                col(Conversation.title),
                col(Message.role),
                model,
                func.substr(col(Message.content), 1, READ),
                col(Message.created_at),
            )
            .select_from(chosen)
            .join(Message, col(Message.id) == chosen.c.id)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .order_by(*latest)
        )
        return await self._found(query)

    async def titles(self, wanted: Sought, filters: Filters, *, owner: UUID) -> list[FoundText]:
        """Return the newest of *owner*'s conversations whose titles hold every word."""
        changed, model = col(Conversation.updated_at), col(Conversation.model)
        hit = self._hits("conversation", "title", wanted, owner, every=True)
        query = (
            select(
                literal(None, Uuid()),
                col(Conversation.id),
                col(Conversation.title),
                literal(None, String()),
                model,
                col(Conversation.title).label("text"),
                changed,
            )
            .select_from(hit)
            .join(Conversation, col(Conversation.id) == hit.c.id)
            .where(*self._filtered(filters, changed, model), col(Conversation.account_id) == owner)
            .order_by(changed.desc())
        )
        return await self._found(query)

    async def texts(self, messages: Sequence[UUID]) -> dict[UUID, str]:
        """Return what is shown of messages that were found."""
        query = select(col(Message.id), func.substr(col(Message.content), 1, SHOWN)).where(
            col(Message.id).in_(messages)
        )
        return {row[0]: row[1] for row in await self._session.execute(query)}

    async def models(self, *, owner: UUID, limit: int) -> list[str]:
        """Return the models that *owner*'s conversations were held with."""
        query = (
            select(col(Conversation.model))
            .where(
                col(Conversation.account_id) == owner, col(Conversation.model).is_not(None), *_to_be_found()
            )
            .distinct()
            .limit(limit)
        )
        return sorted(str(model) for model in (await self._session.execute(query)).scalars())

    async def _found(self, query: Any) -> list[FoundText]:
        rows = await self._session.execute(query.limit(COMPARED))
        return [FoundText(*row) for row in rows]

    def _filtered(
        self, filters: Filters, at: SQLColumnExpression[datetime], model: SQLColumnExpression[Any]
    ) -> list[ColumnElement[bool]]:
        held = _passing(filters, at, model)
        return [*held, tagged(self._session, filters.tag)] if filters.tag else held

    def _hits(self, table: str, name: str, wanted: Sought, owner: UUID, *, every: bool) -> Any:
        sqlite = self._session.get_bind().dialect.name == "sqlite"
        if sqlite:
            statement, asked = _HITS_SQLITE, _sqlite(wanted, owner, name, every)
        else:
            alone = every and bool(wanted.typed) and not wanted.words
            statement = _HITS_POSTGRESQL.replace("{others}", _NEWEST if alone else _OTHERS)
            asked = _postgresql(wanted, owner, every)
            if alone:
                asked.pop("others")
        hits = text(statement.format(table=table, column=name)).bindparams(**asked, looked=LOOKED_THROUGH)
        if ":owner" in hits.text:
            hits = hits.bindparams(bindparam("owner", owner, Uuid()))
        return hits.columns(column("id", Uuid())).subquery("hit")


def _to_be_found() -> tuple[ColumnElement[bool], ...]:
    return col(Conversation.deleted_at).is_(None), col(Conversation.temporary).is_(False)


def _passing(
    filters: Filters, at: SQLColumnExpression[datetime], model: SQLColumnExpression[Any]
) -> list[ColumnElement[bool]]:
    """Return what holds of rows that may be told, and pass *filters* but for the tag."""
    held = [*_to_be_found()]
    if filters.after is not None:
        held.append(at >= filters.after)
    if filters.before is not None:
        held.append(at < filters.before)
    if filters.model is not None:
        held.append(model == filters.model)
    if filters.folder is not None:
        inside = select(col(Folder.id)).where(
            or_(col(Folder.id) == filters.folder, col(Folder.parent_id) == filters.folder)
        )
        held.append(col(Conversation.folder_id).in_(inside))
    if filters.persona is not None:
        held.append(col(Conversation.persona_id) == filters.persona)
    return held


def _sqlite(wanted: Sought, owner: UUID, name: str, every: bool) -> dict[str, str]:
    def one_of(terms: Sequence[str]) -> str:
        return f"{name} : ({' OR '.join(_in_quotes(term) for term in terms)})"

    mine, words, every_word = f'scope : "a{owner.hex}"', *_asked(wanted, one_of)
    whole = (" AND " if every else " OR ").join(every_word)
    return {
        "whole": f"({whole}) AND {mine}",
        "others": " AND ".join((*words, mine)) if wanted.typed and every else 'scope : "nobody"',
        "begun": f" {wanted.typed}",
    }


def _postgresql(wanted: Sought, owner: UUID, every: bool) -> dict[str, str]:
    def one_of(terms: Sequence[str]) -> str:
        return f"({' | '.join(_in_single_quotes(term) for term in terms)})"

    mine, words, every_word = f"'a{owner.hex}'", *_asked(wanted, one_of)
    whole = (" & " if every else " | ").join(every_word)
    return {
        "whole": f"{mine} & ({whole})",
        "others": " & ".join((mine, *words)) if wanted.typed and every else "",
        "begun": f"'{wanted.typed}':*" if wanted.typed else "",
    }


def _asked(wanted: Sought, one_of: Callable[[Sequence[str]], str]) -> tuple[list[str], list[str]]:
    """Return what a row must hold of the complete words, and of all of them, the last taken for complete."""
    words = [one_of(one.terms) for one in wanted.words]
    return words, [*words, *([one_of(wanted.stems)] if wanted.typed else [])]


def _in_quotes(term: str) -> str:
    return f'"{term}"'


def _in_single_quotes(term: str) -> str:
    return f"'{term}'"
