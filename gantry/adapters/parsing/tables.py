"""Rows of a table in words, ``column: value``, so that each means something alone: CSV, and sheets of any kind."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

_LOOKED_AT = 200  # rows from which the width, the header and what stands before it are told
_BEFORE = 20  # lines before a table, at most, where they have as many cells as it
_BELOW = 6  # rows from which it is told whether another table begins
_LAST = 3  # rows at the end that may be shorter: sums, remarks
_NUMBER = re.compile(
    r"[-+−(]?\s?[$€£¥]?\s?\d[\d.,'’\s]{0,30}(?:e[-+]?\d{1,3})?\s?(?:%|[$€£¥]|[A-Z]{3})?\)?", re.IGNORECASE
)
_DATE = re.compile(
    r"\d{1,4}([-./年])\d{1,2}(?:[-./月]\d{0,4}日?\.?)?(?:[T ]\d{1,2}:\d\d(?::\d\d)?\S{0,10})?|\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+\.\w+|https?://\S+|www\.\S+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORD = re.compile(r"[^\W\d_]+")
# Words that are names of columns far more often than values.
_WORDS_OF_NAMES = (
    "id no nr name title date day month year time amount price total sum value quantity qty count city country address "
    "street zip code phone email mail type kind status description comment note category product article item key unit "
    "first last surname number datum tag monat jahr betrag preis summe wert menge anzahl ort stadt land straße plz art "
    "bezeichnung beschreibung kategorie nom prénom ville pays prix montant quantité nombre fecha ciudad "
    "precio cantidad país apellido dirección data cidade preço naam plaats prijs imię nazwisko miasto cena"
)
_NAMES = frozenset(_WORDS_OF_NAMES.split())


def told(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a line for each row that says anything: with the names of its columns where the table has names."""
    rest = iter(rows)
    first = [_clean(row) for row in itertools.islice(rest, _LOOKED_AT)]
    width = _width(first)
    start = _start(first, width)
    for row in first[:start]:
        yield from _unnamed(row)
    table = first[start:]
    header = [" ".join(cell.split()) for cell in table[0]] if table and _is_header(table) else []
    if header and len(table) == 1:
        yield ", ".join(filter(None, header))
        return
    yield from _named(header, itertools.chain(table[bool(header) :], map(_clean, rest)), width)


