"""The picture of what is remembered."""

from uuid import UUID

from gantry.domain.memory import EntityKind, Graph, Related, RememberedName
from gantry.state.views.graph import _laid_out, graph_view

COUNT = 60


def ring(*, joined: int = COUNT) -> Graph:
    """Return names of which *joined* stand in a ring."""
    names = [RememberedName(UUID(int=at), f"Name {at}", EntityKind.PERSON, 1) for at in range(COUNT)]
    relations = [Related(UUID(int=at), "knows", UUID(int=(at + 1) % joined)) for at in range(joined)]
    return Graph(names, relations)


def test_the_same_graph_is_laid_out_once() -> None:
    """Pages ask for it at every key that is pressed in their search."""
    _laid_out.cache_clear()
    first = graph_view(ring())
    assert graph_view(ring()) == first
    assert _laid_out.cache_info().misses == 1
    other = graph_view(ring(joined=40))
    assert _laid_out.cache_info().misses == 2
    assert (len(other.nodes), len(other.edges), len(other.others)) == (40, 40, 20)
    assert len({(each.left, each.top) for each in other.nodes}) == 40
