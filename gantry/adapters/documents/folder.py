"""The folder of documents, as archives read and replace it."""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gantry.domain.archive import ArchivedFile
from gantry.domain.errors import Unavailable
from gantry.domain.messages import _

_CHUNK = 256 * 1024


class LocalDocuments:
    """Implements ``domain.archive.DocumentFolder`` for *root*, which need not exist."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list_documents(self) -> Iterator[ArchivedFile]:
        """Yield every regular file; one that is removed meanwhile is left out. Links are not followed."""
        yield from _documents(self._root, "")

    @contextmanager
    def staging(self) -> Generator["StagedDocuments"]:
        """Open an empty folder beside the documents."""
        folder = self._root.with_name(f"{self._root.name}.restoring")
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)  # left by a restore that was killed
        try:
            folder.mkdir(parents=True)
            yield StagedDocuments(folder, self._root)
        except OSError as error:
            raise Unavailable(
                _("{folder} cannot be written: {what}.", folder=folder, what=os.strerror(error.errno or 0))
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class StagedDocuments:
    """Implements ``domain.archive.Staging``."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root

    def add(self, document: ArchivedFile) -> None:
        """Store one; its path was checked by the reader."""
        path = self._folder / document.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.writelines(document.chunks)

    def take_over(self) -> None:
        """Put the folder in the place of the documents."""
        former = self._root.with_name(f"{self._root.name}.replaced")
        shutil.rmtree(former, ignore_errors=True)
        with suppress(FileNotFoundError):
            self._root.rename(former)
        self._folder.rename(self._root)
        shutil.rmtree(former, ignore_errors=True)


def _documents(folder: Path, prefix: str) -> Iterator[ArchivedFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _documents(folder / entry.name, f"{path}/")
        elif entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError), (folder / entry.name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                yield ArchivedFile(path, size, _chunks(file, size, path))


def _chunks(file: BinaryIO, size: int, path: str) -> Iterator[bytes]:
    while size:
        chunk = file.read(min(_CHUNK, size))
        if not chunk:
            raise Unavailable(
                _("The document {path} was cut short while it was read.", path=path), advice=_("Try again.")
            )
        size -= len(chunk)
        yield chunk
