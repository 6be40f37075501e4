"""Cutting what a model server streams into JSON values, with as little work per token as Python allows.

Leaner than the standard on purpose: nearly every server puts one JSON value on one ``data:`` line, so a line that is whole JSON
is an event of its own. What is not waits for the end of its event, or, without any ``data:``, for its last bracket:
so values over several lines, bare JSON lines and one whole JSON answer are read, whatever the content type says.
"""

import json
import re
from typing import Any, Final

import orjson

from gantry.domain.passing import MAX_LINE_BYTES

MAX_WORDS_BYTES = 4000  # of what is no JSON, kept in case nothing else comes
_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"(?:event|id|retry)[ \t]*:|:", re.IGNORECASE)
# "data:" as some write it: in capitals, with blanks, twice.
_DATA = re.compile(rb"\s*(?:data[ \t]*:\s*)+", re.IGNORECASE)
_OBJECT = re.compile(rb"\{\s*(?:[\"}]|\Z)")  # how an object begins; "{keepalive}" is none
_DONE_WORDS = frozenset({b"[DONE]", b"DONE", b"<DONE>", b'"[DONE]"'})
_END_NAMES = frozenset({b"done", b"end", b"complete", b"completed", b"finish", b"message_stop"})
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[{}\[\]]')


class Done:
    """``[DONE]``: nothing follows."""


