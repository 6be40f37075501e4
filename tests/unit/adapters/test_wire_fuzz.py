"""The reader of model servers' streams under streams of all shapes, cut anywhere."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gantry.adapters.http.server_words import Words
from gantry.adapters.openai import sse
from gantry.adapters.openai.answers import AnswerReader
from gantry.adapters.openai.reported import BrokenAnswer, EndedEarly, ReportedError
from gantry.adapters.openai.sse import EventCutter
from gantry.domain.catalog import ReasoningDelta, Recast, TextDelta

QUICK = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
TYPED = (BrokenAnswer, EndedEarly, ReportedError, ValueError)
SIGNS = (
    b": PROCESSING{e}{e}",
    b"data: ping{e}{e}",
    b"data:{e}{e}",
    b'data: {"choices":[]}{e}{e}',
    b"event: ping{e}data: {}{e}{e}",
    b"retry: 10{e}{e}",
    b"{e}",
)
ENDS = (b"\n", b"\r\n", b"\r")
# Pieces of answers: words, marks of thought, code, halves of characters.
PIECES = st.sampled_from(
    ["The mill", " stands", "\n", "```", "`", "<think>", "</think>", "<", "[/THINK]", "é", "水車", "🎉", "\ud83c", "\udf89", '"', "\\", "{", "data:"]
)  # fmt: skip
JUNK = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"data:", b"{", b"}", b"[", b'"', b"\n", b"\r", b"\n\n", b"event: error", b'{"choices":[', b"[DONE]", b"\xef\xbb\xbf"]),
)  # fmt: skip


def heard(pieces: Iterator[bytes] | list[bytes]) -> tuple[str, str, bool]:
    """Return thought, answer, and whether the end was seen."""
    cutter, reader = EventCutter(), AnswerReader()
    thought = answer = ""
    values = (value for piece in pieces for value in cutter.feed(piece))
    deltas = [delta for value in values for delta in reader.read(value)]
    deltas += [delta for value in cutter.flush() for delta in reader.read(value)]
    for delta in [*deltas, *reader.end()]:
        if isinstance(delta, Recast):
            thought, answer = delta.reasoning, delta.text
        elif isinstance(delta, ReasoningDelta):
            thought += delta.text
        elif isinstance(delta, TextDelta):
            answer += delta.text
    return thought, answer, reader.finished


def chunk(text: str, reason: str | None, end: bytes) -> bytes:
    value = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}
    raw = json.dumps(value, ensure_ascii=not text.isprintable() or "\ud83c" in text or "\udf89" in text)
    return b"data: " + raw.encode() + end + end


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(stream) + 1) for place in places})
    return [stream[a:b] for a, b in zip([0, *marks], [*marks, len(stream)], strict=True)]


@QUICK
@given(
    pieces=st.lists(PIECES, min_size=1, max_size=12),
    signs=st.lists(st.sampled_from(SIGNS), max_size=13),
    end=st.sampled_from(ENDS),
    places=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_text_and_end_do_not_depend_on_cuts_line_ends_or_signs_of_life(
    pieces: list[str], signs: list[bytes], end: bytes, places: list[int]
) -> None:
    """The same answer in any chunking, with any line end and anything in between that says nothing, is the same."""
    plain = heard([b"".join(chunk(piece, None, b"\n") for piece in pieces) + chunk("", "stop", b"\n")])
    stream = b""
    for at, piece in enumerate(pieces):
        stream += signs[at].replace(b"{e}", end) if at < len(signs) else b""
        stream += chunk(piece, None, end)
    stream += chunk("", "stop", end)
    assert heard(cut(stream, places)) == plain
    assert plain[2]
    (plain[0] + plain[1]).encode()  # whole characters only


def test_every_cut() -> None:
    """A stream with a bit of everything is the same wherever it is cut once."""
    stream = (
        b"\xef\xbb\xbf: hi\r\n\r\n"
        + chunk("<think>水", None, b"\r\n")
        + chunk("</think>\n🎉 \ud83c", None, b"\r\n")
    )
    stream += (
        b'data: {"choices":\r\ndata: [{"delta":{"content":"\\udf89"}}]}\r\n\r\n' + b"data: [DONE]\r\n\r\n"
    )
    assert {heard([stream[:at], stream[at:]]) for at in range(len(stream) + 1)} == {("水", "🎉 🎉", True)}


@QUICK
@given(junk=st.lists(JUNK, max_size=25), places=st.lists(st.integers(0, 10_000), max_size=8))
def test_junk_raises_only_what_is_typed(junk: list[bytes], places: list[int]) -> None:
    """Whatever comes, the reader answers with text or with one of its own errors, the same for every chunking."""
    stream = b"".join(junk)

    def outcome(pieces: list[bytes]) -> Any:
        try:
            return heard(pieces)
        except TYPED as error:
            return type(error)

    assert outcome([stream]) == outcome(cut(stream, places))


JSON = st.recursive(
    st.sampled_from([None, True, 0, -1, 500, 1.5, "", "stop", "x", "length", "error"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "delta", "message", "content", "finish_reason", "error", "usage", "code", "detail",
                         "done", "response", "reasoning", "text", "type", "loc", "param", "status", "refusal"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@QUICK
@given(values=st.lists(JSON, max_size=4))
def test_json_of_any_shape_raises_only_what_is_typed(values: list[Any]) -> None:
    """Values where others were meant are passed over or are typed errors, and their words can always be read."""
    with suppress(*TYPED):
        heard([b"data: " + json.dumps(value).encode() + b"\n\n" for value in values])
    for value in values:
        assert isinstance(Words.of(value).sentence, str)


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 200, b"data: {\n" + b'data: "x",\n' * 20, b"{\n" + b'"x",\n' * 20]
)
def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    """A line, an event or a bare value without end is given up, however it comes."""
    monkeypatch.setattr(sse, "MAX_LINE_BYTES", 100)
    with pytest.raises(ValueError, match="without end"):
        heard([bytes([byte]) for byte in piece])


def test_signs_of_life_take_no_memory() -> None:
    """However many comments and words come, what is kept of them is bounded."""
    cutter = EventCutter()
    for _ in range(2000):
        assert cutter.feed(b": waiting\n\ndata: still waiting\n\n") == []
    assert len(cutter.words) <= sse.MAX_WORDS_BYTES
