"""Counting attempts within one process."""

import math
from collections.abc import Callable
from time import monotonic


class InProcessRateLimiter:
    """Implements ``domain.limits.RateLimiter`` for one process.

    A window begins with its first attempt. At most ``max_keys`` windows are kept: beyond them the ones that are
    over go first, then those with the fewest attempts, the oldest of them first: a flood of new keys pushes out itself.
    """

    def __init__(self, max_keys: int = 50_000, clock: Callable[[], float] = monotonic) -> None:
        self._max_keys = max_keys
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}  # when it ends, attempts so far

    async def hit(self, key: str, *, limit: int, window_seconds: int) -> int:
        """Count one attempt; return 0 or the seconds (at least 1) until the window ends."""
        now = self._clock()
        ends_at, count = self._windows.get(key, (0.0, 0))
        if not count or ends_at <= now:
            self._windows.pop(key, None)
            self._make_room(now)
            ends_at, count = now + window_seconds, 0
        self._windows[key] = (ends_at, count + 1)
        return 0 if count < limit else max(1, math.ceil(ends_at - now))

    async def forget(self, key: str) -> None:
        """Start over for *key*."""
        self._windows.pop(key, None)

    def _make_room(self, now: float) -> None:
        if len(self._windows) < self._max_keys:
            return
        self._windows = {key: window for key, window in self._windows.items() if window[0] > now}
        # A tenth at once: a flood of new keys must not make each of them scan the rest.
        excess = len(self._windows) - self._max_keys * 9 // 10
        for key in sorted(self._windows, key=lambda key: self._windows[key][1])[: max(0, excess)]:
            del self._windows[key]
