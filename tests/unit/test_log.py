"""Log lines: what is in them, how many there are, and what libraries may say."""

import logging
from collections.abc import Iterator

import orjson
import pytest

from gantry.log import (
    ACCESS,
    BURST,
    Bounded,
    JsonFormatter,
    PlainFormatter,
    add_log_context,
    configure,
    current_log_context,
    log_context,
)


def record(event: str = "thing.done", level: int = logging.INFO, line: int = 1, **extra: object):
    made = logging.LogRecord("gantry.room", level, "room.py", line, event, None, None)
    vars(made).update(extra)
    return made


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the logging of the test run as it was."""
    root = logging.getLogger()
    names = ("gantry", ACCESS, "uvicorn.access", "aiosqlite", "engineio.server")
    loggers = [root, *map(logging.getLogger, names)]
    before = [(each, each.level, list(each.handlers), each.propagate) for each in loggers]
    yield
    for each, level, handlers, propagate in before:
        each.setLevel(level)
        each.handlers[:] = handlers
        each.propagate = propagate


def test_a_line_has_the_ids_of_its_context() -> None:
    """Ids come from the enclosing blocks, what is added lasts to the end of the block, and extras come last."""
    with log_context(request="r1"):
        add_log_context(account="a1")
        with log_context(generation="g1"):
            line = orjson.loads(JsonFormatter().format(record(status="complete")))
        assert current_log_context() == {"request": "r1", "account": "a1"}
    assert current_log_context() == {}
    del line["time"]
    assert line == {
        "level": "info",
        "logger": "gantry.room",
        "event": "thing.done",
        "request": "r1",
        "account": "a1",
        "generation": "g1",
        "status": "complete",
    }


def test_a_plain_line_stays_one_line() -> None:
    """What others wrote starts no line of its own and says nothing to the terminal."""
    line = PlainFormatter().format(record(path="/a\nerror forged\x1b[2J\u2028\\n"))
    assert line == "info    thing.done path=/a\\nerror forged\\x1b[2J\\u2028\\\\n"


def test_what_json_cannot_hold_is_logged_all_the_same() -> None:
    """Half a surrogate pair or an enormous number costs no line."""
    line = JsonFormatter().format(record(half="\ud800", huge=10**30))
    assert orjson.loads(line.replace("\\ud800", "?"))["event"] == "thing.done"


def test_warnings_from_one_place_are_bounded() -> None:
    """BURST warnings a minute are logged; the next minute's first says how many were not."""
    now = [0.0]
    bounded = Bounded(clock=lambda: now[0])
    kept = [bounded.filter(record(level=logging.ERROR)) for _ in range(BURST + 500)]
    assert kept == [True] * BURST + [False] * 500
    assert bounded.filter(record(level=logging.ERROR, line=2))  # another place is not held back by it
    assert all(bounded.filter(record()) for _ in range(1000))  # nor are lines that are no warnings
    now[0] = 60.0
    first, second = record(level=logging.ERROR), record(level=logging.ERROR)
    assert bounded.filter(first)
    assert bounded.filter(second)
    assert vars(first)["suppressed"] == 500
    assert "suppressed" not in vars(second)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_libraries_never_say_more_than_at_info(level: str) -> None:
    """LOG_LEVEL is ours; at debug, libraries would write messages, cookies and SQL values."""
    configure(level, json=True)
    assert logging.getLogger("gantry.services.chat").getEffectiveLevel() == getattr(logging, level.upper())
    for library in ("aiosqlite", "sqlalchemy.engine", "websockets", "redis", "multipart", "anyio", "reflex"):
        assert not logging.getLogger(library).isEnabledFor(logging.DEBUG), library
    for chatty in ("httpx", "httpcore", "uvicorn.error", "engineio", "socketio", "asyncio"):
        assert not logging.getLogger(chatty).isEnabledFor(logging.INFO), chatty


def test_the_access_log_is_a_setting_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Wanted, it is written at any LOG_LEVEL; not wanted, at none; the server's own never is."""
    for access in (True, False):
        for level in ("debug", "error"):
            configure(level, json=True, access=access)
            logging.getLogger(ACCESS).info("request.finished")
            assert ("request.finished" in capsys.readouterr().err) is access
            assert not logging.getLogger("uvicorn.access").hasHandlers()


def test_nothing_is_written_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Handlers that libraries brought are gone: each line is written once, as JSON."""
    logging.getLogger("engineio.server").addHandler(logging.StreamHandler())
    configure("info", json=True)
    logging.getLogger("engineio.server").error("it broke")
    (line,) = capsys.readouterr().err.splitlines()
    assert orjson.loads(line)["event"] == "it broke"


@pytest.mark.parametrize("formatter", [JsonFormatter(), PlainFormatter()], ids=["json", "plain"])
def test_no_line_is_longer_than_a_screen_or_two(formatter: logging.Formatter) -> None:
    """What strangers choose (names, values, words in an error) is cut; how a traceback begins and ends is kept."""
    long = "x" * 900_000
    made = record(long, level=logging.ERROR, handler=long, several=[long, long], nothing=None, number=7)

    def fail() -> None:
        raise TypeError(f"no argument {long} is known here")

    try:
        fail()
    except TypeError as error:
        made.exc_info = (TypeError, error, error.__traceback__)
    line = formatter.format(made)
    assert len(line) < 30_000
    assert "Traceback" in line
    assert "is known here" in line
    assert "characters …" in line
