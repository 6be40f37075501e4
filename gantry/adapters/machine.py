"""What the machine has to offer."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

from gantry.domain.errors import Unavailable

LEAST_BYTES = 8_000_000  # below that a database cannot be relied on to write
_ADVICE = {
    errno.ENOSPC: "Free some space on its disk, or point DATA_DIR to a larger one.",
    errno.EDQUOT: "Raise the quota of the account that runs Gantry, or point DATA_DIR elsewhere.",
    errno.EROFS: "Mount its disk for writing, or point DATA_DIR elsewhere.",
    errno.ENOTDIR: "Point DATA_DIR to a folder.",
    errno.EEXIST: "Point DATA_DIR to a folder.",
}


def require_space(folder: Path, least_bytes: int = LEAST_BYTES) -> None:
    """Raise Unavailable when the disk of *folder* is as good as full; looks, and writes nothing."""
    if shutil.disk_usage(folder).free < least_bytes:
        raise Unavailable("The disk is full.", advice="Free some space on the disk of DATA_DIR.")


def free_bytes(folder: Path) -> int:
    """Return the free space of a folder in which a file can be written.

    Raises:
        Unavailable: It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
        return shutil.disk_usage(folder).free
    except OSError as error:
        advice = _ADVICE.get(
            error.errno or 0, "Give it to the account that runs Gantry: chown -R {account} {folder}"
        )
        raise Unavailable(
            f"{folder} cannot be written: {os.strerror(error.errno or 0)}.",
            advice=advice.format(account=os.geteuid(), folder=folder),
        ) from error
