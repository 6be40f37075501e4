"""Payloads of the OpenAI dialect, and of those who speak it otherwise."""

from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from gantry.adapters.openai.answers import AnswerReader
from gantry.adapters.openai.reported import BrokenAnswer, EndedEarly, ReportedError
from gantry.adapters.openai.sse import EventCutter
from gantry.domain.catalog import Delta, Filtered, ReasoningDelta, TextDelta, Truncated, UsageReport


def chunk(delta: dict[str, Any], reason: Any = None) -> bytes:
    return (
        b"data: "
        + orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        + b"\n\n"
    )


def heard(stream: bytes) -> tuple[AnswerReader, list[Delta]]:
    reader, cutter = AnswerReader(), EventCutter()
    values: Iterable[Any] = [*cutter.feed(stream), *cutter.flush()]
    return reader, [delta for value in values for delta in reader.read(value)] + reader.end()


def text_of(stream: bytes) -> str:
    return "".join(delta.text for delta in heard(stream)[1] if isinstance(delta, TextDelta))


PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Yes"}]


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        ({"content": "Yes"}, [TextDelta("Yes")]),
        ({"content": None, "refusal": "I can't."}, [TextDelta("I can't.")]),
        ({"content": PARTS}, [ReasoningDelta("Hm"), TextDelta("Yes")]),
        ({"content": [{"type": "refusal", "refusal": "No."}]}, [TextDelta("No.")]),
        ({"content": ["Yes", {"type": "output_text", "text": " sir"}]}, [TextDelta("Yes sir")]),
        ({"content": "", "reasoning": "Hm"}, [ReasoningDelta("Hm")]),
        ({"content": "", "reasoning": {"content": "Hm"}}, [ReasoningDelta("Hm")]),
        (
            {"content": "", "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]},
            [ReasoningDelta("Hm")],
        ),
        ({"content": "", "reasoning": "Hm", "reasoning_details": [{"text": "Hm"}]}, [ReasoningDelta("Hm")]),
        ({"content": {"type": "text", "text": "Yes"}}, [TextDelta("Yes")]),
        ({"content": 7}, [TextDelta("7")]),
        ({"tool_calls": [{"index": 0}]}, []),
    ],
)
def test_where_text_may_stand(delta: dict[str, Any], expected: list[Delta]) -> None:
    """Content as text or in parts, thoughts in fields of their own, and refusals are read."""
    assert heard(chunk(delta, "stop"))[1] == expected


@pytest.mark.parametrize(
    "reason", ["length", "max_tokens", "MAX_TOKENS", "maxTokens", "model_length", "token_limit", "max_output_tokens",
               "model_context_window_exceeded", "FINISH_REASON_MAX_TOKENS", "truncated", "incomplete"],
)  # fmt: skip
def test_length_in_other_words(reason: str) -> None:
    """Every vendor's word for the length limit ends the answer as cut."""
    reader, deltas = heard(chunk({"content": "a"}, reason))
    assert (reader.finished, deltas) == (True, [TextDelta("a"), Truncated()])


@pytest.mark.parametrize(
    "reason",
    [
        "content_filter",
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "guardrail_intervened",
        "refusal",
        "unsafe",
    ],
)
def test_filter_in_other_words(reason: str) -> None:
    """Every vendor's word for its content filter ends the answer as filtered."""
    reader, deltas = heard(chunk({"content": "a"}) + chunk({}, reason))
    assert (reader.finished, deltas) == (True, [TextDelta("a"), Filtered()])


@pytest.mark.parametrize("reason", ["", "null", " ", None, "FINISH_REASON_UNSPECIFIED", 7, {}])
def test_reason_that_says_nothing_ends_nothing(reason: Any) -> None:
    """An empty or meaningless finish reason is no sign of the end."""
    reader, deltas = heard(chunk({"content": "a"}, reason) + chunk({"content": "b"}, reason))
    assert (reader.finished, reader.hinted, deltas) == (False, False, [TextDelta("a"), TextDelta("b")])


def test_unknown_reason_only_counts_with_the_end_of_the_stream() -> None:
    """A word nobody knows ends nothing, but it is a sign of an end."""
    reader, deltas = heard(chunk({"content": "a"}, "zenith") + chunk({"content": "b"}))
    assert (reader.finished, reader.hinted, deltas) == (False, True, [TextDelta("a"), TextDelta("b")])


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource", "network_error"])
def test_reason_that_means_a_failure(reason: str) -> None:
    """An answer that its server gave up is no whole one."""
    with pytest.raises(EndedEarly, match=reason):
        heard(chunk({"content": "a"}, reason))


