"""What the sidebar shows of a conversation."""

from collections.abc import Iterable
from dataclasses import dataclass

from gantry.services.chat import Listed


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of the sidebar; ``updated`` is in seconds since the epoch."""

    id: str
    title: str
    updated: int
    pinned: bool = False
    answering: bool = False
    unseen: bool = False


def rows(listed: Iterable[Listed]) -> list[RowView]:
    """Return *listed* as the browser gets it, in the same order."""
    return [
        RowView(
            id=str(each.conversation.id),
            title=each.conversation.title,
            updated=int(each.conversation.updated_at.timestamp()),
            pinned=each.conversation.pinned,
            answering=each.answering,
            unseen=each.unseen,
        )
        for each in listed
    ]
