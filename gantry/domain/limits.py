"""Counting attempts."""

from typing import Protocol


class RateLimiter(Protocol):
    """Counts attempts in fixed windows, for all replicas together where they share Redis."""

    async def hit(self, key: str, *, limit: int, window_seconds: int) -> int:
        """Count one attempt; return 0 when it is within the limit, else the seconds until the window ends."""
        ...

    async def forget(self, key: str) -> None:
        """Start over for *key*, for example after a successful sign-in."""
        ...
