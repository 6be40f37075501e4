"""Running heads and feet of a PDF: lines that stand at the same place on most pages."""

import re
from collections import Counter
from collections.abc import Sequence

_LEAST_PAGES = 4
_LEAST_LINES = 5  # of most pages; tickets and slides keep what they have in common
_EDGE = 2  # lines at the top and at the bottom that may be one
_REPEATED = 0.6
_NUMBER = re.compile(r"\d+")
_PAGE_WORD = re.compile(
    r"(?:\b(?:page|pages|pg|seite|blatt|página|pagina|página|pág|pag|strona|stránka|oldal|sayfa|sida|side|sivu|стр|страница|p)\b\.?|第)\s*#(?:\s*(?:/|of|von|de|di|z|из)\s*#)?"
    r"|#\s*(?:/|of|von|de|di|av|z|из|ページ|页|頁|페이지)\s*#?|[-–—|·•]\s*#\s*[-–—]?\s*$|^\s*[-–—]?\s*#\s*[-–—|·•]|^#$",
    re.IGNORECASE,
)
Place = tuple[int, str]  # from the top (0, 1) or the bottom (-1, -2), and the line with # for numbers


class Edges:
    """What was learned from some pages, and takes it from each."""

    def __init__(self, pages: Sequence[str]) -> None:
        """Learn from the pages at the beginning, the first of which is page 1."""
        self._same: set[tuple[int, str]] = set()
        self._paged: dict[Place, int] = {}  # how much the printed number is ahead of the page's
        self._seen: set[str] = set()
        lines = [[_plain(line) for line in text.split("\n") if line.strip()] for text in pages]
        if len(pages) < _LEAST_PAGES:
            return
        self._learn_numbers(lines)
        if sorted(map(len, lines))[len(lines) // 2] >= _LEAST_LINES:
            counts = Counter((place, text) for page in lines for place, text in _outer(page))
            self._same = {key for key, count in counts.items() if count >= _REPEATED * len(pages)}

    def _learn_numbers(self, lines: list[list[str]]) -> None:
        counts: Counter[tuple[Place, int]] = Counter()
        for number, page in enumerate(lines, 1):
            for place, text in _outer(page):
                found = _NUMBER.search(text)
                if found and _is_paged(text):
                    first = _page_number(text)
                    counts[(place, _NUMBER.sub("#", text)), first - number] += 1
        for (key, ahead), count in counts.items():
            if count >= _REPEATED * len(lines):
                self._paged[key] = ahead

    def without(self, text: str, page: int) -> str:
        """Return the text of a page without them; what they say stays where it stands first."""
        if not self._same and not self._paged:
            return text
        lines = text.split("\n")
        filled = [index for index, line in enumerate(lines) if line.strip()]
        gone: set[int] = set()
        for places in (range(_EDGE), range(-1, -_EDGE - 1, -1)):
            for place in places:
                index = filled[place] if len(filled) > _EDGE else None
                if index is None or not self._is_running(place, _plain(lines[index]), page):
                    break  # what stands within it is text
                if not self._is_first(_plain(lines[index])):
                    gone.add(index)
        return "\n".join(line for index, line in enumerate(lines) if index not in gone)

    def _is_running(self, place: int, line: str, page: int) -> bool:
        ahead = self._paged.get((place, _NUMBER.sub("#", line)))
        return (place, line) in self._same or (ahead is not None and _page_number(line) - page == ahead)

    def _is_first(self, line: str) -> bool:
        """Whether a line says something that no page said before, apart from its number."""
        words = " ".join(_PAGE_WORD.sub(" ", _NUMBER.sub("#", line)).split()) if _is_paged(line) else line
        if not any(letter.isalpha() for letter in words) or words in self._seen:
            return False
        self._seen.add(words)
        return True


def _is_paged(line: str) -> bool:
    return bool(_PAGE_WORD.search(_NUMBER.sub("#", line)))


def _outer(lines: list[str]) -> list[tuple[int, str]]:
    top = list(enumerate(lines[:_EDGE]))
    bottom = [(place, lines[place]) for place in range(-min(_EDGE, len(lines)), 0)]
    return [*top, *bottom]


def _page_number(line: str) -> int:
    """Return the number in a line that counts pages: the one after the word for it, or beside a dash."""
    masked = _NUMBER.sub("#", line)
    match = _PAGE_WORD.search(masked)
    before = masked[: match.start() + match[0].find("#")].count("#") if match else 0
    return int(_NUMBER.findall(line)[before][:9])


def _plain(line: str) -> str:
    return " ".join(line.split())
