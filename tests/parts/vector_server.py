"""What the scripted server says to ``POST /v1/embeddings`` and ``POST /v1/rerank``: give these as its ``routes``."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from tests.parts.llm_server import Recorded

Route = Callable[[Recorded], Any]
SAME = {"guardian": "keeper", "beacon": "lighthouse", "guarded": "kept"}  # words that mean the same here


def embeddings(models: Mapping[str, int]) -> Route:
    """Return a route that has *models*, each with its dimension; the same words give the same vector.

    The vectors come back to front, each with its index, as the protocol allows.
    """

    def answer(request: Recorded) -> Any:
        name = request.body["model"]
        if name not in models:
            return 404, {"error": {"message": f"The model {name} does not exist."}}
        made = [
            {"object": "embedding", "index": index, "embedding": vector_of(name, text, models[name])}
            for index, text in enumerate(request.body["input"])
        ]
        return {"object": "list", "model": name, "data": made[::-1]}

    return answer


def vector_of(model: str, text: str, dimension: int) -> list[float]:
    """Return the sum of the text's words, each at a place of its own; not of length one."""
    values = [0.0] * dimension
    for word in re.findall(r"\w+", text.lower()):
        values[crc32(f"{model} {SAME.get(word, word)}".encode()) % dimension] += 1.0
    return values if any(values) else [1.0, *values[1:]]


def reranking(best: str) -> Route:
    """Return a route that puts the texts with the word *best* first, and says nothing about the last of the others."""

    def answer(request: Recorded) -> Any:
        texts = request.body["documents"]
        others = [index for index, text in enumerate(texts) if best not in text]
        told = [index for index in range(len(texts)) if index not in others[-1:]]
        return {"results": [{"index": i, "relevance_score": float(best in texts[i])} for i in told]}

    return answer