AFTERWARDS = [
    b'data: ["sources"]\n\n',
    b"data: bye\n\n",
    b"data: {broken\n\n",
    b'event: error\ndata: {"message":"late"}\n\n',
    b'data: {"choices":[3]}\n\n',
    b'data: {"error":"late"}\n\n',
]


@pytest.mark.parametrize("odd", AFTERWARDS)
def test_whole_answer_stays_whole(odd: bytes) -> None:
    """What follows the end does no harm; text that follows it is read."""
    reader, deltas = heard(chunk({"content": "a"}, "stop") + odd + chunk({"content": "b"}))
    assert (reader.finished, deltas) == (True, [TextDelta("a"), TextDelta("b")])


@pytest.mark.parametrize(
    "payload",
    [b"{", b'{"nonsense"}', b'{"choices":[3]}', b'{"choices":[{"delta":7}]}', b'{"choices":{"x":1}}'],
)
def test_nonsense_is_broken(payload: bytes) -> None:
    """JSON of another shape is as broken as half a JSON object: something of the answer is lost."""
    with pytest.raises(BrokenAnswer):
        heard(b"data: " + payload + b"\n\n: more\n\n")


@pytest.mark.parametrize(
    "event",
    [b"data: ping", b"data: : BUSY", b"data:", b": OPENROUTER PROCESSING", b'data: {"type":"ping"}', b"data: 3",
     b'data: "still here"', b"data: null", b'data: {"choices":[]}', b'data: {"choices":null}', b'data: {"choices":[null]}', b"event: ping\ndata: {}",
     b'data: {"status":"queued","message":"Please wait"}', b'data: {"code":200,"message":"processing"}',
     b'data: {"type":"progress","detail":"loading"}', b"data: {keep-alive}"],
)  # fmt: skip
def test_signs_of_life_are_no_answer(event: bytes) -> None:
    """Comments, words, empty events and JSON without choices are passed over, wherever they stand."""
    stream = event + b"\n\n" + chunk({"content": "a"}) + event + b"\n\n" + chunk({"content": "b"}, "stop")
    assert text_of(stream) == "ab"


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":"x"}',
        b'data: {"error":{"message":"x"}}',
        b'data: {"object":"error","message":"x"}',
        b'data: {"type":"error","message":"x"}',
        b'event: error\ndata: {"code":"Internal","message":"x"}',
        b'event: error\ndata: {"x":"x"}',
        b"event: error\ndata: x",
        b'data: {"code":"InvalidParameter","message":"x"}',
        b'data: {"detail":"x"}',
        b'data: {"status_code":503,"message":"x"}',
        b'error: {"message":"x"}',
        b'{"error":"x"}',
        b'data: {"choices":null,"base_resp":{"status_code":1008,"status_msg":"x"}}',
        b'data: {"error":{"code":502,"message":"x"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}',
    ],
)
def test_errors_in_the_stream(event: bytes) -> None:
    """Errors are recognised by the event's name and by their shape, with the server's words in them."""
    with pytest.raises(ReportedError) as raised:
        heard(event + b"\n\n")
    assert "x" in str(raised.value.error)


def test_emoji_in_two_halves() -> None:
    """Halves of a character come together across chunks, as escapes and as bytes; lone ones are replaced."""
    halves = [
        b'"party \\ud83c"',
        b'"\\udf89 time"',
        b'"\xf0\x9f"',
        b'"\x8e\x89!"',
        b'"\\ud83c"',
        b'"x \\udf89"',
    ]
    stream = b"".join(b'data: {"choices":[{"delta":{"content":%b}}]}\n\n' % half for half in halves)
    assert text_of(stream) == "party 🎉 time🎉!\ufffdx \ufffd"


@pytest.mark.parametrize(
    "error", [None, "", {}, False, {"code": 0, "message": ""}, {"code": None, "message": None}]
)
def test_error_that_says_nothing_is_none(error: Any) -> None:
    """Some servers send the field with every piece."""
    event = {"choices": [{"delta": {"content": "a"}, "error": error}], "error": error}
    assert text_of(b"data: " + orjson.dumps(event) + b"\n\n" + chunk({"content": "b"}, "stop")) == "ab"


def test_whole_answer_said_again_at_the_end_is_not_told_twice() -> None:
    """What came in pieces is not read once more from a closing message; a message alone is."""
    again = b'data: {"choices":[{"message":{"content":"a b"},"finish_reason":"stop"}]}\n\n'
    assert text_of(chunk({"content": "a "}) + chunk({"content": "b"}) + again) == "a b"
    assert text_of(again) == "a b"


