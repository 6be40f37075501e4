"""A reader of one event stream over a bare socket: what arrives is counted as it is, headers and framing included."""

import asyncio
import re
import time
import zlib
from dataclasses import dataclass, field

_NUMBERED = re.compile(rb"t(\d{4})")


class _Body:
    """Takes a response apart: headers, chunks, and gzip when the server chose to pack."""

    def __init__(self) -> None:
        self._rest = b""
        self._unpack: zlib._Decompress | None = None
        self._in_body = False

    def feed(self, data: bytes) -> bytes:
        """Return the content that *data* completes."""
        self._rest += data
        if not self._in_body and not self._headers():
            return b""
        content = b""
        while (end := self._rest.find(b"\r\n")) >= 0:
            size = int(self._rest[:end], 16)
            if len(self._rest) < end + 2 + size + 2:
                break
            content += self._rest[end + 2 : end + 2 + size]
            self._rest = self._rest[end + 2 + size + 2 :]
        return self._unpack.decompress(content) if self._unpack else content

    def _headers(self) -> bool:
        head, found, rest = self._rest.partition(b"\r\n\r\n")
        if found:
            self._rest, self._in_body = rest, True
            if b"content-encoding: gzip" in head.lower():
                self._unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
        return bool(found)


@dataclass(slots=True)
class Follower:
    """What one reader of one answer saw, and when.

    Attributes:
        arrivals: (seconds since the epoch, bytes).
        seen: (number of the highest token, seconds since the epoch).
    """

    arrivals: list[tuple[float, int]] = field(default_factory=list)
    seen: list[tuple[int, float]] = field(default_factory=list)

    async def follow(self, port: int, generation: str, token: str) -> None:
        """Read an answer's event stream to its end, as a browser would ask for it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(
                f"GET /api/v1/generations/{generation}/events HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
                "Accept: text/event-stream\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode()
            )
            body = _Body()
            while data := await reader.read(65536):
                now = time.time()
                self.arrivals.append((now, len(data)))
                if numbers := _NUMBERED.findall(body.feed(data)):
                    self.seen.append((int(numbers[-1]), now))
        finally:
            writer.close()
