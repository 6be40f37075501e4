"""Which module reads which kind; each is loaded, with its libraries, only for a file of its kind."""

from collections.abc import Iterator
from importlib import import_module

from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import FileFormat, ParsingLimits, Progress, Section

_PACKAGE = "gantry.adapters.parsing"
_MODULES = {
    FileFormat.PDF: "pdf",
    FileFormat.DOCX: "office.word",
    FileFormat.HTML: "html",
    FileFormat.PPTX: "office.slides",
    FileFormat.XLSX: "office.sheets",
    FileFormat.XLS: "legacy_sheets",
    FileFormat.ODT: "opendocument.text",
    FileFormat.ODS: "opendocument.sheets",
    FileFormat.ODP: "opendocument.slides",
    FileFormat.EPUB: "epub",
    FileFormat.RTF: "rtf.document",
    FileFormat.MAIL: "mail",
    FileFormat.PICTURE: "pictures",
}


def read(source: Source, form: FileFormat, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Return the sections of a file."""
    name = _MODULES.get(form)
    if name:
        sections: Iterator[Section | Progress] = import_module(f"{_PACKAGE}.{name}").read(source, limits)
        return sections
    from gantry.adapters.parsing import plain  # noqa: PLC0415

    return plain.read(source, form, limits)


def formats() -> frozenset[FileFormat]:
    """Return the kinds that have a module of their own; all others are plain text."""
    return frozenset(_MODULES)
