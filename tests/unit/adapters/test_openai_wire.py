"""Requests and payloads of the OpenAI dialect."""

from typing import Any

import pytest

from gantry.adapters.openai_wire import AnswerReader, BrokenAnswer, ReportedError, without_rejected
from gantry.domain.catalog import ReasoningDelta, TextDelta

BODY = {"model": "m", "stream_options": {"include_usage": True}, "max_tokens": 5, "temperature": 0.5}


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        ("Unrecognized request argument supplied: stream_options", {"stream_options": None}),
        ("'temperature' does not support 0.5 with this model", {"temperature": None}),
        (
            "'max_tokens' is not supported, use 'max_completion_tokens'",
            {"max_tokens": None, "max_completion_tokens": 5},
        ),
    ],
)
def test_refused_option_goes(message: str, changes: dict[str, Any]) -> None:
    """The option that a refusal names is left out, or sent by its new name."""
    expected = {name: value for name, value in (BODY | changes).items() if value is not None}
    assert without_rejected(BODY, message) == expected


@pytest.mark.parametrize("message", ["", "model not found", "max_tokens must be at most 4"])
def test_other_refusals_are_final(message: str) -> None:
    """A refusal that names no option of ours that can go is not answered with another try."""
    assert without_rejected(BODY, message) is None


def test_parts_of_content() -> None:
    """Content in parts, as Mistral's thinking models send it, is told apart."""
    payload = (
        b'{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},'
        b'{"type":"text","text":"Yes"}]}}]}'
    )
    assert AnswerReader().read(payload) == [ReasoningDelta("Hm"), TextDelta("Yes")]


@pytest.mark.parametrize(
    "payload", [b"{", b"nonsense", b"3", b"null", b'{"choices":[3]}', b'{"choices":[{"delta":7}]}']
)
def test_nonsense_is_broken(payload: bytes) -> None:
    """JSON of another shape is as broken as no JSON."""
    with pytest.raises(BrokenAnswer):
        AnswerReader().read(payload)


@pytest.mark.parametrize(
    "payload", [b'{"error":"x"}', b'{"error":{"message":"x"}}', b'{"object":"error","message":"x"}']
)
def test_errors_in_the_stream(payload: bytes) -> None:
    """Errors are recognised in the shapes that servers use within streams."""
    with pytest.raises(ReportedError):
        AnswerReader().read(payload)


def test_error_beside_choices_is_an_error() -> None:
    """OpenRouter sends the error in a chunk that has choices, too."""
    payload = b'{"error":{"code":502,"message":"Down"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}'
    with pytest.raises(ReportedError):
        AnswerReader().read(payload)
