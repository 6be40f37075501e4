"""One rule for every tree that comes in: parents in any order, any depth, in linear time and without recursion.

A parent that is unknown or absent makes a root, and there may be several. A cycle is cut at its first message in the file.
A message that is not shown hands its children to its nearest shown ancestor. A step opens the answer that follows it on
its branch, or stands by itself where none does. Siblings stay in the order of the file.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignMessage, Skipped, Standing, joined, told_apart
from gantry.domain.messages import _
from gantry.domain.text import counted

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Planted:
    """A conversation's shown messages, parents before children, each naming a shown parent or None.

    ``leaf`` is the last message of the branch on screen. ``branches`` counts the places where it goes on in several ways.
    """

    messages: tuple[ForeignMessage, ...]
    leaf: str | None
    branches: int
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Steps:
    """A step that waits for an answer, with those before it."""

    step: ForeignMessage
    before: "_Steps | None"
    used: bool = False
    told: str | None = None  # the message that they became by themselves


def planted(conversation: ForeignConversation) -> Planted:
    """Make a tree of a conversation's messages."""
    nodes, skipped = _by_key(conversation.messages)
    children, roots, cut = _linked(nodes)
    if cut:
        skipped.append(
            Skipped(
                _("a link of “{title}”", title=conversation.title[:80]),
                _("its messages named each other as parents; it was cut there"),
            )
        )
    return _Planting(nodes, children).grow(roots, conversation.leaf, skipped)


def _by_key(messages: tuple[ForeignMessage, ...]) -> tuple[dict[str, ForeignMessage], list[Skipped]]:
    nodes: dict[str, ForeignMessage] = {}
    twice = 0
    for message in told_apart(messages):
        if message.key in nodes:
            twice += 1
        else:
            nodes[message.key] = message
    same = _("another message of the conversation has the same id")
    return nodes, [Skipped(counted(twice, "message"), same)] if twice else []


def _linked(nodes: dict[str, ForeignMessage]) -> tuple[dict[str, list[str]], list[str], int]:
    """Return children by parent, the roots, and how many links were cut because they closed a ring."""
    parents = {key: node.parent if node.parent in nodes else None for key, node in nodes.items()}
    order = {key: at for at, key in enumerate(nodes)}
    cut = 0
    safe: set[str] = set()
    for start in nodes:
        way: set[str] = set()
        at: str | None = start
        while at is not None and at not in safe:
            if at in way:  # a ring, which nothing outside leads into: any of its messages may open it
                parents[min(_ring(parents, at), key=order.__getitem__)] = None
                cut += 1
                break
            way.add(at)
            at = parents[at]
        safe |= way
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for key, parent in parents.items():
        if parent is None:
            roots.append(key)
        else:
            children.setdefault(parent, []).append(key)
    return children, roots, cut


def _ring(parents: dict[str, str | None], start: str) -> list[str]:
    ring, at = [start], parents[start]
    while at is not None and at != start:
        ring.append(at)
        at = parents[at]
    return ring


class _Planting:
    def __init__(self, nodes: dict[str, ForeignMessage], children: dict[str, list[str]]) -> None:
        self._nodes = nodes
        self._children = children
        self._shown: list[ForeignMessage] = []
        self._stands: dict[str, str | None] = {}  # each node's nearest shown message: itself, or one above it
        self._waiting: dict[str, _Steps | None] = {}

    def grow(self, roots: list[str], leaf: str | None, skipped: list[Skipped]) -> Planted:
        ends: list[str] = []
        stack: list[tuple[str, str | None, _Steps | None]] = [(key, None, None) for key in reversed(roots)]
        while stack:
            key, above, steps = stack.pop()
            above, steps = self._take(self._nodes[key], above, steps)
            below = self._children.get(key, [])
            if not below:
                if steps is not None:
                    above = self._stand(steps, above)
                if above is not None:
                    ends.append(key)
            self._stands[key], self._waiting[key] = above, steps
            stack += [(child, above, steps) for child in reversed(below)]
        on_screen = self._on_screen(leaf) or self._stands.get(self._last(ends) or "")
        return Planted(tuple(self._shown), on_screen, self._branches(), tuple(skipped))

    def _take(
        self, node: ForeignMessage, above: str | None, steps: _Steps | None
    ) -> tuple[str | None, _Steps | None]:
        if node.standing is Standing.HIDDEN:
            return above, steps
        if node.standing is Standing.STEP:
            return above, _Steps(node, steps)
        if steps is not None and node.role is MessageRole.USER:
            above, steps = self._stand(steps, above), None
        self._show(node, above, steps)
        return node.key, None

    def _stand(self, steps: _Steps, above: str | None) -> str | None:
        """Make a message of steps that no answer follows; returns what comes after them."""
        if steps.used:
            return steps.told or above
        alone = replace(
            steps.step,
            standing=Standing.SHOWN,
            role=MessageRole.ASSISTANT,
            content="",
            reasoning="",
            files=(),
        )
        self._show(alone, above, steps)
        steps.told = steps.step.key
        return steps.told

    def _show(self, message: ForeignMessage, above: str | None, steps: _Steps | None) -> None:
        """Show a message, opened by the steps before it. Each step is shown once: with the first answer it leads to."""
        opening: list[ForeignMessage] = []
        while steps is not None and not steps.used:
            opening.append(steps.step)
            steps.used = True
            steps = steps.before
        above = (steps.told if steps is not None else None) or above
        self._shown.append(_opened(replace(message, parent=above), opening[::-1]))

    def _on_screen(self, leaf: str | None) -> str | None:
        """Return the shown message for *leaf*; where that is a step, the answer that it opens."""
        at = leaf
        while at is not None and self._waiting.get(at) is not None and self._children.get(at):
            at = self._children[at][-1]
        return self._stands.get(at) if at is not None else None

    def _last(self, ends: list[str]) -> str | None:
        """Return the newest end; the last one of the file where times are equal, or missing. Steps alone are the last choice."""
        ends = [key for key in ends if self._nodes[key].standing is not Standing.STEP] or ends
        order = {key: at for at, key in enumerate(self._nodes)}
        times = {key: self._nodes[key].created_at for key in ends}
        timed = all(times.values())
        return max(ends, key=lambda key: ((timed and times[key]) or _NEVER, order[key]), default=None)

    def _branches(self) -> int:
        families = Counter(message.parent for message in self._shown)
        return sum(1 for size in families.values() if size > 1)


def _opened(message: ForeignMessage, steps: list[ForeignMessage]) -> ForeignMessage:
    """Return an answer that begins with the steps before it."""
    if not steps:
        return message
    return replace(
        message,
        content=joined([*(each.content for each in steps), message.content]),
        reasoning=joined([*(each.reasoning for each in steps), message.reasoning]),
        model=message.model or next((each.model for each in reversed(steps) if each.model), ""),
        created_at=message.created_at or steps[-1].created_at,
        files=tuple(file for each in steps for file in each.files) + message.files,
    )
