"""OpenDocument texts, and what sheets and slides share with them."""

from collections.abc import Iterable, Iterator

from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, child, name_of, value
from gantry.adapters.parsing.opendocument.paragraphs import Paragraphs
from gantry.adapters.parsing.opendocument.styles import Counter, Styles
from gantry.adapters.parsing.outline import Outline
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_LEFT_OUT = frozenset(
    {"text:tracked-changes", "office:forms", "text:table-of-content-source", "dc:creator", "dc:date", "text:sequence-decls"}
)  # fmt: skip
_MAX_LIST_LEVEL = 10

Block = tuple[int | None, str]  # the level of a heading, or None; and a line


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of a document, a section for each heading."""
    with Archive(source, limits) as archive:
        document = TextDocument(archive)
        size = archive.size("content.xml")
        yield Progress(0, size)
        outline = Outline()
        yield from outline.lines(document.edges("header"))
        for level, line in document.blocks(document.body):
            yield from outline.heading(level, line) if level is not None else outline.lines([line])
        yield from outline.end()
        foot = Outline()
        yield from foot.lines(document.edges("footer"))
        yield from foot.end()
        yield Progress(size, size)


class TextDocument:
    """The parts of a file, and how to read what is in them."""

    def __init__(self, archive: Archive) -> None:
        self._content = archive.tree("content.xml", with_doctype=True)
        self._extra = archive.tree("styles.xml", with_doctype=True) if "styles.xml" in archive else None
        body = child(self._content, "office:body")
        if body is None or not len(body):
            raise ParsingFailed(ParsingFault.BROKEN)
        self.body: Element = body[0]
        roots = [
            root
            for root in (self._extra, child(self._content, "office:automatic-styles"))
            if root is not None
        ]
        self.styles = Styles(roots)
        self.paragraphs = Paragraphs(archive, self.styles.is_hidden, self.lines)
        self._headings = Counter()
        self._counters: dict[str, Counter] = {}  # of lists, by their styles

    def lines(self, holder: Iterable[Element]) -> Iterator[str]:
        """Yield the lines of what stands in a cell, a note or a box."""
        return (line for _level, line in self.blocks(holder))

    def blocks(self, holder: Iterable[Element], label: str = "") -> Iterator[Block]:
        """Yield paragraphs, headings and rows; *label* stands before the first of them."""
        for each in holder:
            name = name_of(each)
            if name in _LEFT_OUT:
                continue
            if name in {"text:p", "text:h"}:
                yield from self._paragraph(name, each, label)
            elif name == "text:list":
                yield from self._list(each, 1, "")
            elif name == "table:table-row":
                yield None, " | ".join(self._cells(each))
            else:
                yield from self.blocks(each, label)
                continue
            label = ""

    def _paragraph(self, name: str, element: Element, label: str) -> Iterator[Block]:
        text = self.paragraphs.of(element)
        level = to_int(value(element, "outline-level")) or 1 if name == "text:h" else None
        if text:
            if level is not None and value(element, "is-list-header") != "true" and not label:
                label = self._headings.label(
                    self.styles.outline, level, to_int(value(element, "start-value"))
                )
            yield level, f"{label} {text}".strip()
        for line in self.paragraphs.aside():
            yield None, line

    def _list(self, element: Element, level: int, style: str) -> Iterator[Block]:
        style = value(element, "style-name") or style
        if level == 1 and not (
            value(element, "continue-numbering") == "true" or value(element, "continue-list")
        ):
            self._counters[style] = Counter()
        counter = self._counters.setdefault(style, Counter())
        for item in element:
            label = ""
            if name_of(item) == "text:list-item" and not _begins_with_list(item):
                label = counter.label(self.styles.levels(style), level, to_int(value(item, "start-value")))
            for each in item:
                if name_of(each) == "text:list" and level < _MAX_LIST_LEVEL:
                    yield from self._list(each, level + 1, style)
                else:
                    yield from self.blocks([each], label)
                    label = ""

    def _cells(self, row: Element) -> Iterator[str]:
        for each in row:
            if name_of(each) in {"table:table-cell", "table:covered-table-cell"}:
                yield " ".join(" ".join(self.lines(each)).split())

    def edges(self, kind: str) -> list[str]:
        """Return the lines of headers or footers, each once."""
        lines: dict[str, None] = {}
        for each in self._extra.iter() if self._extra is not None else ():
            if name_of(each).startswith(f"style:{kind}") and name_of(each) != f"style:{kind}-style":
                lines |= dict.fromkeys(self.lines(each))
        return [line for line in lines if any(letter.isalpha() for letter in line)]


def _begins_with_list(item: Element) -> bool:
    return len(item) > 0 and name_of(item[0]) == "text:list"
