"""OpenDocument sheets: each is a table with the values that are shown."""

from collections.abc import Iterator

from gantry.adapters.parsing.office import grids
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, name_of, value
from gantry.adapters.parsing.opendocument.text import TextDocument
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingLimits, Progress, Section

_CELLS = {"table:table-cell", "table:covered-table-cell"}
_NOTE = "office:annotation"
_MAX_REPEATED = 100  # of one filled cell or row: who fills a sheet to its end means one


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each sheet."""
    with Archive(source, limits) as archive:
        document = TextDocument(archive)
        sheets = [each for each in document.body if name_of(each) == "table:table"]
        for number, sheet in enumerate(sheets):
            yield Progress(number, len(sheets))
            hidden = " (hidden)" if document.styles.is_hidden_sheet(value(sheet, "style-name")) else ""
            name = value(sheet, "name") + hidden
            merged: list[grids.Area] = []
            notes: list[str] = []
            rows = list(_rows(document, sheet, merged, notes))
            yield from grids.sections(name, rows, merged)
            yield from grids.lines(name, [*notes, *document.paragraphs.aside()])
        yield Progress(len(sheets), len(sheets))


def _rows(
    document: TextDocument, sheet: Element, merged: list[grids.Area], notes: list[str]
) -> Iterator[grids.Row]:
    number = 1
    for row in sheet.iter():
        if name_of(row) != "table:table-row":
            continue
        cells = _cells(document, row, number, merged)
        notes += _notes(document, row, number)
        repeated = to_int(value(row, "number-rows-repeated")) or 1
        for again in range(min(repeated, _MAX_REPEATED) if cells else 0):
            yield number + again, dict(cells)
        number += repeated


def _cells(document: TextDocument, row: Element, number: int, merged: list[grids.Area]) -> dict[int, str]:
    found: dict[int, str] = {}
    column = 1
    for cell in row:
        if name_of(cell) not in _CELLS:
            continue
        repeated = to_int(value(cell, "number-columns-repeated")) or 1
        inside = [each for each in cell if name_of(each) != _NOTE]
        text = " ".join(" ".join(document.lines(inside)).split())
        if text:
            found |= dict.fromkeys(range(column, column + min(repeated, _MAX_REPEATED)), text)
            down = to_int(value(cell, "number-rows-spanned")) or 1
            if down > 1:
                merged.append((column, number, column, number + down - 1))
        column += repeated
    return found


def _notes(document: TextDocument, row: Element, number: int) -> Iterator[str]:
    """Yield the comments on the cells of a row."""
    column = 1
    for cell in row:
        if name_of(cell) not in _CELLS:
            continue
        for note in cell:
            said = " ".join(document.lines([note])) if name_of(note) == _NOTE else ""
            if said:
                yield f"Comment on {_letters(column)}{number}: {said}"
        column += to_int(value(cell, "number-columns-repeated")) or 1


def _letters(column: int) -> str:
    """Return the name of a column: A, B … Z, AA."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
