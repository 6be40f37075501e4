"""Writing an archive: streamed, hashed on the way, named when it is whole."""

import fcntl
import hashlib
import os
import re
import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gantry.adapters.archive import tar
from gantry.domain.archive import (
    MAX_LINE_BYTES,
    ArchivedFile,
    ArchivedTable,
    Layout,
    Manifest,
    Tally,
    document_line,
)
from gantry.domain.errors import Conflict, Invalid, Unavailable

_PART_BYTES = 4 * 1024 * 1024  # before compression; a part is made in memory, because a tar tells sizes first
_GZIP = 31  # zlib's number for a gzip header, with neither name nor time in it
_PARTIAL = re.compile(r"\..+\.[0-9]+\.partial")


@contextmanager
def creating(path: Path, created_at: datetime) -> Generator["TarWriter"]:
    """Yield a writer for *path*; the file has another name, and is removed, unless it is sealed.

    Raises:
        Conflict: There is such a file.
        Unavailable: The file cannot be written, for example because the disk is full.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise Conflict(f"{path} exists already.", advice="Give another name, or remove it first.")
        remove_partials(path.parent)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # tells a writer at work from one that died
            yield TarWriter(file, partial, path, created_at)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {os.strerror(error.errno or 0)}.") from error
    finally:
        partial.unlink(missing_ok=True)


def remove_partials(folder: Path) -> None:
    """Remove what writers left that were killed."""
    for left in folder.iterdir():
        if not _PARTIAL.fullmatch(left.name):
            continue
        with left.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            left.unlink(missing_ok=True)


class TarWriter:
    """Implements ``domain.archive.ArchiveWriter``."""

    def __init__(self, file: BinaryIO, partial: Path, path: Path, created_at: datetime) -> None:
        self._file = file
        self._partial = partial
        self._path = path
        self._created = int(created_at.timestamp())
        self._hash = hashlib.sha256()
        self._at = 0

    def add_table(self, layout: Layout, lines: Iterable[bytes]) -> ArchivedTable:
        """Write rows in parts of a few megabytes."""
        whole, rows, size, parts = hashlib.sha256(), 0, 0, 0
        part = _Part()
        for line in lines:
            if len(line) > MAX_LINE_BYTES:
                raise Invalid(f"A row of {layout.name} is too large to be archived.")
            ended = line + b"\n"
            whole.update(ended)
            part.add(ended)
            rows, size = rows + 1, size + len(ended)
            if part.size >= _PART_BYTES:
                parts += 1
                self._add(tar.part_name(layout.name, parts), part.compressed())
                part = _Part()
        if part.size:
            parts += 1
            self._add(tar.part_name(layout.name, parts), part.compressed())
        return ArchivedTable(layout, parts, Tally(rows, size, whole.hexdigest()))

    def add_documents(self, documents: Iterable[ArchivedFile]) -> Tally:
        """Write files as they are."""
        whole, count, size = hashlib.sha256(), 0, 0
        for document in documents:
            one = hashlib.sha256()
            self._write(tar.header(f"{tar.DOCUMENTS}/{document.path}", document.size, self._created))
            for chunk in document.chunks:
                one.update(chunk)
                self._write(chunk)
            self._write(bytes(tar.padding(document.size)))
            whole.update(document_line(document, one.hexdigest()))
            count, size = count + 1, size + document.size
        return Tally(count, size, whole.hexdigest())

    def seal(self, manifest: Manifest) -> int:
        """End the file, bring it to the disk, and rename it."""
        manifest_at = self._at
        self._add(tar.MANIFEST, manifest.to_json())
        end = tar.Seal(self._created, manifest_at, self._hash.hexdigest()).to_bytes()
        self._file.write(end)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._partial.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._at + len(end)

    def _add(self, name: str, content: bytes) -> None:
        self._write(tar.header(name, len(content), self._created))
        self._write(content)
        self._write(bytes(tar.padding(len(content))))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._at += len(data)


class _Part:
    """Lines, compressed while they come."""

    def __init__(self) -> None:
        self._zip = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        self._chunks: list[bytes] = []
        self.size = 0

    def add(self, line: bytes) -> None:
        self.size += len(line)
        self._chunks.append(self._zip.compress(line))

    def compressed(self) -> bytes:
        return b"".join((*self._chunks, self._zip.flush()))
