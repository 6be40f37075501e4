"""Pictures of text: decoded within limits, and read by text recognition, which is given nothing but dots."""

import time
from collections.abc import Iterator
from itertools import islice

from PIL import Image, ImageSequence

from gantry.adapters.parsing import recognition, scaling
from gantry.adapters.parsing.source import Source, size_of
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")
_OF_PAGES = "TIFF"  # of any other, the first frame is read
_GREY = {"1", "L"}
_PIXELS = 16_000_000  # of a page as it is read; two pages of A4 at 300 dots an inch
_MAX_PIXELS = 100_000_000  # of a page as it is decoded


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each page."""
    size = size_of(source)
    yield Progress(0, size)
    until = time.monotonic() + min(recognition.SECONDS, limits.recognition_seconds)
    with scaling.decoded(source, _FORMATS) as picture:
        count = getattr(picture, "n_frames", 1) if picture.format == _OF_PAGES else 1
        for number, frame in enumerate(islice(ImageSequence.Iterator(picture), count), 1):
            page = number if count > 1 else None
            found = recognition.text_of(_dots(frame, page), page, seconds=max(0, until - time.monotonic()))
            if any(letter.isalnum() for letter in found):
                lines = [line.rstrip() for line in found.split("\n")]
                yield Section("\n".join(lines).strip("\n"), page=page)
    yield Progress(size, size)


def _dots(picture: Image.Image, page: int | None) -> bytes:
    """Return what a picture shows as PGM or PPM; what is clear is white."""
    if picture.width * picture.height > _MAX_PIXELS:  # the first page alone was looked at when it was opened
        raise ParsingFailed(ParsingFault.TOO_LARGE, page=page)
    shown = _opaque(picture)
    scale = (_PIXELS / (shown.width * shown.height)) ** 0.5
    if scale < 1:
        sides = (max(1, int(shown.width * scale)), max(1, int(shown.height * scale)))
        shown = shown.resize(sides, Image.Resampling.BOX)
    kind = 5 if shown.mode == "L" else 6
    return b"P%d %d %d 255\n" % (kind, *shown.size) + shown.tobytes()


def _opaque(picture: Image.Image) -> Image.Image:
    picture = scaling.shallow(picture)
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        shown = Image.new("RGB", seen.size, "white")
        shown.paste(seen, mask=seen.getchannel("A"))
        return shown
    return picture.convert("L" if picture.mode in _GREY else "RGB")
