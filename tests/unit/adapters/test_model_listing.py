"""Reading model lists."""

from typing import Any

import pytest

from gantry.adapters.model_listing import entries_of, kind_of, length_in, listed, ollama_length
from gantry.domain.catalog import ConnectionKind, ListedModel


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ({"data": [{"id": "a"}]}, [{"id": "a"}]),
        ({"object": "list", "data": None}, []),
        ({"data": []}, []),
        ({"data": None}, None),
        ({"data": [{"id": 3}]}, None),
        ({"models": []}, None),
        ("text", None),
    ],
)
def test_shape_of_a_list(value: Any, entries: Any) -> None:
    """Only OpenAI's shape is a list of models; Ollama's null is an empty one."""
    assert entries_of(value) == entries


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
