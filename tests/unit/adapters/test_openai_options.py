"""What servers refuse of a request, and how they are asked again."""

from typing import Any

import pytest

from gantry.adapters.http.server_words import Words
from gantry.adapters.openai import options as openai_options
from gantry.adapters.openai.options import Change, Habits, change_for, changed, refused_values

TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
BODY: dict[str, Any] = {
    "model": "m",
    "messages": TURNS,
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_tokens": 5,
    "temperature": 0.5,
}
FORBIDDEN = {
    "type": "extra_forbidden",
    "loc": ["body", "stream_options"],
    "msg": "Extra inputs are not permitted",
}

REFUSALS: list[tuple[Any, Change]] = [
    ("Unrecognized request argument supplied: stream_options", Change.NO_STREAM_OPTIONS),
    ({"error": {"message": "Unsupported value", "param": "stream_options"}}, Change.NO_STREAM_OPTIONS),
    ({"detail": [FORBIDDEN]}, Change.NO_STREAM_OPTIONS),
    ({"object": "error", "message": {"detail": [FORBIDDEN]}}, Change.NO_STREAM_OPTIONS),
    ({"detail": [{"loc": ["body", "stream_options", "include_usage"], "msg": "no"}]}, Change.NO_STREAM_OPTIONS),
    ({"error": {"unknown_fields": ["stream_options"], "message": "Bad request"}}, Change.NO_STREAM_OPTIONS),
    ("Additional properties are not allowed", Change.NO_STREAM_OPTIONS),
    ("streamOptions is not supported here", Change.NO_STREAM_OPTIONS),
    ({"error": {"message": "No such setting", "param": "include_usage"}}, Change.NO_STREAM_OPTIONS),
    ("Bad Request", Change.NO_STREAM_OPTIONS),
    ("400 Bad request: invalid body", Change.NO_STREAM_OPTIONS),
    ("'temperature' does not support 0.5 with this model", Change.NO_TEMPERATURE),
    ({"error": {"message": "Only the default (1) value is supported", "param": "temperature"}}, Change.NO_TEMPERATURE),
    ("'max_tokens' is not supported, use 'max_completion_tokens'", Change.NEW_MAX_TOKENS),
    ({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs"}]}, Change.NO_MAX_TOKENS),
    ({"error": {"message": "Your organization must be verified to stream this model.", "param": "stream"}}, Change.WHOLE),
    ("This model does not support streaming", Change.WHOLE),
    ("We give complete answers only: send stream=false", Change.WHOLE),
    ("stream: expected false", Change.WHOLE),
    ("Only non-streaming questions are taken", Change.WHOLE),
    ("SSE is switched off", Change.WHOLE),
    ("unknown variant `system`, expected one of `user`, `assistant`", Change.PLAIN_TURNS),
    ("'system' is not a role of this model", Change.PLAIN_TURNS),
    ("only 'user' and 'assistant' may speak", Change.PLAIN_TURNS),
    ("The first turn must be the user's", Change.PLAIN_TURNS),
    ("Wanted the user's role but got system", Change.PLAIN_TURNS),
    ("Streaming is not available for this deployment; set `stream` to false", Change.WHOLE),
    ("Unrecognized request argument supplied: stream", Change.WHOLE),
    ("System role not supported", Change.PLAIN_TURNS),
    ("Developer instruction is not enabled for models/gemma", Change.PLAIN_TURNS),
    ("messages[0].role: unsupported value 'system'", Change.PLAIN_TURNS),
    ("Conversation roles must alternate user/assistant/user/assistant/...", Change.PLAIN_TURNS),
    ("Only user and assistant roles are supported!", Change.PLAIN_TURNS),
    ({"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'"}]}, Change.PLAIN_TURNS),
    ({"error": {"details": [{"fieldViolations": [{"field": "streamOptions"}]}], "message": "Not good"}}, Change.NO_STREAM_OPTIONS),
    ({"errors": [{"pointer": "/stream_options", "detail": "is not known"}]}, Change.NO_STREAM_OPTIONS),
    ({"error": "Validation", "issues": [{"keys": ["stream_options"], "message": "Extra key"}]}, Change.NO_STREAM_OPTIONS),
    ("Hier geht kein Streaming", Change.WHOLE),
    ("此接口不提供流式输出", Change.WHOLE),
    ("Server-sent events: no", Change.WHOLE),
    ("turns[0].role: 'user' or 'assistant', please", Change.PLAIN_TURNS),
    ("Supported values here: 'user'. Invalid value: 'system'.", Change.PLAIN_TURNS),
    ("没有这个角色", Change.PLAIN_TURNS),
    ("The request body does not match its schema.", Change.NO_STREAM_OPTIONS),
    ({"error": {"message": "Parameter validation failed"}}, Change.NO_STREAM_OPTIONS),
]  # fmt: skip