class ErrorEvent:
    """An event that its server calls an error; ``value`` is its JSON value, or its words."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Malformed:
    """What should have been a JSON object and is none; ``complete`` unless the stream ended within it."""

    __slots__ = ("complete", "raw")

    def __init__(self, raw: bytes, *, complete: bool) -> None:
        self.raw = raw
        self.complete = complete


DONE: Final = Done()
_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,]*")


class EventCutter:
    """The JSON values of a stream whose bytes come in pieces cut anywhere.

    Attributes:
        words: The beginning of what was no JSON, such as a keep-alive, a page or a bare sentence.
    """

    __slots__ = ("_bare", "_begun", "_cr", "_depth", "_held", "_name", "_rest", "_size", "words")

    def __init__(self) -> None:
        self.words = b""
        self._rest = b""  # a line whose end has not come
        self._cr = False  # the piece before ended in CR: a LF belongs to it
        self._begun = False
        self._held: list[bytes] = []  # lines of a value that is not whole yet
        self._size = 0
        self._bare = False  # these lines stand without "data:"
        self._depth = 0  # of their brackets
        self._name = b""

    def feed(self, piece: bytes) -> list[Any]:
        """Return the values that *piece* completes: JSON values, ``DONE``, ``ErrorEvent`` or ``Malformed``.

        Raises:
            ValueError: A line or a value is longer than any server in its right mind sends.
        """
        if not piece:
            return []
        data = self._rest + piece
        if self._cr:
            self._cr = False
            data = data.removeprefix(b"\n")
        if not self._begun:
            if _BOM.startswith(data[:3]) and len(data) < 3:
                self._rest = data
                return []
            self._begun = True
            data = data.removeprefix(_BOM)
        if b"\r" in data:
            self._cr = data.endswith(b"\r")
            data = _LINE_END.sub(b"\n", data)
        lines = data.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE_BYTES:
            raise ValueError("The stream has a line without end.")
        found: list[Any] = []
        for line in lines:
            if not (line.startswith(b"data: {") and self._ordinary(line, found)):
                self._line(line, found)
        return found

    def _ordinary(self, line: bytes, found: list[Any]) -> bool:
        """Read the hot path, an ordinary event of an ordinary server; False when it is none."""
        if self._held or self._name:
            return False
        try:
            found.append(orjson.loads(line[6:]))
        except ValueError:
            return False
        return True

    def flush(self) -> list[Any]:
        """Return what the end of the stream completes: the last line and the last event need no end."""
        found: list[Any] = []
        rest, self._rest = self._rest, b""
        if rest:
            self._line(rest, found)
        self._close(found, complete=False)
        return found

    def _line(self, line: bytes, found: list[Any]) -> None:
        if line.startswith(b"data:"):
            self._end_bare(found)
            self._data(line[5:].strip(), found)
        elif not line.strip():
            if not self._bare:
                self._close(found)
        elif written := _DATA.match(line):
            self._end_bare(found)
            self._data(line[written.end() :].strip(), found)
        elif line.startswith(b"error:"):  # older llama.cpp
            self._close(found)
            found.append(ErrorEvent(_value_or_words(line[6:].strip())))
        elif _FIELD.match(line):
            self._end_bare(found)
            if line[:5].lower() == b"event":
                self._name = line.partition(b":")[2].strip().lower()
        else:
            self._bare_line(line, found)

    def _end_bare(self, found: list[Any]) -> None:
        if self._bare:
            self._close(found)

    def _data(self, payload: bytes, found: list[Any]) -> None:
        if not self._held:
            if not payload:
                return
            try:
                value = orjson.loads(payload)
            except ValueError:
                if payload.upper() in _DONE_WORDS:
                    found.append(DONE)
                    return
                if written := _DATA.match(payload):
                    self._data(payload[written.end() :], found)
                    return
            else:
                self._emit(value, found)
                return
        self._hold(payload)

    def _bare_line(self, line: bytes, found: list[Any]) -> None:
        """Read a line without a field: bare JSON, over one or more lines, or words."""
        text = line.strip()
        if not self._held:
            if text.upper() in _DONE_WORDS:
                found.append(DONE)
                return
            if not text.startswith((b"{", b"[")):
                self._note(text)
                return
            self._bare, self._depth = True, 0
        elif not self._bare:  # within an event: the value goes on without a field, against the standard
            self._hold(line)
            return
        self._hold(line)
        for token in _TOKEN.findall(line):
            self._depth += (token in b"{[") - (token in b"}]")
        if self._depth <= 0:
            self._close(found)

    def _hold(self, line: bytes) -> None:
        self._size += len(line) + 1
        if self._size > MAX_LINE_BYTES:
            raise ValueError("The stream has a value without end.")
        self._held.append(line)

    def _close(self, found: list[Any], *, complete: bool = True) -> None:
        """End an event or a bare value."""
        if self._held:
            raw = b"\n".join(self._held)
            self._held, self._size, self._bare = [], 0, False
            self._settle(raw, found, complete=complete)
        if self._name in _END_NAMES:
            found.append(DONE)
        self._name = b""

    def _settle(self, raw: bytes, found: list[Any], *, complete: bool) -> None:
        value = loose_json(raw)
        if value is not None:
            self._emit(value, found)
        elif self._name == b"error":
            found.append(ErrorEvent(raw.decode("utf-8", "replace")))
        elif _OBJECT.match(raw):
            values = _values_in(raw)
            for value in values:
                self._emit(value, found)
            if not values:
                found.append(Malformed(raw, complete=complete))
        else:
            for line in raw.split(b"\n"):
                if line.upper() in _DONE_WORDS:
                    found.append(DONE)
                else:
                    self._note(line)

    def _emit(self, value: Any, found: list[Any]) -> None:
        if value.__class__ is str and value.upper() == "[DONE]":
            found.append(DONE)
        else:
            found.append(ErrorEvent(value) if self._name == b"error" else value)

    def _note(self, words: bytes) -> None:
        if words and len(self.words) < MAX_WORDS_BYTES:
            self.words = (self.words + b"\n" + words).strip()[:MAX_WORDS_BYTES]


def loose_json(raw: bytes) -> Any:
    """Parse *raw* as servers write it; None when it is no JSON (or ``null``).

    Half surrogate pairs, NaN and bytes that are no UTF-8 pass: halves of characters are put together later
    (``domain.text.Halves``), and bytes are kept as surrogate escapes until then.
    """
    try:
        return orjson.loads(raw)
    except ValueError:
        pass
    try:
        return json.loads(raw.decode("utf-8", "surrogateescape"), strict=False)
    except (ValueError, RecursionError):
        return None


def _values_in(raw: bytes) -> list[Any]:
    """Return the values of *raw* that stand one after another; none unless all of it is values."""
    text = raw.decode("utf-8", "surrogateescape")
    values: list[Any] = []
    at = 0
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        values.append(value)
        at = _BETWEEN.match(text, at).end()  # pyright: ignore[reportOptionalMemberAccess]
    return values


def _value_or_words(raw: bytes) -> Any:
    value = loose_json(raw)
    return raw.decode("utf-8", "replace") if value is None else value
