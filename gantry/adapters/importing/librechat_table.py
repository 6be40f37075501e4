"""LibreChat's export as a table: no title, no parts, a message a row."""

import csv
import io
from collections.abc import Iterator

from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import parent_of
from gantry.adapters.importing.values import moment, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignMessage

_COLUMNS = frozenset({"sender", "text", "isCreatedByUser", "messageId"})
_LONGEST_FIELD = 8_000_000


def is_export(export: str) -> bool:
    """Whether a text begins with the columns of such a table."""
    first = export.lstrip("\ufeff\n\r ").split("\n", 1)[0][:1000]
    return {each.strip().strip('"') for each in first.split(",")} >= _COLUMNS


def read(export: str) -> ForeignConversation:
    """Read a table."""
    messages = tuple(_messages(export.lstrip("\ufeff\n\r ")))
    return ForeignConversation("", "", messages, leaf=messages[-1].key if messages else None)


def _messages(export: str) -> Iterator[ForeignMessage]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows = list(csv.DictReader(io.StringIO(export, newline="")))
    finally:
        csv.field_size_limit(before)
    linked = any(row.get("parentMessageId") for row in rows)
    last: str | None = None
    for at, row in enumerate(rows):
        own = text(row.get("isCreatedByUser")).strip().lower() in {"true", "1"}
        key = text(row.get("messageId")) or f"#{at}"
        said = Said()
        if text(row.get("error")).strip().lower() == "true":
            said.failed(row.get("text"))
        else:
            (said.say if own else said.answer)(row.get("text"))
        yield ForeignMessage(
            key=key,
            parent=parent_of(row, "parentMessageId") if linked else last,
            role=MessageRole.USER if own else MessageRole.ASSISTANT,
            content=said.content,
            reasoning=said.reasoning,
            created_at=moment(text(row.get("createdAt"))),
        )
        last = key
