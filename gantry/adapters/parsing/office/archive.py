"""An archive that inflates to so much and no more, and the parts of an Office file inside it."""

import posixpath
import zipfile
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self
from urllib.parse import unquote

from gantry.adapters.parsing.office.xml import Element, name_of, starts, tree, value
from gantry.adapters.parsing.source import Source, opened
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits

_USUAL_PARTS = ("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml")
_MAX_TREE = 60_000_000  # bytes of a part that is read as a whole


@dataclass(frozen=True, slots=True)
class Relation:
    """What one part says of another: ``kind`` is the last word of its type, such as ``slide``."""

    id: str
    kind: str
    target: str


class _Bounded:
    """A member of an archive that takes from the archive's budget what it really inflates to."""

    def __init__(self, file: IO[bytes], archive: "Archive", limit: int) -> None:
        self._file = file
        self._archive = archive
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, 65_536) if size >= 0 else 65_536)
        self._left -= len(data)
        self._archive.left -= len(data)
        if self._left < 0 or self._archive.left < 0:
            raise ParsingFailed(ParsingFault.TOO_LARGE)
        return data


class Archive:
    """The members by their names, whatever case and slashes they were written with."""

    def __init__(self, source: Source, limits: ParsingLimits) -> None:
        try:
            self._zip = zipfile.ZipFile(opened(source))
        except zipfile.BadZipFile as error:
            raise ParsingFailed(ParsingFault.BROKEN) from error
        self._members = {_plain(info.filename): info for info in reversed(self._zip.infolist())}
        self.left = limits.inflated_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._members

    @property
    def names(self) -> list[str]:
        """The names of all members, in small letters."""
        return list(self._members)

    @property
    def encrypted(self) -> bool:
        """Whether any member needs a password."""
        return any(info.flag_bits & 1 for info in self._members.values())

    def size(self, name: str) -> int:
        """Return how long a member says it is."""
        return self._members[_plain(name)].file_size

    def stream(self, name: str, limit: int | None = None) -> _Bounded:
        """Open a member.

        Raises:
            ParsingFailed: It is not there, or says that it is too long.
        """
        info = self._members.get(_plain(name))
        if info is None:
            raise ParsingFailed(ParsingFault.BROKEN)
        if info.flag_bits & 1:
            raise ParsingFailed(ParsingFault.ENCRYPTED)
        limit = self.left if limit is None else min(limit, self.left)
        if info.file_size > limit:
            raise ParsingFailed(ParsingFault.TOO_LARGE)
        return _Bounded(self._zip.open(info), self, limit)

    def bytes_of(self, name: str, limit: int = _MAX_TREE) -> bytes:
        """Return a whole member."""
        file = self.stream(name, limit)
        pieces: list[bytes] = []
        while piece := file.read():
            pieces.append(piece)
        return b"".join(pieces)

    def tree(self, name: str, *, with_doctype: bool = False) -> Element:
        """Return the root of a member that is XML."""
        return tree(self.stream(name, _MAX_TREE), with_doctype=with_doctype)

    def main_part(self) -> str | None:
        """Return the part that everything else of an Office file hangs on, wherever it lies."""
        for each in self.relations():
            if each.kind == "officeDocument":
                return each.target
        if "[Content_Types].xml" in self:
            for told in self.tree("[Content_Types].xml"):
                part = value(told, "PartName").lstrip("/")
                if value(told, "ContentType").endswith(".main+xml") and part in self:
                    return part
        return next((part for part in _USUAL_PARTS if part in self), None)

    def root_name(self, part: str) -> str:
        """Return the name of a part's outermost element."""
        return next((name_of(each) for each in starts(self.stream(part))), "")

    def relations(self, part: str = "") -> list[Relation]:
        """Return what a part says of others, in its order; the archive's own relations without *part*."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self:
            return []
        found: list[Relation] = []
        for each in self.tree(path):
            if name_of(each).endswith("Relationship") and value(each, "TargetMode") != "External":
                kind = value(each, "Type").rpartition("/")[2]
                found.append(Relation(value(each, "Id"), kind, _joined(folder, value(each, "Target"))))
        return [each for each in found if each.target in self]

    def parts(self, part: str) -> dict[str, list[str]]:
        """Return the parts that *part* names, by their kind; where it names none of a kind, the one beside it."""
        found: dict[str, list[str]] = {}
        for each in self.relations(part):
            found.setdefault(each.kind, []).append(each.target)
        folder = posixpath.dirname(part)
        for kind in ("styles", "numbering", "sharedStrings"):
            beside = posixpath.join(folder, f"{kind}.xml")
            if kind not in found and beside in self:
                found[kind] = [beside]
        return found

    def part_of(self, part: str, id_: str) -> str | None:
        """Return the part that *part* names so."""
        return next((each.target for each in self.relations(part) if each.id == id_), None)


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _joined(folder: str, target: str) -> str:
    target = unquote(target.replace("\\", "/"))
    joined = target if target.startswith("/") else posixpath.join(folder, target)
    return posixpath.normpath(joined).lstrip("/")
