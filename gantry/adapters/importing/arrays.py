"""The elements of lists of JSON, cut out of a stream one by one: what is large is never held as a whole, what is broken costs itself.

Only strings, brackets and braces are looked at; each element is then read by itself. Nesting costs a number, not memory.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[\[\]{}]', re.DOTALL)
_DEEPEST_LIST = 2  # a list of conversations lies at the top, in an object, or in one within that
_LIST = ord("[")
_LEAST = 256 * 1024


class BrokenOff(Exception):
    """There is no last bracket."""


class Between(bytes):
    """What stands between two elements: signs, and elements that are neither lists nor objects."""


@dataclass(slots=True)
class _Cutter:
    """Where a reader of a list is. *base* is how deep the list lies; 0 until it begins."""

    base: int = 0
    depth: int = 0
    held: bytes = b""
    start: int = 0  # of the element, or of what stands between two
    at: int = 0  # what comes before was looked at
    ended: bool = False
    found: list[bytes] = field(default_factory=list[bytes])

    def look(self, piece: bytes) -> None:
        """Take a piece, and put what is whole by now into *found*."""
        self.held = self.held[self.start :] + piece
        self.at -= self.start
        self.start = 0
        while token := _TO_BRACKET.match(self.held, self.at):
            self.at = token.end()
            sign = self.held[self.at - 1]
            if sign in b"[{":
                self._open(sign, self.at - 1)
            else:
                self._close(self.at)
        if not self.base:
            self.start = self.at

    def _open(self, sign: int, place: int) -> None:
        if not self.base:
            if sign == _LIST and self.depth <= _DEEPEST_LIST:
                self.base = self.depth + 1
                self.start = place + 1
        elif self.depth == self.base:
            self._between(place)
            self.start = place
        self.depth += 1
        self.ended = False

    def _close(self, end: int) -> None:
        """Close a bracket; after the last, another list may begin."""
        self.depth = max(0, self.depth - 1)
        if self.base and self.depth == self.base:
            self.found.append(self.held[self.start : end])
            self.start = end
        elif self.depth < self.base:
            self._between(end - 1)
            self.base = 0  # an object may hold several lists
        self.ended = self.depth == 0

    def _between(self, end: int) -> None:
        if between := self.held[self.start : end].strip(b", \t\r\n"):
            self.found.append(Between(between))


def cut(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the elements of a list, or of the lists of an object, as they are written; what stands between them as ``Between``.

    Raises:
        BrokenOff: The stream ends before the list or object does.
    """
    cutter = _Cutter()
    while piece := read(
        max(_LEAST, len(cutter.held))
    ):  # in steps that grow: a long string is looked at few times
        cutter.look(piece)
        yield from cutter.found
        cutter.found.clear()
    if not cutter.ended:
        raise BrokenOff
