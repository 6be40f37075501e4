"""Logging: an event name, ids from the context, JSON where no person reads along.

Events are dotted and in the past tense (``generation.claimed``). Never message text, tokens or document content.
"""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

_context: ContextVar[dict[str, str] | None] = ContextVar("gantry_log_context", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


@contextmanager
def log_context(**ids: object) -> Generator[None]:
    """Add *ids* to every line logged inside the block, in this task and those it starts."""
    token = _context.set((_context.get() or {}) | {name: str(value) for name, value in ids.items()})
    try:
        yield
    finally:
        _context.reset(token)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _on_one_line(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render *record* with the ids of its context."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **(_context.get() or {}),
            **_extras(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class PlainFormatter(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Render *record* on one line, its ids behind it."""
        pairs = {**(_context.get() or {}), **_extras(record)}
        tail = "".join(f" {name}={_on_one_line(value)}" for name, value in pairs.items())
        line = f"{record.levelname.lower():7} {record.getMessage()}{tail}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: str, *, json: bool) -> None:
    """Send all logging to standard error; quiet libraries that log each request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if json else PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("httpx", "httpcore", "asyncio", "alembic", "engineio", "socketio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
