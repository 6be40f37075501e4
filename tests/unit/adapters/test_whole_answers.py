"""One completion of what a server sent, in one piece or as a stream that nobody asked for."""

import orjson
import pytest

from gantry.adapters.openai.errors import ServerFaults
from gantry.adapters.openai.whole import whole_of
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.domain.errors import ModelFault, ModelUnavailable

FAULTS = ServerFaults(
    ConnectionSpec("s", "S", ConnectionKind.OPENAI, "http://s.example/v1", ConnectionOrigin.STORED)
)


def events(*values: object) -> bytes:
    return b"".join(b"data: " + orjson.dumps(value) + b"\n\n" for value in values) + b"data: [DONE]\n\n"


def said(delta: dict[str, object], reason: str | None = None) -> dict[str, object]:
    return {
        "id": "c1",
        "model": "m",
        "created": 7,
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    }


def test_json_stays_as_it_came() -> None:
    """To the byte."""
    body = b'{ "choices": [{"message": {"content": "Yes"}}] , "own": 1.50}'
    assert whole_of(body, FAULTS) == body


def test_a_stream_nobody_asked_for_is_one_answer() -> None:
    """Words, thoughts, calls, counts and the reason it ended."""
    call = {"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": '{"in":'}}
    more = {"index": 0, "function": {"arguments": '"Oslo"}'}}
    body = events(
        said({"role": "assistant", "reasoning_content": "Hm."}),
        said({"content": "It "}),
        said({"content": "rains."}),
        said({"tool_calls": [call]}),
        said({"tool_calls": [more]}, "tool_calls"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    )
    answer = orjson.loads(whole_of(body, FAULTS))
    (choice,) = answer["choices"]
    assert (answer["id"], answer["object"], answer["model"]) == ("c1", "chat.completion", "m")
    assert (choice["message"]["content"], choice["message"]["reasoning_content"]) == ("It rains.", "Hm.")
    assert choice["message"]["tool_calls"][0]["function"] == {
        "name": "weather",
        "arguments": '{"in":"Oslo"}',
    }
    assert choice["finish_reason"] == "tool_calls"
    assert answer["usage"]["total_tokens"] == 5


@pytest.mark.parametrize(
    ("body", "fault", "words"),
    [
        (b'{"error": {"message": "on fire"}}', ModelFault.SERVER_ERROR, "on fire"),
        (events(said({"content": "It "}), {"error": "on fire"}), ModelFault.SERVER_ERROR, "on fire"),
        (b"event: error\ndata: on fire\n\n", ModelFault.SERVER_ERROR, "on fire"),
        (b"Welcome!", ModelFault.BROKEN, "Welcome!"),
        (b"", ModelFault.BROKEN, ""),
    ],
)
def test_what_is_no_answer_is_told(body: bytes, fault: ModelFault, words: str) -> None:
    """An error with status 200, an error in mid-answer, and what cannot be read."""
    with pytest.raises(ModelUnavailable) as refused:
        whole_of(body, FAULTS)
    assert (refused.value.fault, refused.value.details) == (fault, words)
