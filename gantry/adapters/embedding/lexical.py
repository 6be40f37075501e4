"""Vectors that need nothing: words and pieces of words, hashed. They compare wording, not meaning."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from zlib import crc32

from gantry.domain.embedding import EmbeddingModel, TextRole, Vector
from gantry.domain.words import content_words, stem

MODEL = EmbeddingModel("lexical", 512, semantic=False)
_PIECE_WEIGHT = 0.3  # of three letters, beside a whole word
_BATCH = 64


class LexicalEmbedder:
    """Hashed words; the same text gives the same vector everywhere."""

    async def model(self) -> EmbeddingModel:
        """Return what it is."""
        return MODEL

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return one vector of length one for each text."""
        made: list[Vector] = []
        for first in range(0, len(texts), _BATCH):
            made += await asyncio.to_thread(
                lambda batch: [_vector(text) for text in batch], texts[first : first + _BATCH]
            )
        return made

    async def aclose(self) -> None:
        """Free nothing: there is nothing to free."""


def _vector(text: str) -> list[float]:
    values = [0.0] * MODEL.dimension
    for feature, weight in Counter(dict(_features(text))).items():
        number = crc32(feature.encode())
        sign = 1.0 if number & 1 else -1.0
        values[(number >> 1) % MODEL.dimension] += sign * weight
    length = math.sqrt(sum(value * value for value in values))
    if not length:
        values[0] = length = 1.0
    return [value / length for value in values]


def _features(text: str) -> Iterator[tuple[str, float]]:
    words, pairs = content_words(text)
    for word, count in words.items():
        weight = 1 + math.log(count)
        yield f"w{stem(word)}", weight
        padded = f"<{word}>"
        for start in range(len(padded) - 2):
            yield f"p{padded[start : start + 3]}", weight * _PIECE_WEIGHT
    for pair, count in pairs.items():
        yield f"w{pair}", 1 + math.log(count)
