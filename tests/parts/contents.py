"""Databases with something in every table: odd values made from the tables themselves, and a real conversation."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gantry.models import Conversation, Message, Row, new_id
from gantry.models.base import UtcDateTime
from gantry.repositories.archive import connected

BEGINNING = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)  # the night in which Europe's clocks change
ODD_TEXTS = (
    "",
    " leading and trailing ",
    "tab\tquote\"apostrophe'back\\slash\\N\\.\r\nnew line",
    "Grüße, Ελληνικά, 日本語, עברית",
    "👩‍👩‍👧‍👦 é \u0301 \u200b\u2028\x7f\x01",
    "\ufeff\ufffd\uffff",
    "{'not': json}",
    "null",
)
ODD_JSON: tuple[Any, ...] = (
    {},
    {"b": 1, "a": [None, True, 1.5, -0.0, 2**53, "ü"], "": {"nested": {}}},
    {"zero": "\0", "half": "\ud800", "line": "\u2028"},
    {"list": []},
)


@contextmanager
def writing(database_url: str) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction that is committed at the end."""
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("BEGIN"))
        yield connection
        connection.commit()


def fill_every_table(database_url: str, rows: int = 12) -> None:
    """Put *rows* rows into every table, then a conversation with branches."""
    dice = random.Random(26)
    ids: dict[str, list[UUID]] = {}
    with writing(database_url) as connection:
        for table in Row.metadata.sorted_tables:
            made = [_row(table, number, ids, dice) for number in range(rows)]
            ids[table.name] = [row["id"] for row in made]
            connection.execute(sa.insert(table), made)
        add_conversation(connection, ids["account"][0], messages=40)


def add_conversation(connection: sa.Connection, account: UUID, messages: int) -> UUID:
    """Add a conversation whose messages branch; some parents have later ids than their children."""
    dice = random.Random(3)
    now = BEGINNING
    conversation = new_id()
    connection.execute(
        sa.insert(Conversation.__table__),  # pyright: ignore[reportAttributeAccessIssue]
        {"id": conversation, "account_id": account, "title": "Ünïcode & more", "title_by_hand": False,
         "pinned": True, "remembered": True, "temporary": False, "scope": {"documents": []}, "created_at": now, "updated_at": now},
    )  # fmt: skip
    ids = [new_id() for _ in range(messages)]
    dice.shuffle(ids)
    made = [
        {
            "id": ids[number],
            "conversation_id": conversation,
            "account_id": account,
            "parent_id": ids[max(0, number - 1 - dice.randrange(3))] if number else None,
            "depth": number,
            "role": "assistant" if number % 2 else "user",
            "client_key": None,
            "content": f"Zebra {number}. {ODD_TEXTS[number % len(ODD_TEXTS)]}",
            "reasoning": "",
            "status": "complete",
            "tokens_estimated": False,
            "left_out": 0,
            "truncated": False,
            "error": None,
            "created_at": now + timedelta(microseconds=number),
            "finished_at": None,
        }
        for number in range(messages)
    ]
    table: Any = Message.__table__  # pyright: ignore[reportAttributeAccessIssue]
    for row in made:
        connection.execute(sa.insert(table), row)
    return conversation


def add_messages(connection: sa.Connection, account: UUID, conversation: UUID, count: int) -> None:
    """Add many messages, all siblings."""
    table: Any = Message.__table__  # pyright: ignore[reportAttributeAccessIssue]
    shared = {
        "conversation_id": conversation,
        "account_id": account,
        "depth": 0,
        "role": "user",
        "reasoning": "",
        "status": "complete",
        "tokens_estimated": False,
        "left_out": 0,
        "truncated": False,
        "created_at": BEGINNING,
    }
    for first in range(0, count, 500):
        made = range(first, min(first + 500, count))
        content = f"Of many, with something to compress: {'lorem ipsum ' * 30}"
        connection.execute(
            sa.insert(table), [shared | {"id": new_id(), "content": f"{number} {content}"} for number in made]
        )


def _row(table: sa.Table, number: int, ids: dict[str, list[UUID]], dice: random.Random) -> dict[str, Any]:
    row = {column.name: _value(column, number, ids, dice) for column in table.columns}
    return row | _SPECIAL.get(table.name, {})


def _value(column: sa.Column[Any], number: int, ids: dict[str, list[UUID]], dice: random.Random) -> Any:
    for key in column.foreign_keys:
        targets = ids.get(key.column.table.name, [])
        return targets[number] if targets else None  # a row of its own table: the conversation has those
    if column.name == "temporary":
        return False  # no archive holds those
    if column.nullable and number % 3 == 0:
        return None
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.python_type(kind.enums[number % len(kind.enums)])
    made: tuple[tuple[Any, Callable[[], Any]], ...] = (
        (sa.Uuid, new_id),
        (sa.JSON, lambda: ODD_JSON[number % len(ODD_JSON)]),
        (sa.Boolean, lambda: bool(number % 2)),
        (sa.Integer, lambda: number),
        (sa.Float, lambda: dice.choice((0.1, 1e-9, 2.0, 0.7)) + number),
        (UtcDateTime, lambda: BEGINNING + timedelta(hours=number, microseconds=number)),
    )
    return next((make for wanted, make in made if isinstance(kind, wanted)), lambda: _text(column, number))()


def _text(column: sa.Column[Any], number: int) -> str:
    unique = column.unique or column.name in {"name", "slug", "client_key"}
    odd = ODD_TEXTS[number % len(ODD_TEXTS)]
    text = f"{number}-{odd}" if unique else odd
    return text.lower()[: getattr(column.type, "length", None)]


# Where rules of the table say more than the types of its columns.
_SPECIAL: dict[str, dict[str, Any]] = {
    "message": {"status": "complete", "depth": 0},
    "generation": {"status": "complete"},
    "document": {"conversation_id": None},
    "embedding_set": {"state": "retired"},
}
