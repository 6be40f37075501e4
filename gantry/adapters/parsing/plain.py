"""Text, Markdown, source code, CSV and JSON."""

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from gantry.adapters.parsing.decoding import read_text
from gantry.domain.parsing import FileFormat, ParsingLimits, Progress, Section

_PIECE = 20_000  # characters in a section
_ROWS = 40  # of a table in a section
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")


def read(path: str, form: FileFormat, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the sections of a text file."""
    text = read_text(path)
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
    """Say each row in words, ``column: value``, so that it means something alone."""
    try:
        dialect: Any = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(10_000_000)
    rows = csv.reader(io.StringIO(text), dialect)
    header = [name.strip() for name in next(rows, [])]
    lines = (_row(header, row) for row in rows)
    some = [line for line in itertools.islice(lines, _ROWS) if line]
    if not some and any(header):
        yield Section(", ".join(header))
    while some:
        yield Section("\n".join(some))
        some = [line for line in itertools.islice(lines, _ROWS) if line]


def _row(header: list[str], row: list[str]) -> str:
    names = (*header, *("" for _ in range(len(row) - len(header))))
    told = [
        f"{name}: {value.strip()}" if name else value.strip()
        for name, value in zip(names, row, strict=False)
        if value.strip()
    ]
    return "; ".join(told)


def _json(text: str) -> Iterator[Section]:
    """Say each value with the way to it, so that it means something alone."""
    try:
        values = [json.loads(text)]
    except (ValueError, RecursionError):
        try:
            values = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            yield from _pieces(text, "")
            return
    lines = (line for value in values for line in (*_flat(value, ""), ""))
    while some := list(itertools.islice(lines, _ROWS * 4)):
        joined = "\n".join(some).strip("\n")
        if joined:
            yield from _pieces(joined, "")


def _flat(value: Any, way: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{way}.{name}" if way else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{way} {number}" if way else str(number))
    elif value is not None and value != "":
        yield f"{way}: {value}" if way else str(value)
