"""Reading model lists."""

from typing import Any

import pytest

from gantry.adapters.openai.model_listing import entries_of, kind_of, length_in, listed, ollama_length
from gantry.domain.catalog import ConnectionKind, ListedModel


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ({"data": [{"id": "a"}]}, [{"id": "a"}]),
        ({"object": "list", "data": None}, []),
        ({"data": []}, []),
        ({"data": None}, None),
        ({"data": [{"id": 3}]}, None),
        ("text", None),
        ({"detail": "Not Found"}, None),
        ([{"id": "a"}], [{"id": "a"}]),
        (["a", "b"], [{"id": "a"}, {"id": "b"}]),
        ({"models": []}, []),
        ({"models": [{"name": "a", "size": 3}]}, [{"id": "a", "name": "a", "size": 3}]),
        ({"data": ["a", {"id": 3}, None, {"model": "b"}]}, [{"id": "a"}, {"id": "b", "model": "b"}]),
        ({"data": {"a": {"max_model_len": 9}}}, [{"id": "a", "max_model_len": 9}]),
        ({"data": {"data": [{"id": "a"}]}}, [{"id": "a"}]),
        ({"status": "ok", "response": {"models": ["a"]}}, [{"id": "a"}]),
        ({"availableModels": [{"modelId": "a"}]}, [{"id": "a", "modelId": "a"}]),
        (
            {"models": {"chat": ["a"], "embedding": ["b"]}},
            [{"id": "a", "type": "chat"}, {"id": "b", "type": "embedding"}],
        ),
        ({"id": "a", "object": "model"}, [{"id": "a", "object": "model"}]),
        ({"errors": ["no such page"]}, None),
        ({"message": "no", "id": "request-7"}, None),
    ],
)
def test_shape_of_a_list(value: Any, entries: Any) -> None:
    """OpenAI's shape, and those that others have made of it; Ollama's null is an empty one."""
    assert entries_of(value) == entries


def test_a_list_is_read_up_to_a_limit() -> None:
    """A million names would hold everybody up."""
    assert len(entries_of({"data": [{"id": f"m{n}"} for n in range(20_000)]}) or ()) == 5000


@pytest.mark.parametrize(
    ("entry", "chats"),
    [
        ({"id": "gpt-5", "mode": "chat"}, True),
        ({"id": "old", "mode": "completion"}, True),
        ({"id": "new", "mode": "responses"}, True),
        ({"id": "painter", "mode": "image_generation"}, False),
        ({"id": "speaker", "mode": "audio_speech"}, False),
        ({"id": "live", "mode": "realtime"}, False),
        ({"id": "vlm", "type": "vlm"}, True),
        ({"id": "bge", "type": "embeddings"}, False),
        ({"id": "my-tts-1"}, False),
        ({"id": "attset-7b"}, True),
    ],
)
def test_only_models_that_converse_are_offered(entry: dict[str, Any], chats: bool) -> None:
    """What the list calls an image, speech or embedding model is none to talk to; nor is one whose name says so."""
    assert bool(listed([entry])) == chats


def test_models_named_by_hand_are_offered_in_any_case() -> None:
    """Also those that the list leaves out, or whose names look like something else."""
    found = listed([{"id": "a", "max_input_tokens": 9000}, {"id": "my-embed-chat"}], ["my-embed-chat", "b"])
    assert found == [ListedModel("a", 9000), ListedModel("b"), ListedModel("my-embed-chat")]


@pytest.mark.parametrize(
    ("owner", "kind"),
    [
        ("vllm", ConnectionKind.VLLM),
        ("tabbyAPI", ConnectionKind.TABBY),
        ("library", ConnectionKind.OLLAMA),
        ("organization_owner", ConnectionKind.LMSTUDIO),
        ("llamacpp", ConnectionKind.LLAMACPP),
        ("openai", None),
    ],
)
def test_owner_tells_the_kind(owner: str, kind: ConnectionKind | None) -> None:
    """The first owner that is known tells the kind of the server."""
    assert kind_of([{"id": "a", "owned_by": "me"}, {"id": "b", "owned_by": owner}]) is kind


@pytest.mark.parametrize(
    ("entry", "length"),
    [
        ({"max_model_len": 8192}, 8192),
        ({"context_window": 131072}, 131072),
        ({"top_provider": {"context_length": 64000}}, 64000),
        ({"meta": None, "parameters": []}, None),
        ({"max_model_len": "8192"}, None),
        ({"max_model_len": 0, "context_length": 4096}, 4096),
        ({"context_length": True}, None),
    ],
)
def test_lengths_in_entries(entry: dict[str, Any], length: int | None) -> None:
    """A length is a positive whole number in one of the known places."""
    assert length_in(entry) == length


def test_list_is_sorted_and_unique() -> None:
    """Each model is listed once, in the order of a dictionary, with the length that any of its entries tells."""
    entries = [{"id": "b"}, {"id": "A"}, {"id": "b", "context_length": 5}]
    assert listed(entries) == [ListedModel("A"), ListedModel("b", 5)]


@pytest.mark.parametrize(
    ("shown", "length"),
    [
        ({"parameters": "num_ctx 32768"}, 32768),
        ({"model_info": {"qwen2.context_length": 131072}}, 4096),
        ({"model_info": {"general.architecture": "x"}, "parameters": None}, None),
        ({}, None),
        ([], None),
    ],
)
def test_length_ollama_runs_with(shown: Any, length: int | None) -> None:
    """The set length counts; without one Ollama's default does, or the model's maximum where that is less."""
    assert ollama_length(shown) == length
