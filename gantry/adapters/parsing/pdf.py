"""PDF through PDFium, the reader of Chromium: a page at a time."""

import re
from collections.abc import Iterator
from itertools import islice

import pypdfium2

from gantry.adapters.parsing import pdf_bidi, pdf_meaning, pdf_notes, pdf_outline, pdf_scans
from gantry.adapters.parsing.office import symbols
from gantry.adapters.parsing.pdf_edges import Edges
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_LOOKED_AT = 12  # pages from which running heads and feet are learned
# PDFium marks a hyphen at a line's end with U+FFFE and leaves the line end out.
_HYPHEN = re.compile(r"(?<=\w)(?:[\ufffe\x02]\n?|[-\u00ad]\n)(?=[a-zà-ÿ])|(?<=\w)-\n(?=\w)")
_WORD_BEFORE = re.compile(r"\S+\Z")
_WORD_AFTER = re.compile(r"\w+")
_WORD_LENGTH = 60
_AND = frozenset({"und", "oder", "bzw", "sowie", "and", "or"})  # "Montags- und Dienstags"
_SHORT_PARTS = frozenset(
    {"the", "of", "to", "in", "by", "and", "up", "on", "off", "out", "for", "at", "or"}
)  # "state-of-the-art"
_PAGE_END = re.compile(
    r"(?<=[^\W\d])\ufffe\n?(?=\d+\b)"
)  # the page's number follows a word that goes on overleaf
_UPRIGHT = re.compile(
    r"(?:^[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60]\n){3,}[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60]$",
    re.MULTILINE,
)
_SIGNS = symbols.SIGNS | {0x02: "-", 0xFFFE: "-", 0xAD: None}
_MOST_UNREAD = 0.25  # of the pages with something to read
_STAMP = re.compile(r"scan", re.IGNORECASE)
_FEW = 60  # letters in lines of their own: where there are no more, pictures may be all there is


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each page under its place in the outline."""
    document = _open(source)
    try:
        count = len(document)
        if count > limits.pages:
            raise ParsingFailed(ParsingFault.TOO_LARGE, page=limits.pages)
        outline = pdf_outline.of(document)
        yield Progress(0, count)
        yield from _Pages(document, outline, limits).read()
    finally:
        document.close()


class _Pages:
    """The pages of a document, from the first to the last."""

    def __init__(
        self,
        document: pypdfium2.PdfDocument,
        outline: dict[int, list[pdf_outline.Mark]],
        limits: ParsingLimits,
    ) -> None:
        self._document = document
        self._outline = outline
        self._notes = pdf_notes.Notes(document)
        self._scans = pdf_scans.Scans(document, limits, _MOST_UNREAD)
        self._lines: set[str] = set()  # as long as there are few letters
        self._letters = 0
        self._filled = self._meaningless = self._covered = 0
        self._first_bad = 0

    def read(self) -> Iterator[Section | Progress]:
        """Yield them."""
        count = len(self._document)
        ahead: list[str] = []
        for number in range(min(count, _LOOKED_AT)):
            ahead.append(self._text(number))
            yield Progress(number + 1, count)
        edges = Edges(ahead)
        heading = ""
        for number in range(count):
            text = edges.without(ahead[number] if number < len(ahead) else self._text(number), number + 1)
            pieces = pdf_outline.divided(text, self._outline.get(number, []), heading)
            for heading, piece in pieces:
                if piece.strip():
                    yield Section(piece, page=number + 1, heading=heading)
            if number >= len(ahead):
                yield Progress(number + 1, count)
        self._check(count)

    def _check(self, count: int) -> None:
        """Refuse a document that is read by less than most of its pages."""
        nothing = ParsingFault.NOTHING_RECOGNISED if self._scans.can_read else None
        if len(self._scans.unread) > _MOST_UNREAD * self._filled:
            raise self._scans.unread[0]
        if self._meaningless > _MOST_UNREAD * self._filled:
            raise ParsingFailed(nothing or ParsingFault.NO_MEANING, page=self._first_bad)
        if self._letters < _FEW and self._is_scanned(count):
            raise ParsingFailed(nothing or ParsingFault.SCANNED)

    def _text(self, number: int) -> str:
        try:
            page = self._document[number]
        except pypdfium2.PdfiumError as error:
            raise ParsingFailed(ParsingFault.BROKEN, page=number + 1) from error
        try:
            words = page.get_textpage()
            try:
                drawn = _plain(pdf_bidi.in_order(words.get_text_bounded(), words))
                written = bool(drawn.strip())
                if written and pdf_meaning.is_missing(drawn, words):
                    drawn = _plain(pdf_meaning.recovered(words))
                covered = _letters(drawn) < _FEW and pdf_scans.is_covered(page)
                shows = covered or (
                    not _letters(drawn) and (not written or pdf_meaning.are_fonts_there(page))
                )
                unread = False
                if shows and self._scans.can_read:
                    drawn, unread = self._with_shown(number, drawn)
                if written and not drawn and not unread:
                    self._meaningless += 1
                    self._first_bad = self._first_bad or number + 1
                self._filled += written
                text = self._notes.added(page, words, drawn)
            finally:
                words.close()
            self._count(text, covered=covered)
        finally:
            page.close()
        return text

    def _with_shown(self, number: int, drawn: str) -> tuple[str, bool]:
        """Return the text of a page with what its picture shows, and whether that could not be read."""
        before = len(self._scans.unread)
        text = _plain(self._scans.text_of(number + 1, drawn))
        return text, len(self._scans.unread) > before

    def _count(self, text: str, *, covered: bool) -> None:
        """Note how much there is to read, until it is enough."""
        if self._letters >= _FEW:
            return
        for line in set(text.split("\n")) - self._lines:
            self._lines.add(line)
            self._letters += _letters(line)
        self._covered += covered

    def _is_scanned(self, count: int) -> bool:
        """Whether pictures fill the pages, and all that is written is numbers and what the scanner left."""
        words = [
            line
            for line in self._lines
            if any(letter.isalpha() for letter in line) and not _STAMP.search(line)
        ]
        return not self._letters or (not words and self._covered >= count)


def _open(source: Source) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise ParsingFailed(ParsingFault.ENCRYPTED if locked else ParsingFault.BROKEN) from error


def _plain(raw: str) -> str:
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    text = _PAGE_END.sub("-\n", _HYPHEN.sub(_joined, text)).translate(_SIGNS)
    return _UPRIGHT.sub(_upright, text)


def _joined(match: re.Match[str]) -> str:
    """Return what a hyphen at a line's end becomes: nothing within a word, itself between two."""
    text, start, end = match.string, match.start(), match.end()
    before = _WORD_BEFORE.search(text, max(0, start - _WORD_LENGTH), start)
    after = _WORD_AFTER.match(text, end, end + _WORD_LENGTH)
    word, following = before[0] if before else "", after[0] if after else ""
    if match[0][0] == "\u00ad":
        return ""
    if following in _AND:
        return "- "
    part = re.split(r"[-‑]", word)[-1].lstrip("(\"'„“‘«")
    is_link = "://" in word or word.startswith("www.")
    is_compound = part.lower() in _SHORT_PARTS and part != word
    keeps = is_link or is_compound or len(part) == 1 or word[-1:].isdigit() or not following[:1].islower()
    return "-" if keeps else ""


def _letters(text: str) -> int:
    """Return how many letters and digits there are, up to a few."""
    return sum(1 for _ in islice(filter(str.isalnum, text), _FEW))


def _upright(match: re.Match[str]) -> str:
    """Return what is written from top to bottom as one line."""
    return match[0].replace("\n", "")
