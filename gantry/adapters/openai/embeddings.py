"""Vectors from any server that speaks the OpenAI protocol (``POST /v1/embeddings``)."""

import asyncio
import json
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from gantry.adapters.http.calls import MovedAway, body_of, sent
from gantry.adapters.http.server_words import server_message
from gantry.domain.connections import address_below
from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable, TextRole, Vector

_BATCH = 32
_MAX_CHARACTERS = (
    8000  # servers refuse what is longer than their model reads; this fits 2,048 tokens and more
)
_SHORTEST = 100  # characters; what is refused and no longer than that is not refused for its length
_PROBE = "dimension"
_MAX_BYTES = 64 * 1024 * 1024  # of one answer: 32 vectors of 4,096 numbers as text are 3 MB
_REFUSALS = frozenset({400, 413, 422, 500})  # how servers refuse a text that is too long for them
_NO_VECTOR = "it sent no vector for one of the texts"
_ADVICE = "Check EMBEDDING_BASE_URL and EMBEDDING_MODEL."
_TIMEOUT = httpx.Timeout(60, connect=3)
_QUERY_TIMEOUT = httpx.Timeout(5, connect=2)

log = logging.getLogger(__name__)


class OpenAiEmbedder:
    """One model of one server; the dimension is learned from its first answer.

    Args:
        must_be_listed: Use the model only when the server lists it. Servers with a single model answer with that one
            whatever name they are asked for, and its vectors have no place among those of another.
    """

    def __init__(
        self, base_url: str, name: str, *, api_key: str | None = None, must_be_listed: bool = False
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._base_url = base_url
        self._client = httpx.AsyncClient(headers=headers, timeout=_TIMEOUT)
        self._name = name
        self._must_be_listed = must_be_listed
        self._model: EmbeddingModel | None = None
        self._asking = asyncio.Lock()

    async def model(self) -> EmbeddingModel:
        """Return what the server's model is; asks it once."""
        async with self._asking:
            if self._model is None:
                if self._must_be_listed:
                    await self._look_for_it()
                vector = (await self._ask([_PROBE], _QUERY_TIMEOUT))[0]
                self._model = EmbeddingModel(self._name, len(vector), semantic=True)
        return self._model

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return one vector of length one for each text.

        A text that is too long for the server counts as the mean of its parts: one text never keeps the others waiting.
        """
        timeout = _QUERY_TIMEOUT if role is TextRole.QUERY else _TIMEOUT
        made: list[Vector] = []
        for first in range(0, len(texts), _BATCH):
            batch = [text[:_MAX_CHARACTERS] or " " for text in texts[first : first + _BATCH]]
            made += await self._ask_in_parts(batch, timeout)
        return made

    async def _ask_in_parts(self, texts: list[str], patience: httpx.Timeout) -> list[Vector]:
        """Ask for all at once, and where the server refuses, for fewer, then for shorter ones."""
        try:
            return await self._ask(texts, patience)
        except _InputRefused as error:
            refusal = error
        if len(texts) > 1:
            half = len(texts) // 2
            return [
                *await self._ask_in_parts(texts[:half], patience),
                *await self._ask_in_parts(texts[half:], patience),
            ]
        text = texts[0]
        if len(text) > _SHORTEST:
            await self._ask([_PROBE], patience)  # refused as well: then it is not the text
            half = len(text) // 2
            log.info("embedding.text_halved", extra={"characters": len(text), "reason": refusal.reason})
            return [_mean(await self._ask_in_parts([text[:half], text[half:]], patience))]
        log.warning("embedding.text_skipped", extra={"characters": len(text), "reason": refusal.reason})
        return await self._ask([_PROBE], patience)  # it is found by its words alone

    async def _look_for_it(self) -> None:
        with _as_unavailable():
            answer = orjson.loads(await self._answer("GET", "models", None, _QUERY_TIMEOUT))
            names = {each["id"] for each in answer["data"]}
        if not names & {self._name, f"{self._name}:latest"}:  # the second is how Ollama lists it
            raise EmbeddingUnavailable(f"The embeddings server has no model {self._name} any more.")

    async def _ask(self, texts: list[str], patience: httpx.Timeout) -> list[Vector]:
        with _as_unavailable():
            body = {"model": self._name, "input": texts}
            answer = _parsed(await self._answer("POST", "embeddings", body, patience))
            found = [_unit(each["embedding"]) for each in _in_order(answer)]
        vectors = [vector for vector in found if vector is not None]
        if len(found) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise EmbeddingUnavailable(
                "The embeddings server sent another number of vectors than it was asked for."
            )
        if len(vectors) < len(found):
            raise _InputRefused(_NO_VECTOR)
        return vectors

    async def _answer(self, method: str, path: str, body: Any, patience: httpx.Timeout) -> bytes:
        request = self._client.build_request(
            method, address_below(self._base_url, path), json=body, timeout=patience
        )
        async with sent(self._client, request) as response:
            content = await body_of(response, _MAX_BYTES)
        if response.status_code in _REFUSALS and body is not None:
            raise _InputRefused(server_message(content) or f"HTTP status {response.status_code}")
        if not response.is_success:
            raise _Failed(server_message(content) or f"HTTP status {response.status_code}")
        return content

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()


class _Failed(Exception):
    """The server answered with an error; ``reason`` are its own words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _InputRefused(_Failed, EmbeddingUnavailable):
    """It did not want these texts. Outside this module that is an ordinary failure."""

    def __init__(self, reason: str) -> None:
        EmbeddingUnavailable.__init__(self, _sentence(reason), advice=_ADVICE)
        self.reason = reason


@contextmanager
def _as_unavailable() -> Iterator[None]:
    """Turn whatever a server may do wrong into our own error, with what it said."""
    try:
        yield
    except _InputRefused:
        raise
    except (httpx.HTTPError, _Failed, MovedAway, KeyError, TypeError, ValueError) as error:
        raise EmbeddingUnavailable(_sentence(str(error)), advice=_ADVICE) from error


def _sentence(reason: str) -> str:
    said = f" It says: {reason[:300]}" if reason else ""
    return f"The embeddings server does not answer as it should.{said}"


def _mean(vectors: Sequence[Vector]) -> Vector:
    return _unit([sum(values) for values in zip(*vectors, strict=True)]) or vectors[0]


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        return json.loads(content)  # knows NaN, which is no JSON: some servers write it


def _in_order(body: Any) -> list[dict[str, Any]]:
    return sorted(body["data"], key=lambda each: each.get("index", 0))


def _unit(raw: Any) -> Vector | None:
    """Return a vector with the length one; None of what has no direction, as a server may send for a text it cannot read."""
    vector = [math.nan if value is None else float(value) for value in raw or ()]
    length = math.sqrt(sum(value * value for value in vector))
    if not math.isfinite(length) or not length:
        return None
    return [value / length for value in vector]
