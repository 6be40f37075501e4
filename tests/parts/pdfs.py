"""PDF files with what is not in the text of their pages: forms, comments, fonts without letters, scans."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pypdfium2
from pypdf import PdfReader

from tests.parts import documents
from tests.parts.pdf_objects import stream, written

_BOX = "/Rect [260 {0} 520 {1}] /F 4"


def noted(lines: Sequence[tuple[int, int, str]], notes: Sequence[str]) -> bytes:
    """Return a page of lines (from the left, from the bottom, words) with these annotations.

    Each is the inside of a dictionary; those with ``/FT`` are fields of a form.
    """
    drawn = "".join(f"BT /F1 11 Tf {x} {y} Td ({text}) Tj ET\n" for x, y, text in lines)
    refs = [f"{6 + number} 0 R" for number in range(len(notes))]
    fields = " ".join(ref for ref, note in zip(refs, notes, strict=True) if "/FT" in note)
    form = f"/AcroForm << /Fields [{fields}] /DA (/F1 11 Tf 0 g) >>" if fields else ""
    return written(
        [
            f"<< /Type /Catalog /Pages 2 0 R {form} >>".encode(),
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents 5 0 R /Annots [{' '.join(refs)}] >>".encode(),
            stream(drawn.encode("cp1252")),
            *(f"<< /Type /Annot /P 4 0 R {note} >>".encode("latin-1") for note in notes),
        ]
    )


def field(kind: str, name: str, height: int, rest: str) -> str:
    """Return a field of a form at that height of the page."""
    return f"/Subtype /Widget /FT /{kind} /T ({name}) {_BOX.format(height, height + 20)} {rest}"


def comment(kind: str, words: str, height: int = 300, rest: str = "") -> str:
    """Return a comment."""
    return f"/Subtype /{kind} {_BOX.format(height, height + 40)} /Contents ({words}) {rest}"


def unmapped(text: str, pages: int = 1, *, usual: bool = False) -> bytes:
    """Return a file whose font numbers its letters and says nowhere which they are: as they come, or in the usual order."""
    own = {letter: number for number, letter in enumerate(dict.fromkeys(text), 1)}
    mac = {letter: letter.encode("mac_roman")[0] for letter in own}
    numbers = (
        {letter: (byte - 29 if byte < 128 else byte - 30) for letter, byte in mac.items()} if usual else own
    )
    codes = "".join(f"{numbers[letter]:04x}" for letter in text)
    drawn = stream(f"BT /F1 11 Tf 60 780 Td <{codes}> Tj ET".encode())
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(pages))
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Own /Encoding /Identity-H /DescendantFonts [4 0 R] >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        font,
        b"""<< /Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Own /CIDToGIDMap /Identity /DW 600
/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 5 0 R >>""",
        b"""<< /Type /FontDescriptor /FontName /AAAAAA+Own /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0
/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>""",
    ]
    for number in range(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            + f"/Contents {7 + 2 * number} 0 R >>".encode()
        )
        objects.append(drawn)
    return written(objects)


def scanned(stamp: str = "", pages: int = 3, side: int = 8) -> bytes:
    """Return pages that are pictures of so many pixels a side, each with something written by the scanner's program."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        stream(
            b"\xaa" * 8,
            f"/Type /XObject /Subtype /Image /Width {side} /Height {side} /BitsPerComponent 1 /ColorSpace /DeviceGray",
        ),
    ]
    for number in range(pages):
        said = stamp.format(number + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> "
            + f"/XObject << /P 4 0 R >> >> /Contents {6 + 2 * number} 0 R >>".encode()
        )
        objects.append(stream(f"q 595 0 0 842 0 0 cm /P Do Q BT /F1 11 Tf 60 20 Td ({said}) Tj ET".encode()))
    return written(objects)


@dataclass(frozen=True)
class Photo:
    """A page that went through a scanner.

    Attributes:
        text: What stood on the paper.
        turned: How far its picture is turned to the right, in degrees.
        shown: How far the page is turned when it is shown, in degrees.
        strips: How many pictures the scanner made of it.
        stamp: What is written on it as text.
    """

    text: str
    turned: int = 0
    shown: int = 0
    strips: int = 1
    stamp: str = ""


def photographed(pages: Sequence[Photo | str]) -> bytes:
    """Return a file of pages that are pictures of text, and of pages of text."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", font]
    kids: list[str] = []
    for page in pages:
        photo = page if isinstance(page, Photo) else Photo("", stamp=page)
        first = len(objects) + 1
        width, height, pictures = _pictures(photo) if photo.text else (595, 842, [])
        objects += pictures
        names = " ".join(f"/P{n} {first + n} 0 R" for n in range(len(pictures)))
        strip = height / max(1, len(pictures))
        drawn = "".join(
            f"q {width} 0 0 {strip} 0 {height - (n + 1) * strip} cm /P{n} Do Q\n"
            for n in range(len(pictures))
        )
        objects.append(stream(f"{drawn} BT /F1 11 Tf 60 20 Td ({photo.stamp}) Tj ET".encode()))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Rotate {photo.shown} /Resources "
            f"<< /Font << /F1 3 0 R >> /XObject << {names} >> >> /Contents {len(objects)} 0 R >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return written(objects)


@lru_cache(8)
def _pictures(photo: Photo) -> tuple[int, int, list[bytes]]:
    """Return the size of the page in points, and its pictures from top to bottom."""
    page = pypdfium2.PdfDocument(documents.pdf([photo.text]))[0]
    bitmap = page.render(scale=3, rotation=photo.turned, grayscale=True)
    rows = memoryview(bitmap.buffer).cast("B")
    lines = [bytes(rows[n * bitmap.stride : n * bitmap.stride + bitmap.width]) for n in range(bitmap.height)]
    each = -(-len(lines) // photo.strips)
    parts = [lines[start : start + each] for start in range(0, len(lines), each)]
    told = "/Type /XObject /Subtype /Image /BitsPerComponent 8 /ColorSpace /DeviceGray"
    return (
        bitmap.width // 3,
        bitmap.height // 3,
        [stream(b"".join(part), f"{told} /Width {bitmap.width} /Height {len(part)}") for part in parts],
    )


def text_of(content: bytes) -> list[str]:
    """Return the text of each page, as another reader than ours sees it."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
