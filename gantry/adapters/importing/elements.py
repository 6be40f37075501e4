"""From bytes to elements: the objects of an array, lines of JSON, one whole object, or a text. What they are, the first bytes tell."""

import codecs
import io
import json
import re
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import ijson

from gantry.adapters.importing.arrays import Between, BrokenOff, cut
from gantry.domain.messages import _

MAX_WHOLE = 64_000_000  # bytes of one element, and of what is not an array
_DEEPEST = 200_000  # a chain of answers goes down by two with each
_BUFFER = 256 * 1024
_NEXT = re.compile(r"[\s,]*[{\[]")
_DECODER = json.JSONDecoder()
# How a file in another code begins: with its mark, or with a bracket that is wider than a byte. The longer ones come first.
_OTHER_CODES = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    **{
        bracket.encode(code): code
        for code in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
        for bracket in "[{"
    },
}


class Unreadable(Exception):
    """The rest of a file cannot be read; ``why`` says it to a person."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Broken:
    """An element that is not JSON: a line of a file of lines."""


class Stream(Protocol):
    """What elements are read from."""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        ...

    def element_ended(self) -> None:
        """Hear that an element was read: the next may be as large again."""
        ...


class _Rest:
    """The rest of a stream, with what was read of it already before it."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1) -> bytes:
        if self._head:
            cut = len(self._head) if size < 0 else size
            piece, self._head = self._head[:cut], self._head[cut:]
            return piece
        return self._stream.read(size)


def elements(stream: Stream) -> Iterator[Any]:
    """Yield what is in a file.

    Raises:
        Unreadable: It breaks off, or an element is too large; what came before was yielded.
    """
    head = _begin(stream)
    start = head.lstrip()[:1]
    if start == b"[":
        yield from _streamed(_Rest(head, stream), stream)
    elif start == b"{":
        yield from _objects(head, stream)
    elif head and (words := _text(head, stream)):
        yield words


def _begin(stream: Stream) -> bytes:
    head = stream.read(_BUFFER)
    code = next((code for start, code in _OTHER_CODES.items() if head.startswith(start)), "")
    if code:
        return _whole(head, stream).decode(code, "replace").encode("utf-8", "replace")
    return head.removeprefix(codecs.BOM_UTF8)


def _streamed(rest: _Rest, stream: Stream) -> Iterator[Any]:
    try:
        for piece in cut(rest.read):
            if isinstance(piece, Between):
                yield from _plain(piece)
            else:
                stream.element_ended()
                yield _element(piece)
    except BrokenOff:
        raise Unreadable(_("it breaks off; the rest of it is missing")) from None


def _element(piece: bytes) -> Any:
    try:
        return json.loads(piece.decode("utf-8", "replace"))
    except RecursionError:
        return _nested(piece)
    except ValueError:
        return Broken()


def _plain(between: bytes) -> list[Any]:
    """Return elements that are no objects; signs that are no JSON count as one."""
    try:
        return json.loads(b"[%b]" % between)
    except ValueError:
        return [Broken()]


def _objects(head: bytes, stream: Stream) -> Iterator[Any]:
    """Yield one object, or the objects of lines."""
    whole = _up_to(head, stream, MAX_WHOLE)
    try:
        yield _one(whole)
    except ValueError:
        if _is_lines(whole):
            yield from _lines(_Rest(whole, stream), stream)
            return
        if len(whole) < MAX_WHOLE:
            whole = yield from _several(whole)
        if whole.strip():  # it breaks off, or is too large: what is whole in its lists counts
            yield from _streamed(_Rest(whole, stream), stream)
    except RecursionError:
        yield _nested(whole)


def _several(whole: bytes) -> Generator[Any, None, bytes]:
    """Yield the objects that stand one after the other at the beginning; returns the rest."""
    text, at = whole.decode("utf-8", "replace"), 0
    while begins := _NEXT.match(text, at):
        try:
            found, at = _DECODER.raw_decode(text, begins.end() - 1)
        except (ValueError, RecursionError):
            break
        yield found
    return text[at:].encode()


def _one(whole: bytes) -> Any:
    """Return an object that is all of a file; ValueError for what is more, without reading all of it first."""
    if len(whole) >= MAX_WHOLE:
        raise ValueError("cut")
    return json.loads(whole)


def _nested(whole: bytes) -> Any:
    """Return an object that is nested more deeply than Python's own reader goes, as a chain of a thousand answers is."""
    builder, depth = ijson.ObjectBuilder(), 0
    try:
        for event, value in ijson.basic_parse(io.BytesIO(whole), use_float=True):
            depth += event.startswith("start") - event.startswith("end")
            if depth > _DEEPEST:
                raise Unreadable(_("it is nested too deeply"))
            builder.event(event, value)
    except ijson.JSONError:
        raise Unreadable(_("it is not JSON, or it breaks off")) from None
    return builder.value


def _is_lines(whole: bytes) -> bool:
    """Whether one of the first lines is an object of JSON by itself."""
    for line in whole[:MAX_WHOLE].split(b"\n", 3)[:2]:
        try:
            if isinstance(json.loads(_decoded(line)), dict):
                return True
        except (ValueError, RecursionError):
            continue
    return False


def _lines(rest: _Rest, stream: Stream) -> Iterator[Any]:
    held = b""
    while piece := rest.read(_BUFFER):
        *lines, held = (held + piece).split(b"\n")
        yield from _parsed(lines, stream)
    yield from _parsed([held], stream)


def _parsed(lines: list[bytes], stream: Stream) -> Iterator[Any]:
    for line in lines:
        if line.strip():
            stream.element_ended()
            try:
                yield json.loads(_decoded(line))
            except (ValueError, RecursionError):
                yield Broken()


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")  # the other code that files of lines are found in


def _text(head: bytes, stream: Stream) -> str:
    if b"\0" in head:
        return ""
    whole = _up_to(head, stream, MAX_WHOLE)
    if len(whole) >= MAX_WHOLE:
        raise Unreadable(_("it is a text of more than {most} MB", most=MAX_WHOLE // 1_000_000))
    return whole.decode("utf-8", "replace")


def _up_to(head: bytes, stream: Stream, limit: int) -> bytes:
    pieces, size = [head], len(head)
    while size < limit and (piece := stream.read(_BUFFER)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _whole(head: bytes, stream: Stream) -> bytes:
    whole = _up_to(head, stream, MAX_WHOLE)
    if len(whole) >= MAX_WHOLE:
        raise Unreadable(_("it is larger than {most} MB, and not in UTF-8", most=MAX_WHOLE // 1_000_000))
    return whole
