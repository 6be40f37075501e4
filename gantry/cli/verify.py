"""``python -m gantry verify``: whether a backup is whole.

It needs no settings, no installation, and no package but Python's own: a backup can be checked where it is kept.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from gantry.adapters.archive.store import TarArchives
from gantry.domain.archive import Manifest
from gantry.domain.errors import Conflict, GantryError
from gantry.services.archive_check import verify

INSTALL = """Gantry's packages are not installed for this Python: {python}
Use the Python that has them, as in .venv/bin/python -m gantry, or install them in Gantry's folder with: make setup
(without make: python3 -m venv .venv, then .venv/bin/python -m pip install --require-hashes -r requirements.txt)"""


def add_verify_command(commands: Any) -> None:
    """Add the command to the parser's; it sets ``run``."""
    check = commands.add_parser("verify", help="check a whole backup and show what is in it")
    check.add_argument("file", metavar="FILE")
    check.add_argument(
        "--against-database",
        action="store_true",
        help="also compare counts and hashes with this installation",
    )
    check.set_defaults(run=_verify)


def main_without_packages(arguments: Sequence[str] | None = None) -> int:
    """Do what can be done without the packages: check a backup. Returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] != ["verify"] or "--against-database" in words:
        print(INSTALL.format(python=sys.executable), file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(prog="python -m gantry")
    add_verify_command(parser.add_subparsers(metavar="COMMAND"))
    try:
        _verify(parser.parse_args(words))
    except GantryError as error:
        print(f"{error.public} {error.advice}".rstrip(), file=sys.stderr)
        return 1
    return 0


def _verify(chosen: argparse.Namespace) -> None:
    if not chosen.against_database:
        print(told(verify(TarArchives(), chosen.file)))
        print("The backup is whole.")
        return
    from gantry import bootstrap  # noqa: PLC0415 - needs the packages
    from gantry.settings import load_settings  # noqa: PLC0415

    rows = bootstrap.archives(load_settings()).compare(chosen.file)
    print(f"  {'':<16} {'backup':>10} {'here':>10}")
    for row in rows:
        archived, found = (str(tally.count) if tally else "none" for tally in (row.archived, row.found))
        says = "equal" if row.equal else "DIFFERENT"
        print(f"  {row.name:<16} {archived:>10} {found:>10}  {says}")
    different = [row.name for row in rows if not row.equal]
    if different:
        raise Conflict(f"The backup and this installation differ in: {', '.join(different)}.")
    print("The backup is whole, and this installation has the same rows and documents.")


def told(manifest: Manifest) -> str:
    """Return what is in a backup, a line for each table."""
    lines = [f"This is {origin(manifest)}, schema {manifest.revision}."]
    lines += [f"  {table.layout.name:<16} {table.tally.count:>10,} rows" for table in manifest.tables]
    documents = manifest.documents
    lines.append(f"  {'documents':<16} {documents.count:>10,} files, {size(documents.bytes)}")
    return "\n".join(lines)


def origin(manifest: Manifest) -> str:
    """Return when a backup was made, and by what."""
    return (
        f"the backup of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC ({manifest.product}, {manifest.engine})"
    )


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
