"""What the memory page may see."""

from dataclasses import dataclass

from gantry.services.memory import Fact, Graph
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


@dataclass(frozen=True, slots=True)
class NodeView:
    """A name of the graph."""

    id: str
    name: str
    kind: str
    mentions: int


@dataclass(frozen=True, slots=True)
class EdgeView:
    """What one name is to another."""

    source: str
    target: str
    label: str


def fact_view(found: Fact) -> FactView:
    """Make the view of a fact."""
    item = found.item
    return FactView(
        id=str(item.id),
        text=item.content,
        pinned=item.pinned,
        source=found.title or ("A conversation" if item.conversation_id else "Written by you"),
        link=f"/c/{item.conversation_id}" if item.conversation_id else "",
        said_at=int(item.said_at.timestamp()),
        actions=[
            ActionView("edit", "Edit"),
            ActionView("unpin", "Unpin") if item.pinned else ActionView("pin", "Pin"),
            ActionView("forget", "Forget", danger=True),
        ],
    )


def graph_views(graph: Graph) -> tuple[list[NodeView], list[EdgeView]]:
    """Make the picture's nodes and edges."""
    nodes = [NodeView(str(each.id), each.name, each.kind.value, count) for each, count in graph.entities]
    edges = [EdgeView(str(each.subject_id), str(each.object_id), each.predicate) for each in graph.relations]
    return nodes, edges
