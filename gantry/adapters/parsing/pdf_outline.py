"""The outline of a PDF: under which chapter the lines of a page stand."""

import re
from collections.abc import Iterator
from typing import Any

import pypdfium2

from gantry.adapters.parsing.plain import path_of

_BEFORE_A_TITLE = re.compile(
    r"^(?:(?:chapter|section|kapitel|chapitre|§)?\s*[\dIVX]+(?:\.\d+)*[.):]?|[A-Z][.)])\s+", re.IGNORECASE
)

Mark = tuple[str, str]  # the title of a chapter, and the way down to it


def of(document: pypdfium2.PdfDocument) -> dict[int, list[Mark]]:
    """Return for each page the chapters that begin on it."""
    found: dict[int, list[Mark]] = {}
    trail: list[tuple[int, str]] = []
    try:
        for mark in document.get_toc(max_depth=6):
            trail = [*(step for step in trail if step[0] < mark.level), (mark.level, _title(mark))]
            page = _page_of(mark)
            if page is not None:
                found.setdefault(page, []).append((_title(mark), path_of(trail)))
    except (pypdfium2.PdfiumError, AttributeError, ValueError):
        return {}  # a broken outline is no reason not to read the pages
    return found


def divided(text: str, marks: list[Mark], heading: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a page with their headings; *heading* is that of the page before.

    A chapter whose title is no line of the page begins where the one before it does.
    """
    lines = text.split("\n")
    start = place = 0
    for title, path in marks:
        found = next((n for n in range(place, len(lines)) if _is_title(lines[n], title)), None)
        if found is not None:
            if any(line.strip() for line in lines[start:found]):
                yield heading, "\n".join(lines[start:found])
            start, place = found, found + 1
        heading = path
    yield heading, "\n".join(lines[start:])


def _is_title(line: str, title: str) -> bool:
    said, sought = _bare(line), _bare(title)
    return bool(sought) and said == sought


def _bare(text: str) -> str:
    text = " ".join(text.split())
    return (_BEFORE_A_TITLE.sub("", text) or text).casefold()


def _title(mark: Any) -> str:
    return str(mark.get_title() if hasattr(mark, "get_title") else mark.title)


def _page_of(mark: Any) -> int | None:
    if not hasattr(mark, "get_dest"):
        return mark.page_index
    target = mark.get_dest()
    return target.get_index() if target else None
