"""A small file of every kind that is read, made in code. Each says who kept the lighthouse."""

import struct
import zlib
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from functools import lru_cache

import pypdfium2

from tests.parts import documents
from tests.parts.old_sheets import xls
from tests.parts.word import archive, paragraph, word

SENTENCE = "The lighthouse keeper was called Amalia."
_OOXML = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_OOXML}/officeDocument/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_ODF_NAMES = "".join(
    f' xmlns:{prefix}="{_ODF}{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("style", "style"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
    )
)


def office(members: Mapping[str, str], relations: Mapping[str, Mapping[str, tuple[str, str]]]) -> bytes:
    """Return an Office file; *relations* gives for each part, by their ids, the kinds and the targets of others."""
    files = dict(members)
    for part, named in relations.items():
        folder, _, name = part.rpartition("/")
        inside = "".join(
            f'<Relationship Id="{id_}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
            for id_, (kind, target) in named.items()
        )
        path = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
        files[path] = (
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'
        )
    return archive(files)


def slide(*shapes: str, more: str = "") -> str:
    """Return a slide of shapes."""
    return (
        f'<p:sld xmlns:p="{_OOXML}/presentationml/2006/main" xmlns:a="{_OOXML}/drawingml/2006/main" xmlns:r="{_RELATIONS}"'
        f' xmlns:c="{_OOXML}/drawingml/2006/chart" {more}><p:cSld><p:spTree>{"".join(shapes)}</p:spTree></p:cSld></p:sld>'
    )


def shape(*lines: str, kind: str = "") -> str:
    """Return a shape with paragraphs; one that begins with ``<`` is XML."""
    told = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
    body = "".join(
        line if line.startswith("<") else f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines
    )
    return f"<p:sp><p:nvSpPr>{told}</p:nvSpPr><p:txBody>{body}</p:txBody></p:sp>"


def pptx(
    *slides: str,
    beside: Mapping[str, str] | None = None,
    related: Mapping[str, Mapping[str, tuple[str, str]]] | None = None,
) -> bytes:
    """Return a PowerPoint file whose slides are shown in this order, whatever their parts are called."""
    count = len(slides)
    listed = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(count))
    members = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{_OOXML}/presentationml/2006/main" xmlns:r="{_RELATIONS}">'
        f"<p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        **{f"ppt/slides/slide{count - n}.xml": each for n, each in enumerate(slides)},
        **(beside or {}),
    }
    parts = {f"r{n}": ("slide", f"slides/slide{count - n}.xml") for n in range(count)}
    return office(
        members,
        {
            "": {"r1": ("officeDocument", "ppt/presentation.xml")},
            "ppt/presentation.xml": parts,
            **(related or {}),
        },
    )


def xlsx(
    sheets: Mapping[str, str],
    *,
    strings: str = "",
    formats: str = "",
    styles: str = "",
    state: Mapping[str, str] | None = None,
    since_1904: bool = False,
    beside: Mapping[str, str] | None = None,
    related: Mapping[str, Mapping[str, tuple[str, str]]] | None = None,
) -> bytes:
    """Return an Excel file: the inside of each sheet by its name; *formats* and *styles* are those of its cells."""
    names = f'xmlns="{_OOXML}/spreadsheetml/2006/main" xmlns:r="{_RELATIONS}"'
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="s{n}" state="{(state or {}).get(name, "visible")}"/>'
        for n, name in enumerate(sheets, 1)
    )
    members = {
        "xl/workbook.xml": f'<workbook {names}><workbookPr date1904="{int(since_1904)}"/><sheets>{listed}</sheets></workbook>',
        "xl/sharedStrings.xml": f"<sst {names}>{strings}</sst>",
        "xl/styles.xml": f"<styleSheet {names}><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>",
        **{
            f"xl/worksheets/sheet{n}.xml": f"<worksheet {names}>{inside}</worksheet>"
            for n, inside in enumerate(sheets.values(), 1)
        },
        **(beside or {}),
    }
    parts = {f"s{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
    shared = {"a": ("sharedStrings", "sharedStrings.xml"), "b": ("styles", "styles.xml")}
    return office(
        members,
        {
            "": {"r1": ("officeDocument", "xl/workbook.xml")},
            "xl/workbook.xml": parts | shared,
            **(related or {}),
        },
    )


def cells(rows: Mapping[int, Mapping[str, str]]) -> str:
    """Return the rows of a sheet; a cell is text, or XML without its place."""

    def cell(place: str, inside: str) -> str:
        whole = inside if inside.startswith("<c") else f'<c t="inlineStr"><is><t>{inside}</t></is></c>'
        return whole.replace("<c", f'<c r="{place}"', 1)

    told = (
        f'<row r="{row}">{"".join(cell(f"{column}{row}", inside) for column, inside in each.items())}</row>'
        for row, each in rows.items()
    )
    return f"<sheetData>{''.join(told)}</sheetData>"


def open_document(kind: str, body: str, automatic: str = "", styles: str = "") -> bytes:
    """Return an OpenDocument file: *kind* is ``text``, ``spreadsheet`` or ``presentation``."""
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content{_ODF_NAMES}><office:automatic-styles>{automatic}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
            "styles.xml": f"<office:document-styles{_ODF_NAMES}>{styles}</office:document-styles>",
        }
    )


