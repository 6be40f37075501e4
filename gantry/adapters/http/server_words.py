"""What a model server says when something is wrong: its sentence, its codes, and the places it points at."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, Self

import orjson

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.IGNORECASE | re.DOTALL)
_SENTENCES = (
    "error", "message", "detail", "details", "msg", "error_message", "error_msg", "error_description", "errors", "issues",
    "fault", "faultstring", "exception", "Error", "Message",
    "base_resp",
    "status_msg", "description", "title", "reason",
)  # fmt: skip
_CODES = ("code", "type", "status", "error_type", "error_code", "reason", "error", "object")
_STATUSES = ("code", "status", "status_code", "statusCode")
_PLACES = (
    "param", "params", "field", "fields", "parameter", "argument", "property", "pointer", "path", "keys", "unknown_fields", "extra_fields",
    "additionalProperty", "unevaluatedProperty",
)  # fmt: skip
_FRAMES = {"body", "query", "request", "json"}  # where every place begins
_MAX_CHARACTERS = 2000
_MAX_DEPTH = 8
_MAX_NODES = 300


@dataclass(frozen=True, slots=True)
class Words:
    """An error as its server tells it.

    ``codes`` are in lower case; ``places`` are names of request options that it points at; ``status`` is an HTTP
    status told in the body, ``context_tokens`` a length told as a number of its own (llama.cpp).
    """

    sentence: str
    codes: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    status: int | None = None
    context_tokens: int | None = None

    @classmethod
    def of(cls, value: Any) -> Self:
        """Read an error given as a JSON value."""
        codes: set[str] = set()
        places: set[str] = set()
        numbers: dict[str, int] = {}
        for part in _mappings(value):
            codes.update(part[name].lower() for name in _CODES if isinstance(part.get(name), str))
            for name in _STATUSES:
                told = part.get(name)
                if isinstance(told, int) or (isinstance(told, str) and told.isdecimal()):
                    numbers.setdefault(name, int(told))
                    codes.add(str(told))
            for name in _PLACES:
                places.update(_names(part.get(name)))
            places.update(_names(part.get("loc")))
            if isinstance(part.get("n_ctx"), int):
                numbers.setdefault("n_ctx", part["n_ctx"])
        status = next((n for name in _STATUSES if 400 <= (n := numbers.get(name, 0)) < 600), None)
        length = numbers.get("n_ctx", 0)
        sentence = sentence_in(value)[:_MAX_CHARACTERS]
        return cls(sentence, frozenset(codes), frozenset(places), status, length if length > 0 else None)

    @classmethod
    def in_body(cls, body: bytes) -> Self:
        """Read the body of an HTTP error, in whatever shape."""
        try:
            value = orjson.loads(body)
        except ValueError:
            return cls(server_message(body))
        told = cls.of(value)
        if told.sentence or not value or not isinstance(value, dict | list):
            return told
        raw = orjson.dumps(value).decode()[:_MAX_CHARACTERS]  # better the raw words than none
        return cls(raw, told.codes, told.places, told.status, told.context_tokens)


def server_message(body: bytes) -> str:
    """Return what a server says in an error's body, in whatever shape; empty when it says nothing."""
    try:
        return Words.of(orjson.loads(body)).sentence
    except ValueError:
        text = body[:4_000].decode("utf-8", "replace")
        if title := _TITLE.search(text):
            text = title[1]
        elif "<" in text:
            text = _TAGS.sub(" ", text)
        return " ".join(unescape(text).split())[:_MAX_CHARACTERS]


def sentence_in(value: Any, depth: int = 0) -> str:
    """Find the sentence in OpenAI's, FastAPI's, Ollama's and other shapes of errors; empty when there is none."""
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "; ".join(filter(None, (sentence_in(each, depth + 1) for each in value[:20])))
    if not isinstance(value, dict):
        return ""
    for name in _SENTENCES:
        if found := sentence_in(value.get(name), depth + 1):
            return _with_place(found, value) + _upstream(found, value)
    return ""


def _with_place(sentence: str, value: Mapping[str, Any]) -> str:
    """Put the place before a sentence such as "Extra inputs are not permitted", which alone tells nobody what."""
    names = _names(value.get("loc"))
    return f"{names[-1]}: {sentence}" if names and names[-1] not in sentence else sentence


def _upstream(sentence: str, value: Mapping[str, Any]) -> str:
    """Return what the provider behind a gateway said (OpenRouter: ``metadata.raw``)."""
    metadata = value.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if not isinstance(raw, str) or not raw.strip() or raw in sentence:
        return ""
    return f" ({server_message(raw.encode('utf-8', 'replace'))})"


def _names(place: Any) -> list[str]:
    """Return the words of a place: ``["body", "stream_options"]``, ``"messages.0.role"``, ``"temperature"``."""
    if isinstance(place, str):
        place = re.split(r"[.\[\]/\s]+", place[:200])
    if not isinstance(place, list):
        return []
    return [word for word in place[:20] if isinstance(word, str) and word and word not in _FRAMES]


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every JSON object within *value*, up to a bound."""
    waiting = [value]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        part = waiting.pop(0)
        if isinstance(part, dict):
            yield part
            waiting += [each for each in part.values() if isinstance(each, dict | list)]
        elif isinstance(part, list):
            waiting += [each for each in part[:50] if isinstance(each, dict | list)]
