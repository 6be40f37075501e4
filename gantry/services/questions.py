"""Vectors of questions: documents and memory are searched for the same one at the same time."""

import asyncio
from collections import OrderedDict

from gantry.domain.embedding import Embedder, TextRole, Vector

_KEPT = 32


class QuestionVectors:
    """Makes each question's vector once, also for those who ask for it while it is made; the last ones are kept."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], asyncio.Task[Vector]] = OrderedDict()

    async def of(self, embedder: Embedder, question: str) -> Vector:
        """Return the vector of *question* by the model of *embedder*.

        Raises:
            EmbeddingUnavailable: The model cannot be used now; whoever asks next, asks it again.
        """
        key = ((await embedder.model()).set_name, question)
        making = self._made.get(key)
        if making is None or _has_failed(making):
            making = self._made[key] = asyncio.create_task(_make(embedder, question))
        self._made.move_to_end(key)
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return await asyncio.shield(making)  # one who has no time to wait must not stop it for the others


def _has_failed(making: asyncio.Task[Vector]) -> bool:
    return making.done() and (making.cancelled() or making.exception() is not None)


async def _make(embedder: Embedder, question: str) -> Vector:
    return (await embedder.embed([question], TextRole.QUERY))[0]
