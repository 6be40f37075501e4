"""How often streams of model servers are looked at: seldom enough to be cheap, often enough to be read along."""

from collections.abc import Iterator
from contextlib import contextmanager

_SHORTEST_SECONDS = 0.026
_LONGEST_SECONDS = 0.1
_MORE_SECONDS = 0.0004  # for each answer beside this one


class Pace:
    """Counts the streams that are read at once.

    Looking costs about the same for one token as for ten. Between two looks what comes waits in the kernel: with few answers for
    less than anybody sees, with hundreds for up to a tenth of a second.
    """

    def __init__(self) -> None:
        self._streams = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count one more stream while the block runs."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @property
    def seconds(self) -> float:
        """How long to leave a stream alone after a piece of it."""
        return min(_LONGEST_SECONDS, _SHORTEST_SECONDS + _MORE_SECONDS * max(0, self._streams - 1))
