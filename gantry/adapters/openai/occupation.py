"""Reading what model servers say of what they do. Does no I/O.

Each function takes the model's name and what a server told, and returns None when that is not what such a server tells.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

import orjson

from gantry.domain.catalog import Progress
from gantry.domain.json_values import list_in
from gantry.domain.live import Stage

_NOT_LOADED = re.compile(
    r"loading model|model is not loaded|no models? (?:is|are) currently loaded", re.IGNORECASE
)
_WAITING = re.compile(rb"^vllm:num_requests_waiting(?:\{([^}\n]*)\})?[ \t]+(\S+)", re.MULTILINE)
_NOT_READY = ("not-loaded", "loading")
_CLOUD = re.compile(r"[:-]cloud$")  # of Ollama: such a model is never loaded here

_LOADING = Progress(Stage.LOADING)
_QUEUED = Progress(Stage.QUEUED)
_ASKED = Progress(Stage.THINKING)


def is_not_loaded(sentence: str) -> bool:
    """Whether a refusal says that there is no model in memory yet."""
    return _NOT_LOADED.search(sentence) is not None


def lmstudio(model: str, body: bytes) -> Progress | None:
    """Read a list of ``/api/v1/models`` (with ``loaded_instances``) or ``/api/v0/models`` (with ``state``)."""
    value = _json(body)
    entries = value.get("models", value.get("data")) if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return None
    for entry in filter(_is_mapping, entries):
        loaded = list_in(entry.get("loaded_instances"))
        instances = [each.get("id") for each in filter(_is_mapping, loaded or [])]
        if model in (entry.get("key"), entry.get("id"), *instances):
            loads = entry.get("state") in _NOT_READY or loaded == []
            return _LOADING if loads else _ASKED
    return _ASKED


def ollama(model: str, body: bytes) -> Progress | None:
    """Read ``/api/ps``: what is in memory or on its way there."""
    value = _json(body)
    running = value.get("models") if isinstance(value, dict) else None
    if not isinstance(running, list):
        return None
    told = [each.get(key) for each in filter(_is_mapping, running) for key in ("name", "model")]
    names = {_with_tag(name) for name in told if isinstance(name, str)}
    return _ASKED if _with_tag(model) in names or _CLOUD.search(model) else _LOADING


def tabby(_model: str, body: bytes) -> Progress | None:
    """Read ``/v1/model``; without a model TabbyAPI refuses, in words of its own. While it loads another it names either."""
    value = _json(body)
    return _ASKED if isinstance(value, dict) and "id" in value else None


def vllm(model: str, body: bytes) -> Progress | None:
    """Read ``/metrics``: how many questions wait. vLLM takes them in the order they came."""
    read = [(labels, _number(count)) for labels, count in _WAITING.findall(body)]
    waiting = [(labels, count) for labels, count in read if count is not None]
    if not waiting:
        return None
    of_model = [each for each in waiting if f'model_name="{model}"'.encode() in each[0]] or waiting
    return _QUEUED if any(count > 0 for _, count in of_model) else _ASKED


def llamacpp(_model: str, body: bytes) -> Progress | None:
    """Read ``/slots``: where each of them is writing already, none of them has our question."""
    slots = _json(body)
    if not isinstance(slots, list) or not slots:
        return None
    if not all(_is_mapping(slot) and "is_processing" in slot for slot in slots):
        return None
    return _QUEUED if all(map(_writes, slots)) else _ASKED


def llamacpp_percent(model: str, value: Any) -> int | None:
    """Return how far *model* is loaded, from an event of ``/models/sse``."""
    data = value.get("data") if _is_mapping(value) and value.get("model") == model else None
    progress = data.get("progress") if _is_mapping(data) and data.get("status") == "loading" else None
    if not _is_mapping(progress):
        return None
    part, stages = progress.get("value"), progress.get("stages")
    if not isinstance(part, int | float):
        return None
    names: list[Any] = stages if isinstance(stages, list) else []
    current = progress.get("current")
    done, of = (names.index(current), len(names)) if current in names else (0, 1)
    return int(100 * (done + max(0.0, min(1.0, part))) / of)


def _writes(slot: Any) -> bool:
    if not slot["is_processing"]:
        return False
    token = slot.get("next_token")
    parts = token if isinstance(token, list) else [token]
    return any(_is_mapping(part) and isinstance(n := part.get("n_decoded"), int) and n > 0 for part in parts)


def _with_tag(name: str) -> str:
    return (name if ":" in name.rpartition("/")[2] else f"{name}:latest").casefold()


def _number(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def _is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)
