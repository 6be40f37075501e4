"""One search for what several answers to the same question are given to read."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from gantry.domain.context import Knowledge
from gantry.services.sources import Asked, SourceFinder

_KEPT_SECONDS = 10  # what was found, for the slowest of those that answer

_Told = Callable[[str], None]


@dataclass(slots=True)
class FindingOnce:
    """Searches once for answers that this process begins together; one that is stopped leaves the others their search."""

    finder: SourceFinder
    _found: dict[UUID, asyncio.Task[Knowledge]] = field(default_factory=dict[UUID, asyncio.Task[Knowledge]])
    _told: dict[UUID, list[_Told]] = field(default_factory=dict[UUID, list[_Told]])

    async def find(self, asked: Asked, *, on_stage: _Told) -> Knowledge:
        """Do as ``SourceFinder.find``; each answer is told what is being read."""
        question = asked.message
        self._told.setdefault(question, []).append(on_stage)
        if question not in self._found:
            search = asyncio.create_task(
                self.finder.find(asked, on_stage=lambda what: self._tell(question, what))
            )
            search.add_done_callback(partial(self._ended, question))
            self._found[question] = search
        return await asyncio.shield(self._found[question])

    def close(self) -> None:
        """End what is still being looked for."""
        for search in self._found.values():
            search.cancel()

    def _tell(self, question: UUID, what: str) -> None:
        for told in self._told[question]:
            told(what)

    def _ended(self, question: UUID, search: asyncio.Task[Knowledge]) -> None:
        if search.cancelled() or search.exception() is None:
            asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._forget, question)
        else:
            self._forget(question)  # who tries again looks again

    def _forget(self, question: UUID) -> None:
        del self._found[question], self._told[question]
