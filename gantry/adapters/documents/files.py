"""Documents as files: ``DATA_DIR/documents/<account>/<document>``."""

import asyncio
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from gantry.domain.errors import Invalid, NotFound, Unavailable
from gantry.domain.files import Received
from gantry.domain.messages import _

_BLOCK = 1 << 20
_INCOMING = ".incoming"  # beside the documents: backups leave it out, and a rename from it is instant
_ASIDE = ".set-aside"  # likewise, and a restore leaves it alone


class LocalFiles:
    """Implements ``domain.files.FileStore`` for *root*, which need not exist."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root.with_name(f"{root.name}{_INCOMING}")
        self._aside = root.with_name(f"{root.name}{_ASIDE}")

    async def receive(self, body: AsyncIterator[bytes], *, limit_bytes: int) -> Received:
        """Write what comes to a temporary place."""
        path = self._incoming / uuid.uuid4().hex
        digest = hashlib.sha256()
        size = 0
        try:
            file = await asyncio.to_thread(_create, path)
            try:
                held = bytearray()
                async for piece in body:
                    size += len(piece)
                    if size > limit_bytes:
                        raise Invalid(
                            _(
                                "A file may have at most {most} MB.",
                                most=limit_bytes // 1000000,
                            ),
                            advice=_("Split it, or raise MAX_UPLOAD_MB."),
                            person_advice=_("Split it, or ask an administrator to raise the limit."),
                            field="file",
                        )
                    held += piece
                    if len(held) >= _BLOCK:
                        await asyncio.to_thread(_write, file, digest, bytes(held))
                        held.clear()
                await asyncio.to_thread(_write, file, digest, bytes(held))
                await asyncio.to_thread(_flush, file)
            finally:
                file.close()
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _unwritable(error) from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Received(str(path), size, digest.hexdigest())

    async def keep(
        self, received: Received, *, account: UUID, document: UUID, same_as: UUID | None = None
    ) -> None:
        """Make what was received the file of *document*, a second name of the file of *same_as* where there can be one."""
        target = Path(self.path(account=account, document=document))
        known = None if same_as is None else Path(self.path(account=account, document=same_as))

        def move() -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            if known is not None:
                with suppress(OSError):  # it has gone, or the file system has no second names
                    target.hardlink_to(known)
                    Path(received.path).unlink()
                    return
            Path(received.path).replace(target)

        try:
            await asyncio.to_thread(move)
        except OSError as error:
            raise _unwritable(error) from error

    async def discard(self, received: Received) -> None:
        """Remove what was received and is not wanted."""
        await asyncio.to_thread(Path(received.path).unlink, missing_ok=True)

    def path(self, *, account: UUID, document: UUID) -> str:
        """Return where the file of a document is."""
        return str(self._root / account.hex / document.hex)

    async def read(self, *, account: UUID, document: UUID) -> AsyncIterator[bytes]:
        """Yield the file of a document."""
        try:
            file = await asyncio.to_thread(Path(self.path(account=account, document=document)).open, "rb")
        except FileNotFoundError as error:
            raise NotFound(_("This file no longer exists.")) from error
        with file:
            while block := await asyncio.to_thread(file.read, _BLOCK):
                yield block

    async def holds(self, *, account: UUID, document: UUID) -> bool:
        """Return whether the file of a document is there."""
        return await asyncio.to_thread(os.path.isfile, self.path(account=account, document=document))

    async def remove(self, *, account: UUID, documents: Collection[UUID]) -> None:
        """Remove the files of documents."""

        def unlink() -> None:
            for document in documents:
                Path(self.path(account=account, document=document)).unlink(missing_ok=True)
            with suppress(OSError):
                (self._root / account.hex).rmdir()

        await asyncio.to_thread(unlink)

    async def kept(self, *, before: datetime) -> list[tuple[UUID, UUID]]:
        """Return account and document of each file that was kept before that moment."""
        return await asyncio.to_thread(self._kept, before.timestamp())

    def _kept(self, before: float) -> list[tuple[UUID, UUID]]:
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._incoming):
                if entry.stat().st_mtime < before:
                    Path(entry.path).unlink(missing_ok=True)
        return _older(self._root, before)

    async def set_aside(self, files: Collection[tuple[UUID, UUID]]) -> None:
        """Move files out of the documents; their time is that of the move from then on."""
        await asyncio.to_thread(_move, self._root, self._aside, files)

    async def aside(self) -> list[tuple[UUID, UUID]]:
        """Return account and document of each file that was set aside."""
        return await asyncio.to_thread(_older, self._aside, float("inf"))

    async def bring_back(self, files: Collection[tuple[UUID, UUID]]) -> None:
        """Move files that were set aside back among the documents."""
        await asyncio.to_thread(_move, self._aside, self._root, files)

    async def discard_aside(self, *, before: datetime) -> int:
        """Remove what was set aside before that moment."""

        def unlink() -> int:
            found = _older(self._aside, before.timestamp())
            for account, document in found:
                (self._aside / account.hex / document.hex).unlink(missing_ok=True)
            return len(found)

        return await asyncio.to_thread(unlink)


def _older(root: Path, before: float) -> list[tuple[UUID, UUID]]:
    """Return account and document of the files below *root* that were written before that moment."""
    found: list[tuple[UUID, UUID]] = []
    with suppress(FileNotFoundError):
        for folder in os.scandir(root):
            for entry in os.scandir(folder.path) if folder.is_dir() else ():
                with suppress(ValueError, FileNotFoundError):
                    if entry.stat().st_mtime < before:
                        found.append((UUID(folder.name), UUID(entry.name)))
    return found


def _move(source: Path, target: Path, files: Collection[tuple[UUID, UUID]]) -> None:
    for account, document in files:
        name = Path(account.hex, document.hex)
        with suppress(FileNotFoundError):  # another process was quicker
            os.utime(source / name)
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).rename(target / name)
        with suppress(OSError):
            (source / account.hex).rmdir()


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def _write(file: BinaryIO, digest: "hashlib._Hash", block: bytes) -> None:
    digest.update(block)
    file.write(block)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _unwritable(error: OSError) -> Unavailable:
    reason = os.strerror(error.errno) if error.errno else "it failed"
    return Unavailable(
        _("The file could not be stored: {reason}.", reason=reason),
        advice=_("Ask an administrator to free disk space, then try again."),
    )
