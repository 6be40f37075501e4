"""Images of text: every kind, each in a process of its own that may crash or hang and harms nobody."""

import io
import sys
import time
from contextlib import aclosing
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from PIL import Image

from gantry.adapters.parsing import recognition
from gantry.adapters.parsing.process import ProcessParser
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Section
from tests.parts.missing import missing
from tests.parts.samples import SAMPLES, SENTENCE, picture

KEEPER = SAMPLES["keeper.png"]()
KEEPER_PAGE = Image.open(io.BytesIO(KEEPER)).convert("1")
DOT = b"P5 1 1 255\n\xff"


@pytest.fixture
def installed() -> None:
    """Say that a test needs Tesseract."""
    if not recognition.is_installed():
        missing("Tesseract's data of a language (tesseract-ocr-eng)")


@pytest.fixture
def english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only file of a language, which is damaged."""
    languages = tmp_path / "languages"
    languages.mkdir()
    monkeypatch.setenv("TESSDATA_PREFIX", str(languages))
    file = languages / "eng.traineddata"
    file.write_bytes(b"English")
    return file


async def read(folder: Path, content: bytes, limits: ParsingLimits | None = None) -> list[Section]:
    """Return the sections of an image."""
    path = folder / "upload"
    path.write_bytes(content)
    parser = ProcessParser()
    kind = await parser.sniff(str(path), "picture.csv")  # whatever it is called
    async with aclosing(parser.parse(str(path), kind, limits or ParsingLimits())) as told:
        return [each async for each in told if isinstance(each, Section)]


def written(kind: str, mode: str = "RGB", **values: object) -> bytes:
    """Return the sentence as an image of some kind."""
    to = io.BytesIO()
    Image.open(io.BytesIO(KEEPER)).convert(mode).save(to, kind, **values)
    return to.getvalue()


def drawn_on_nothing(kind: str) -> bytes:
    """Return the sentence in black on what is clear, as black too where that is not minded."""
    grey = Image.open(io.BytesIO(KEEPER)).convert("L")
    image = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    image.paste("black", mask=grey.point(lambda value: 255 - value))
    to = io.BytesIO()
    image.save(to, kind)
    return to.getvalue()


def deep(kind: str, mode: str, darkest: int, lightest: int) -> bytes:
    """Return the sentence as a scanner writes it, whose greys take more than a byte."""
    step = (lightest - darkest) / 255
    greys = Image.open(io.BytesIO(KEEPER)).convert("F").point(lambda value: value * step + darkest)
    to = io.BytesIO()
    (greys if mode == "F" else greys.convert("I").convert(mode)).save(to, kind)
    return to.getvalue()


IMAGES = {
    "PNG": KEEPER,
    "PNG on nothing": drawn_on_nothing("PNG"),
    "JPEG": written("JPEG"),
    "JPEG for print": written("JPEG", "CMYK"),
    "GIF": written("GIF"),
    "GIF on nothing": drawn_on_nothing("GIF"),
    "WebP": written("WEBP"),
    "BMP": written("BMP"),
    "TIFF of a fax": written("TIFF", "1", compression="group4"),
    "TIFF": written("TIFF", compression="tiff_lzw"),
    "PNG of a scanner": deep("PNG", "I;16", 8_000, 60_000),
    "TIFF of a scanner": deep("TIFF", "I;16B", 8_000, 60_000),
    "TIFF of twelve bits": deep("TIFF", "I;16", 300, 4_000),
    "TIFF of fractions": deep("TIFF", "F", 0, 1),
}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("kind", IMAGES)
async def test_an_image_of_text_is_read(tmp_path: Path, kind: str) -> None:
    """What it shows is recognised, in a process with limits like every other."""
    (section,) = await read(tmp_path, IMAGES[kind])
    assert (section.text, section.page) == (SENTENCE, None)


@pytest.mark.usefixtures("installed")
async def test_an_image_of_pages_is_read_page_by_page(tmp_path: Path) -> None:
    """Each has its number; an empty one says nothing."""
    pages = [Image.open(io.BytesIO(each)).convert("1") for each in (picture(""), KEEPER)]
    fax = io.BytesIO()
    KEEPER_PAGE.save(fax, "TIFF", save_all=True, append_images=pages)
    sections = await read(tmp_path, fax.getvalue())
    assert [(each.page, each.text) for each in sections] == [(1, SENTENCE), (3, SENTENCE)]


@pytest.mark.usefixtures("installed")
async def test_a_large_photo_is_read(tmp_path: Path) -> None:
    """With as many dots as reading needs."""
    photo = io.BytesIO()
    KEEPER_PAGE.convert("L").resize((5_000, 7_100)).save(photo, "JPEG")
    (section,) = await read(tmp_path, photo.getvalue())
    assert section.text == SENTENCE


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (picture(""), ParsingFault.NOTHING_RECOGNISED),
        (KEEPER[:200], ParsingFault.BROKEN),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0" + bytes(56), ParsingFault.BROKEN),
        (written("GIF")[:300], ParsingFault.BROKEN),
    ],
    ids=["blank", "half", "no BMP", "half a GIF"],
)
async def test_an_image_without_text_says_so(tmp_path: Path, content: bytes, fault: ParsingFault) -> None:
    """One that shows none, and one that is damaged, are told apart."""
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, content)
    assert refused.value.fault is fault


@pytest.mark.usefixtures("installed")
async def test_an_image_too_large_to_unpack_is_refused(tmp_path: Path) -> None:
    """Also where it is the second page, which nobody looks at first."""
    bomb = io.BytesIO()
    huge = Image.new("1", (20_000, 6_000), 1)
    KEEPER_PAGE.save(bomb, "TIFF", save_all=True, append_images=[huge], compression="group4")
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, bomb.getvalue())
    assert (refused.value.fault, refused.value.page) == (ParsingFault.TOO_LARGE, 2)


async def test_without_languages_an_image_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is missing, and what the reader or an administrator can do."""
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, KEEPER)
    assert refused.value.fault is ParsingFault.NO_RECOGNITION
    assert refused.value.public == "Text recognition is not installed."
    assert "administrator" in (refused.value.advice or "")


