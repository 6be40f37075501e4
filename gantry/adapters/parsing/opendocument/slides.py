"""OpenDocument slides: a page for each, its title as the heading, then its notes."""

from collections.abc import Iterator

from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.xml import Element, child, name_of, value
from gantry.adapters.parsing.opendocument.text import TextDocument
from gantry.adapters.parsing.outline import Outline
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_REPEATED = {"header", "footer", "date-time", "page-number"}


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each slide."""
    with Archive(source, limits) as archive:
        document = TextDocument(archive)
        slides = [each for each in document.body if name_of(each) == "draw:page"]
        if len(slides) > limits.pages:
            raise ParsingFailed(ParsingFault.TOO_LARGE, page=limits.pages)
        yield Progress(0, len(slides))
        for number, slide in enumerate(slides, 1):
            yield from _slide(document, slide, number)
            yield Progress(number, len(slides))


def _slide(document: TextDocument, slide: Element, number: int) -> Iterator[Section]:
    outline = Outline(number)
    frames = [each for each in slide if name_of(each) != "presentation:notes"]
    title = next((each for each in frames if value(each, "class") == "title"), None)
    if title is not None:
        said = " ".join(" ".join(document.lines([title])).split())
        yield from outline.heading(1, said) if said else ()
    rest = (each for each in frames if each is not title and value(each, "class") not in _REPEATED)
    yield from outline.lines(document.lines(rest))
    notes = child(slide, "presentation:notes")
    if notes is not None:
        said_there = [
            line
            for each in notes
            if value(each, "class") not in _REPEATED
            for line in document.lines([each])
            if line.strip()
        ]
        yield from outline.lines([f"Notes: {line}" if not at else line for at, line in enumerate(said_there)])
    yield from outline.end()
