"""CSV as programs write it: which sign separates, and rows that end where they end."""

import csv
import itertools
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gantry.adapters.parsing import tables

_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 1_000_000  # characters from which the separator is told
_LONGEST = 200  # lines in one cell; a quotation mark that stays open longer is no opening one
_LEAST = 0.5  # of the rows have as many cells as most
_SEPARATOR_LINE = re.compile(r'\A[ \t]*"?sep=([^\n"])"?[ \t]*(?:\n|\Z)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Dialect:
    separator: str
    escaped: bool = False  # quotation marks inside are ``\\"``, not ``""``


def rows_of(text: str) -> Iterator[list[str]] | None:
    """Return the rows of CSV; None where it is no table, but a text with commas in it."""
    said = _SEPARATOR_LINE.match(text)
    if said:
        text = text[said.end() :]
    dialect = _Dialect(said[1], _is_escaped(text)) if said else _dialect(text[:_LOOKED_AT])
    return _rows(text, dialect) if dialect else None


def _dialect(sample: str) -> _Dialect | None:
    escaped = _is_escaped(sample)
    tried = [_Dialect(separator, escaped) for separator in _SEPARATORS if separator in sample]
    scores = {dialect: _score(sample, dialect) for dialect in tried}
    best = max(scores, key=lambda dialect: scores[dialect], default=None)  # the first of equals
    return best if best and scores[best] >= _LEAST else None


def _is_escaped(sample: str) -> bool:
    return sample.count('\\"') > sample.count('""')


def _score(sample: str, dialect: _Dialect) -> float:
    """Return from 0 to 1 how much the rows look like those of one table."""
    rows = [row for row in _rows(sample, dialect) if any(cell.strip() for cell in row)]
    counts = Counter(len(row) for row in rows if len(row) > 1)
    width = max(counts, key=lambda width: (counts[width], width), default=0)
    if not width or _is_prose(sample, rows, dialect.separator):
        return 0
    table = list(
        itertools.dropwhile(lambda row: len(row) != width, rows)
    )  # lines before the table are no part of it
    cells = [cell for row in table for cell in row]
    others = [each for each in _SEPARATORS if each != dialect.separator]
    odd = sum(1 for cell in cells if any(other in cell for other in others) and _is_odd(cell.strip()))
    return counts[width] / len(table) * (1 - 0.5 * odd / len(cells))


def _is_odd(cell: str) -> bool:
    """Whether a cell with another separator in it looks like several, not like words or a figure."""
    return " " not in cell and not tables.sort_of(cell)


def _is_prose(sample: str, rows: list[list[str]], separator: str) -> bool:
    """Whether the sign stands as it does in sentences: before a space, among many words."""
    if separator not in ",;" or sample.count(f"{separator} ") < 0.9 * sample.count(separator):
        return False
    words = sum(len(cell.split()) for row in rows for cell in row) / sum(map(len, rows))
    ends = sum(1 for row in rows if row[-1].rstrip()[-1:] in tuple(".!?…:"))
    return words > 4 or (ends * 3 > len(rows) and (words > 2 or len(rows) == 1))


class _Open(Exception):
    """A cell went on for too many lines."""


class _Lines:
    """Lines for ``csv.reader``, which may be given back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._back: deque[str] = deque()
        self.taken: list[str] = []  # since the row began

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LONGEST:
            raise _Open
        if self._back:
            line = self._back.popleft()
        else:
            end = self._text.find("\n", self._at) + 1 or len(self._text)
            line, self._at = self._text[self._at : end], end
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return not self._back and self._at >= len(self._text)

    def give_back(self) -> str:
        """Give back all lines of this row but the first, which is returned."""
        self._back.extendleft(reversed(self.taken[1:]))
        return self.taken[0]


def _rows(text: str, dialect: _Dialect) -> Iterator[list[str]]:
    csv.field_size_limit(2**31 - 1)
    lines = _Lines(text)
    reader = _reader(lines, dialect, strict=True)
    while not lines.ended:
        lines.taken = []
        try:
            row = next(reader)
        except StopIteration:
            return
        except (_Open, csv.Error):
            row = _loose(lines.give_back(), dialect)
            reader = _reader(lines, dialect, strict=True)
        yield row


def _loose(line: str, dialect: _Dialect) -> list[str]:
    """Take a line apart whose quotation marks are not as they should be."""
    if line.count('"') % 2:
        return line.rstrip("\n").split(dialect.separator)
    return next(_reader([line], dialect, strict=False))


def _reader(lines: Iterable[str], dialect: _Dialect, *, strict: bool) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=dialect.separator,
        doublequote=not dialect.escaped,
        escapechar="\\" if dialect.escaped else None,
        skipinitialspace=True,
        strict=strict,
    )
