"""Excel files from before 2007."""

import io
from collections.abc import Iterator

import xlrd
from xlrd.biffh import XLRDError, error_text_from_code

from gantry.adapters.parsing.office import grids, number_formats
from gantry.adapters.parsing.source import Source, raw_of
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each sheet."""
    try:
        book = xlrd.open_workbook(
            file_contents=raw_of(source), formatting_info=True, on_demand=True, logfile=io.StringIO()
        )
    except XLRDError as error:
        locked = "encrypted" in str(error).lower()
        raise ParsingFailed(ParsingFault.ENCRYPTED if locked else ParsingFault.BROKEN) from error
    for number in range(book.nsheets):
        yield Progress(number, book.nsheets)
        sheet = book.sheet_by_index(number)
        merged = [(left + 1, top + 1, right, bottom) for top, bottom, left, right in sheet.merged_cells]
        name = f"{sheet.name} (hidden)" if sheet.visibility else sheet.name
        yield from grids.sections(name, _rows(book, sheet), merged)
        book.unload_sheet(number)
    yield Progress(book.nsheets, book.nsheets)


def _rows(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> Iterator[grids.Row]:
    for row in range(sheet.nrows):
        told = {column + 1: _text(book, cell) for column, cell in enumerate(sheet.row(row))}
        cells = {column: text for column, text in told.items() if text}
        if cells:
            yield row + 1, cells


def _text(book: xlrd.Book, cell: xlrd.sheet.Cell) -> str:
    if cell.ctype in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}:
        form = book.format_map[book.xf_list[cell.xf_index or 0].format_key]
        code = number_formats.built_in(form.format_key) if form.format_key in {14, 22} else form.format_str
        return number_formats.shown(float(cell.value), code, since_1904=bool(book.datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(error_text_from_code.get(int(cell.value), "#ERROR"))
    return str(cell.value).strip()
