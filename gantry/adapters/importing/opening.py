"""Opening an export: one file of JSON, lines of JSON or Markdown, or a ZIP of any of them. Names and endings decide nothing.

Arrays are streamed, an element at a time; everything else is read whole, up to ``MAX_WHOLE``.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gantry.adapters.importing.elements import MAX_WHOLE, Unreadable, elements
from gantry.adapters.importing.reading import found_in
from gantry.adapters.importing.zipped import DAMAGED, Folder, Member, alone, members
from gantry.domain.errors import Invalid
from gantry.domain.importing import Export, Found, Skipped
from gantry.domain.messages import _

_PIECE = 256 * 1024
_MAX_DIRECTORY = 32_000_000  # bytes in which a ZIP lists its members: in memory that is ten times as much


class _Counted:
    """A file that counts what is read of it, and stops where there is more than may be."""

    def __init__(self, export: "_Export", stream: IO[bytes], name: str) -> None:
        self._export, self._stream, self._name = export, stream, name
        self._since = 0  # bytes read since the last element

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._export.read_bytes += len(piece)
        self._since += len(piece)
        if self._since > MAX_WHOLE + _PIECE:
            raise Unreadable(
                _(
                    "one conversation in it is larger than {most} MB; the rest was not read",
                    most=MAX_WHOLE // 1_000_000,
                )
            )
        if self._export.read_bytes > self._export.limit:
            raise Invalid(_("Unpacked, this export is larger than is read here."), field="file")
        return piece

    def element_ended(self) -> None:
        self._since = 0


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """Opens exports; *max_bytes* is how much is read of one, unpacked."""

    max_bytes: int

    def open(self, path: str, name: str) -> Export:
        """See ``domain.importing.Exports``."""
        return _Export(path, name, self.max_bytes)


class _Export:
    def __init__(self, path: str, name: str, limit: int) -> None:
        self._path, self._name, self.limit = path, name, limit
        self.read_bytes = 0
        self._zip = _opened_zip(path)
        try:
            self._members, self._lost = members(self._zip, limit) if self._zip else ((), ())
        except BaseException:
            self.close()
            raise
        self.total_bytes = sum(member.size for member in self._members) or Path(path).stat().st_size

    def found(self) -> Iterator[Found]:
        if self._zip is None:
            with Path(self._path).open("rb") as file:
                yield from self._in(file, alone(self._name), self._name)
            return
        yield from (Found("", each) for each in self._lost)
        folder = Folder(self._zip, self._members)
        for member in self._members:
            if not folder.may_hold_conversations(member):
                if member.path.lower().endswith(".zip"):
                    yield Found(
                        "", Skipped(member.path, _("it is a ZIP within the ZIP; import it by itself"))
                    )
                continue
            try:
                with self._zip.open(member.info) as file:
                    yield from self._in(file, folder.around(member), member.path)
            except NotImplementedError:
                why = _("it is packed in a way that is not read here; unpack it and pack it anew")
                yield Found("", Skipped(member.path, why))
            except DAMAGED as error:
                yield Found(
                    "", Skipped(member.path, _("it is damaged in the ZIP ({error})", error=str(error)))
                )

    def _in(self, file: IO[bytes], around: Member, path: str) -> Iterator[Found]:
        counted = _Counted(self, file, path)
        yield from found_in(elements(counted), around, path)

    def pieces(self, member: str) -> Iterator[bytes]:
        if self._zip is None:
            return
        with self._zip.open(member) as file:
            while piece := file.read(_PIECE):
                yield piece

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()


class _Bounded(io.BufferedReader):
    """A file of which no large part is read at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY:
            raise Invalid(_("There are too many files in this ZIP."), field="file")
        return super().read(size)


class _Zip(zipfile.ZipFile):
    """A ZIP whose list of members, which is read as a whole, has an end."""

    def __init__(self, path: str) -> None:
        self._source = _Bounded(io.FileIO(path))
        try:
            super().__init__(self._source)
        except BaseException:
            self._source.close()
            raise

    def close(self) -> None:
        super().close()
        self._source.close()


def _opened_zip(path: str) -> zipfile.ZipFile | None:
    with Path(path).open("rb") as file:
        if not file.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return None
    try:
        return _Zip(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid(
            _("This ZIP is damaged or was not downloaded to its end."),
            advice=_("Download the export again."),
            field="file",
        ) from error
