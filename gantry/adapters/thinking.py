"""The beginnings of answers: thinking written inline, and repeated prefixes. Both may be cut across pieces."""

from gantry.domain.catalog import ReasoningDelta, TextDelta

_OPEN, _CLOSE = "<think>", "</think>"
_SHORTEST_ECHO = 16  # characters; what a model says twice of its own accord is shorter


class ThinkSplitter:
    """Tells thinking written as ``<think>…</think>`` before the answer from the answer itself.

    The tags may be cut anywhere. Only a tag at the very beginning counts: later ones are part of the answer.
    """

    __slots__ = ("_held", "_in_answer", "_in_thought", "_trim")

    def __init__(self) -> None:
        self._held = ""  # may yet turn out to be a tag
        self._in_thought = False
        self._in_answer = False
        self._trim = False  # the blank lines on either side of a tag belong to neither part

    @property
    def settled(self) -> bool:
        """Whether all that comes is the answer, as it is."""
        return self._in_answer and not self._trim

    def feed(self, text: str) -> list[TextDelta | ReasoningDelta]:
        """Return what is certain after *text*."""
        found: list[TextDelta | ReasoningDelta] = []
        self._held += text
        if not self._in_answer and not self._in_thought:
            self._look_for_opening()
        if self._in_thought:
            self._think(found)
        if self._in_answer:
            self._release(found, TextDelta)
        return found

    def flush(self) -> list[TextDelta | ReasoningDelta]:
        """Return what was held back when the stream ends."""
        found: list[TextDelta | ReasoningDelta] = []
        self._release(found, ReasoningDelta if self._in_thought else TextDelta)
        return found

    def _look_for_opening(self) -> None:
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._in_thought = self._trim = True
            self._held = start[len(_OPEN) :]
        elif not _OPEN.startswith(start):
            self._in_answer = True

    def _think(self, found: list[TextDelta | ReasoningDelta]) -> None:
        thought, tag, answer = self._held.partition(_CLOSE)
        self._held = thought.rstrip() if tag else thought[: _certain(thought)]
        kept = thought[len(self._held) :]
        self._release(found, ReasoningDelta)
        self._held = answer if tag else kept
        if tag:
            self._in_thought, self._in_answer, self._trim = False, True, True

    def _release(
        self, found: list[TextDelta | ReasoningDelta], kind: type[TextDelta] | type[ReasoningDelta]
    ) -> None:
        text = self._held.lstrip() if self._trim else self._held
        self._held = ""
        if text:
            self._trim = False
            found.append(kind(text))


def _certain(text: str) -> int:
    """Return how much of *text* is thought for certain: not blank space at its end, nor half a closing tag."""
    end = len(text)
    for length in range(min(end, len(_CLOSE) - 1), 0, -1):
        if _CLOSE.startswith(text[-length:]):
            end -= length
            break
    return len(text[:end].rstrip())


class EchoFilter:
    """Drops the prefix of a continued answer where a server repeats it (some versions do, most do not)."""

    __slots__ = ("_held", "_prefix")

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix if len(prefix) >= _SHORTEST_ECHO else ""
        self._held = ""

    @property
    def settled(self) -> bool:
        """Whether all that comes is new."""
        return not self._prefix

    def feed(self, text: str) -> str:
        """Return what of *text* is new; may hold it back until that is certain."""
        self._held += text
        if self._prefix.startswith(self._held) and self._held != self._prefix:
            return ""
        self._held = self._held.removeprefix(self._prefix)
        self._prefix = ""
        return self.flush()

    def flush(self) -> str:
        """Return what was held back when the stream ends."""
        held, self._held = self._held, ""
        return held
