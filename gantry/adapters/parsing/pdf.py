"""PDF through PDFium, the reader of Chromium: a page at a time."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pypdfium2

from gantry.adapters.parsing.plain import path_of
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_LOOKED_AT = 12  # pages from which repeated headers and footers are learned
_EDGE = 2  # lines at the top and at the bottom that may be one
_REPEATED = 0.6
_DIGITS = re.compile(r"\d+")
# PDFium marks a hyphen at a line's end with U+FFFE and leaves the line end out.
_HYPHEN = re.compile(r"(?<=\w)(?:[\ufffe\x02]\n?|[-\u00ad]\n)(?=[a-zà-ÿ])")
_LEAST_LETTERS = 20  # in a whole file; with fewer it is pictures


def read(path: str, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each page under its place in the outline."""
    document = _open(path)
    try:
        count = len(document)
        if count > limits.pages:
            raise ParsingFailed(ParsingFault.TOO_LARGE, page=limits.pages)
        outline = _outline(document)
        yield Progress(0, count)
        edges = _edges([_text(document, number) for number in range(min(count, _LOOKED_AT))])
        letters = 0
        heading = ""
        for number in range(count):
            heading = outline.get(number, heading)
            text = _without_edges(_text(document, number), edges)
            letters += sum(1 for character in text if character.isalnum())
            if text.strip():
                yield Section(text, page=number + 1, heading=heading)
            yield Progress(number + 1, count)
        if letters < _LEAST_LETTERS:
            raise ParsingFailed(ParsingFault.NO_TEXT)
    finally:
        document.close()


def _open(path: str) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise ParsingFailed(ParsingFault.ENCRYPTED if locked else ParsingFault.BROKEN) from error


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise ParsingFailed(ParsingFault.BROKEN, page=number + 1) from error
    try:
        words = page.get_textpage()
        try:
            raw = words.get_text_bounded()
        finally:
            words.close()
    finally:
        page.close()
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _HYPHEN.sub("", text).replace("\ufffe", "-").replace("\x02", "-").replace("\u00ad", "")


def _outline(document: pypdfium2.PdfDocument) -> dict[int, str]:
    """Return for each page on which a chapter begins the way down to it."""
    found: dict[int, str] = {}
    trail: list[tuple[int, str]] = []
    try:
        for mark in document.get_toc(max_depth=6):
            trail = [*(step for step in trail if step[0] < mark.level), (mark.level, _title(mark))]
            page = _page_of(mark)
            if page is not None:
                found[page] = path_of(trail)
    except (pypdfium2.PdfiumError, AttributeError, ValueError):
        return {}  # a broken outline is no reason not to read the pages
    return found


def _title(mark: Any) -> str:
    return str(mark.get_title() if hasattr(mark, "get_title") else mark.title)


def _page_of(mark: Any) -> int | None:
    if not hasattr(mark, "get_dest"):
        return mark.page_index
    target = mark.get_dest()
    return target.get_index() if target else None


def _edges(pages: list[str]) -> set[str]:
    """Return the lines that stand at the top or bottom of most pages, numbers aside."""
    if len(pages) < 4:
        return set()
    seen = Counter(line for text in pages for line in {_plain(line) for line in _outer(text)})
    return {line for line, count in seen.items() if line and count >= _REPEATED * len(pages)}


def _outer(text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line.strip()]
    return [*lines[:_EDGE], *lines[-_EDGE:]]


def _plain(line: str) -> str:
    return _DIGITS.sub("#", " ".join(line.split()))


def _without_edges(text: str, edges: set[str]) -> str:
    if not edges:
        return text
    lines = text.split("\n")
    filled = [index for index, line in enumerate(lines) if line.strip()]
    outer = {*filled[:_EDGE], *filled[-_EDGE:]}
    return "\n".join(
        line for index, line in enumerate(lines) if index not in outer or _plain(line) not in edges
    )
