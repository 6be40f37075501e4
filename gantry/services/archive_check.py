"""Reading a backup to its end. Without any package: it can be done on whatever machine the file is kept."""

from gantry.domain.archive import ArchiveStore, Manifest, tally_documents
from gantry.domain.archive_rows import decode


def verify(store: ArchiveStore, path: str) -> Manifest:
    """Read an archive to its end and return what is in it; needs no installation.

    Raises:
        ArchiveRefused: It is damaged, or holds anything but what its manifest says.
    """
    with store.open(path) as archive:
        for table in archive.manifest.tables:
            for line in archive.lines(table):
                decode(table.layout, line)
        tally_documents(archive.documents())
        archive.finish()
        return archive.manifest
