"""What model servers say of what they do, in the shapes they say it in."""

import json
from typing import Any

import pytest

from gantry.adapters.openai import occupation
from gantry.domain.catalog import Progress
from gantry.domain.live import Stage

LOADING, QUEUED, ASKED = Progress(Stage.LOADING), Progress(Stage.QUEUED), Progress(Stage.THINKING)


def told(value: Any) -> bytes:
    """Return *value* as a server sends it."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"models": [{"key": "a", "loaded_instances": []}]}, LOADING),
        ({"models": [{"key": "a", "loaded_instances": [{"id": "a"}]}]}, ASKED),
        ({"models": [{"key": "b/a", "loaded_instances": [{"id": "a"}]}]}, ASKED),
        ({"data": [{"id": "a", "state": "not-loaded"}]}, LOADING),
        ({"data": [{"id": "a", "state": "loading"}]}, LOADING),
        ({"data": [{"id": "a", "state": "loaded"}, {"id": "b", "state": "not-loaded"}]}, ASKED),
        ({"data": [{"id": "b", "state": "not-loaded"}, None, 7]}, ASKED),
        ({"models": [{"key": "a", "loaded_instances": 1}]}, ASKED),
        ({"data": [{"id": "a", "state": ["loading"]}, {"id": "b", "state": {}}]}, ASKED),
        ({"data": [{"id": {}, "state": {"is": "loading"}}, {"id": "a", "state": "loading"}]}, LOADING),
        ({"error": "Unexpected endpoint or method."}, None),
        (b"<html>", None),
    ],
)
def test_lm_studio(value: Any, expected: Progress | None) -> None:
    """LM Studio lists what is in memory, in two versions of its API."""
    assert occupation.lmstudio("a", told(value)) == expected


@pytest.mark.parametrize(
    ("model", "value", "expected"),
    [
        ("llama3", {"models": []}, LOADING),
        ("llama3", {"models": [{"name": "llama3:latest", "model": "llama3:latest"}]}, ASKED),
        ("hf.co/a/B:Q4", {"models": [{"name": "hf.co/a/b:q4"}]}, ASKED),
        ("llama3:70b", {"models": [{"name": "llama3:latest"}, "?"]}, LOADING),
        ("glm-4.6:cloud", {"models": []}, ASKED),
        ("gpt-oss:120b-cloud", {"models": []}, ASKED),
        ("none", {"models": [{"name": None, "model": ["none"]}]}, LOADING),
        ("llama3", {"models": None}, None),
        ("llama3", [], None),
    ],
)
def test_ollama(model: str, value: Any, expected: Progress | None) -> None:
    """Ollama lists what is in memory; what runs in its cloud never is."""
    assert occupation.ollama(model, told(value)) == expected


def metrics(*waiting: tuple[str, float]) -> bytes:
    """Return a page of vLLM's metrics."""
    lines = [
        "# TYPE vllm:num_requests_waiting gauge",
        *(f'vllm:num_requests_waiting{{engine="0",model_name="{name}"}} {count}' for name, count in waiting),
        'vllm:num_requests_waiting_by_reason{engine="0",model_name="a",reason="capacity"} 9.0',
        'vllm:num_requests_running{engine="0",model_name="a"} 4.0',
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (metrics(("a", 2.0)), QUEUED),
        (metrics(("a", 0.0)), ASKED),
        (metrics(("a", 0.0), ("b", 3.0)), ASKED),
        (metrics(("served-as", 1.0)), QUEUED),
        (b"vllm:num_requests_waiting 1\n", QUEUED),
        (b"vllm:num_requests_waiting +Inf\n", QUEUED),
        (b"vllm:num_requests_waiting NaN\n", ASKED),
        (b"vllm:num_requests_waiting +\nvllm:num_requests_waiting 0\n", ASKED),
        (b"vllm:num_requests_waiting 1.2.3\n", None),
        (b"vllm:num_requests_waiting\n4\n", None),
        (metrics(), None),
        (b"# nothing of vLLM's", None),
    ],
)
def test_vllm(body: bytes, expected: Progress | None) -> None:
    """VLLM counts the questions that wait, for each model."""
    assert occupation.vllm("a", body) == expected


def slot(*, busy: bool, written: int | None = None, listed: bool = True) -> dict[str, Any]:
    """Return a slot of llama.cpp."""
    token = {"n_decoded": written}
    return {"id": 0, "is_processing": busy} | (
        {} if written is None else {"next_token": [token] if listed else token}
    )


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ([slot(busy=True, written=4)], QUEUED),
        ([slot(busy=True, written=4, listed=False)], QUEUED),
        ([slot(busy=True, written=0)], ASKED),
        ([slot(busy=True)], ASKED),
        ([slot(busy=False), slot(busy=True, written=9)], ASKED),
        ([slot(busy=True, written=1), slot(busy=True, written=2)], QUEUED),
        ([slot(busy=True, written=1), slot(busy=True, written=0)], ASKED),
        ([], None),
        ([3], None),
        ({"slots": []}, None),
    ],
)
def test_llamacpp(slots: Any, expected: Progress | None) -> None:
    """With llama.cpp a question waits while every slot writes another answer; one that reads may be ours."""
    assert occupation.llamacpp("a", told(slots)) == expected


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        ({"stages": ["text_model"], "current": "text_model", "value": 0.4}, 40),
        ({"stages": ["text_model", "mmproj_model"], "current": "mmproj_model", "value": 0.5}, 75),
        ({"value": 0.25}, 25),
        ({"value": 7}, 100),
        ({"value": 1.7e308}, 100),
        ({"value": -1.7e308}, 0),
        ({"value": "half"}, None),
        (None, None),
    ],
)
def test_how_far_llamacpp_is(progress: Any, expected: int | None) -> None:
    """The share is that of all parts of a model, which are loaded one after the other."""
    event = {"model": "a", "event": "model_status", "data": {"status": "loading", "progress": progress}}
    assert occupation.llamacpp_percent("a", event) == expected
    assert occupation.llamacpp_percent("b", event) is None


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Loading model", True),
        ("model is not loaded", True),
        ("No models are currently loaded.", True),
        ("model not found", False),
        ("", False),
    ],
)
def test_refusals_that_tell_of_loading(sentence: str, expected: bool) -> None:
    """A refusal may say that there is no model in memory yet."""
    assert occupation.is_not_loaded(sentence) is expected
