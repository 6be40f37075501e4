"""Text recognition by Tesseract, where the machine has it: a process of its own for each picture, with its time."""

import os
import shutil
import subprocess
from functools import lru_cache

from gantry.domain.parsing import ParsingFailed, ParsingFault

_COMMAND = "tesseract"
SECONDS = 120  # for one picture
_MAX_LANGUAGES = 6  # at once; each takes its time
_NOT_LANGUAGES = {"osd", "equ", "snum"}


def is_installed() -> bool:
    """Whether pictures can be read here."""
    try:
        return shutil.which(_COMMAND) is not None and bool(_languages())
    except ParsingFailed:  # it does not start
        return False


@lru_cache(1)
def _languages() -> tuple[str, ...]:
    told = _run(["--list-langs"], b"").decode("utf-8", "replace").splitlines()[1:]
    names = [line.strip() for line in told if line.strip() and line.strip() not in _NOT_LANGUAGES]
    usual = sorted(names, key=lambda name: (name != "eng", name.startswith("script/"), name))
    return tuple(usual[:_MAX_LANGUAGES])


def text_of(picture: bytes, page: int | None = None, *, seconds: float = SECONDS, dots: int = 0) -> str:
    """Return the text in a picture (PNG, JPEG, TIFF, WebP, BMP, GIF or PNM); the pages of a TIFF end with form feeds.

    Args:
        picture: The bytes of the file.
        page: Where it stands in a document.
        seconds: How long it may take.
        dots: How many there are to an inch, where the picture does not say it.

    Raises:
        ParsingFailed: It is not installed, took too long, or could make nothing of the picture.
    """
    if not is_installed():
        raise ParsingFailed(ParsingFault.NO_RECOGNITION, page=page)
    # Mode 1 also finds out which way is up.
    arguments = ["-", "-", "-l", "+".join(_languages()), "--psm", "1"]
    if dots:
        arguments += ["--dpi", str(dots)]
    found = _run(arguments, picture, page, seconds)
    return found.decode("utf-8", "replace").replace("\r\n", "\n")


def _run(arguments: list[str], given: bytes, page: int | None = None, seconds: float = SECONDS) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the picture comes through its input
            [_COMMAND, *arguments],
            input=given,
            capture_output=True,
            timeout=seconds,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise ParsingFailed(ParsingFault.TOO_SLOW, page=page) from error
    except subprocess.CalledProcessError as error:
        killed = error.returncode < 0
        raise ParsingFailed(ParsingFault.TOO_LARGE if killed else ParsingFault.BROKEN, page=page) from error
    except OSError as error:
        raise ParsingFailed(ParsingFault.NO_RECOGNITION, page=page) from error
    return done.stdout
