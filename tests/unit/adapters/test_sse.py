"""Cutting event streams into values."""

from typing import Any

import pytest

from gantry.adapters.openai import sse
from gantry.adapters.openai.sse import DONE, ErrorEvent, EventCutter, Malformed


def cut(stream: bytes, size: int = 1000) -> list[Any]:
    cutter = EventCutter()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    return [_shown(value) for piece in pieces for value in cutter.feed(piece)] + [
        _shown(value) for value in cutter.flush()
    ]


def _shown(value: Any) -> Any:
    if isinstance(value, ErrorEvent):
        return ("error", value.value)
    return ("malformed", value.raw, value.complete) if isinstance(value, Malformed) else value


A, B = {"a": "é"}, {"b": [1, {"c": "}"}]}
STREAMS: dict[str, tuple[bytes, list[Any]]] = {
    "the usual way": (
        b': hello\n\nevent: x\nid: 3\ndata: {"a":"\xc3\xa9"}\n\ndata:{"b":[1,{"c":"}"}]}\n\ndata: [DONE]\n\n',
        [A, B, DONE],
    ),
    "no blank lines": (b'data: {"a":"\xc3\xa9"}\ndata: {"b":[1,{"c":"}"}]}\ndata: [DONE]', [A, B, DONE]),
    "CRLF": (b'data: {"a":"\xc3\xa9"}\r\n\r\ndata: {"b":[1,{"c":"}"}]}\r\n\r\n', [A, B]),
    "CR": (b'data: {"a":"\xc3\xa9"}\r\rdata: {"b":[1,{"c":"}"}]}\r\r', [A, B]),
    "byte order mark": (b'\xef\xbb\xbfdata: {"a":"\xc3\xa9"}\n\n', [A]),
    "one value over several data lines": (b'data: {"b":\ndata:  [1,\ndata: {"c":"}"}]}\n\ndata: [DONE]\n\n', [B, DONE]),
    "value goes on without a field": (b'data: {"b":\n [1,{"c":"}"}]}\n\n', [B]),
    "the field's name otherwise": (b'Data: {"a":"\xc3\xa9"}\n\n data : {"b":[1,{"c":"}"}]}\n\ndata: data: [DONE]\n\n', [A, B, DONE]),
    "the end in other words": (b'data: [done]\n\ndata: DONE\n\ndata: "[DONE]"\n\n', [DONE, DONE, DONE]),
    "the end by the event's name": (b'data: {"a":"\xc3\xa9"}\n\nevent: done\ndata: {}\n\n', [A, {}, DONE]),
    "several values in one event": (b'data: {"a":"\xc3\xa9"}{"b":[1,{"c":"}"}]}\n\n', [A, B]),
    "several bare values on one line": (b'{"a":"\xc3\xa9"}, {"b":[1,{"c":"}"}]}', [A, B]),
    "words in brackets": (b'data: {keep-alive}\n\ndata: {"a":"\xc3\xa9"}\n\n', [A]),
    "bare lines": (b'{"a":"\xc3\xa9"}\n{"b":[1,{"c":"}"}]}\n[DONE]', [A, B, DONE]),
    "bare and indented": (b'{\n  "a": "\xc3\xa9"\n}\n{\n\n  "b": [\n 1,\n {"c": "}"}\n]\n}', [A, B]),
    "bare list": (b'[{"a":"\xc3\xa9"},\n{"b":[1,{"c":"}"}]}]', [[A, B]]),
    "signs of life": (
        b': OPENROUTER PROCESSING\n\ndata: ping\n\ndata: : BUSY\n\ndata:\n\ndata: [PING]\n\n:\ndata: {"a":"\xc3\xa9"}\n\n',
        [A],
    ),
    "error by the event's name": (b'event: error\ndata: {"code":"X"}\n\ndata: {"a":"\xc3\xa9"}\n\n', [("error", {"code": "X"}), A]),
    "error in words": (b"event: error\ndata: out of\ndata: memory\n\n", [("error", "out of\nmemory")]),
    "error as a field": (b'error: {"code":500}\n\n{"error":"x"}\n', [("error", {"code": 500}), {"error": "x"}]),
    "half a value": (b'data: {"a":\n\ndata: {"a":"\xc3\xa9"}\n\n', [("malformed", b'{"a":', True), A]),
    "ends in a value": (b'data: {"a":"\xc3\xa9"}\n\ndata: {"a":', [A, ("malformed", b'{"a":', False)]),
    "half a character": (b'data: {"a":"\\ud83c"}\n\n', [{"a": "\ud83c"}]),
    "bytes that are no UTF-8": (b'data: {"a":"\xf0\x9f"}\n\n', [{"a": "\udcf0\udc9f"}]),
    "two values in one event": (b'data: {"a":"\xc3\xa9"}\ndata: {"b":\n\n', [A, ("malformed", b'{"b":', True)]),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("name", STREAMS)
def test_values_do_not_depend_on_the_cuts(name: str, size: int) -> None:
    """However the bytes arrive, and however the server writes its stream, the values are the same."""
    stream, values = STREAMS[name]
    assert cut(stream, size) == values


def test_words_are_kept_in_case_nothing_else_comes() -> None:
    """What is no JSON is remembered, up to a bound."""
    cutter = EventCutter()
    cutter.feed(b"upstream gone\ndata: " + b"x" * 50_000 + b"\n\n")
    assert cutter.words.startswith(b"upstream gone\nxxx")
    assert len(cutter.words) <= sse.MAX_WORDS_BYTES


@pytest.mark.parametrize("stream", [b"data: 123456789", b'data: {\ndata: "a":\ndata: 12\n', b'{\n"a":\n"b\n'])
def test_lines_and_values_without_end_are_refused(monkeypatch: pytest.MonkeyPatch, stream: bytes) -> None:
    """Memory is bounded: what is longer than the limit is an error."""
    monkeypatch.setattr(sse, "MAX_LINE_BYTES", 8)
    with pytest.raises(ValueError, match="without end"):
        EventCutter().feed(stream)