@pytest.mark.parametrize(("refusal", "change"), REFUSALS)
def test_refusals_name_what_has_to_change(refusal: Any, change: Change) -> None:
    """An option, streaming or the system turn is found in the text, the ``param``, the ``loc`` or a list of fields."""
    words = Words(refusal) if isinstance(refusal, str) else Words.of(refusal)
    assert change_for(BODY, words) is change
    assert changed(BODY, change) != BODY


SEEING = {**BODY, "messages": [TURNS[0], {"role": "user", "content": [
    {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
]}]}  # fmt: skip


@pytest.mark.parametrize(
    "refusal",
    [
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        "Invalid content type. image_url is only supported by certain models.",
        "llama3 is not a multimodal model",
        "At most 0 image(s) may be provided in one prompt.",
        "Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, expected `text`",
        "messages[0].content must be a string",
        "No endpoints found that support image input",
        "Model does not support images. Please use a model that does.",
        "this model is missing data required for image input",
        "Image input is not enabled for this model",
        "This model does not have vision capabilities",
        "Input should be a valid string",
    ],
)
def test_a_model_without_eyes_gets_the_words(refusal: str) -> None:
    """Its refusal is told by its words; without pictures the turn is text again, and there is nothing more to leave out."""
    words = Words(refusal)
    assert change_for(SEEING, words) is Change.NO_PICTURES
    blind = changed(SEEING, Change.NO_PICTURES)
    assert blind["messages"][1]["content"] == "What is this?"
    assert change_for(blind, words) is not Change.NO_PICTURES


@pytest.mark.parametrize(
    "refusal", ["Failed to decode image", "The image is too large: 8 MB", "Invalid base64 image_url"]
)
def test_what_is_wrong_with_one_picture_is_told(refusal: str) -> None:
    """It says nothing about the model."""
    assert change_for(SEEING, Words(refusal)) is None


def test_pictures_stay_where_turns_are_joined() -> None:
    """Instructions go before the words, the picture stays behind them."""
    turns = changed(SEEING, Change.PLAIN_TURNS)["messages"]
    assert [part["type"] for part in turns[0]["content"]] == ["text", "text", "image_url"]


@pytest.mark.parametrize(
    "refusal",
    [
        "model not found",
        "max_tokens must be at most 4",
        "Bad gateway",
        "upstream error",
        "no space left on device",
    ],
)
def test_other_refusals_are_final(refusal: str) -> None:
    """A refusal that names nothing of ours that can go is not answered with another try."""
    assert change_for(BODY, Words(refusal)) is None


@pytest.mark.parametrize(
    ("status", "change"), [(400, Change.NO_STREAM_OPTIONS), (406, Change.WHOLE), (404, None), (500, None)]
)
def test_refusals_without_a_word(status: int, change: Change | None) -> None:
    """A bare refusal of the request is worth one more try; a bare fault of the server is not."""
    assert change_for(BODY, Words(""), status) is change


def test_nameless_options_go_one_by_one() -> None:
    """Who names nothing is asked without one option after the other."""
    body, gone = BODY, list[Change]()
    while (change := change_for(body, Words("Extra inputs are not permitted"))) is not None:
        gone.append(change)
        body = changed(body, change)
    assert gone == [Change.NO_STREAM_OPTIONS, Change.NO_TEMPERATURE]


def test_what_is_gone_is_not_refused_again() -> None:
    """A server that goes on complaining is asked no further."""
    body = changed(BODY, Change.NO_STREAM_OPTIONS)
    assert change_for(body, Words("Unknown field: stream_options")) is None
    plain = changed(BODY, Change.PLAIN_TURNS)
    assert change_for(plain, Words("System role not supported")) is None


def test_instructions_go_before_the_first_words_of_the_user() -> None:
    """Without a system turn the instructions are the beginning of the first user turn, and turns alternate."""
    turns = [*TURNS, {"role": "user", "content": "Again?"}, {"role": "assistant", "content": "Yes."}]
    assert changed({"messages": turns}, Change.PLAIN_TURNS)["messages"] == [
        {"role": "user", "content": "Be brief.\n\nHello?\n\nAgain?"},
        {"role": "assistant", "content": "Yes."},
    ]
    begun = [TURNS[0], {"role": "assistant", "content": "Welcome."}, TURNS[1]]
    assert [t["role"] for t in changed({"messages": begun}, Change.PLAIN_TURNS)["messages"]] == [
        "user",
        "assistant",
        "user",
    ]


def test_habits_are_bounded_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model refused is remembered for an hour, of a bounded number of models."""
    monkeypatch.setattr(openai_options, "_MAX_REMEMBERED", 2)
    clock = [0.0]
    habits = Habits(lambda: clock[0])
    for model in ("a", "b", "c"):
        habits.learn("s", model, [Change.WHOLE])
    assert [habits.of("s", model) for model in ("a", "b", "c")] == [(), (Change.WHOLE,), (Change.WHOLE,)]
    clock[0] = 3601.0
    assert habits.of("s", "c") == ()


WISHES: dict[str, Any] = {**BODY, "top_p": 0.9, "seed": 7, "reasoning_effort": "minimal", "stop": ["END"]}


@pytest.mark.parametrize(
    ("refusal", "change"),
    [
        ("Unrecognized request argument supplied: seed", Change.NO_SEED),
        ("Unsupported parameter: 'top_p' is not supported with this model.", Change.NO_TOP_P),
        ("topP must not be set", Change.NO_TOP_P),
        ("Unsupported parameter: 'stop' is not supported with this model.", Change.NO_STOP),
        ("stop sequences are not available", Change.NO_STOP),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "stop"], "msg": "Extra inputs"}]}, Change.NO_STOP),
        ("Unknown parameter: 'reasoning_effort'", Change.NO_REASONING_EFFORT),
        ({"error": {"message": "Not for this model", "param": "reasoning.effort"}}, Change.NO_REASONING_EFFORT),
        ('"gemma3" does not support thinking', Change.NO_REASONING_EFFORT),
    ],
)  # fmt: skip
def test_a_wish_that_is_refused_is_named(refusal: Any, change: Change) -> None:
    """Each is found by its name, in whatever way it is written."""
    words = Words(refusal) if isinstance(refusal, str) else Words.of(refusal)
    assert change_for(WISHES, words) is change
    assert change.value not in changed(WISHES, change)


def test_stop_as_a_word_of_a_sentence_names_nothing() -> None:
    """A server that asks us to stop does not speak of stop words."""
    assert change_for(WISHES, Words("Please stop: you have sent too much")) is None


def test_a_value_that_is_refused_is_not_tried_again_but_another_is() -> None:
    """What is out of a server's range says nothing about other values; what it does not know at all does."""
    habits, body = Habits(), {"temperature": 1.8}
    range_ = Words("temperature: must be between 0 and 1")
    assert refused_values(body, Change.NO_TEMPERATURE, range_) == {Change.NO_TEMPERATURE: 1.8}
    assert not refused_values(body, Change.NO_TEMPERATURE, Words("Only the default (1) value is supported"))
    assert not refused_values(body, Change.NO_TEMPERATURE, Words("Unknown parameter: temperature"))
    habits.learn("s", "m", [Change.NO_TEMPERATURE], {Change.NO_TEMPERATURE: 1.8})
    assert habits.of("s", "m", {"temperature": 1.8}) == (Change.NO_TEMPERATURE,)
    assert habits.of("s", "m", {"temperature": 0.8}) == ()


@pytest.mark.parametrize(
    "told",
    [
        "stream error: stream ID 1; INTERNAL_ERROR; received from peer",
        "Bad gateway for {'model': 'm', 'stream': True, 'messages': [{'role': 'system', 'content': 'Be brief.'}]}",
    ],
)
def test_what_goes_wrong_on_the_way_refuses_nothing(told: str) -> None:
    """A request that is repeated in an error is not what it is about."""
    assert change_for(BODY, Words.of(told)) not in {Change.WHOLE, Change.PLAIN_TURNS}
