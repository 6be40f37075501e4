"""Pictures for models: decoded within limits, turned upright, scaled, and written anew without what stood beside the dots."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from PIL import Image, ImageOps, UnidentifiedImageError

from gantry.adapters.parsing.source import Source, opened
from gantry.domain.parsing import ParsingFailed, ParsingFault
from gantry.domain.pictures import JPEG, MAX_SIDE, PNG

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_DEEP = {"I", "I;16", "I;16B", "I;16L", "F"}  # Pillow cuts what is above 255, which leaves a white page
_MAX_DOTS = 100_000_000  # decoded at once
_LARGE_PNG = 1_000_000  # bytes; a photo is far smaller as a JPEG
_QUALITY = 88


def scaled(source: Source) -> tuple[str, bytes]:
    """Return media type and bytes of a picture that is small enough; of one that moves, the first frame.

    Raises:
        ParsingFailed: It is damaged, too large when decoded, or none of the kinds that are taken.
    """
    with decoded(source) as picture:
        if picture.format == "JPEG":
            picture.draft("RGB", (2 * MAX_SIDE, 2 * MAX_SIDE))  # decodes no more dots than needed
        return _written(_plain(picture))


@contextmanager
def decoded(source: Source, formats: tuple[str, ...] = _FORMATS) -> Iterator[Image.Image]:
    """Open a picture, whose dots are decoded when they are asked for.

    Raises:
        ParsingFailed: As above.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = _MAX_DOTS
    try:
        with opened(source) as file, Image.open(file, formats=formats) as picture:
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ParsingFailed(ParsingFault.TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise ParsingFailed(ParsingFault.BROKEN) from error


def shallow(picture: Image.Image) -> Image.Image:
    """Return a picture whose greys take more than a byte, as scanners write them, with greys of one, from its darkest to its lightest."""
    if picture.mode not in _DEEP:
        return picture
    deep = picture.convert("F")
    darkest, lightest = cast("tuple[float, float]", deep.getextrema())
    scale = 255 / ((lightest - darkest) or 1)
    grey = deep.point(lambda dot: dot * scale - darkest * scale).convert("L")
    grey.info.pop("transparency", None)  # a grey of the old ones
    return grey


def _plain(picture: Image.Image) -> Image.Image:
    """Return it upright, in colours that every reader knows, and no larger than needed."""
    picture = shallow(picture)
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    small = picture if picture.mode == mode else picture.convert(mode)
    small.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    upright = ImageOps.exif_transpose(small)
    plain = Image.new(upright.mode, upright.size)  # a new one carries no metadata along
    plain.paste(upright)
    return plain


def _written(picture: Image.Image) -> tuple[str, bytes]:
    as_png = io.BytesIO()
    picture.save(as_png, "PNG", optimize=False)
    if picture.mode == "RGBA" or as_png.tell() <= _LARGE_PNG:
        return PNG, as_png.getvalue()
    as_jpeg = io.BytesIO()
    picture.save(as_jpeg, "JPEG", quality=_QUALITY)
    return JPEG, as_jpeg.getvalue()
