"""Vectors from any server that speaks the OpenAI protocol (``POST /v1/embeddings``)."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable, TextRole, Vector

_BATCH = 32
_MAX_CHARACTERS = (
    8000  # servers refuse what is longer than their model reads; this fits 2,048 tokens and more
)
_TIMEOUT = httpx.Timeout(60, connect=3)
_QUERY_TIMEOUT = httpx.Timeout(5, connect=2)


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
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/", headers=headers, timeout=_TIMEOUT
        )
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
                vector = (await self._ask(["dimension"], _QUERY_TIMEOUT))[0]
                self._model = EmbeddingModel(self._name, len(vector), semantic=True)
        return self._model

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return one vector of length one for each text."""
        timeout = _QUERY_TIMEOUT if role is TextRole.QUERY else _TIMEOUT
        made: list[Vector] = []
        for first in range(0, len(texts), _BATCH):
            batch = [text[:_MAX_CHARACTERS] or " " for text in texts[first : first + _BATCH]]
            made += await self._ask(batch, timeout)
        return made

    async def _look_for_it(self) -> None:
        with _as_unavailable():
            answer = await self._client.get("models", timeout=_QUERY_TIMEOUT)
            answer.raise_for_status()
            names = {each["id"] for each in answer.json()["data"]}
        if not names & {self._name, f"{self._name}:latest"}:  # the second is how Ollama lists it
            raise EmbeddingUnavailable(f"The embeddings server has no model {self._name} any more.")

    async def _ask(self, texts: list[str], patience: httpx.Timeout) -> list[Vector]:
        with _as_unavailable():
            answer = await self._client.post(
                "embeddings", json={"model": self._name, "input": texts}, timeout=patience
            )
            answer.raise_for_status()
            vectors = [_unit(each["embedding"]) for each in _in_order(answer.json())]
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise EmbeddingUnavailable(
                "The embeddings server sent another number of vectors than it was asked for."
            )
        return vectors

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()


@contextmanager
def _as_unavailable() -> Iterator[None]:
    """Turn whatever a server may do wrong into our own error."""
    try:
        yield
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        raise EmbeddingUnavailable(
            "The embeddings server does not answer as it should.",
            advice="Check EMBEDDING_BASE_URL and EMBEDDING_MODEL.",
        ) from error


def _in_order(body: Any) -> list[dict[str, Any]]:
    return sorted(body["data"], key=lambda each: each.get("index", 0))


def _unit(raw: Any) -> Vector:
    vector = [float(value) for value in raw]
    length = math.sqrt(sum(value * value for value in vector))
    if not vector or not math.isfinite(length) or not length:
        raise ValueError("not a vector")
    return [value / length for value in vector]
