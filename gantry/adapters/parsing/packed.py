"""Telling what an archive is: by the main part that its relations or its content types name, or by its ``mimetype``."""

from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.xml import name_of, value
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import FileFormat, FileKind, ParsingFailed, ParsingFault, ParsingLimits

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
DOCX = FileKind(FileFormat.DOCX, f"{_OOXML}wordprocessingml.document", "Word")
PPTX = FileKind(FileFormat.PPTX, f"{_OOXML}presentationml.presentation", "PowerPoint")
XLSX = FileKind(FileFormat.XLSX, f"{_OOXML}spreadsheetml.sheet", "Excel")
ODT = FileKind(FileFormat.ODT, f"{_ODF}text", "OpenDocument text")
ODS = FileKind(FileFormat.ODS, f"{_ODF}spreadsheet", "OpenDocument spreadsheet")
ODP = FileKind(FileFormat.ODP, f"{_ODF}presentation", "OpenDocument presentation")
EPUB = FileKind(FileFormat.EPUB, "application/epub+zip", "EPUB")

_BY_ROOT = {"w:document": DOCX, "p:presentation": PPTX, "s:workbook": XLSX}
_BY_BODY = {"office:text": ODT, "office:spreadsheet": ODS, "office:presentation": ODP}
_FONTS = (
    "http://www.idpf.org/2008/embedding",
    "http://ns.adobe.com/pdf/enc#RC",
)  # scrambled fonts are no lock


def sniff(source: Source) -> FileKind:
    """Tell what an archive is.

    Raises:
        ParsingFailed: None that can be read.
    """
    with Archive(source, ParsingLimits()) as archive:
        kind = _kind(archive)
        if kind is None:
            raise ParsingFailed(ParsingFault.UNSUPPORTED)
        if archive.encrypted or _is_locked(archive):
            raise ParsingFailed(ParsingFault.ENCRYPTED)
        return kind


def _kind(archive: Archive) -> FileKind | None:
    main = archive.main_part()
    if main:
        return _BY_ROOT.get(archive.root_name(main))
    if "META-INF/container.xml" in archive:
        return EPUB
    if "mimetype" not in archive:
        return None
    said = archive.bytes_of("mimetype", 1000).decode("ascii", "replace").strip()
    said = said.removesuffix("-template")
    return next((kind for kind in _BY_BODY.values() if kind.media_type == said), None)


def _is_locked(archive: Archive) -> bool:
    """Whether the members are encrypted one by one, as OpenDocument and protected books do."""
    if "META-INF/encryption.xml" in archive:
        told = archive.tree("META-INF/encryption.xml")
        methods = {
            value(each, "Algorithm") for each in told.iter() if name_of(each).endswith("EncryptionMethod")
        }
        return any(method not in _FONTS for method in methods)
    if "META-INF/manifest.xml" in archive and "mimetype" in archive:
        told = archive.tree("META-INF/manifest.xml", with_doctype=True)
        return any(name_of(each).endswith("encryption-data") for each in told.iter())
    return False