def test_error_within_a_choice_is_told() -> None:
    """Also beside a finish reason that only says that there was one."""
    choice = {"delta": {}, "finish_reason": "error", "error": {"message": "no card"}}
    with pytest.raises(ReportedError) as caught:
        heard(b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n")
    assert caught.value.error == {"message": "no card"}


@pytest.mark.parametrize(
    ("events", "wordless"),
    [
        ([{"message": "no card"}], True),
        ([{"output": {"text": "another dialect"}}], True),
        ([{"type": "ping"}, {"choices": [{"delta": {}, "finish_reason": "stop"}]}], False),
        ([{"message": "wait"}, {"choices": [{"delta": {"content": "a"}}]}], False),
        ([{"message": "wait"}, {"choices": [{"delta": {}, "finish_reason": "content_filter"}]}], False),
        ([{}], False),
    ],
)
def test_stream_that_held_no_answer_but_something_else(events: list[dict[str, Any]], wordless: bool) -> None:
    """What came in place of an answer is told instead of an empty one."""
    stream = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)
    assert heard(stream + b"data: [DONE]\n\n")[0].wordless is wordless


def test_ollama_lines() -> None:
    """Ollama's own lines are read: text, thought, the reason of the end and the counts."""
    stream = (
        b'{"message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}\n'
        b'{"message":{"role":"assistant","content":"Yes"},"done":false}\n'
        b'{"done":true,"done_reason":"length","prompt_eval_count":3,"eval_count":2}\n'
    )
    reader, deltas = heard(stream)
    assert (reader.finished, deltas) == (
        True,
        [ReasoningDelta("Hm"), TextDelta("Yes"), Truncated(), UsageReport(3, 2)],
    )


@pytest.mark.parametrize(
    "last",
    [
        {"choices": [], "usage": {"prompt_tokens": 31.0, "completion_tokens": 9.0}},
        {"choices": [], "usage": {"prompt_tokens": "31", "completion_tokens": "9"}},
        {"choices": [], "usage": {"input_tokens": 31, "output_tokens": 9}},
        {"choices": [{"delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 31, "completion_tokens": 9}}]},
        {"choices": [{"delta": {}}], "x_groq": {"usage": {"prompt_tokens": 31, "completion_tokens": 9}}},
    ],
)  # fmt: skip
def test_counts_wherever_they_stand(last: dict[str, Any]) -> None:
    """Token counts are read in a choice, in a gateway's own field, by other names, and as other types."""
    deltas = heard(chunk({"content": "Yes"}) + b"data: " + orjson.dumps(last) + b"\n\n" + chunk({}, "stop"))[
        1
    ]
    assert UsageReport(31, 9) in deltas


def test_finish_with_every_piece_ends_nothing() -> None:
    """A server that calls every piece the last one is read on; the end of its stream is the end."""
    reader, deltas = heard(b"".join(chunk({"content": word}, "stop") for word in ("One ", "two ", "three.")))
    assert deltas == [TextDelta("One "), TextDelta("two "), TextDelta("three.")]
    assert not reader.finished
    assert reader.hinted


def test_pieces_of_another_answer_are_left_out() -> None:
    """Of two answers in one event the first one is told."""
    both = {
        "choices": [
            {"index": 1, "delta": {"content": "no"}},
            {"index": 0, "delta": {"content": "Yes"}, "finish_reason": "stop"},
        ]
    }
    assert text_of(b"data: " + orjson.dumps(both) + b"\n\n") == "Yes"


def test_event_that_was_packed_twice_is_read() -> None:
    """A gateway that sends each event as a JSON text within JSON is understood."""
    inner = orjson.dumps({"choices": [{"delta": {"content": "Yes"}, "finish_reason": "stop"}]}).decode()
    assert text_of(b"data: " + orjson.dumps(inner) + b"\n\n") == "Yes"


@pytest.mark.parametrize(
    "choice",
    [
        {"delta": {}, "finish_details": {"type": "stop"}},
        {"delta": {}, "stop_reason": "end_turn"},
        {"delta": {"finish_reason": "stop"}},
        {"delta": {}, "finish_reason": {"type": "stop", "matched": 2}},
    ],
)
def test_end_by_other_names(choice: dict[str, Any]) -> None:
    """An end that is told elsewhere, or within an object, makes an answer whole when the stream ends."""
    reader, _ = heard(chunk({"content": "Yes"}) + b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n")
    assert reader.finished or reader.hinted


def test_whole_answer_without_a_reason_is_whole() -> None:
    """A completion that came in one piece needs no finish reason."""
    reader, deltas = heard(b'{\n "choices": [\n  {"message": {"content": "Yes"}}\n ]\n}')
    assert (reader.hinted, deltas) == (True, [TextDelta("Yes")])
