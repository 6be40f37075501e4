"""Archives as files in folders, and those that were made by the clock."""

import re
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from gantry.adapters.archive.reader import TarReader, opened
from gantry.adapters.archive.writer import TarWriter, creating

_OURS = re.compile(r"gantry-[0-9]{8}-[0-9]{6}\.tar")


class TarArchives:
    """Implements ``domain.archive.ArchiveStore``."""

    def create(self, path: str, created_at: datetime) -> AbstractContextManager[TarWriter]:
        """Begin an archive; see ``archive_writer.creating``."""
        return creating(Path(path), created_at)

    def open(self, path: str) -> AbstractContextManager[TarReader]:
        """Open and check one; see ``archive_reader.opened``."""
        return opened(Path(path))


class BackupFolder:
    """A folder of archives named after the moment they were made, in UTC. Other files in it are left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file_for(self, moment: datetime) -> Path:
        """Return the name of an archive made at *moment*."""
        return self.path / f"gantry-{moment.astimezone(UTC):%Y%m%d-%H%M%S}.tar"

    def list_archives(self) -> list[Path]:
        """Return the archives of this folder, newest first."""
        if not self.path.is_dir():
            return []
        named = (file for file in self.path.iterdir() if _OURS.fullmatch(file.name) and file.is_file())
        return sorted(named, key=lambda file: file.name, reverse=True)

    def newest_age_seconds(self) -> float | None:
        """Return the age of the newest archive; None when there is none."""
        found = self.list_archives()
        return max(0.0, time.time() - found[0].stat().st_mtime) if found else None

    def keep(self, count: int) -> list[Path]:
        """Remove all but the *count* newest; returns what was removed."""
        old = self.list_archives()[count:]
        for file in old:
            file.unlink(missing_ok=True)
        return old