def epub(
    chapters: Mapping[str, str],
    contents: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Return a book: the inside of each chapter's body, and the titles that its contents give them."""
    listed = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    entries = "".join(
        f'<li><a href="{name}.xhtml#top">{title}</a></li>' for name, title in (contents or {}).items()
    )
    page = '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>'
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>Lights</dc:title><dc:creator>Ada</dc:creator></metadata><manifest>"
            f'<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{listed}</manifest>'
            f'<spine><itemref idref="nav"/>{spine}</spine></package>',
            "OEBPS/nav.xhtml": f"{page}<nav><ol>{entries}</ol></nav></body></html>",
            **{f"OEBPS/{name}.xhtml": f"{page}{inside}</body></html>" for name, inside in chapters.items()},
            **(more or {}),
        }
    )


def mail(
    text: str, html: str = "", attached: Mapping[str, bytes] | None = None, subject: str = "Harbor"
) -> bytes:
    """Return a message with attachments by their names."""
    message = EmailMessage()
    message["From"] = "Ada Müller <ada@example.org>"
    message["To"] = "eve@example.org"
    message["Date"] = "Fri, 01 May 2026 10:00:00 +0200"
    message["Subject"] = subject
    message["Message-ID"] = "<1@example.org>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in (attached or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


@lru_cache(8)
def picture(text: str) -> bytes:
    """Return a PNG of black text on white."""
    page = pypdfium2.PdfDocument(documents.pdf([text]))[0]
    bitmap = page.render(scale=3, grayscale=True)
    width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    raw = bytes(bitmap.buffer)
    lines = b"".join(b"\0" + raw[row * stride : row * stride + width] for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


# By the name of a file of the kind. What changes them at random, to see what their readers make of it, takes them from here.
SAMPLES: dict[str, Callable[[], bytes]] = {
    "keeper.pdf": lambda: documents.pdf([SENTENCE]),
    "keeper.docx": lambda: word(paragraph("Harbor", more='<w:outlineLvl w:val="0"/>'), paragraph(SENTENCE)),
    "keeper.pptx": lambda: pptx(slide(shape("Harbor", kind="title"), shape(SENTENCE))),
    "keeper.xlsx": lambda: xlsx(
        {"Harbor": cells({1: {"A": "Building", "B": "Keeper"}, 2: {"A": "Lighthouse", "B": SENTENCE}})}
    ),
    "keeper.xls": xls,
    "keeper.odt": lambda: open_document("text", f"<text:h text:outline-level='1'>Harbor</text:h><text:p>{SENTENCE}</text:p>"),
    "keeper.ods": lambda: open_document(
        "spreadsheet",
        "<table:table table:name='Harbor'><table:table-row><table:table-cell><text:p>Keeper</text:p></table:table-cell>"
        f"</table:table-row><table:table-row><table:table-cell><text:p>{SENTENCE}</text:p></table:table-cell></table:table-row></table:table>",
    ),
    "keeper.odp": lambda: open_document(
        "presentation",
        "<draw:page><draw:frame presentation:class='title'><draw:text-box><text:p>Harbor</text:p></draw:text-box></draw:frame>"
        f"<draw:frame><draw:text-box><text:p>{SENTENCE}</text:p></draw:text-box></draw:frame></draw:page>",
    ),
    "keeper.epub": lambda: epub({"one": f"<h1>Harbor</h1><p>{SENTENCE}</p>"}),
    "keeper.rtf": lambda: b"{\\rtf1\\ansi{\\stylesheet{\\s1 heading 1;}}\\pard\\s1 Harbor\\par\\pard " + SENTENCE.encode() + b"\\par}",
    "keeper.eml": lambda: mail(SENTENCE),
    "keeper.png": lambda: picture(SENTENCE),
    "keeper.html": f"<html><body><h1>Harbor</h1><p>{SENTENCE}</p></body></html>".encode,
    "keeper.csv": f"Building,Keeper\nLighthouse,{SENTENCE}\n".encode,
    "keeper.md": f"# Harbor\n\n{SENTENCE}\n".encode,
    "keeper.json": f'{{"lighthouse": "{SENTENCE}"}}'.encode,
    "keeper.txt": SENTENCE.encode,
}  # fmt: skip


def every_kind() -> dict[str, bytes]:
    """Return good files of every kind that is read here, by name: what the readers are tried with, altered at random.

    Images are Tesseract's business, in a process of its own.
    """
    own = {
        name: make() for name, make in SAMPLES.items() if not name.endswith((".png", ".txt", ".md", ".csv"))
    }
    letter = mail(
        "See below.",
        "<p>See below.</p>",
        {"keeper.docx": own["keeper.docx"], "keeper.rtf": own["keeper.rtf"]},
    )
    return documents.samples() | own | {"letter.eml": letter}
