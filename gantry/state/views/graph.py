"""The names of a memory as a picture: where each stands, in per cent of the picture, the same every time."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from gantry.domain.memory import Graph
from gantry.domain.messages import plural
from gantry.state.language import said

_ROUNDS = 90
_LEGAL_FORM = re.compile(
    r",?\s+(gmbh|ag|se|kg|ltd|limited|inc|llc|corp|co|plc|oy|ab|bv|sa|srl|spa)\.?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class NodeView:
    """A name; ``left`` and ``top`` are lengths of CSS, ``size`` is the dot's width in pixels."""

    id: str
    name: str
    kind: str
    said: str  # for who cannot see the picture
    size: str
    left: str = ""
    top: str = ""


@dataclass(frozen=True, slots=True)
class EdgeView:
    """What one name is to another: a line between two points, and the place of its label."""

    label: str
    said: str
    x1: str
    y1: str
    x2: str
    y2: str
    left: str
    top: str


@dataclass(frozen=True, slots=True)
class GraphView:
    """The picture, and the names that nothing is known about but that they were mentioned."""

    nodes: list[NodeView]
    edges: list[EdgeView]
    others: list[NodeView]


@dataclass(slots=True)
class _Name:
    name: str
    kind: str
    mentions: int


def graph_view(graph: Graph) -> GraphView:
    """Lay out *graph*; a company with and without its legal form is one name."""
    names: dict[str, _Name] = {}
    key_of: dict[object, str] = {}
    for each in graph.names:
        key = _LEGAL_FORM.sub("", each.name).casefold()
        key_of[each.id] = key
        known = names.setdefault(key, _Name(each.name, each.kind.value, 0))
        known.mentions += each.mentions
        known.name = max(known.name, each.name, key=len)
    links = {
        (key_of[each.subject_id], key_of[each.object_id], each.predicate)
        for each in graph.relations
        if key_of[each.subject_id] != key_of[each.object_id]
    }
    ends = {end for link in links for end in link[:2]}
    joined = [key for key in names if key in ends]
    index = {key: number for number, key in enumerate(joined)}
    pairs = sorted({(index[a], index[b]) for a, b, _label in links})
    places = dict(zip(joined, _laid_out(len(joined), tuple(pairs)), strict=True))
    return GraphView(
        [_node(key, names[key], places[key]) for key in joined],
        [_edge(names, places, link) for link in sorted(links)],
        [_node(key, each) for key, each in names.items() if key not in places],
    )


def _node(key: str, name: _Name, place: tuple[float, float] | None = None) -> NodeView:
    size = f"{min(26.0, 8 + 4 * math.sqrt(name.mentions)):.0f}px"
    about = said(
        plural(
            "{name}, {kind}, mentioned once",
            "{name}, {kind}, mentioned {count} times",
            count=name.mentions,
            name=name.name,
            kind=name.kind,
        )
    )
    left, top = (f"{100 * each:.1f}%" for each in place) if place else ("", "")
    return NodeView(key, name.name, name.kind, about, size, left, top)


def _edge(
    names: dict[str, _Name], places: dict[str, tuple[float, float]], link: tuple[str, str, str]
) -> EdgeView:
    source, target, label = link
    (x1, y1), (x2, y2) = places[source], places[target]
    ends = [f"{100 * each:.1f}" for each in (x1, y1, x2, y2)]
    said = f"{names[source].name} {label} {names[target].name}"
    return EdgeView(label, said, *ends, left=f"{50 * (x1 + x2):.1f}%", top=f"{50 * (y1 + y2):.1f}%")


@lru_cache(
    maxsize=64
)  # it takes 50 ms for sixty names, and a page asks at every key that is pressed in its search
def _laid_out(count: int, pairs: tuple[tuple[int, int], ...]) -> Sequence[tuple[float, float]]:
    """Return a place for each of *count* names, as shares of width and height: all push each other away, what is linked pulls."""
    points: list[list[float]] = []
    for number in range(count):
        angle, radius = (
            number * 2.399963,
            30 * math.sqrt(number + 0.5),
        )  # the golden angle spreads them evenly
        points.append([radius * math.cos(angle) * 1.5, radius * math.sin(angle)])
    for round_ in range(_ROUNDS):
        push = [
            [-0.012 * x, -0.03 * y] for x, y in points
        ]  # towards the middle; more so where there is less room
        for a, b in combinations(range(len(points)), 2):
            dx, dy = points[a][0] - points[b][0], points[a][1] - points[b][1]
            force = 700 / (dx * dx + 2 * dy * dy + 60)  # names are wide: they need more room beside them
            for at, sign in ((a, force), (b, -force)):
                push[at][0] += dx * sign
                push[at][1] += dy * sign
        for a, b in pairs:
            for axis in (0, 1):
                pull = 0.04 * (points[b][axis] - points[a][axis])
                push[a][axis] += pull
                push[b][axis] -= pull
        heat = 12 * (1 - round_ / _ROUNDS)
        for point, (dx, dy) in zip(points, push, strict=True):
            length = math.hypot(dx, dy) or 1.0
            step = min(length, heat) / length
            point[0] += dx * step
            point[1] += dy * step
    shares = [_spread([point[axis] for point in points]) for axis in (0, 1)]
    return [(0.1 + 0.8 * x, 0.1 + 0.76 * y) for x, y in zip(*shares, strict=True)]


def _spread(values: list[float]) -> list[float]:
    """Return *values* as shares of the way from the lowest to the highest."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]
