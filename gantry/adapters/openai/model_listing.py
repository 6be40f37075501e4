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
    "max_input_tokens",  # LiteLLM
)
MAX_MODELS = 5000
_LIST_NAMES = ("data", "models", "result", "results", "items", "list", "body", "response", "value")
_ENTRY_NAMES = (
    "id",
    "name",
    "model",
    "model_id",
    "model_name",
    "modelId",
    "modelName",
    "slug",
    "key",
    "root",
)
_MAX_DEPTH = 3
_NOT_FOR_CHAT = re.compile(
    r"embed|rerank|whisper|\btts\b|-tts|dall-e|gpt-image|moderation|transcribe|-realtime|stable-diffusion|\bsora\b|\bveo\b",
    re.IGNORECASE,
)
_EMBEDDING_TYPES = ("embedding", "embeddings")
# What LiteLLM calls "mode" and others "type" or "task", where it is not a conversation.
_OTHER_TYPES = frozenset({
    *_EMBEDDING_TYPES, "image-generation", "image-edit", "image", "audio-transcription", "audio-speech", "audio", "speech", "tts", "stt",
    "realtime", "rerank", "reranker", "moderation", "video-generation", "ocr", "search", "vector-store", "feature-extraction",
    "text-to-image", "text-to-speech", "automatic-speech-recognition",
})  # fmt: skip


def entries_of(value: Any) -> list[dict[str, Any]] | None:
    """Return the entries of a model list, each with an ``id``, or None when *value* is not one.

    OpenAI's is ``{"data": [{"id": …}]}``. Others send the array alone, or deeper inside, call it ``models`` or ``result``, name a model
    ``name`` or ``model``, list plain names, group them by what they do, or have one model and no list. Only the first MAX_MODELS are read.
    """
    data = _array_in(value)
    if data is None:
        return None
    entries = [entry for each in data[:MAX_MODELS] if (entry := _entry(each)) is not None]
    return entries if entries or not data else None


def _array_in(value: Any, depth: int = 0) -> list[Any] | None:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        return None
    held = [value[name] for name in (*_LIST_NAMES, *_other_names(value)) if name in value]
    for each in held:
        if isinstance(each, list):
            return each
        if isinstance(each, dict) and (found := _array_in(each, depth + 1) or _named(each)):
            return found
    if value.get("object") == "model" or set(value) <= {"model", "object", "id"}:
        return [value] if _entry(value) else None
    return (
        [] if "data" in value and value["data"] is None and value.get("object") == "list" else None
    )  # Ollama, empty


def _other_names(value: dict[str, Any]) -> list[str]:
    """Return the names in *value* that speak of models, such as ``availableModels``."""
    return [name for name in value if "model" in name.lower() and name not in _LIST_NAMES]


def _named(value: dict[str, Any]) -> list[Any]:
    """Read models by name, ``{"llama": {…}}``, or lists of them by what they do, ``{"chat": ["llama"], "embedding": […]}``."""
    if value and all(isinstance(each, list) for each in value.values()):
        return [
            {**entry, "type": kind} for kind, each in value.items() for one in each if (entry := _entry(one))
        ]
    if any(isinstance(each, list | str) for each in value.values()):
        return []
    return [{"id": each, **(more if isinstance(more, dict) else {})} for each, more in value.items()]


def _entry(each: Any) -> dict[str, Any] | None:
    if isinstance(each, str):
        return {"id": each} if each else None
    if not isinstance(each, dict):
        return None
    name = next((each[key] for key in _ENTRY_NAMES if isinstance(each.get(key), str) and each[key]), None)
    return None if name is None else each | {"id": name}


def kind_of(entries: Iterable[Mapping[str, Any]]) -> ConnectionKind | None:
    """Return the kind of server whose list this is, as far as the owners in it tell."""
    for entry in entries:
        if kind := _OWNERS.get(str(entry.get("owned_by", "")).lower()):
            return kind
    return None


def listed(entries: Iterable[Mapping[str, Any]], by_hand: Iterable[str] = ()) -> list[ListedModel]:
    """Return the models one can chat with, by name, each once; those that were named *by hand* in any case."""
    lengths: dict[str, int | None] = dict.fromkeys(by_hand)
    for entry in entries:
        if entry["id"] in lengths or _chats(entry):
            lengths[entry["id"]] = lengths.get(entry["id"]) or length_in(entry)
    names = sorted(lengths, key=lambda name: (name.casefold(), name))
    return [ListedModel(name, lengths[name]) for name in names]


def _chats(entry: Mapping[str, Any]) -> bool:
    told = entry.get("mode") or entry.get("type") or entry.get("task")
    if isinstance(told, str) and told.lower().replace("_", "-") in _OTHER_TYPES:
        return False
    return not _NOT_FOR_CHAT.search(entry["id"])


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
