"""What the search may show of conversations and messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gantry.domain.chat import MessageRole
from gantry.domain.finding import Segment
from gantry.domain.messages import _
from gantry.domain.order import StoredFolder
from gantry.domain.personas import StoredPersona
from gantry.services.chat import Listed
from gantry.services.search import Hit
from gantry.state.language import said
from gantry.state.views.models import model_label


@dataclass(frozen=True, slots=True)
class PieceView:
    """A piece of a text; ``marked`` where it is what was searched."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class HitView:
    """Something that was found; ``at`` is in seconds since the epoch, ``who`` is empty of a conversation found by its title."""

    id: str
    address: str
    title: list[PieceView]
    snippet: list[PieceView]
    who: str
    at: int


@dataclass(frozen=True, slots=True)
class RecentView:
    """A conversation that is offered before anything is typed."""

    id: str
    address: str
    title: str
    at: int


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """A model, a folder or a persona to narrow a search to."""

    id: str
    name: str


def hit_views(hits: Iterable[Hit]) -> list[HitView]:
    """Make the views of *hits*, in their order."""
    return [_hit_view(hit) for hit in hits]


def _hit_view(hit: Hit) -> HitView:
    path = f"/c/{hit.conversation_id}"
    return HitView(
        id=f"hit-{hit.message_id or hit.conversation_id}",
        address=f"{path}?m={hit.message_id}" if hit.message_id else path,
        title=_pieces(hit.title) or [PieceView(said(_("Untitled")), marked=False)],
        snippet=_pieces(hit.snippet),
        who=_speaker(hit),
        at=int(hit.created_at.timestamp()),
    )


def _speaker(hit: Hit) -> str:
    if hit.role is None:
        return ""
    if hit.role is MessageRole.USER:
        return said(_("You"))
    return model_label(hit.model) if hit.model else said(_("Answer"))


def _pieces(segments: Sequence[Segment]) -> list[PieceView]:
    return [PieceView(each.text, each.marked) for each in segments]


def recent_views(listed: Iterable[Listed]) -> list[RecentView]:
    """Make the views of conversations that were changed last."""
    return [
        RecentView(
            id=f"recent-{each.conversation.id}",
            address=f"/c/{each.conversation.id}",
            title=each.conversation.title or said(_("Untitled")),
            at=int(each.conversation.updated_at.timestamp()),
        )
        for each in listed
    ]


def model_choices(models: Iterable[str]) -> list[ChoiceView]:
    """Make the choices of models."""
    return [ChoiceView(model, model_label(model)) for model in models]


def named_choices(items: Iterable[StoredFolder] | Iterable[StoredPersona]) -> list[ChoiceView]:
    """Make the choices of folders or personas."""
    return [ChoiceView(str(item.id), item.name) for item in items]
