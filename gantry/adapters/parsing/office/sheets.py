"""Excel files: each sheet is a table with the values that are shown, row by row; its name is the heading."""

from collections.abc import Iterator

from gantry.adapters.parsing.office import drawing, grids
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.cells import Cells
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, child, name_of, units, value
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_MAX_MERGED = 20_000  # merged cells of a sheet; of more, each is where it is written


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each sheet."""
    with Archive(source, limits) as archive:
        main = archive.main_part()
        if main is None:
            raise ParsingFailed(ParsingFault.BROKEN)
        workbook = archive.tree(main)
        cells = Cells(archive, archive.parts(main), workbook)
        sheets = _sheets(archive, main, workbook)
        for number, (name, part) in enumerate(sheets):
            yield Progress(number, len(sheets))
            yield from grids.sections(name, _rows(archive, part, cells), _merged(archive, part))
            yield from grids.lines(name, _beside(archive, part))
        yield Progress(len(sheets), len(sheets))


def _sheets(archive: Archive, main: str, workbook: Element) -> list[tuple[str, str]]:
    targets = {each.id: each.target for each in archive.relations(main)}
    listed = child(workbook, "s:sheets")
    found: list[tuple[str, str]] = []
    for each in listed if listed is not None else ():
        target = targets.get(value(each, "id"))
        hidden = " (hidden)" if value(each, "state", "visible") != "visible" else ""
        if target:
            found.append((value(each, "name") + hidden, target))
    return found


def _rows(archive: Archive, part: str, cells: Cells) -> Iterator[grids.Row]:
    number = 0
    for row in units(archive.stream(part), {"s:row"}):
        number = to_int(value(row, "r")) or number + 1
        column = 0
        told: dict[int, str] = {}
        for cell in row:
            if name_of(cell) != "s:c":
                continue
            column = grids.place(value(cell, "r"))[0] or column + 1
            text = cells.text(cell)
            if text:
                told[column] = text
        if told:
            yield number, told


def _merged(archive: Archive, part: str) -> list[grids.Area]:
    """Return which cells are one; they are written after the rows, so the sheet is gone through once more."""
    found: list[grids.Area] = []
    for each in units(archive.stream(part), {"s:row", "s:mergeCell"}):
        if name_of(each) == "s:mergeCell" and (area := grids.area(value(each, "ref"))):
            found.append(area)
            if len(found) > _MAX_MERGED:
                return []
    return found


def _beside(archive: Archive, part: str) -> Iterator[str]:
    """Yield comments on cells, and the text of shapes and charts."""
    related = archive.relations(part)
    threaded = any(each.kind == "threadedComment" for each in related)
    for each in related:
        if each.kind == "threadedComment" or (each.kind == "comments" and not threaded):
            for comment in archive.tree(each.target).iter():
                yield from _comment(comment)
        elif each.kind == "drawing":
            root = archive.tree(each.target)
            yield from drawing.paragraphs(root)
            for inner in root.iter():
                yield from drawing.pictured(archive, each.target, inner)


def _comment(element: Element) -> Iterator[str]:
    if name_of(element) in {"s:comment", "tc:threadedComment"}:
        said = (inner.text or "" for inner in element.iter() if name_of(inner) in {"s:t", "tc:text"})
        text = " ".join("".join(said).split())
        if text:
            yield f"Comment on {value(element, 'ref')}: {text}"
