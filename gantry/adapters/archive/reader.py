"""Reading an archive that may be damaged, or made to do damage: nothing is believed, and memory stays bounded."""

import hashlib
import os
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gantry.adapters.archive import tar
from gantry.domain.archive import (
    MAX_LINE_BYTES,
    ArchivedFile,
    ArchivedTable,
    ArchiveRefused,
    Manifest,
    Tally,
    damaged,
    document_line,
)
from gantry.domain.errors import NotFound, Unavailable

_CHUNK = 256 * 1024
_MAX_MANIFEST_BYTES = 16 * 1024 * 1024
_GZIP = 31


@contextmanager
def opened(path: Path) -> Generator["TarReader"]:
    """Yield a reader once every byte of the file has been compared with its seal.

    Raises:
        NotFound: There is no such file.
        ArchiveRefused: It is damaged, or no archive of ours.
    """
    try:
        with path.open("rb") as file:
            yield TarReader(file, _checked_seal(file))
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {os.strerror(error.errno or 0)}.") from error


def _checked_seal(file: BinaryIO) -> tar.Seal:
    size = file.seek(0, os.SEEK_END)
    body = size - tar.SEAL_BYTES
    if body < tar.BLOCK:
        raise ArchiveRefused("This file is not an archive of Gantry, or only the beginning of one.")
    file.seek(body)
    seal = tar.Seal.from_bytes(file.read(tar.SEAL_BYTES))
    file.seek(0)
    found = hashlib.sha256()
    left = body
    while left and (chunk := file.read(min(_CHUNK, left))):
        found.update(chunk)
        left -= len(chunk)
    if left or found.hexdigest() != seal.sha256:
        raise damaged("its contents are not what they were when it was made")
    return seal


class TarReader:
    """Implements ``domain.archive.ArchiveReader``."""

    def __init__(self, file: BinaryIO, seal: tar.Seal) -> None:
        self._file = file
        self._seal = seal
        self.manifest = Manifest.from_json(self._read_manifest())
        file.seek(0)

    def _read_manifest(self) -> bytes:
        self._file.seek(self._seal.manifest_at)
        name, size = self._header()
        if name != tar.MANIFEST or size > _MAX_MANIFEST_BYTES:
            raise damaged("its manifest is not where it should be")
        return self._exactly(size)

    def lines(self, table: ArchivedTable) -> Iterator[bytes]:
        """Yield the rows of the next table; its count, size and hash are compared at the end."""
        whole, rows, size = hashlib.sha256(), 0, 0
        for number in range(1, table.parts + 1):
            for line in self._part(table, number, table.tally.bytes - size):
                ended = line + b"\n"
                whole.update(ended)
                rows, size = rows + 1, size + len(ended)
                yield line
        if Tally(rows, size, whole.hexdigest()) != table.tally:
            raise damaged(f"the rows of {table.layout.name} are not those of its manifest")

    def documents(self) -> Iterator[ArchivedFile]:
        """Yield the documents, each to be read to its end; they are compared with the manifest at the end."""
        told = self.manifest.documents
        whole, size, before = hashlib.sha256(), 0, []
        for _ in range(told.count):
            name, length = self._header()
            path = tar.document_path(name)
            size += length
            if path.split("/") <= before or size > told.bytes:
                raise damaged("the documents are not those of its manifest")
            before = path.split("/")
            one = hashlib.sha256()
            document = ArchivedFile(path, length, self._hashed(length, one))
            yield document
            for _rest in document.chunks:
                pass
            self._skip_padding(length)
            whole.update(document_line(document, one.hexdigest()))
        if Tally(told.count, size, whole.hexdigest()) != told:
            raise damaged("the documents are not those of its manifest")

    def finish(self) -> None:
        """Refuse an archive in which anything else is left."""
        if self._file.tell() != self._seal.manifest_at:
            raise damaged("it contains something that is not named by its manifest")
        _name, size = self._header()
        self._exactly(size)
        self._skip_padding(size)
        if self._file.read() != self._seal.to_bytes():
            raise damaged("something stands between its manifest and its end")

    def _part(self, table: ArchivedTable, number: int, most: int) -> Iterator[bytes]:
        name, size = self._header()
        if name != tar.part_name(table.layout.name, number):
            raise damaged(f"it contains {name!a:.80}, which is not named by its manifest")
        rest = bytearray()
        for data in self._unpacked(size, most):
            *ended, begun = data.split(b"\n")
            for line in ended:
                rest += line
                yield bytes(rest)
                rest.clear()
            rest += begun
            if len(rest) > MAX_LINE_BYTES:
                raise damaged("a row is too large")
        if rest:
            raise damaged("a row is cut off")
        self._skip_padding(size)

    def _unpacked(self, size: int, most: int) -> Iterator[bytes]:
        """Yield a gzip member of *size* bytes unpacked; never more than *most* bytes come of it."""
        unzip = zlib.decompressobj(_GZIP)
        made = 0
        for packed in self._chunks(size):
            for data in _emptied(unzip, packed):
                made += len(data)
                if made > most:
                    raise damaged("it unpacks to more than its manifest says")
                yield data
        if not unzip.eof or unzip.unused_data:
            raise damaged("a part is cut off, or something follows it")

    def _header(self) -> tuple[str, int]:
        name, size = tar.read_header(self._exactly(tar.BLOCK), self._seal.created)
        return name, size

    def _hashed(self, size: int, into: "hashlib._Hash") -> Iterator[bytes]:
        for chunk in self._chunks(size):
            into.update(chunk)
            yield chunk

    def _chunks(self, size: int) -> Iterator[bytes]:
        while size:
            chunk = self._exactly(min(_CHUNK, size))
            size -= len(chunk)
            yield chunk

    def _skip_padding(self, size: int) -> None:
        if self._exactly(tar.padding(size)).strip(b"\0"):
            raise damaged("something is hidden between its members")

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise damaged("it is cut off")
        return data


def _emptied(unzip: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """Yield all that comes of *packed*, in pieces; some of it may wait in the decompressor after its input is used up."""
    try:
        while data := unzip.decompress(packed, _CHUNK):
            yield data
            packed = unzip.unconsumed_tail
            if unzip.eof:
                return
    except zlib.error as error:
        raise damaged("a part cannot be unpacked") from error