def each(rows: Iterable[Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield each row with the number of its table: an empty row and names of columns begin another."""
    rest = iter(rows)
    ahead: list[Sequence[str]] = []
    number, is_after = 0, False
    first: list[list[str]] = []  # rows of this table
    while ahead or (ahead := list(itertools.islice(rest, 1))):
        row = ahead.pop(0)
        if not any(cell.strip() for cell in row):
            is_after = True
        elif (
            is_after and len(first) > 1 and sum(map(bool, first[0])) > 2 and _is_header(first)
        ):  # two: facts, more often
            ahead += itertools.islice(rest, _BELOW - len(ahead))
            if _begins(_clean(row), [_clean(below) for below in ahead]):
                number, first = number + 1, []
        if any(row):
            is_after = False
            first += [_clean(row)] if len(first) < _LOOKED_AT else []
        yield number, row


def _begins(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names the columns of those below it."""
    if len(row) < 2 or not all(row) or any(map(sort_of, row)):
        return False
    same = list(itertools.takewhile(any, below))
    return any(sort_of(value) for under in same if len(under) == len(row) for value in under)


def _clean(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _width(rows: list[list[str]]) -> int:
    """Return how many cells the table's rows have: the last ones, if what stands before is narrower, else most."""
    filled = [row for row in rows if any(row)]
    last = max(map(len, filled[-_LAST - 1 :]), default=0)
    above = [len(row) for row in filled if len(row) >= last]
    if len(above) > 1 and set(above) == {last}:
        return last
    counts = Counter(len(row) for row in rows if any(row))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _start(rows: list[list[str]], width: int) -> int:
    """Return where the table begins: before it may stand a title, an account, a period."""
    place = next((place for place, row in enumerate(rows) if _may_begin(row, width)), 0)
    if rows and not all(rows[place]):  # a program may have filled the lines before up with empty cells
        after = (
            n
            for n in range(place + 1, min(place + _BEFORE, len(rows)))
            if len(rows[n]) == width and all(rows[n])
        )
        full = next(after, None)
        filled = full is not None and not any(row[-1] for row in rows[place:full] if row)
        if full is not None and filled and not any(map(sort_of, rows[full])) and _is_header(rows[full:]):
            return full
    after_remarks = next(
        (n for n in range(place, len(rows)) if not rows[n][:1] or rows[n][0][:1] != "#"), place
    )
    named = after_remarks < len(rows) and _is_header(rows[after_remarks:])
    return after_remarks if named else max(place, after_remarks - 1)


def _may_begin(row: list[str], width: int) -> bool:
    return len(row) >= width and (sum(map(bool, row)) * 2 > width or (bool(row) and all(row[1:])))


def _named(header: list[str], rows: Iterator[list[str]], width: int) -> Iterator[str]:
    """Say rows by the names of their columns; short ones at the very end are no rows of the table."""
    ragged = False
    held: list[list[str]] = []
    for row in rows:
        held.append(row)
        if len(held) > _LAST:
            ragged = ragged or len(held[0]) < width
            yield from _row(header, held.pop(0))
    last = len(held)
    while not ragged and last and (not any(held[last - 1]) or 0 < len(held[last - 1]) < width):
        last -= 1
    for place, row in enumerate(held):
        yield from _row(header, row) if place < last else _unnamed(row)


def _row(header: list[str], row: list[str]) -> Iterator[str]:
    if header and row == header:  # printed again on each page
        return
    line = "; ".join(
        f"{name}: {value}" if name else value
        for name, value in itertools.zip_longest(header, row[: max(len(row), 1)], fillvalue="")
        if value
    )
    if line:
        yield line


def _unnamed(row: list[str]) -> Iterator[str]:
    values = [value for value in row if value]
    if len(values) == 2:
        yield f"{values[0].removesuffix(':')}: {values[1]}"
    elif values:
        yield "; ".join(values)


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it is unlike what stands below."""
    first, below = rows[0], [row for row in rows[1:] if any(row)]
    if not any(first):
        return False
    columns = [[row[n] for row in below if n < len(row) and row[n]] for n in range(len(first))]
    if _is_series(first, columns):
        return True
    votes = [_vote(name, values) for name, values in zip(first, columns, strict=True) if name]
    if sum(votes):
        return sum(votes) > 0
    words = {word for cell in first for word in _WORD.findall(cell.lower())}
    if words & _NAMES or not below:
        return not all(sort_of(cell) for cell in first if cell)
    return not _is_alike(first, columns)


def _is_series(first: list[str], columns: list[list[str]]) -> bool:
    """Whether it holds the years of a table of figures."""
    years = [n for n, cell in enumerate(first) if _YEAR.fullmatch(cell)]
    if len(years) < 2 or sum(map(bool, first)) - len(years) > max(2, len(first) // 2):
        return False
    values = [int(first[n]) for n in years]
    steps = {after - before for before, after in itertools.pairwise(values)}
    return (
        len(steps) == 1
        and steps != {0}
        and not any(_YEAR.fullmatch(v) for n in years for v in columns[n][:5])
    )


def _vote(name: str, values: list[str]) -> int:
    """Return whether a cell is the name of what stands below it (1), one more of it (-1), or nobody knows (0)."""
    if not values:
        return 0
    sorts = Counter(map(sort_of, values))
    sort, count = sorts.most_common(1)[0]
    if sort and count >= 0.8 * len(values):
        return -1 if sort_of(name) == sort else 1
    if sort_of(name):
        return -1
    shapes = Counter(map(_code, values))
    code, count = shapes.most_common(1)[0]
    if code and count >= 0.8 * len(values):
        return -1 if _code(name) == code else 1
    return -1 if len(values) > 2 and name in values else 0


def sort_of(cell: str) -> str:
    """Return what sort of value a cell holds (date, number, address); empty for words."""
    for sort, pattern in (("date", _DATE), ("number", _NUMBER), ("address", _ADDRESS)):
        if pattern.fullmatch(cell):
            return sort
    return ""


def _code(cell: str) -> str:
    """Return the shape of a code such as ``A-17``; empty for words."""
    if len(cell) > 40 or not any(letter.isdigit() for letter in cell):
        return ""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", cell))


def _is_alike(first: list[str], columns: list[list[str]]) -> bool:
    """Whether words look like the words below: ``Mara Lindqvist`` above other names of two words."""
    shapes = [
        (_shape(name), Counter(map(_shape, values)))
        for name, values in zip(first, columns, strict=True)
        if name and values
    ]
    same = all(seen[shape] * 5 >= sum(seen.values()) * 4 for shape, seen in shapes)
    return same and any(len(shape) > 1 for shape, _seen in shapes)


def _shape(cell: str) -> str:
    return "".join("A" if word[0].isupper() else "a" for word in cell.split() if word[0].isalpha())
