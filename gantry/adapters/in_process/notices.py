"""Notices to open pages within one process."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self
from uuid import UUID

from gantry.domain.live import EVERYBODY, Notice


class _Box:
    """What waits for one subscriber; the oldest goes when it is full."""

    __slots__ = ("filled", "notices")

    def __init__(self, max_waiting: int) -> None:
        self.notices: deque[Notice] = deque(maxlen=max_waiting)
        self.filled = asyncio.Event()

    def put(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.filled.set()


class Subscription:
    """Implements ``domain.live.NoticeStream``: begins when made, ends when closed or when nothing refers to it.

    A wait that was cancelled leaves it open, so a caller may wait with a timeout.
    """

    def __init__(self, box: _Box, leave: Callable[[], None]) -> None:
        self._box = box
        self._leave: Callable[[], None] | None = leave

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notice:
        if self._leave is None:
            raise StopAsyncIteration
        while not self._box.notices:
            self._box.filled.clear()
            await self._box.filled.wait()
            if self._leave is None:  # closed while it waited
                raise StopAsyncIteration
        return self._box.notices.popleft()

    async def aclose(self) -> None:
        """End the subscription; may be called twice."""
        self._close()

    def _close(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()
            self._box.filled.set()

    def __del__(self) -> None:  # a page that was cancelled drops its feed without closing it
        if getattr(self, "_leave", None) is not None:
            self._close()


class InProcessNotices:
    """Implements ``domain.live.Notices`` for one process. Call it from the event loop's thread.

    Args:
        max_waiting: Notices kept for one slow subscriber; beyond them it loses the oldest.
        on_change: Called when an account gets its first subscriber or loses its last.
    """

    def __init__(self, max_waiting: int = 256, on_change: Callable[[], None] | None = None) -> None:
        self._max_waiting = max_waiting
        self._on_change = on_change or (lambda: None)
        self._boxes: dict[UUID, list[_Box]] = {}

    @property
    def accounts(self) -> set[UUID]:
        """The accounts that have subscribers."""
        return set(self._boxes)

    def publish(self, account: UUID, notice: Notice) -> None:
        """Tell every subscriber of *account*, or of all."""
        told = self._boxes.values() if account == EVERYBODY else (self._boxes.get(account, ()),)
        for boxes in told:
            for box in boxes:
                box.put(notice)

    def subscribe(self, account: UUID) -> Subscription:
        """Return a feed of what is published from this call on."""
        box = _Box(self._max_waiting)
        boxes = self._boxes.setdefault(account, [])
        boxes.append(box)
        if len(boxes) == 1:
            self._on_change()
        return Subscription(box, lambda: self._leave(account, box))

    def _leave(self, account: UUID, box: _Box) -> None:
        boxes = self._boxes[account]
        boxes.remove(box)
        if not boxes:
            del self._boxes[account]
            self._on_change()
