"""A ZIP written to nobody in particular: what is ready is taken away at once."""

import asyncio
import time
import zipfile
from collections.abc import AsyncIterator
from typing import Any

_READY_BYTES = 64 * 1024
_MODE = 0o600 << 16  # of the files that are unpacked: their owner's


class _Sink:
    """Takes what ``zipfile`` writes; it cannot be gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is here."""

    def take(self, at_least: int = 1) -> bytes:
        """Return what is there, if it is as much as asked for."""
        if len(self._held) < at_least:
            return b""
        taken = bytes(self._held)
        self._held.clear()
        return taken


class StreamedZip:
    """Implements ``domain.exporting.ZipStream``; of the contents it holds a piece, of the members their names."""

    def __init__(self) -> None:
        self._sink = _Sink()
        to: Any = self._sink  # it is said to take files only
        self._zip = zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED)

    async def member(self, name: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Write a member, and yield what is ready."""
        info = zipfile.ZipInfo(name, time.gmtime()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, _MODE
        with self._zip.open(info, "w", force_zip64=True) as file:
            held = bytearray()
            async for piece in content:
                held += piece
                if len(held) >= _READY_BYTES:
                    await asyncio.to_thread(file.write, bytes(held))
                    held.clear()
                    if ready := self._sink.take(_READY_BYTES):
                        yield ready
            file.write(bytes(held))
        if ready := self._sink.take(_READY_BYTES):
            yield ready

    def end(self) -> bytes:
        """Return the list of members, which stands at the end."""
        self._zip.close()
        return self._sink.take()
