"""Sample files, made in code: good ones of every kind, and bad ones."""

import io
import json
import zipfile
import zlib
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter

from tests.parts import pdfs
from tests.parts.pdf_objects import packed_stream, written

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf(pages: Sequence[str]) -> bytes:
    """Return a PDF with a line of text for each line of each page."""
    streams = [_page_stream(text) for text in pages]
    return _pdf([zlib.compress(stream) for stream in streams])


def _page_stream(text: str) -> bytes:
    lines = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in text.split("\n")]
    shown = "".join(f"({line}) Tj T*\n" for line in lines)
    return f"BT /F1 11 Tf 14 TL 60 780 Td\n{shown}ET".encode("cp1252", "replace")


def _pdf(streams: Sequence[bytes]) -> bytes:
    """Put compressed page contents into a PDF; each page draws text only."""
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(streams)))
    objects += [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, stream in enumerate(streams):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            + f"/Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(packed_stream(stream))
    return written(objects)


def long_pdf(pages: int) -> bytes:
    """Return a PDF of so many full pages, each with words of its own."""
    return pdf(
        [
            "\n".join(
                f"Line {line} of page {page} tells of item {page * 40 + line} and its price of {page * 3 + line} euros."
                for line in range(1, 41)
            )
            for page in range(1, pages + 1)
        ]
    )


def encrypted_pdf() -> bytes:
    """Return a PDF that needs a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["A secret."]))))
    writer.encrypt("open sesame", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def scanned_pdf() -> bytes:
    """Return a PDF of pages that only draw a box."""
    return _pdf([zlib.compress(b"0 0 1 rg 50 50 400 600 re f")] * 3)


def broken_pdf() -> bytes:
    """Return the beginning of a PDF and then noise."""
    return b"%PDF-1.7\n" + bytes(range(256)) * 40


def pdf_bomb(inflated: int = 4_000_000_000) -> bytes:
    """Return a small PDF whose page inflates to gigabytes of text."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(b"BT /F1 11 Tf 60 780 Td\n")]
    block = b"(bomb) Tj T*\n" * 80_000
    pieces += [packer.compress(block) for _ in range(inflated // len(block))]
    pieces.append(packer.compress(b"ET") + packer.flush())
    return _pdf([b"".join(pieces)])


def docx(paragraphs: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]] = ()) -> bytes:
    """Return a Word file of (style, text) paragraphs, style ``""`` or ``Heading1`` …, and a table."""
    body = "".join(
        f'<w:p>{f"""<w:pPr><w:pStyle w:val="{style}"/></w:pPr>""" if style else ""}<w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    table = "".join(
        "<w:tr>"
        + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row)
        + "</w:tr>"
        for row in rows
    )
    styles = "".join(
        f'<w:style w:styleId="Heading{n}"><w:name w:val="heading {n}"/></w:style>' for n in range(1, 4)
    )
    return _archive(
        {
            "word/document.xml": f"<w:document {_W}><w:body>{body}<w:tbl>{table}</w:tbl></w:body></w:document>",
            "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
        }
    )


def docx_bomb(inflated: int = 2_000_000_000) -> bytes:
    """Return a small Word file that inflates to gigabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("word/document.xml", "w", force_zip64=True) as file:
            file.write(f"<w:document {_W}><w:body><w:p><w:r><w:t>".encode())
            for _ in range(inflated // 10_000_000):
                file.write(b"a" * 10_000_000)
            file.write(b"</w:t></w:r></w:p></w:body></w:document>")
        archive.writestr("[Content_Types].xml", "<Types/>")
    return out.getvalue()


def hostile_docx() -> bytes:
    """Return a Word file whose XML expands entities without end."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return _archive(
        {
            "word/document.xml": f'<!DOCTYPE x [<!ENTITY a0 "lol">{entities}]><w:document {_W}>&a9;</w:document>'
        }
    )


def unknown_archive() -> bytes:
    """Return an archive of a kind that is not read."""
    return _archive({"a.txt": "Roses need sun.", "b.txt": "Tulips need cold."})


def _archive(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


HTML = b"""<!doctype html><html><head><title>T</title><script>steal()</script><style>p{}</style></head><body>
<nav hidden>menu</nav><h1>Garden</h1><p>Roses need <b>sun</b>.</p><h2>Water</h2><ul><li>In the morning</li></ul>
<table><tr><th>Plant</th><th>Litres</th></tr><tr><td>Rose</td><td>4</td></tr></table></body></html>"""
MARKDOWN = b"# Garden\n\nRoses need sun.\n\n## Water\n\nIn the morning.\n\n```\n# not a heading\n```\n"
CSV = "Pflanze;Liter;Höhe\nRose;4;1,5\nÄpfel;12;3\n".encode("latin-1")
JSON = json.dumps({"garden": {"roses": 3, "owner": "Ada"}, "tools": ["spade", "hoe"]}).encode()
UTF16 = "Grüße aus dem Garten.\n".encode("utf-16")
CODE = b"def water(plant):\n    return plant.litres * 2\n"
BINARY = bytes(range(256)) * 100


def samples() -> dict[str, bytes]:
    """Return one good file of every kind that is read, by name: what the readers are tried with, altered at random.

    A new kind of text or PDF joins with a line here, others in ``tests.parts.samples``.
    """
    ticked = pdfs.field("Btn", "way", 600, "/V /Fast /AS /Fast /AP << /N << /Fast 5 0 R >> >>")
    return {
        "pages.pdf": pdf([f"Page {n} of roses\nand of their water" for n in range(1, 6)]),
        "form.pdf": pdfs.noted(
            [(60, 705, "Name")],
            [pdfs.field("Tx", "name", 700, "/V (Ada)"), ticked, pdfs.comment("Text", "So?")],
        ),
        "fonts.pdf": pdfs.unmapped("Roses need sun"),
        "scan.pdf": pdfs.scanned("{0}"),
        "garden.docx": docx(
            [("Heading1", "Garden"), ("", "Roses need sun.")], rows=[("Plant", "Litres"), ("Rose", "4")]
        ),
        "garden.html": HTML,
        "garden.md": MARKDOWN,
        "garden.csv": CSV,
        "quoted.csv": b'sep=,\n"id","text"\n"1","a ""b"", c\nd"\n"2",""\n' * 3,
        "garden.json": JSON,
        "lines.jsonl": JSON + b"\n" + JSON + b"\n",
        "wide.txt": UTF16 * 4,
        "old.txt": "Болт стальной, насос новый\n".encode("koi8-r") * 4,
        "east.txt": "敷金は二十万円です。\n".encode("cp932") * 4,
        "garden.py": CODE,
    }
