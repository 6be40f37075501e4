"""Reading what model servers say about their models. Does no I/O.

Every server lists its models at ``/models`` in OpenAI's shape and hides the context length somewhere else.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gantry.domain.catalog import ConnectionKind, ListedModel

DEFAULT_CONTEXT_TOKENS = 4096  # what Ollama and LM Studio load a model with unless told otherwise

_OWNERS = {
    "vllm": ConnectionKind.VLLM,
    "llamacpp": ConnectionKind.LLAMACPP,
    "tabbyapi": ConnectionKind.TABBY,
    "library": ConnectionKind.OLLAMA,
    "organization_owner": ConnectionKind.LMSTUDIO,
}
_LENGTH_FIELDS = (
    "max_model_len",  # vLLM, SGLang
    "loaded_context_length",  # LM Studio
    "context_length",  # OpenRouter, Together
    "context_window",  # Groq
    "max_context_length",  # Mistral
)
_NOT_FOR_CHAT = re.compile(r"embed|rerank|whisper|^tts-|dall-e|moderation", re.IGNORECASE)
_EMBEDDING_TYPES = ("embedding", "embeddings")


def entries_of(value: Any) -> list[dict[str, Any]] | None:
    """Return the entries of a model list, or None when *value* is not one."""
    if not isinstance(value, dict) or "data" not in value:
        return None
    data = value["data"]
    if data is None and value.get("object") == "list":  # Ollama without any model
        return []
    if not isinstance(data, list):
        return None
    entries = [entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    return entries if len(entries) == len(data) else None


def kind_of(entries: Iterable[Mapping[str, Any]]) -> ConnectionKind | None:
    """Return the kind of server whose list this is, as far as the owners in it tell."""
    for entry in entries:
        if kind := _OWNERS.get(str(entry.get("owned_by", "")).lower()):
            return kind
    return None


def listed(entries: Iterable[Mapping[str, Any]]) -> list[ListedModel]:
    """Return the models one can chat with, by name, each once."""
    lengths: dict[str, int | None] = {}
    for entry in entries:
        if not _NOT_FOR_CHAT.search(entry["id"]) and entry.get("type") not in _EMBEDDING_TYPES:
            lengths[entry["id"]] = lengths.get(entry["id"]) or length_in(entry)
    names = sorted(lengths, key=lambda name: (name.casefold(), name))
    return [ListedModel(name, lengths[name]) for name in names]


def length_in(entry: Mapping[str, Any]) -> int | None:
    """Return the context length that a list's entry tells, in tokens."""
    inner = (_within(entry, "meta", "n_ctx"), _within(entry, "parameters", "max_seq_len"))
    told = (
        *(entry.get(name) for name in _LENGTH_FIELDS),
        *inner,
        _within(entry, "top_provider", "context_length"),
    )
    return next(filter(None, map(_count, told)), None)


def llamacpp_length(props: Any) -> int | None:
    """Return the length of one slot from llama.cpp's ``GET /props``."""
    return _count(_within(props, "default_generation_settings", "n_ctx"))


def tabby_loaded(card: Any) -> tuple[str, int] | None:
    """Return the loaded model and its length from TabbyAPI's ``GET /v1/model``."""
    length = _count(_within(card, "parameters", "max_seq_len"))
    name = card.get("id") if isinstance(card, dict) else None
    return (name, length) if isinstance(name, str) and length else None


def ollama_length(shown: Any) -> int | None:
    """Return the length Ollama runs a model with, from ``POST /api/show``.

    ``num_ctx`` of the model file when it is there; the model's own maximum says little, because Ollama loads
    it with a default of its own.
    """
    if not isinstance(shown, dict):
        return None
    if found := re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters") or ""), re.MULTILINE):
        return int(found[1])
    facts = shown.get("model_info")
    told = (
        [value for name, value in facts.items() if name.endswith(".context_length")]
        if isinstance(facts, dict)
        else []
    )
    longest = next(filter(None, map(_count, told)), None)
    return min(longest, DEFAULT_CONTEXT_TOKENS) if longest else None


def ollama_chats(shown: Any) -> bool:
    """Tell whether a model of Ollama's can chat; older versions do not say."""
    able = shown.get("capabilities") if isinstance(shown, dict) else None
    return not isinstance(able, list) or not able or "completion" in able


def lmstudio_models(value: Any) -> dict[str, tuple[bool, int | None]]:
    """Return whether each model can chat, and its length, from LM Studio's ``GET /api/v0/models``."""
    return {
        entry["id"]: (entry.get("type") not in _EMBEDDING_TYPES, _lmstudio_length(entry))
        for entry in entries_of(value) or ()
    }


def _lmstudio_length(entry: Mapping[str, Any]) -> int | None:
    if loaded := _count(entry.get("loaded_context_length")):
        return loaded
    longest = _count(entry.get("max_context_length"))
    return min(longest, DEFAULT_CONTEXT_TOKENS) if longest else None


def _within(value: Any, outer: str, inner: str) -> Any:
    held = value.get(outer) if isinstance(value, Mapping) else None
    return held.get(inner) if isinstance(held, Mapping) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
