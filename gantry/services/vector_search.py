"""Asking the index: the rows whose meaning is nearest to a question."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gantry.domain.embedding import Vector
from gantry.domain.errors import Unavailable
from gantry.domain.vectors import IndexUnavailable, Near, VectorHit, VectorIndex, VectorKind, VectorScope
from gantry.models import new_id
from gantry.services.questions import QuestionVectors
from gantry.services.vector_sets import VectorSets

_FEEDBACK_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """Searches the active set by meaning."""

    index: VectorIndex
    sets: VectorSets
    _questions: QuestionVectors = field(default_factory=QuestionVectors)

    async def nearest(self, question: str, *, scope: VectorScope, limit: int, feedback: int = 0) -> Near:
        """Return the nearest rows inside *scope* (see ``domain.vectors.Nearest``)."""
        active = (await self.sets.known()).active
        if active is None:
            raise IndexUnavailable("There are no vectors yet.")
        embedder = await self.sets.embedder(active)
        vector = await self._questions.of(embedder, question)
        first: Sequence[VectorHit] = ()
        if feedback:
            first = await self.index.query(active.name, vector, scope=scope, limit=feedback, vectors=True)
            vector = _moved(vector, [hit.vector for hit in first if hit.vector is not None])
        hits = await self.index.query(active.name, vector, scope=scope, limit=limit)
        similarity = max((hit.score for hit in first or hits), default=0.0)
        return Near(hits, similarity, await embedder.model())

    async def warm(self) -> None:
        """Load the model and open the index, so that the first question does not wait for that."""
        with suppress(Unavailable):
            await self.nearest("warm", scope=VectorScope(new_id(), VectorKind.MEMORY), limit=1)


def _moved(vector: Vector, near: Sequence[Vector]) -> Vector:
    """Move a question towards the mean of what is near it."""
    if not near:
        return vector
    share = _FEEDBACK_WEIGHT / len(near)
    return [value + share * sum(each[at] for each in near) for at, value in enumerate(vector)]
