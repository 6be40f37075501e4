"""PowerPoint files: a page for each slide, its title as the heading; then tables, charts, notes and comments."""

from collections.abc import Iterator

from gantry.adapters.parsing.office import drawing
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.bullets import Bullets
from gantry.adapters.parsing.office.xml import Element, child, child_value, name_of, value
from gantry.adapters.parsing.outline import Outline
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_TITLES = {"title", "ctrTitle"}
_REPEATED = {"ftr", "hdr"}  # told on the first slide that has them
_LEFT_OUT = {"sldNum", "dt", "sldImg"}


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each slide."""
    with Archive(source, limits) as archive:
        main = archive.main_part()
        if main is None:
            raise ParsingFailed(ParsingFault.BROKEN)
        slides = _slides(archive, main)
        if len(slides) > limits.pages:
            raise ParsingFailed(ParsingFault.TOO_LARGE, page=limits.pages)
        yield Progress(0, len(slides))
        said: set[str] = set()
        for number, part in enumerate(slides, 1):
            yield from _Slide(archive, part, number, said).sections()
            yield Progress(number, len(slides))


def _slides(archive: Archive, main: str) -> list[str]:
    """Return the parts of the slides as they are shown."""
    targets = {each.id: each.target for each in archive.relations(main)}
    listed = child(archive.tree(main), "p:sldIdLst")
    # An id of its own stands beside that of the relation, whose name has a namespace.
    ids = [
        next((found for key, found in each.items() if key.endswith("}id")), "")
        for each in (listed if listed is not None else ())
    ]
    return [targets[each] for each in ids if each in targets]


class _Slide:
    def __init__(self, archive: Archive, part: str, number: int, said: set[str]) -> None:
        self._archive = archive
        self._part = part
        self._number = number
        self._said = said
        self._title = ""
        self._lines: list[str] = []

    def sections(self) -> Iterator[Section]:
        root = self._archive.tree(self._part)
        self._shapes(root)
        outline = Outline(self._number)
        hidden = " (hidden slide)" if value(root, "show", "1") in {"0", "false"} else ""
        if self._title:
            yield from outline.heading(1, self._title + hidden)
        yield from outline.lines([*self._lines, *self._beside()])
        yield from outline.end()

    def _shapes(self, element: Element) -> None:
        for each in element:
            name = name_of(each)
            if name == "p:sp":
                self._shape(each)
            elif name == "a:tbl":
                self._lines += _rows(each)
            elif name in {"c:chart", "dgm:relIds"}:
                self._lines += drawing.pictured(self._archive, self._part, each)
            elif name == "mc:AlternateContent":
                self._alternative(each)
            elif not name.endswith("Pr"):
                self._shapes(each)

    def _alternative(self, element: Element) -> None:
        before = (len(self._lines), self._title)
        for branch in element:
            self._shapes(branch)
            if (len(self._lines), self._title) != before:
                return

    def _shape(self, shape: Element) -> None:
        kind = child_value(shape, "p:nvSpPr", "p:nvPr", "p:ph", of="type") or ""
        body = child(shape, "p:txBody")
        if body is None or kind in _LEFT_OUT:
            return
        lines = list(Bullets().lines(body))
        if kind in _TITLES and not self._title:
            self._title = " ".join(" ".join(lines).split())
        elif kind not in _REPEATED or not self._said.issuperset(lines):
            self._lines += lines
        if kind in _REPEATED:
            self._said.update(lines)

    def _beside(self) -> Iterator[str]:
        """Yield the speaker's notes and the comments."""
        for each in self._archive.relations(self._part):
            if each.kind == "notesSlide":
                yield from _marked("Notes", _notes(self._archive.tree(each.target)))
            elif each.kind == "comments":
                yield from _comments(self._archive.tree(each.target))


def _marked(mark: str, lines: list[str]) -> list[str]:
    return [f"{mark}: {lines[0]}", *lines[1:]] if lines else []


def _notes(root: Element) -> list[str]:
    lines: list[str] = []
    for shape in root.iter():
        if name_of(shape) == "p:sp":
            kind = child_value(shape, "p:nvSpPr", "p:nvPr", "p:ph", of="type") or ""
            if kind not in _LEFT_OUT | _REPEATED:
                lines += drawing.paragraphs(shape)
    return lines


def _comments(root: Element) -> Iterator[str]:
    for each in root.iter():
        if name_of(each) in {"p:cm", "p188:cm", "p188:reply"}:
            text = child(each, "p:text")
            body = child(each, "p188:txBody")
            lines = [text.text or ""] if text is not None else []
            lines += drawing.paragraphs(body) if body is not None else []
            yield from _marked("Comment", [line for line in lines if line.strip()])


def _rows(table: Element) -> Iterator[str]:
    for row in table:
        if name_of(row) == "a:tr":
            cells = (
                " ".join(" ".join(drawing.paragraphs(each)).split())
                for each in row
                if name_of(each) == "a:tc"
            )
            yield " | ".join(cells)
