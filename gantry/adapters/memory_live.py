"""Live text, notices and limits within one process: nothing to install, nothing to start or stop."""

from gantry.adapters.memory_board import MemoryNoticeBoard
from gantry.adapters.memory_limits import MemoryRateLimiter
from gantry.adapters.memory_log import MemoryEventLog

__all__ = ["MemoryEventLog", "MemoryNoticeBoard", "MemoryRateLimiter"]
