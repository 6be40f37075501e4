"""Turning texts into vectors, whoever does it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gantry.domain.errors import Unavailable

Vector = Sequence[float]
TOKEN_NUMBERS = 100_256  # tokens that cl100k_base has


class TextRole(StrEnum):
    """What a text is embedded for; some models want to be told."""

    QUERY = "query"
    PASSAGE = "passage"


class SetState(StrEnum):
    """Life of one model's vectors."""

    BUILDING = "building"  # filled beside the active one
    ACTIVE = "active"  # what search uses
    RETIRED = "retired"  # replaced, its vectors are being removed


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """Whose vectors these are; vectors of different models or dimensions never meet in one index."""

    name: str  # such as "minilm", "lexical" or a server's name for its model
    dimension: int
    semantic: bool  # False: only words are compared, which the page says

    @property
    def set_name(self) -> str:
        """The name of the set of collections that holds its vectors: letters, digits, ``-`` and ``_``, at most 40."""
        safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.name.lower()).strip("-")
        return f"{safe[-32:].strip('-') or 'model'}-{self.dimension}"


@dataclass(frozen=True, slots=True)
class VectorSet:
    """The vectors of one embedding model: one set is searched, another may be filled beside it."""

    name: str
    model: str
    semantic: bool
    state: SetState


class EmbeddingUnavailable(Unavailable):
    """The embedding model cannot be reached or loaded; words alone can still be searched."""

    kind = "embedding-unavailable"


class ReadsTokens(Protocol):
    """Turns token numbers of cl100k_base, which clients send in place of texts, back into texts."""

    async def texts(self, numbers: Sequence[Sequence[int]]) -> list[str]:
        """Return the text of each list; all numbers are below ``TOKEN_NUMBERS``."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of length one. Batches inside, never blocks the event loop, bounded memory."""

    async def model(self) -> EmbeddingModel:
        """Return whose vectors it makes; loads or asks what is needed to know the dimension.

        Raises:
            EmbeddingUnavailable: It cannot be used now.
        """
        ...

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return one vector for each text, in order. Texts too long for the model are cut, never refused.

        Raises:
            EmbeddingUnavailable: It cannot be used now.
        """
        ...

    async def aclose(self) -> None:
        """Free the model, or close the connections."""
        ...


_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_SHORT_SENTENCE = 80  # is joined with the next: alone it says too little
_LONG_SENTENCE = 900
_MOST_PARTS = (
    10  # a message of more sentences is embedded as a whole: some sentence of many is near to anything
)


LEAD_SHARE = 0.3  # of a message's vectors: what stands right before it is part of what it says
_LEAD_CHARACTERS = 200
_LONGEST_BEFORE = 600  # a longer message before it was about more than this one answers
_LED_CHARACTERS = 600  # a longer message says by itself what it is about


def lead_of(speaker: str, before: str, text: str) -> str:
    """Return what leads from the message *before* to *text*: its end, with who said it; empty where either is long."""
    short = before and len(before) < _LONGEST_BEFORE and len(text) < _LED_CHARACTERS
    return f"{speaker}: {before[-_LEAD_CHARACTERS:]}" if short else ""


def led(lead: str, speaker: str, text: str) -> str:
    """Return a message together with what led to it, as one passage."""
    return f"{lead} {speaker}: {text}"


def blended(vector: Vector, lead: Vector) -> Vector:
    """Return a passage's vector moved towards that of the whole message with its lead."""
    return [(1 - LEAD_SHARE) * own + LEAD_SHARE * other for own, other in zip(vector, lead, strict=True)]


def passages_of(speaker: str, text: str) -> list[str]:
    """Return the sentences of a message, each with who said it: what was said in passing is found as well as the rest."""
    parts: list[str] = []
    for raw in _SENTENCE.split(text):
        sentence = raw.strip()
        if not sentence:
            continue
        if parts and len(parts[-1]) + len(sentence) < _SHORT_SENTENCE:
            parts[-1] += f" {sentence}"
        else:
            parts.append(sentence[:_LONG_SENTENCE])
    if len(parts) > _MOST_PARTS:
        parts = [text]
    return [f"{speaker}: {part}" for part in parts] or [speaker]
