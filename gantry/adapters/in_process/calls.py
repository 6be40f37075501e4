"""Answers that wait for a function, within one process."""

from collections.abc import Callable
from time import monotonic
from uuid import UUID

from gantry.domain.open_calls import KEPT_SECONDS, MAX_CALLS_BYTES

_Kept = dict[UUID, tuple[float, bytes]]  # oldest first: when it is over, and what it is


class InProcessCalls:
    """Implements ``domain.open_calls.CallStore`` for one process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kept: dict[UUID, _Kept] = {}  # by account

    async def keep(self, account: UUID, answer: UUID, value: bytes) -> None:
        """Keep *value*, in the place of what is over and of the oldest."""
        now = self._clock()
        for each, kept in list(self._kept.items()):
            if not self._alive(kept, now):
                del self._kept[each]
        kept = self._kept.setdefault(account, {})
        kept[answer] = (now + KEPT_SECONDS, value)
        while sum(len(each) for _end, each in kept.values()) > MAX_CALLS_BYTES:
            del kept[next(iter(kept))]

    async def find(self, account: UUID, answer: UUID) -> bytes | None:
        """Return what was kept."""
        end, value = self._kept.get(account, {}).get(answer, (0.0, b""))
        return value if end > self._clock() else None

    @staticmethod
    def _alive(kept: _Kept, now: float) -> bool:
        while kept and next(iter(kept.values()))[0] <= now:
            del kept[next(iter(kept))]
        return bool(kept)
