"""Where a reader takes its bytes from: a file on the disk, or the attachment of a message, which is in memory alone."""

import io
from pathlib import Path
from typing import BinaryIO

Source = str | bytes


def opened(source: Source) -> BinaryIO:
    """Open a file, or what is in memory like one."""
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def raw_of(source: Source) -> bytes:
    """Return all of it."""
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def size_of(source: Source) -> int:
    """Return its length in bytes."""
    return len(source) if isinstance(source, bytes) else Path(source).stat().st_size
