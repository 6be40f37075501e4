"""Word files: paragraphs, headings and tables of ``word/document.xml``, read as a stream."""

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from defusedxml.ElementTree import iterparse

from gantry.adapters.parsing.plain import path_of
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVEL = re.compile(r"^(?:heading|title)\s*(\d*)$", re.IGNORECASE)
_PIECE = 8000


class _Bounded:
    """A member of an archive that may inflate to so much and no more, whatever its header says."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, 65_536) if size >= 0 else 65_536)
        self._left -= len(data)
        if self._left < 0:
            raise ParsingFailed(ParsingFault.TOO_LARGE)
        return data


def read(path: str, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of a Word file, a section for each heading."""
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("word/document.xml").file_size
        if size > limits.inflated_bytes:
            raise ParsingFailed(ParsingFault.TOO_LARGE)
        levels = _levels(archive, limits)
        yield Progress(0, size)
        with archive.open("word/document.xml") as file:
            yield from _sections(_Bounded(file, limits.inflated_bytes), levels)
        yield Progress(size, size)


def _levels(archive: zipfile.ZipFile, limits: ParsingLimits) -> dict[str, int]:
    """Return the level of each style that is a heading; their ids are in the language of who wrote the file."""
    found: dict[str, int] = {}
    if "word/styles.xml" not in archive.namelist():
        return found
    with archive.open("word/styles.xml") as file:
        for _event, element in iterparse(_Bounded(file, limits.inflated_bytes)):
            if element.tag == f"{_W}style":
                name = element.find(f"{_W}name")
                match = _LEVEL.match(name.get(f"{_W}val", "")) if name is not None else None
                if match:
                    found[element.get(f"{_W}styleId", "")] = int(match[1] or 0)
    return found


def _sections(file: Any, levels: dict[str, int]) -> Iterator[Section]:
    trail: list[tuple[int, str]] = []
    held: list[str] = []
    depth = 0  # of tables: paragraphs inside are told with their row
    for event, element in iterparse(file, events=("start", "end")):
        if element.tag == f"{_W}tbl":
            depth += 1 if event == "start" else -1
        if event == "start":
            continue
        if element.tag == f"{_W}tr":
            cells = [" ".join(_text(cell).split()) for cell in element.findall(f"{_W}tc")]
            held.append(" | ".join(cells))
            element.clear()
        elif element.tag == f"{_W}p" and not depth:
            text = _text(element).strip()
            level = _level(element, levels)
            if text and level is not None:
                yield from _told(held, trail)
                trail = [*(step for step in trail if step[0] < level), (level, text)]
                held = []
            if text:
                held.append(text)
            element.clear()
        if sum(map(len, held)) > _PIECE and not depth:
            yield from _told(held, trail)
            held = []
    yield from _told(held, trail)


def _told(held: list[str], trail: list[tuple[int, str]]) -> Iterator[Section]:
    text = "\n".join(held)
    if text.strip(" |\n"):
        yield Section(text, heading=path_of(trail))


def _level(paragraph: Any, levels: dict[str, int]) -> int | None:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return levels.get(style.get(f"{_W}val", "")) if style is not None else None


def _text(element: Any) -> str:
    parts: list[str] = []
    for each in element.iter():
        if each.tag == f"{_W}t" and each.text:
            parts.append(each.text)
        elif each.tag == f"{_W}tab":
            parts.append("\t")
        elif each.tag in {f"{_W}br", f"{_W}cr", f"{_W}p"}:
            parts.append("\n")
    return "".join(parts)
