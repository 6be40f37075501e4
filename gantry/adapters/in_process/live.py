"""Live text, notices and limits within one process: nothing to install, nothing to start or stop."""

from gantry.adapters.in_process.calls import InProcessCalls
from gantry.adapters.in_process.event_log import InProcessEventLog
from gantry.adapters.in_process.limits import InProcessRateLimiter
from gantry.adapters.in_process.notices import InProcessNotices

__all__ = ["InProcessCalls", "InProcessEventLog", "InProcessNotices", "InProcessRateLimiter"]