@pytest.mark.usefixtures("english")
async def test_languages_that_cannot_be_loaded_are_as_good_as_none(tmp_path: Path) -> None:
    """Nobody's image is called damaged for it."""
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, KEEPER)
    assert refused.value.fault is ParsingFault.NO_RECOGNITION


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("does", "fault"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", ParsingFault.TOO_LARGE),
        ("while True: pass", ParsingFault.TOO_SLOW),
    ],
    ids=["crashes", "hangs"],
)
async def test_a_library_that_fails_ends_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, fault: ParsingFault
) -> None:
    """Its process goes, in its time; the reader tells why."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "tesserocr.py").write_text(does, encoding="utf-8")
    monkeypatch.syspath_prepend(str(library))
    began = time.monotonic()
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, KEEPER, ParsingLimits(recognition_seconds=2))
    assert refused.value.fault is fault
    assert time.monotonic() - began < 30


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a program on the path that tells its arguments; return those it is to be given."""
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncat > /dev/null; echo "$*"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return f"--tessdata-dir {tmp_path}/languages - - -l eng --psm 1 --dpi 300\n"


@pytest.mark.usefixtures("english")
def test_where_the_library_has_no_wheel_the_program_is_asked(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same languages, found by us."""
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    assert recognition.text_of(DOT, dots=300) == program


@pytest.fixture
def unloadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a library that is no library for this machine, for us and for the processes we start."""
    library = tmp_path / "library"
    library.mkdir()
    (library / f"tesserocr{EXTENSION_SUFFIXES[0]}").write_bytes(b"\x7fELF of another machine")
    monkeypatch.syspath_prepend(str(library))
    monkeypatch.setenv("PYTHONPATH", str(library))


@pytest.mark.usefixtures("english", "unloadable")
def test_where_the_library_does_not_load_the_program_is_asked(program: str) -> None:
    """It is there, as far as can be seen without loading it."""
    assert recognition.text_of(DOT, dots=300) == program


@pytest.mark.usefixtures("english", "unloadable")
def test_where_neither_is_there_text_is_not_recognised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The picture is not called damaged."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ParsingFailed) as refused:
        recognition.text_of(DOT)
    assert refused.value.fault is ParsingFault.NO_RECOGNITION
