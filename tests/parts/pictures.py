"""Pictures as people send them, and as nobody should."""

import io
import struct
import zlib

from PIL import Image


def picture(
    kind: str = "PNG", size: tuple[int, int] = (60, 40), colour: str = "red", **values: object
) -> bytes:
    """Return a picture of one colour, its left quarter black."""
    image = Image.new("RGB", size, colour)
    image.paste("black", (0, 0, size[0] // 4, size[1]))
    written = io.BytesIO()
    image.save(written, kind, **values)
    return written.getvalue()


def turned_photo(size: tuple[int, int] = (2000, 1000)) -> bytes:
    """Return a JPEG that was taken with the camera on its side, and tells where."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Secret Camera"
    return picture("JPEG", size, exif=exif)


def bomb(side: int = 60_000) -> bytes:
    """Return a PNG of a few bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
