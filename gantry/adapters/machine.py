"""What the machine has to offer."""

import os
import shutil
import tempfile
from pathlib import Path

from gantry.domain.errors import Unavailable


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
        raise Unavailable(
            f"{folder} cannot be written: {os.strerror(error.errno or 0)}.",
            advice=f"Give it to the account that runs Gantry: chown -R {os.geteuid()} {folder}",
        ) from error
