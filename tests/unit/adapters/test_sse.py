"""Cutting event streams into payloads."""

import pytest

from gantry.adapters import sse
from gantry.adapters.sse import DataLines

STREAM = b': hello\n\nevent: x\nid: 3\ndata: {"a": "\xc3\xa9"}\r\n\r\ndata:{"b":1}\n\ndata: [DONE]\n\n'
PAYLOADS = [b'{"a": "\xc3\xa9"}', b'{"b":1}', b"[DONE]"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_payloads_do_not_depend_on_the_cuts(size: int) -> None:
    """However the bytes arrive, the payloads are the same."""
    lines = DataLines()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [payload for piece in pieces for payload in lines.feed(piece)] == PAYLOADS


def test_last_line_needs_no_end() -> None:
    """A line that the server did not end is there after flush, once."""
    lines = DataLines()
    assert lines.feed(b"data: [DONE]") == []
    assert lines.flush() == [b"[DONE]"]
    assert lines.flush() == []


def test_errors_outside_the_dialect_are_payloads() -> None:
    """An ``error:`` field, as older llama.cpp sends it, and a bare JSON line are read as errors."""
    lines = DataLines()
    assert lines.feed(b'error: {"code":500}\n\n{"error":"x"}\n') == [
        b'{"error": {"code":500}}',
        b'{"error":"x"}',
    ]


def test_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: a line longer than the limit is an error."""
    monkeypatch.setattr(sse, "MAX_LINE_BYTES", 10)
    with pytest.raises(ValueError, match="without end"):
        DataLines().feed(b"data: 123456789")
