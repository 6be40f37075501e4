"""Word files: paragraphs, headings and tables of the main part, read as a stream; notes and comments where they belong."""

from collections.abc import Iterator

from gantry.adapters.parsing.office import drawing
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.word_notes import Notes
from gantry.adapters.parsing.office.word_numbering import Numbering
from gantry.adapters.parsing.office.word_styles import Styles, number_of, outline_level
from gantry.adapters.parsing.office.word_text import Text
from gantry.adapters.parsing.office.xml import Element, child, child_value, name_of, units
from gantry.adapters.parsing.outline import Outline
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_GONE = frozenset({"mc:Fallback", "w:del", "w:moveFrom", "w:sdtPr"})
_UNITS = frozenset({"w:p", "w:tr"})


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of a Word file, a section for each heading."""
    with Archive(source, limits) as archive:
        main = archive.main_part()
        if main is None:
            raise ParsingFailed(ParsingFault.BROKEN)
        size = archive.size(main)
        yield Progress(0, size)
        yield from _Document(archive, main).sections()
        yield Progress(size, size)


class _Document:
    def __init__(self, archive: Archive, main: str) -> None:
        self._archive = archive
        self._main = main
        self._parts = archive.parts(main)
        self._styles = Styles(self._root("styles"))
        self._numbering = Numbering(self._root("numbering"), self._styles)
        self._part = main  # whose relations name charts
        self._text = Text(
            self._styles, self._blocks, lambda each: drawing.pictured(archive, self._part, each)
        )
        self._notes = Notes(
            {kind: self._root(kind) for kind in ("footnotes", "endnotes", "comments")}, self._blocks
        )

    def _root(self, kind: str) -> Element | None:
        found = self._parts.get(kind)
        return self._archive.tree(found[0]) if found else None

    def sections(self) -> Iterator[Section]:
        outline = Outline()
        yield from outline.lines(self._edges("header"))
        waiting = ""  # of a paragraph whose end was deleted: it goes on in the next one
        self._archive.root_name(self._main)  # refuses a DTD
        for unit in units(self._archive.stream(self._main), _UNITS, _GONE):
            if name_of(unit) == "w:tr":
                yield from outline.lines(self._row(unit))
                continue
            text = waiting + self._text.of(unit)
            waiting = text if _is_joined(unit) else ""
            if not waiting:
                label = self._label(unit) if text.strip() else ""
                text = f"{label} {text.strip()}".strip()
                level = self._level(unit)
                if text and level is not None:
                    yield from outline.heading(level, text)
                else:
                    yield from outline.lines([text])
            yield from outline.lines(self._beside())
        yield from outline.lines([waiting, *self._notes.rest()])
        yield from outline.end()
        foot = Outline()
        yield from foot.lines(self._edges("footer"))
        yield from foot.end()

    def _label(self, paragraph: Element) -> str:
        properties = child(paragraph, "w:pPr")
        return self._numbering.label(child_value(paragraph, "w:pPr", "w:pStyle") or "", number_of(properties))

    def _level(self, paragraph: Element) -> int | None:
        level = outline_level(child(paragraph, "w:pPr"))
        return (
            level
            if level is not None
            else self._styles.level(child_value(paragraph, "w:pPr", "w:pStyle") or "")
        )

    def _beside(self) -> list[str]:
        """Return what the text so far holds beside it: boxes, then notes."""
        boxes = self._text.aside()
        return [*boxes, *self._notes.told(self._text.references())]

    def _edges(self, kind: str) -> list[str]:
        """Return the lines of headers or footers, each once."""
        lines: dict[str, None] = {}
        for part in self._parts.get(kind, []):
            self._part = part
            lines |= dict.fromkeys(self._blocks(self._archive.tree(part)))
        self._part = self._main
        return [line for line in lines if any(each.isalpha() for each in line)]

    def _blocks(self, element: Element, beside: list[str] | None = None) -> Iterator[str]:
        """Yield the lines of a cell, a text box, a note or a header; what is beside them goes to *beside* if given."""
        for each in element:
            name = name_of(each)
            if name == "w:p":
                if not len(each):
                    continue
                text = self._text.of(each).strip()
                if text:
                    yield f"{self._label(each)} {text}".strip()
                if beside is None:
                    yield from self._beside()
                else:
                    beside += self._beside()
            elif name == "w:tr":
                yield from self._row(each)
            elif name not in _GONE:
                yield from self._blocks(each, beside)

    def _row(self, row: Element) -> list[str]:
        if child(row, "w:trPr", "w:del") is not None:
            return []
        beside: list[str] = []
        cells = [
            " ".join(" ".join(self._blocks(cell, beside)).split())
            for cell in _cells(row)
            if child(cell, "w:tcPr", "w:cellDel") is None
        ]
        return [" | ".join(cells), *beside]


def _cells(row: Element) -> Iterator[Element]:
    for each in row:
        if name_of(each) == "w:tc":
            yield each
        elif name_of(each) in {"w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo"}:
            yield from _cells(each)


def _is_joined(paragraph: Element) -> bool:
    """Whether the mark at the end of a paragraph was deleted or moved away."""
    mark = child(paragraph, "w:pPr", "w:rPr")
    return mark is not None and any(name_of(each) in {"w:del", "w:moveFrom"} for each in mark)
