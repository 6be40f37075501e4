"""What an archive holds: the manifest, and the promises its file format gives.

An archive is one file with every row and every document. Its rows are written the same way whichever database they
came from, in the order of their keys, so that equal contents have equal hashes on SQLite and PostgreSQL.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gantry.domain.errors import Invalid

FORMAT = 1
MAX_LINE_BYTES = 64 * 1024 * 1024  # of one row; what a reader may have to hold at once
VECTORS = "rebuild"  # they are an index: made again from the rows
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ArchiveRefused(Invalid):
    """The archive cannot be used: damaged, of another version, or not an archive."""

    kind = "archive-refused"


def damaged(reason: str) -> ArchiveRefused:
    """Return the refusal of an archive that is not as it was written."""
    return ArchiveRefused(f"This archive is damaged: {reason}.", advice="Use another backup.")


class Kind(StrEnum):
    """What a column holds, in words that both databases share."""

    UUID = "uuid"
    TEXT = "text"
    MOMENT = "datetime"
    JSON = "json"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of something there is, and its hash."""

    count: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A table: its columns by name, in order of their names, and the columns of its key."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArchivedTable:
    """A table in an archive, cut into *parts*."""

    layout: Layout
    parts: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says about itself. Tables stand in an order in which foreign keys are kept.

    ``fingerprint`` tells whether two archives or installations have the same SECRET_KEY, and not which.
    """

    product: str
    created_at: datetime
    engine: str
    revision: str
    fingerprint: str
    tables: tuple[ArchivedTable, ...]
    documents: Tally

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(table.tally.count for table in self.tables)

    def to_json(self) -> bytes:
        """Return the manifest as it is written."""
        told = {
            "format": FORMAT,
            "product": self.product,
            "created_at": self.created_at.isoformat(),
            "engine": self.engine,
            "revision": self.revision,
            "secret_key_fingerprint": self.fingerprint,
            "vectors": VECTORS,
            "tables": [
                {
                    "name": table.layout.name,
                    "columns": dict(table.layout.columns),
                    "key": list(table.layout.key),
                    "parts": table.parts,
                    "rows": table.tally.count,
                    "bytes": table.tally.bytes,
                    "sha256": table.tally.sha256,
                }
                for table in self.tables
            ],
            "documents": {
                "files": self.documents.count,
                "bytes": self.documents.bytes,
                "sha256": self.documents.sha256,
            },
        }
        return json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, written: bytes) -> "Manifest":
        """Read a manifest, believing nothing.

        Raises:
            ArchiveRefused: It is of a later format, or not a manifest.
        """
        try:
            told = json.loads(written)
            if told["format"] != FORMAT:
                raise ArchiveRefused(
                    f"This archive has format {told['format']!s:.20}; this version of Gantry reads format {FORMAT}.",
                    advice="Use the version of Gantry that made it.",
                )
            manifest = cls(
                product=_text(told["product"]),
                created_at=datetime.fromisoformat(told["created_at"]),
                engine=_text(told["engine"]),
                revision=_text(told["revision"]),
                fingerprint=_text(told["secret_key_fingerprint"]),
                tables=tuple(_table(table) for table in told["tables"]),
                documents=_tally(told["documents"], "files"),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise damaged("its manifest cannot be read") from error
        if len({table.layout.name for table in manifest.tables}) != len(manifest.tables):
            raise damaged("a table is named twice")
        return manifest


def _table(told: Any) -> ArchivedTable:
    columns = tuple((_name(name), Kind(kind)) for name, kind in sorted(told["columns"].items()))
    key = tuple(_name(name) for name in told["key"])
    return ArchivedTable(
        Layout(_name(told["name"]), columns, key), _whole(told["parts"]), _tally(told, "rows")
    )


def _tally(told: Any, counted: str) -> Tally:
    if not _SHA256.fullmatch(told["sha256"]):
        raise ValueError("not a SHA-256")
    return Tally(_whole(told[counted]), _whole(told["bytes"]), told["sha256"])


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError("not a count")
    return number


def _text(text: Any) -> str:
    """Return a short text that may be printed on a terminal."""
    if not text.isprintable() or len(text) > 100:
        raise ValueError("not a text")
    return str(text)


def _name(name: Any) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("not a name")
    return str(name)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file; ``path`` has slashes and is relative. ``chunks`` can be read once, before the next document is asked for."""

    path: str
    size: int
    chunks: Iterator[bytes]


def tally_lines(lines: Iterable[bytes]) -> Tally:
    """Count and hash rows as an archive does."""
    whole, count, size = hashlib.sha256(), 0, 0
    for line in lines:
        ended = line + b"\n"
        whole.update(ended)
        count, size = count + 1, size + len(ended)
    return Tally(count, size, whole.hexdigest())


def tally_documents(documents: Iterable[ArchivedFile]) -> Tally:
    """Count and hash files as an archive does: names, sizes and contents."""
    whole, count, size = hashlib.sha256(), 0, 0
    for document in documents:
        one = hashlib.sha256()
        for chunk in document.chunks:
            one.update(chunk)
        whole.update(document_line(document, one.hexdigest()))
        count, size = count + 1, size + document.size
    return Tally(count, size, whole.hexdigest())


def document_line(document: ArchivedFile, sha256: str) -> bytes:
    """Return what the hash over all documents is made of."""
    return f"{document.size} {sha256} {document.path}\n".encode()


class ArchiveWriter(Protocol):
    """An archive being made: tables, then documents, then ``seal``. Nothing has the archive's name before that."""

    def add_table(self, layout: Layout, lines: Iterable[bytes]) -> ArchivedTable:
        """Write rows, a line each without its end, in the order of their key."""
        ...

    def add_documents(self, documents: Iterable[ArchivedFile]) -> Tally:
        """Write files in the order of their paths' parts."""
        ...

    def seal(self, manifest: Manifest) -> int:
        """Write the manifest, make the file safe on disk and give it its name; returns its size in bytes."""
        ...


class ArchiveReader(Protocol):
    """An archive whose every byte has been compared with its seal. Read tables and documents in order, then ``finish``.

    All methods raise ArchiveRefused where the contents are not what the manifest says.
    """

    @property
    def manifest(self) -> Manifest:
        """What it says about itself."""
        ...

    def lines(self, table: ArchivedTable) -> Iterator[bytes]:
        """Yield the rows of *table*."""
        ...

    def documents(self) -> Iterator[ArchivedFile]:
        """Yield the documents."""
        ...

    def finish(self) -> None:
        """Make sure that nothing else is in it."""
        ...


class Staging(Protocol):
    """A folder of documents beside the real one."""

    def add(self, document: ArchivedFile) -> None:
        """Store one."""
        ...

    def take_over(self) -> None:
        """Make these the documents, in place of those that are there."""
        ...


class DocumentFolder(Protocol):
    """Where documents are kept."""

    def list_documents(self) -> Iterator[ArchivedFile]:
        """Yield every file in the order of its path's parts."""
        ...

    def staging(self) -> AbstractContextManager[Staging]:
        """Open an empty staging folder; what was not taken over is removed at the end of the block."""
        ...


class ArchiveStore(Protocol):
    """Archives as files. Paths are given as text."""

    def create(self, path: str, created_at: datetime) -> AbstractContextManager[ArchiveWriter]:
        """Begin an archive; without ``seal`` nothing is left of it. Conflict when *path* exists."""
        ...

    def open(self, path: str) -> AbstractContextManager[ArchiveReader]:
        """Open one and compare every byte with its seal. ArchiveRefused, NotFound."""
        ...
