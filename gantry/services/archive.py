"""Backup, verify, restore: what an operator does with archives. Nothing here can be reached from a browser."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from gantry import __version__
from gantry.domain.archive import (
    ArchivedFile,
    ArchiveRefused,
    ArchiveStore,
    DocumentFolder,
    Manifest,
    Tally,
    tally_documents,
    tally_lines,
)
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, WrongSchema
from gantry.repositories import migrations
from gantry.repositories.archive import Snapshot, has_rows, snapshot
from gantry.repositories.archive_fill import filling
from gantry.services.archive_check import verify

_PASSING = frozenset({"auth_session"})  # kept, but not put back: a session ended since must stay ended
_FINGERPRINT = b"gantry: fingerprint of SECRET_KEY"


@dataclass(frozen=True, slots=True)
class Made:
    """An archive that was just made."""

    manifest: Manifest
    size: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One table, or the documents, in the archive and in the installation; None where it does not exist."""

    name: str
    archived: Tally | None
    found: Tally | None

    @property
    def equal(self) -> bool:
        """Whether both have the same contents."""
        return self.archived == self.found


@dataclass(frozen=True, slots=True)
class ArchiveService:
    """Everything an installation holds, to one file and back."""

    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    store: ArchiveStore
    documents: DocumentFolder
    now: Callable[[], datetime] = utc_now

    def backup(self, path: str) -> Made:
        """Write everything but temporary conversations, as of one moment, to *path* while the application may go on working.

        Raises:
            Conflict: There is such a file.
            Unavailable: The database or the disk failed; there is no file.
        """
        created_at = self.now().replace(microsecond=0)
        with self.store.create(path, created_at) as archive, snapshot(self.database_url) as source:
            tables = tuple(archive.add_table(layout, source.kept_lines(layout)) for layout in source.layouts)
            manifest = Manifest(
                product=f"Gantry {__version__}",
                created_at=created_at,
                engine=source.engine,
                revision=source.revision,
                fingerprint=self._fingerprint(),
                tables=tables,
                documents=archive.add_documents(self._documents(source)),
            )
            return Made(manifest, archive.seal(manifest))

    def verify(self, path: str) -> Manifest:
        """Read an archive to its end; see ``verify``."""
        return verify(self.store, path)

    def compare(self, path: str) -> list[Compared]:
        """Compare an archive's counts and hashes with the installation as it is now.

        Raises:
            WrongSchema: They have different schemas, so that no row of them would be equal.
        """
        manifest = self.verify(path)
        with snapshot(self.database_url) as source:
            if source.revision != manifest.revision:
                raise WrongSchema(
                    f"The archive has schema {manifest.revision}, the database {source.revision}: "
                    "their rows cannot be compared.",
                    advice="Make a new backup after a migration.",
                )
            archived = {table.layout.name: table.tally for table in manifest.tables}
            found = {layout.name: tally_lines(source.kept_lines(layout)) for layout in source.layouts}
            here = tally_documents(self._documents(source))
        names = [*archived, *(name for name in found if name not in archived)]
        names = [name for name in names if name not in _PASSING]
        rows = [Compared(name, archived.get(name), found.get(name)) for name in names]
        return [*rows, Compared("documents", manifest.documents, here)]

    def require_restorable(self, path: str, *, replace: bool) -> Manifest:
        """Verify an archive, and that it may be restored here.

        Raises:
            ArchiveRefused: It is damaged, or of a later version.
            Conflict: Something is stored here, and it may not be replaced.
        """
        manifest = self.verify(path)
        if not migrations.knows(manifest.revision):
            raise ArchiveRefused(
                f"This archive was made by {manifest.product}, whose schema {manifest.revision} is not known "
                f"to Gantry {__version__}.",
                advice="Install that version or a later one, then restore.",
            )
        if not replace and (has_rows(self.database_url) or any(self.documents.list_documents())):
            raise Conflict(
                "This installation is not empty: nothing has been changed.",
                advice="To replace everything with the archive: --replace",
            )
        return manifest

    def restore(self, path: str, *, replace: bool) -> Manifest:
        """Put an archive in the place of everything; an older one is migrated to this version.

        Nobody is signed in afterwards: among the sessions may be some that were ended since.

        All or nothing for the database, also when the process is killed; documents follow it at once.

        Raises:
            ArchiveRefused: See ``require_restorable``; also when a row does not fit.
            Conflict: Also when something else uses the database.
        """
        manifest = self.require_restorable(path, replace=replace)
        with self.documents.staging() as staging, self.store.open(path) as archive:
            with filling(self.database_url, manifest.revision) as fill:
                for table in archive.manifest.tables:
                    lines = archive.lines(table)
                    fill(table.layout, _none_of(lines) if table.layout.name in _PASSING else lines)
                for document in archive.documents():
                    staging.add(document)
                archive.finish()
            staging.take_over()
        return manifest

    def _documents(self, source: Snapshot) -> Iterator[ArchivedFile]:
        """Yield the documents, but those of conversations that no archive holds."""
        return (each for each in self.documents.list_documents() if not source.passing.is_file(each.path))

    def same_key(self, manifest: Manifest) -> bool:
        """Whether stored keys of model servers can be read here after a restore."""
        return hmac.compare_digest(manifest.fingerprint.encode(), self._fingerprint().encode())

    def _fingerprint(self) -> str:
        return hmac.new(self.secret_key.encode(), _FINGERPRINT, hashlib.sha256).hexdigest()[:32]


def _none_of(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Read *lines*, which an archive checks on the way, and give none of them."""
    for _ in lines:
        pass
    return
    yield
