"""Vectors for programs: of the installation's own embedding model, or of a model server's."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any

import orjson

from gantry.domain.accounts import Actor
from gantry.domain.catalog import BUILT_IN, ModelRef
from gantry.domain.embedding import TOKEN_NUMBERS, ReadsTokens, TextRole, Vector
from gantry.domain.errors import Invalid
from gantry.domain.json_values import list_in, object_in
from gantry.domain.passing import PassesOn
from gantry.domain.programs import (
    EMBEDDINGS,
    MAX_EMBEDDING_CHARACTERS,
    MAX_EMBEDDING_INPUTS,
    MAX_EMBEDDING_TOKENS,
    OURS,
    model_named,
)
from gantry.domain.tokens import estimate_tokens
from gantry.services.catalog import CatalogService
from gantry.services.vector_sets import VectorSets

_MAX_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class ProgramEmbeddings:
    """Embeddings for programs."""

    catalog: CatalogService
    servers: PassesOn
    sets: VectorSets
    tokens: ReadsTokens

    async def embed(self, who: Actor, raw: Any) -> bytes:
        """Return vectors as JSON in OpenAI's shape.

        Raises:
            Invalid: The request cannot be read, or there is no such model.
            ModelUnavailable: The model server refused, or does not answer.
            EmbeddingUnavailable: The installation's own model cannot be used now.
        """
        body = object_in(raw)
        if body is None:
            raise Invalid("Send a JSON object.")
        model = model_named(body)
        if model == EMBEDDINGS:
            return await self._own(body)
        if ModelRef.parse(model).connection == BUILT_IN:
            raise Invalid(f"The installation's embedding model is called {EMBEDDINGS}.", field="model")
        spec, name = await self.catalog.server_of(who, model)
        passed = {key: value for key, value in body.items() if key not in OURS} | {"model": name}
        answer = await self.servers.pass_on(spec, "embeddings", passed)
        return await answer.whole(_MAX_BYTES)

    async def _own(self, body: Mapping[str, Any]) -> bytes:
        texts = await self._texts(body.get("input"))
        form = body.get("encoding_format")
        form = "float" if form is None else form
        if form not in ("float", "base64"):  # any JSON, of which a set cannot hold all
            raise Invalid("encoding_format is float or base64.", field="encoding_format")
        if not isinstance(body.get("input_type", ""), str):
            raise Invalid("input_type is query or passage.", field="input_type")
        role = TextRole.QUERY if body.get("input_type") == "query" else TextRole.PASSAGE
        embedder = await self.sets.wanted()
        made = await embedder.model()
        if body.get("dimensions") not in (None, made.dimension):
            raise Invalid(f"{EMBEDDINGS} makes vectors of {made.dimension} numbers.", field="dimensions")
        vectors = await embedder.embed(texts, role)
        tokens = sum(map(estimate_tokens, texts))
        data = [
            {"object": "embedding", "index": index, "embedding": _told(vector, form)}
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return orjson.dumps({"object": "list", "model": EMBEDDINGS, "data": data, "usage": usage})

    async def _texts(self, raw: Any) -> list[str]:
        """Return the texts of *raw*; clients that cut texts by tokens send the numbers of those, as LangChain's do."""
        found = [raw] if isinstance(raw, str) else list_in(raw) or []
        numbers = _numbers(found) if found else None
        return _checked(found if numbers is None else await self.tokens.texts(numbers))


def _numbers(found: Sequence[Any]) -> list[list[int]] | None:
    """Return lists of token numbers where *found* is one, or holds some; else None."""
    if not isinstance(found[0], int) and len(found) > MAX_EMBEDDING_INPUTS:
        raise _too_much()
    lists = [found] if isinstance(found[0], int) else [list_in(each) or [] for each in found]
    if sum(map(len, lists)) > MAX_EMBEDDING_TOKENS:  # before any is looked at: a body may hold millions
        raise Invalid(f"input holds at most {MAX_EMBEDDING_TOKENS:,} token numbers.", field="input")
    if not all(map(_are_tokens, lists)):
        return None
    return [list(each) for each in lists]


def _are_tokens(numbers: Sequence[Any]) -> bool:
    return bool(numbers) and all(type(each) is int and 0 <= each < TOKEN_NUMBERS for each in numbers)


def _checked(found: Sequence[Any]) -> list[str]:
    texts = [each for each in found if isinstance(each, str) and each]
    if not texts or len(texts) != len(found):
        raise Invalid(
            "input is a text, or a list of texts that are not empty; or token numbers of cl100k_base, one list for each text.",
            field="input",
        )
    if len(texts) > MAX_EMBEDDING_INPUTS or sum(map(len, texts)) > MAX_EMBEDDING_CHARACTERS:
        raise _too_much()
    return texts


def _too_much() -> Invalid:
    return Invalid(
        f"input holds at most {MAX_EMBEDDING_INPUTS:,} texts of {MAX_EMBEDDING_CHARACTERS:,} characters in all.",
        field="input",
    )


def _told(vector: Vector, form: str) -> Sequence[float] | str:
    numbers = [float(value) for value in vector]
    return base64.b64encode(pack(f"<{len(numbers)}f", *numbers)).decode() if form == "base64" else numbers
