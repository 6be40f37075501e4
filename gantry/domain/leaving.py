"""What goes when an account is deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gantry.domain.exporting import moment
from gantry.domain.text import counted

# As a person knows them; other tables are part of these, or are called by a word of their own.
_NAMES = {
    "conversation": "conversation",
    "message": "message",
    "document": "document",
    "collection": "collection of documents",
    "memory_item": "memory",
    "folder": "folder",
    "share": "shared link",
    "persona": "persona",
    "prompt": "prompt",
    "api_token": "access token",
    "auth_session": "session",
    "import_run": "import",
}
_PARTS = {
    "imported_conversation",
    "chunk",
    "attachment",
    "feedback",
    "generation",
    "entity",
    "mention",
    "relation",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was an account's own: rows by table, and the bytes of its documents. ``at`` is when it was removed, or counted."""

    email: str
    at: datetime
    rows: Mapping[str, int]
    file_bytes: int

    @property
    def lines(self) -> list[str]:
        """What a person reads: how many of each, without what there is none of."""
        told: list[str] = []
        for table, count in self.rows.items():
            if count and table not in _PARTS:
                told.append(counted(count, _NAMES.get(table, table)))
        return told

    def to_json(self) -> dict[str, Any]:
        """Return it for a file."""
        return {
            "account": self.email,
            "deleted_at": moment(self.at),
            "rows": dict(self.rows),
            "file_bytes": self.file_bytes,
        }
