"""Logging: an event name, ids from the context, JSON where no person reads along.

Events are dotted and in the past tense (``generation.claimed``). Never message text, tokens or document content.
Libraries do not keep to that at their lower levels: LOG_LEVEL=debug is about our own lines.
"""

import json as slow_json
import logging
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

_context: ContextVar[dict[str, str] | None] = ContextVar("gantry_log_context", default=None)
ACCESS = "gantry.access"  # the logger with one line for each request
MAX_VALUE_CHARACTERS = 2_000  # of an event's name, and of each value beside it: strangers choose some of them
MAX_TRACEBACK_CHARACTERS = 20_000
BURST = 20  # warnings from one place in the code that are logged within a minute
_BURST_SECONDS = 60.0
_QUIET = ("httpx", "httpcore", "asyncio", "alembic", "engineio", "socketio", "uvicorn.error")
_OWN_OUTPUT = (
    "engineio.server",
    "socketio.server",
)  # they bring a handler, and would write each line a second time
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


@contextmanager
def log_context(**ids: object) -> Generator[None]:
    """Add *ids* to every line logged inside the block, in this task and those it starts."""
    token = _context.set((_context.get() or {}) | {name: str(value) for name, value in ids.items()})
    try:
        yield
    finally:
        _context.reset(token)


def current_log_context() -> Mapping[str, str]:
    """Return the ids that lines of this task carry."""
    return _context.get() or {}


def add_log_context(**ids: object) -> None:
    """Add *ids* to every line from here to the end of the enclosing ``log_context`` block of this task."""
    _context.set((_context.get() or {}) | {name: str(value) for name, value in ids.items()})


class Bounded(logging.Filter):
    """Lets BURST warnings from one place through in a minute, then tells how many it kept back.

    Much that is worth a warning can be provoked by whoever sends garbage; a log must not fill a disk with it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since: dict[tuple[str, int], float] = {}
        self._seen: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether *record* is logged; the first of the next minute carries ``suppressed``."""
        if record.levelno < logging.WARNING:
            return True
        place, now = (record.pathname, record.lineno), self._clock()
        if now - self._since.get(place, -_BURST_SECONDS) >= _BURST_SECONDS:
            suppressed = self._seen.get(place, 0) - BURST
            if suppressed > 0:
                record.suppressed = suppressed
            self._since[place], self._seen[place] = now, 0
        self._seen[place] += 1
        return self._seen[place] <= BURST


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: _bounded(value) for name, value in vars(record).items() if name not in _STANDARD}


def _bounded(value: Any) -> Any:
    """Return *value*, as text cut in its middle when it is long."""
    if value is None or isinstance(value, int | float):
        return value
    return shortened(str(value), MAX_VALUE_CHARACTERS)


def shortened(text: str, characters: int) -> str:
    """Return *text* with its middle left out beyond so many characters; the end of a traceback says what happened."""
    if len(text) <= characters:
        return text
    half = characters // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


def _on_one_line(value: object) -> str:
    """Return *value* without what could start a line of its own, or speak to a terminal."""
    text = str(value).replace("\\", "\\\\")
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _json(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # half a surrogate pair, an enormous number: a line is logged all the same
        return slow_json.dumps(line, default=str)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render *record* with the ids of its context."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": shortened(record.getMessage(), MAX_VALUE_CHARACTERS),
            **(_context.get() or {}),
            **_extras(record),
        }
        if record.exc_info:
            line["traceback"] = shortened(self.formatException(record.exc_info), MAX_TRACEBACK_CHARACTERS)
        return _json(line)


class PlainFormatter(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Render *record* on one line, its ids behind it."""
        pairs = {**(_context.get() or {}), **_extras(record)}
        tail = "".join(f" {name}={_on_one_line(value)}" for name, value in pairs.items())
        line = f"{record.levelname.lower():7} {shortened(record.getMessage(), MAX_VALUE_CHARACTERS)}{tail}"
        if not record.exc_info:
            return line
        return f"{line}\n{shortened(self.formatException(record.exc_info), MAX_TRACEBACK_CHARACTERS)}"


def configure(level: str, *, json: bool, access: bool = False) -> None:
    """Send all logging to standard error.

    Args:
        level: Of our own lines; libraries say no more than at "info".
        json: One JSON object a line, for programs.
        access: Log every request, whatever *level* is.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if json else PlainFormatter())
    handler.addFilter(Bounded())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # At "debug" libraries write what passes through them: messages, cookies, the values of SQL statements.
    root.setLevel(max(logging.INFO, getattr(logging, level.upper())))
    logging.getLogger("gantry").setLevel(level.upper())
    logging.getLogger(ACCESS).setLevel(logging.INFO if access else logging.CRITICAL)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _OWN_OUTPUT:
        logging.getLogger(name).handlers.clear()
    # The server's own access log has query strings, and a line of ours says more.
    server_access = logging.getLogger("uvicorn.access")
    server_access.handlers.clear()
    server_access.propagate = False
