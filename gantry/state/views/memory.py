"""What the memory page may see."""

from dataclasses import dataclass

from gantry.domain.memory import Fact
from gantry.domain.messages import _
from gantry.state.language import said
from gantry.state.views.admin import ActionView


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact, and where it came from."""

    id: str
    text: str
    pinned: bool
    source: str
    link: str  # to the conversation; empty for what was written by hand
    said_at: int  # seconds since the epoch
    actions: list[ActionView]


def fact_view(fact: Fact) -> FactView:
    """Make the view of a fact."""
    return FactView(
        id=str(fact.id),
        text=fact.content,
        pinned=fact.pinned,
        source=fact.title or said(_("A conversation") if fact.conversation_id else _("Written by you")),
        link=f"/c/{fact.conversation_id}" if fact.conversation_id else "",
        said_at=int(fact.said_at.timestamp()),
        actions=[
            ActionView("edit", said(_("Edit"))),
            ActionView("unpin", said(_("Unpin"))) if fact.pinned else ActionView("pin", said(_("Pin"))),
            ActionView("forget", said(_("Forget")), danger=True),
        ],
    )
