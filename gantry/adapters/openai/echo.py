"""Repeated prefixes: a server asked to continue an answer may say again what is there already."""

_SHORTEST_ECHO = 16  # characters; what a model says twice of its own accord is shorter


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
