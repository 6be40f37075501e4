"""Lines under headings, put together to sections."""

from collections.abc import Iterable, Iterator

from gantry.adapters.parsing.plain import path_of
from gantry.domain.parsing import Section

_PIECE = 8000  # characters in a section


class Outline:
    """Takes lines and headings in reading order, and gives sections as soon as they are whole."""

    def __init__(self, page: int | None = None) -> None:
        self._page = page
        self._trail: list[tuple[int, str]] = []
        self._held: list[str] = []
        self._length = 0

    def heading(self, level: int, text: str) -> Iterator[Section]:
        """Begin what stands under a heading; a lower level stands above."""
        yield from self.end()
        self._trail = [*(step for step in self._trail if step[0] < level), (level, text)]
        self._add(text)

    def lines(self, lines: Iterable[str]) -> Iterator[Section]:
        """Add lines."""
        for line in lines:
            if line.strip(" |\t\n"):
                self._add(line)
            if self._length > _PIECE:
                yield from self.end()

    def _add(self, line: str) -> None:
        self._held.append(line)
        self._length += len(line) + 1

    def end(self) -> Iterator[Section]:
        """Give what is held; lines after it stand under the same heading."""
        if self._held:
            yield Section("\n".join(self._held), page=self._page, heading=path_of(self._trail))
        self._held, self._length = [], 0
