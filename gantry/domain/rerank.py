"""A model that reads question and passage together, and so judges better than either search."""

from collections.abc import Sequence
from typing import Protocol


class Reranker(Protocol):
    """Puts passages into order. Optional: without one the order of the search stands."""

    async def rank(self, question: str, texts: Sequence[str]) -> Sequence[int]:
        """Return the indexes of all *texts*, best first.

        Raises:
            Unavailable: It does not answer.
        """
        ...
