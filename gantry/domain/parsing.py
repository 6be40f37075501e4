"""Reading files: what comes out, what may go wrong, and how much a file may ask for."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from gantry.domain.errors import GantryError
from gantry.domain.messages import _
from gantry.domain.pictures import Picture


class FileFormat(StrEnum):
    """What Gantry reads."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    XLS = "xls"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    EPUB = "epub"
    RTF = "rtf"
    MAIL = "mail"
    PICTURE = "picture"
    HTML = "html"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"
    CODE = "code"
    TEXT = "text"


PAGED = frozenset({FileFormat.PDF, FileFormat.PPTX, FileFormat.ODP})  # text on numbered pages or slides
MAY_HOLD_PICTURES = PAGED | {FileFormat.DOCX, FileFormat.ODT, FileFormat.EPUB, FileFormat.RTF}


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is, told by its content."""

    format: FileFormat
    media_type: str
    label: str  # as a person says it: "PDF", "Python source"

    @property
    def paged(self) -> bool:
        """Whether its text stands on numbered pages."""
        return self.format in PAGED


@dataclass(frozen=True, slots=True)
class Section:
    """A run of text in reading order. ``page`` is 1-based, and None where there are no pages.

    ``heading`` is the way down to it, such as ``Costs › Travel``; empty where there is none.
    """

    text: str
    page: int | None = None
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reader has come; in pages, or in bytes where there are none. *total* is None when it is not known."""

    done: int
    total: int | None


RECOGNISED_PAGES = 200  # of a document, whose pictures are read by text recognition


@dataclass(frozen=True, slots=True)
class ParsingLimits:
    """What one file may cost. Text beyond ``characters`` or ``pages`` is refused, not cut: half a document misleads."""

    wall_seconds: float = 900
    silence_seconds: float = 120  # without a section or progress
    cpu_seconds: int = 600
    memory_bytes: int = 1_500_000_000  # address space of the reader
    characters: int = 50_000_000
    pages: int = 20_000
    inflated_bytes: int = 300_000_000  # of an archive's members
    recognised_pages: int = RECOGNISED_PAGES
    recognition_seconds: float = 800  # for all of them
    recognition_seconds_of_page: float = 60


class ParsingFault(StrEnum):
    """Why a file could not be read."""

    ENCRYPTED = "encrypted"
    NO_TEXT = "no-text"
    SCANNED = "scanned"
    TOO_MANY_SCANS = "too-many-scans"
    NO_MEANING = "no-meaning"
    NO_RECOGNITION = "no-recognition"
    NOTHING_RECOGNISED = "nothing-recognised"
    BROKEN = "broken"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    UNSUPPORTED = "unsupported"
    EMPTY = "empty"
    MISSING = "missing"


_SENTENCES = {
    ParsingFault.ENCRYPTED: (
        _("This file is protected by a password."),
        _("Remove the password and upload it again."),
    ),
    ParsingFault.NO_TEXT: (
        _("This file has no text, only images."),
        _("Run text recognition (OCR) on it, then upload the result."),
    ),
    ParsingFault.SCANNED: (
        _("This file has no text, only images."),
        _(
            "Run text recognition (OCR) on it, then upload the result, or ask an administrator to install Tesseract on the server."
        ),
    ),
    ParsingFault.TOO_MANY_SCANS: (
        _(
            "This file has too many scanned pages: text is recognised on {count} pages of a file.",
            count=RECOGNISED_PAGES,
        ),
        _("Split it into smaller files, or run text recognition (OCR) on it, then upload the result."),
    ),
    ParsingFault.NO_MEANING: (
        _("The text of this file cannot be read: its fonts do not say which letters they show."),
        _(
            "Run text recognition (OCR) on it, then upload the result, or ask an administrator to install Tesseract on the server."
        ),
    ),
    ParsingFault.NO_RECOGNITION: (
        _("Text recognition is not installed."),
        _(
            "Upload a file whose text can be selected, or ask an administrator to install Tesseract on the server."
        ),
    ),
    ParsingFault.NOTHING_RECOGNISED: (
        _("No text was recognised in this file."),
        _("Upload sharper images, or a file whose text can be selected."),
    ),
    ParsingFault.BROKEN: (
        _("This file is damaged and cannot be read."),
        _("Export it again, then upload the new copy."),
    ),
    ParsingFault.TOO_LARGE: (_("This file is too large when unpacked."), _("Split it into smaller files.")),
    ParsingFault.TOO_SLOW: (_("Reading this file took too long."), _("Split it into smaller files.")),
    ParsingFault.UNSUPPORTED: (
        _("Unsupported file type."),
        # An image is refused with a sentence of its own where text recognition is not installed.
        _(
            "Use PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx, .xls), OpenDocument, EPUB, RTF, e-mail (.eml), HTML, text,"
            " Markdown, CSV, JSON, source code or images of text."
        ),
    ),
    ParsingFault.EMPTY: (_("This file is empty."), _("Choose another file.")),
    ParsingFault.MISSING: (
        _("The original file of this document is missing."),
        _("Delete the document and upload the file again."),
    ),
}


class ParsingFailed(GantryError):
    """A file cannot be read; ``page`` is where it went wrong when that is known."""

    status: ClassVar[int] = 422
    kind: ClassVar[str] = "unreadable-file"

    def __init__(self, fault: ParsingFault, *, page: int | None = None) -> None:
        sentence, advice = _SENTENCES[fault]
        super().__init__(sentence, advice=advice)
        self.fault = fault
        self.page = page


class Parser(Protocol):
    """Reads files, each in a process of its own that may die without harm."""

    async def sniff(self, path: str, name: str) -> FileKind:
        """Tell what a file is by its content; *name* only tells kinds of text apart.

        Raises:
            ParsingFailed: Nothing that can be read, or nothing at all.
        """
        ...

    async def picture(self, path: str) -> Picture | None:
        """Return a picture as models are given it; None for what is no PNG, JPEG, WebP or GIF.

        Raises:
            ParsingFailed: It is one, and is damaged or too large when decoded.
        """
        ...

    def parse(self, path: str, kind: FileKind, limits: ParsingLimits) -> AsyncGenerator[Section | Progress]:
        """Yield the text from beginning to end; closing the generator ends the reader.

        Raises:
            ParsingFailed: At the place where it cannot go on.
        """
        ...
