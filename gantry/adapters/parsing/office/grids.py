"""Sheets of any kind: rows with places, cells that are one, several tables below each other."""

import itertools
import re
from collections.abc import Iterable, Iterator

from gantry.adapters.parsing import tables
from gantry.adapters.parsing.outline import Outline
from gantry.domain.parsing import Section

Row = tuple[int, dict[int, str]]  # its number, and the cells that say anything by their column; both from 1
Area = tuple[int, int, int, int]  # first column, first row, last column, last row

_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_ROWS = 40  # in a section
_MAX_WIDTH = 400  # columns that are told by their names; a wider sheet has its cells closer together
_LOOKED_AT = 6  # rows after an empty one, from which it is told whether a table begins
_MAX_FILLED = 2000  # rows that one merged cell stands beside


def sections(name: str, rows: Iterable[Row], merged: Iterable[Area] = ()) -> Iterator[Section]:
    """Yield the rows of a sheet with the names of their columns."""
    filled = _filled(rows, [area for area in merged if area[1] < area[3]])
    for _number, table in itertools.groupby(_numbered(filled), key=lambda each: each[0]):
        told = tables.told(row for _table, row in table)
        while some := list(itertools.islice(told, _ROWS)):
            yield Section("\n".join(some), heading=name)


def lines(name: str, said: Iterable[str]) -> Iterator[Section]:
    """Yield what stands beside the rows of a sheet."""
    outline = Outline()
    for section in (*outline.lines(said), *outline.end()):
        yield Section(section.text, heading=name)


def _filled(rows: Iterable[Row], merged: list[Area]) -> Iterator[Row]:
    """Say the text of cells merged downwards in each of their rows: a row must mean something alone."""
    waiting = sorted(merged, key=lambda each: each[1], reverse=True)
    open_: dict[int, tuple[int, str]] = {}  # column: last row, text
    for number, cells in rows:
        for column, (last, text) in list(open_.items()):
            if number > last:
                del open_[column]
            else:
                cells.setdefault(column, text)
        while waiting and waiting[-1][1] <= number:
            first_column, first, _last_column, last = waiting.pop()
            if first == number and first_column in cells:
                open_[first_column] = (min(last, first + _MAX_FILLED), cells[first_column])
        yield number, cells


def _numbered(rows: Iterator[Row]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its table: an empty row and names of columns begin another."""
    table, before = 0, None
    for number, cells in (ahead := _Ahead(rows)):
        if before is not None and number > before + 1 and _begins(cells, ahead.next_ones()):
            table += 1
        before = number
        yield table, _listed(cells)


class _Ahead:
    """An iterator that can be asked what comes next."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._held: list[Row] = []

    def __iter__(self) -> Iterator[Row]:
        while True:
            if not self._held:
                self._held = list(itertools.islice(self._rows, 1))
            if not self._held:
                return
            yield self._held.pop(0)

    def next_ones(self) -> list[Row]:
        self._held += itertools.islice(self._rows, _LOOKED_AT - len(self._held))
        return self._held


def _begins(cells: dict[int, str], below: list[Row]) -> bool:
    """Whether a row names the columns of those below it, or is a title above such a row."""
    if len(cells) == 1:
        return bool(below) and len(below[0][1]) > 1 and _begins(below[0][1], below[1:])
    if any(tables.sort_of(text) for text in cells.values()):
        return False
    return any(tables.sort_of(row.get(column, "")) for _number, row in below for column in cells)


def _listed(cells: dict[int, str]) -> list[str]:
    width = max(cells)
    if width > _MAX_WIDTH:
        return [" ".join(cells[column].split()) for column in sorted(cells)]
    return [" ".join(cells.get(column, "").split()) for column in range(1, width + 1)]


def place(name: str) -> tuple[int, int]:
    """Return column and row of a name such as ``B7``; zeros for none."""
    match = _PLACE.fullmatch(name)
    if match is None:
        return 0, 0
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return column, int(match[2])


def area(name: str) -> Area | None:
    """Return the places of ``A1:B7``."""
    first, _, last = name.partition(":")
    (column, row), (last_column, last_row) = place(first), place(last)
    return (column, row, last_column, last_row) if column and last_column else None
