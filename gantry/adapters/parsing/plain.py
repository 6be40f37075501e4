"""Text, Markdown, source code, CSV and JSON."""

import itertools
import re
from collections.abc import Iterator

from gantry.adapters.parsing import delimited, structured, tables
from gantry.adapters.parsing.decoding import read_text
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import FileFormat, ParsingLimits, Progress, Section

_PIECE = 20_000  # characters in a section
_ROWS = 40  # of a table in a section
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")


def read(source: Source, form: FileFormat, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the sections of a text file."""
    text = read_text(source)
    yield Progress(0, len(text))
    if form is FileFormat.MARKDOWN:
        yield from _markdown(text)
    elif form is FileFormat.CSV:
        yield from _csv(text)
    elif form is FileFormat.JSON:
        yield from _json(text)
    else:
        yield from _pieces(text, "")
    yield Progress(len(text), len(text))


def _pieces(text: str, heading: str) -> Iterator[Section]:
    """Cut a long text at line ends."""
    start = 0
    while start < len(text):
        end = start + _PIECE
        if end < len(text):
            cut = text.rfind("\n", start + 1, end)
            end = cut + 1 if cut > start else end
        piece = text[start:end]
        if piece.strip():
            yield Section(piece, heading=heading)
        start = end


def _markdown(text: str) -> Iterator[Section]:
    trail: list[tuple[int, str]] = []
    held: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1][:3]
        heading = None if fence else _HEADING.match(line)
        if heading:
            yield from _pieces("\n".join(held), path_of(trail))
            level = len(heading[1])
            trail = [*(step for step in trail if step[0] < level), (level, heading[2])]
            held = []
        held.append(line)
    yield from _pieces("\n".join(held), path_of(trail))


def path_of(trail: list[tuple[int, str]]) -> str:
    """Return the way down to a place: ``Costs › Travel``."""
    return " › ".join(" ".join(name.split())[:120] for _level, name in trail)[:500]


def _csv(text: str) -> Iterator[Section]:
    rows = delimited.rows_of(text)
    if rows is None:
        yield from _pieces(text, "")
        return
    for _number, table in itertools.groupby(tables.each(rows), key=lambda row: row[0]):
        lines = tables.told(row for _, row in table)
        while some := list(itertools.islice(lines, _ROWS)):
            yield Section("\n".join(some))


def _json(text: str) -> Iterator[Section]:
    values = structured.values_of(text)
    if values is None:
        yield from _pieces(text, "")
        return
    lines = (line for value in values for line in (*value, ""))
    while some := list(itertools.islice(lines, _ROWS * 4)):
        joined = "\n".join(some).strip("\n")
        if joined:
            yield from _pieces(joined, "")
