"""A PDF file of objects that are given as they stand in it."""

import io
import zlib
from collections.abc import Sequence


def written(objects: Sequence[bytes]) -> bytes:
    """Return a file of these objects, the first of which is its catalog."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places: list[int] = []
    for number, each in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + each + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{place:010d} 00000 n \n".encode() for place in places)
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def stream(content: bytes, entries: str = "") -> bytes:
    """Return a stream of *content*, compressed."""
    return packed_stream(zlib.compress(content), entries)


def packed_stream(packed: bytes, entries: str = "") -> bytes:
    """Return a stream of what is compressed already."""
    return (
        f"<< {entries} /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
        + packed
        + b"\nendstream"
    )
