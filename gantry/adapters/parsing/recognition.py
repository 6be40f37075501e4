"""Text recognition by Tesseract, where its languages are: a process of its own for each picture, with its time."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from gantry.adapters.parsing.recogniser import NO_LANGUAGES, NO_LIBRARY
from gantry.domain.parsing import ParsingFailed, ParsingFault

SECONDS = 120  # for one picture
_RECOGNISER = Path(__file__).with_name("recogniser.py")
_LIBRARY = "tesserocr"
_PROGRAM = "tesseract"  # where the library has no wheel, or does not load
_ENDING = ".traineddata"
_CHOSEN = "TESSDATA_PREFIX"
_USUAL = (
    "/usr/share/tesseract-ocr/*/tessdata",  # Debian, Ubuntu
    "/usr/share/tesseract/tessdata",  # Fedora, openSUSE
    "/usr/share/tessdata",  # Arch
    "/opt/homebrew/share/tessdata",
    "/usr/local/share/tessdata",
)
_MAX_LANGUAGES = 6  # at once; each takes its time
_NOT_LANGUAGES = {"osd", "equ", "snum"}


def is_installed() -> bool:
    """Whether pictures can be read here."""
    return (find_spec(_LIBRARY) is not None or shutil.which(_PROGRAM) is not None) and bool(_languages()[1])


def _languages() -> tuple[Path, tuple[str, ...]]:
    """Return the folder of the languages, and which are read; none where there is no such folder."""
    for folder in _folders():
        files = [*folder.glob(f"*{_ENDING}"), *folder.glob(f"script/*{_ENDING}")]
        names = {file.relative_to(folder).as_posix().removesuffix(_ENDING) for file in files} - _NOT_LANGUAGES
        if names:
            usual = sorted(names, key=lambda name: (name != "eng", name.startswith("script/"), name))
            return folder, tuple(usual[:_MAX_LANGUAGES])
    return Path(), ()


def _folders() -> list[Path]:
    if chosen := os.environ.get(_CHOSEN):
        return [Path(chosen), Path(chosen, "tessdata")]
    root = Path("/")
    return [folder for usual in _USUAL for folder in sorted(root.glob(usual[1:]), reverse=True)]


def text_of(picture: bytes, page: int | None = None, *, seconds: float = SECONDS, dots: int = 0) -> str:
    """Return the text in a picture.

    Args:
        picture: Its dots, as PGM or PPM: nobody's file is taken apart by Tesseract.
        page: Where it stands in a document.
        seconds: How long it may take.
        dots: How many there are to an inch, where that is known.

    Raises:
        ParsingFailed: It is not installed, took too long, or could make nothing of the picture.
    """
    if not is_installed():
        raise ParsingFailed(ParsingFault.NO_RECOGNITION, page=page)
    until, code, found = time.monotonic() + seconds, NO_LIBRARY, b""
    for command in _commands(dots):
        code, found = _run(command, picture, page, max(0, until - time.monotonic()))
        if code != NO_LIBRARY:
            break
    if code:
        raise ParsingFailed(_fault(code), page=page)
    return found.decode("utf-8", "replace").replace("\f", "").replace("\r\n", "\n")


def _commands(dots: int) -> Iterator[list[str]]:
    """Yield what reads a picture, each for where the one before is not there."""
    folder, names = _languages()
    together = "+".join(names)
    if find_spec(_LIBRARY) is not None:
        yield [sys.executable, "-P", str(_RECOGNISER), str(folder), together, str(dots)]
    if shutil.which(_PROGRAM) is not None:
        # Mode 1 also finds out which way is up.
        command = [_PROGRAM, "--tessdata-dir", str(folder), "-", "-", "-l", together, "--psm", "1"]
        yield [*command, "--dpi", str(dots)] if dots else command


def _run(command: list[str], given: bytes, page: int | None, seconds: float) -> tuple[int, bytes]:
    """Return how the process ended, and what it wrote."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the picture comes through its input
            command,
            input=given,
            capture_output=True,
            timeout=seconds,
            check=False,
            # Unbuffered, it would read byte by byte.
            env=os.environ | {"OMP_THREAD_LIMIT": "1", "PYTHONUNBUFFERED": ""},
        )
    except subprocess.TimeoutExpired as error:
        raise ParsingFailed(ParsingFault.TOO_SLOW, page=page) from error
    except OSError as error:
        raise ParsingFailed(ParsingFault.NO_RECOGNITION, page=page) from error
    return done.returncode, done.stdout


def _fault(code: int) -> ParsingFault:
    if code in {NO_LIBRARY, NO_LANGUAGES}:
        return ParsingFault.NO_RECOGNITION
    return (
        ParsingFault.TOO_LARGE if code < 0 else ParsingFault.BROKEN
    )  # killed by a limit, or by its own fault
