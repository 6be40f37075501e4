"""What administrators type about model servers."""

import pytest

from gantry.domain.catalog import ConnectionKind
from gantry.domain.connections import (
    address_below,
    checked_api_key,
    checked_connection_name,
    checked_models,
    checked_wait,
    normal_base_url,
    root_of,
    same_server,
    slug_of,
)
from gantry.domain.errors import Invalid

OPENAI, OLLAMA = ConnectionKind.OPENAI, ConnectionKind.OLLAMA


@pytest.mark.parametrize(
    ("typed", "kind", "kept"),
    [
        ("http://localhost:11434", OLLAMA, "http://localhost:11434/v1"),
        (" http://localhost:11434/ ", OLLAMA, "http://localhost:11434/v1"),
        ("http://box/ollama", OLLAMA, "http://box/ollama/v1"),
        ("https://API.openai.com", OPENAI, "https://api.openai.com/v1"),
        ("HTTPS://api.openai.com/v1//", OPENAI, "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/chat/completions", OPENAI, "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/models/", OPENAI, "https://api.openai.com/v1"),
        ("https://example.com/v1beta/openai/", OPENAI, "https://example.com/v1beta/openai"),
        ("http://[::1]:8000", OPENAI, "http://[::1]:8000/v1"),
    ],
)
def test_addresses_get_one_form(typed: str, kind: ConnectionKind, kept: str) -> None:
    """Slashes at the end go, pasted endpoints too, and /v1 comes where it is the custom."""
    assert normal_base_url(typed, kind) == kept
    assert normal_base_url(kept, kind) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "localhost:11434",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@example.com/v1",
        "http://example.com/v1#part",
        "http://example.com:port/v1",
        "http://[::1/v1",
        "http://exa mple.com",
        "http://example.com/" + "x" * 500,
    ],
)
def test_other_addresses_are_refused(typed: str) -> None:
    """Only a plain http(s) address is one: no credentials, no fragment; the sentence repeats no secret."""
    with pytest.raises(Invalid) as refused:
        normal_base_url(typed, OPENAI)
    assert refused.value.field == "base_url"
    assert "secret" not in f"{refused.value.public} {refused.value.advice}"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://example.com/other/v1", True),
        ("https://example.com:443/v1", True),
        ("http://example.com/v1", False),
        ("https://example.com:8443/v1", False),
        ("https://example.com.evil.net/v1", False),
        ("https://sub.example.com/v1", False),
    ],
)
def test_key_belongs_to_scheme_host_and_port(other: str, same: bool) -> None:
    """A path may change under a key; where it is sent to may not."""
    assert same_server("https://example.com/v1", other) is same


@pytest.mark.parametrize(
    ("name", "taken", "slug"),
    [
        ("My vLLM (GPU 1)", (), "my-vllm-gpu-1"),
        ("Café", (), "cafe"),
        ("模型", (), "server"),
        ("gantry", ("gantry",), "gantry-2"),
        ("openai", ("openai", "openai-2"), "openai-3"),
        ("x" * 80, (), "x" * 40),
        ("x" * 80, ("x" * 40,), "x" * 36 + "-2"),
    ],
)
def test_slugs_are_plain_and_unique(name: str, taken: tuple[str, ...], slug: str) -> None:
    """The first part of a model's id is made of a-z, 0-9 and hyphens, and nobody else has it."""
    assert slug_of(name, taken) == slug


@pytest.mark.parametrize(
    ("check", "bad"), [(checked_connection_name, " "), (checked_connection_name, "x" * 81)]
)
def test_names_have_to_be_there(check, bad: str) -> None:
    """A blank name, and one too long, are refused with their field."""
    with pytest.raises(Invalid) as refused:
        check(bad)
    assert refused.value.field == "name"


@pytest.mark.parametrize("bad", ["two words", "line\nbreak", "kéy", "x" * 1001])
def test_keys_fit_into_a_header(bad: str) -> None:
    """What no header may hold is no key; a pasted line break at its end goes."""
    with pytest.raises(Invalid) as refused:
        checked_api_key(bad)
    assert refused.value.field == "api_key"
    assert checked_api_key(" sk-abc\n") == "sk-abc"


def test_a_query_stays_at_the_end() -> None:
    """Some gateways want one with every request."""
    base = normal_base_url("https://gate.example.com/openai/v1/?api-version=2", ConnectionKind.OPENAI)
    assert base == "https://gate.example.com/openai/v1?api-version=2"
    assert address_below(base, "models") == "https://gate.example.com/openai/v1/models?api-version=2"
    assert address_below(root_of(base), "props") == "https://gate.example.com/openai/props?api-version=2"
    assert address_below("http://box/v1", "models") == "http://box/v1/models"


def test_models_and_waits_as_they_are_typed() -> None:
    """Blank lines and repetitions are nothing; what cannot be meant is refused by its field."""
    assert checked_models([" a ", "", "b", "a"]) == ("a", "b")
    assert checked_wait(None, "first_word_seconds") is None
    assert checked_wait(900, "first_word_seconds") == 900
    for wrong in (0.5, 86_401, float("nan"), float("inf")):
        with pytest.raises(Invalid) as caught:
            checked_wait(wrong, "first_word_seconds")
        assert caught.value.field == "first_word_seconds"
    with pytest.raises(Invalid):
        checked_models(["x" * 256])
    with pytest.raises(Invalid):
        checked_models([f"m{n}" for n in range(201)])
