"""Scanned PDF: pages that are pictures are read by Tesseract, page by page and within bounds."""

from contextlib import aclosing
from pathlib import Path

import pytest

from gantry.adapters.parsing import recognition
from gantry.adapters.parsing.process import ProcessParser
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section
from tests.parts import documents, pdfs
from tests.parts.missing import missing
from tests.parts.samples import SENTENCE, mail

TYPED = "Roses need sun, and tulips need a cold winter before they flower in the garden of May."
SCAN = pdfs.Photo(SENTENCE)


@pytest.fixture(autouse=True)
def _recognition() -> None:
    if not recognition.is_installed():
        missing("Tesseract's data of a language (tesseract-ocr-eng)")


async def told(folder: Path, content: bytes, limits: ParsingLimits | None = None) -> list[Section | Progress]:
    """Return what the reader says of a file."""
    path = folder / "upload"
    path.write_bytes(content)
    parser = ProcessParser()
    kind = await parser.sniff(str(path), "upload")
    async with aclosing(parser.parse(str(path), kind, limits or ParsingLimits())) as said:
        return [each async for each in said]


async def read(
    folder: Path, content: bytes, limits: ParsingLimits | None = None
) -> list[tuple[int | None, str]]:
    """Return the pages of a file with their text."""
    said = await told(folder, content, limits)
    return [(each.page, each.text.strip()) for each in said if isinstance(each, Section)]


async def refused(folder: Path, content: bytes, limits: ParsingLimits | None = None) -> ParsingFailed:
    """Return why a file is refused."""
    with pytest.raises(ParsingFailed) as failed:
        await read(folder, content, limits)
    return failed.value


async def test_scanned_pages_are_read_among_pages_of_text(tmp_path: Path) -> None:
    """Each page has its number, however it is read; an empty back of a sheet says nothing."""
    content = pdfs.photographed([TYPED, SCAN, "", TYPED])
    said = await told(tmp_path, content)
    assert [(each.page, each.text.strip()) for each in said if isinstance(each, Section)] == [
        (1, TYPED),
        (2, SENTENCE),
        (4, TYPED),
    ]
    assert [each.done for each in said if isinstance(each, Progress)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "scan",
    [
        pdfs.Photo(SENTENCE, turned=90, shown=270),
        pdfs.Photo(f"{SENTENCE}\n{TYPED}\n{TYPED}", turned=90),
        pdfs.Photo(SENTENCE, strips=6),
    ],
    ids=["shown upright", "lying on its side", "in strips"],
)
async def test_a_page_is_read_as_it_is_shown(tmp_path: Path, scan: pdfs.Photo) -> None:
    """Turned by the page or by the scanner, and of as many pictures as the scanner made."""
    ((page, text),) = await read(tmp_path, pdfs.photographed([scan]))
    assert (page, text.partition("\n")[0]) == (1, SENTENCE)


@pytest.mark.parametrize(
    ("stamp", "kept"),
    [("Envelope ID 4711-AB", ["Envelope ID 4711-AB"]), ("\\001\\002\\003\\004\\005\\006", [])],
)
async def test_what_is_stamped_on_a_scan_does_not_hide_it(
    tmp_path: Path, stamp: str, kept: list[str]
) -> None:
    """A line that a program added is kept, and what stands for no letters is left out."""
    ((_, text),) = await read(tmp_path, pdfs.photographed([pdfs.Photo(SENTENCE, stamp=stamp)]))
    assert text.split("\n") == [*kept, SENTENCE]


async def test_a_document_with_too_many_scanned_pages_is_refused_at_once(tmp_path: Path) -> None:
    """None is read for nothing, and the reason and the next step are told."""
    content = pdfs.photographed([SCAN] * 230)
    error = await refused(tmp_path, content, ParsingLimits(recognition_seconds_of_page=0))
    assert error.fault is ParsingFault.TOO_MANY_SCANS
    assert error.page is None
    assert "200 pages" in error.public
    assert "Split it" in (error.advice or "")


async def test_a_few_pictures_too_many_do_not_keep_a_text_from_being_read(tmp_path: Path) -> None:
    """As long as there is enough text beside them."""
    content = pdfs.photographed([*[TYPED] * 4, SCAN, pdfs.Photo("Left out.")])
    pages = await read(tmp_path, content, ParsingLimits(recognised_pages=1))
    assert [page for page, _ in pages] == [1, 2, 3, 4, 5]


async def test_scans_that_take_too_long_are_refused_with_the_page(tmp_path: Path) -> None:
    """Half of a scanned document would mislead."""
    error = await refused(tmp_path, pdfs.photographed([TYPED, SCAN]), ParsingLimits(recognition_seconds=0.01))
    assert (error.fault, error.page) == (ParsingFault.TOO_SLOW, 2)


async def test_a_page_with_a_picture_too_large_to_unpack_is_not_drawn(tmp_path: Path) -> None:
    """Its reader does not run out of memory over it."""
    error = await refused(tmp_path, pdfs.scanned(pages=1, side=30_000))
    assert (error.fault, error.page) == (ParsingFault.TOO_LARGE, 1)


@pytest.mark.parametrize(
    "content", [documents.scanned_pdf(), pdfs.scanned("- {0} -", pages=2)], ids=["a box", "numbers"]
)
async def test_a_scan_without_text_says_so(tmp_path: Path, content: bytes) -> None:
    """What was tried in vain is not recommended."""
    error = await refused(tmp_path, content)
    assert (error.fault, error.page) == (ParsingFault.NOTHING_RECOGNISED, None)
    assert "Tesseract" not in (error.advice or "")


async def test_a_scan_that_is_attached_to_a_message_is_read(tmp_path: Path) -> None:
    """And one that takes too long is named."""
    message = mail("See below.", attached={"scan.pdf": pdfs.photographed([SCAN])})
    assert SENTENCE in [text for _, text in await read(tmp_path, message)]
    hasty = await read(tmp_path, message, ParsingLimits(recognition_seconds=0))
    assert hasty[-1] == (None, "Attachment: scan.pdf")
