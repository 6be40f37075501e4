"""Something happens between the search of an answer and its beginning."""

from collections.abc import Awaitable, Callable

from gantry.domain.context import Knowledge
from gantry.services.sources import Asked, SourceFinder
from tests.parts.stack import Stack


def after_search(stack: Stack, happens: Callable[[], Awaitable[object]]) -> None:
    """Have *happens* run each time sources were found, before the answer keeps them."""

    class Hasty(SourceFinder):
        async def find(self, asked: Asked, *, on_stage: Callable[[str], None]) -> Knowledge:
            found = await SourceFinder.find(self, asked, on_stage=on_stage)
            await happens()
            return found

    finder = stack.main.writers.finder
    assert finder is not None
    stack.main.writers.finder = Hasty(finder.database, finder.search, finder.memory)
