"""``python -m gantry backup | restore | verify | migrate | doctor``: what keeps an installation safe.

The services are imported by the command that is run: ``--help`` and mistakes answer at once.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantry.cli.verify import add_verify_command, origin, size, told
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, GantryError, Invalid
from gantry.domain.text import counted
from gantry.log import configure
from gantry.settings import Settings, load_settings

if TYPE_CHECKING:
    from gantry.repositories.rehearsal import Rehearsal

KEEP = 7
RETRY_SECONDS = 15 * 60  # after a failed backup, or sooner where they are made more often

log = logging.getLogger(__name__)


def add_operations_commands(commands: Any) -> None:
    """Add the commands to the parser's; each sets ``run``."""
    backup = commands.add_parser("backup", help="save everything to one file, while Gantry may run")
    backup.add_argument("--to", metavar="FILE|FOLDER", help="where to; DATA_DIR/backups by default")
    backup.add_argument(
        "--every", type=_positive, metavar="HOURS", help="keep running and make one this often"
    )
    backup.add_argument(
        "--keep",
        type=_whole,
        metavar="N",
        help=f"remove all but the newest N of the folder ({KEEP} with --every)",
    )
    backup.add_argument(
        "--check",
        action="store_true",
        help="with --every, make none: only check that the newest is recent enough",
    )
    backup.set_defaults(run=_backup)
    add_verify_command(commands)
    restore = commands.add_parser("restore", help="replace everything with a backup; stop Gantry first")
    restore.add_argument("file", metavar="FILE")
    restore.add_argument(
        "--replace", action="store_true", help="replace what is stored here; it will be lost"
    )
    restore.add_argument("--yes", action="store_true", help="do not ask")
    restore.set_defaults(run=_restore)
    doctor = commands.add_parser("doctor", help="check everything and say how to fix it")
    doctor.set_defaults(run=_doctor)
    _add_migrate(commands)


def _add_migrate(commands: Any) -> None:
    migrate = commands.add_parser("migrate", help="bring the database to the schema of this version")
    how = migrate.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="print the SQL, change nothing")
    how.add_argument("--rehearse", action="store_true", help="try it on a copy and report the result")
    how.add_argument("--show", action="store_true", help="print the revision that this version works with")
    how.add_argument("--to", metavar="REVISION", help="go up or down to this revision")
    migrate.set_defaults(run=_migrate)


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 24 * 366:
        raise argparse.ArgumentTypeError("must be above 0 and at most a year")
    return number


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _backup(chosen: argparse.Namespace) -> None:
    settings = load_settings()
    if chosen.check:
        _check_age(settings, chosen)
        return
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(0 if chosen.every else 143)
    )  # an unfinished file goes with it
    if chosen.every is not None:
        configure(settings.log_level, json=settings.production)
        _back_up_for_ever(settings, chosen)
        return
    from gantry.adapters.archive.store import BackupFolder  # noqa: PLC0415

    named = Path(chosen.to) if chosen.to else settings.data_dir / "backups"
    if chosen.to and not named.is_dir() and not chosen.to.endswith("/"):
        if chosen.keep:
            raise Invalid("--keep needs a folder: --to must name one.")
        print(_back_up(settings, named))
        return
    folder = BackupFolder(named)
    print(_back_up(settings, folder.file_for(utc_now())))
    for removed in folder.keep(chosen.keep) if chosen.keep else ():
        print(f"Removed {removed}.")


def _check_age(settings: Settings, chosen: argparse.Namespace) -> None:
    """Refuse when the newest backup is older than the schedule allows: how a container tells its health."""
    from gantry.adapters.archive.store import BackupFolder  # noqa: PLC0415

    if chosen.every is None:
        raise Invalid("--check needs --every: how old a backup may be depends on it.")
    folder = BackupFolder(Path(chosen.to) if chosen.to else settings.data_dir / "backups")
    age = folder.newest_age_seconds()
    allowed = timedelta(hours=chosen.every).total_seconds() + RETRY_SECONDS
    if age is None or age > allowed:
        newest = "There is no backup" if age is None else f"The newest backup is {age / 3600:.1f} hours old"
        raise Invalid(f"{newest} in {folder.path}.", advice="The log of the backup service says why.")
    print(f"The newest backup is {age / 3600:.1f} hours old.")


def _back_up(settings: Settings, path: Path) -> str:
    from gantry import bootstrap  # noqa: PLC0415

    made = bootstrap.archives(settings).backup(str(path))
    documents = made.manifest.documents.count
    log.info(
        "backup.made",
        extra={"path": str(path), "bytes": made.size, "rows": made.manifest.rows, "documents": documents},
    )
    return f"Saved {path} ({size(made.size)}): {counted(made.manifest.rows, 'row')} and {counted(documents, 'document')}."


def _back_up_for_ever(settings: Settings, chosen: argparse.Namespace) -> None:
    """Make a backup as soon as the newest is old enough; what fails is tried again."""
    from gantry.adapters.archive.store import BackupFolder  # noqa: PLC0415

    folder = BackupFolder(Path(chosen.to) if chosen.to else settings.data_dir / "backups")
    every = timedelta(hours=chosen.every).total_seconds()
    log.info("backup.scheduled", extra={"folder": str(folder.path), "every_hours": chosen.every})
    while True:
        age = folder.newest_age_seconds()
        if age is not None and age < every:
            time.sleep(every - age)
        try:
            _back_up(settings, folder.file_for(utc_now()))
            for removed in folder.keep(chosen.keep or KEEP):
                log.info("backup.removed", extra={"path": str(removed)})
        except (GantryError, OSError) as error:
            log.exception("backup.failed", extra={"reason": str(error)})
            time.sleep(min(every, RETRY_SECONDS))


def _restore(chosen: argparse.Namespace) -> None:
    from gantry import bootstrap  # noqa: PLC0415

    settings = load_settings()
    service = bootstrap.archives(settings)
    with bootstrap.out_of_service(settings):
        if chosen.replace and not chosen.yes:
            manifest = service.require_restorable(chosen.file, replace=True)
            _ask(f"Everything in this installation will be replaced by {origin(manifest)}.")
        manifest = service.restore(chosen.file, replace=chosen.replace)
    print(told(manifest))
    print(
        "Restored. Full-text search is ready. Vectors are not in a backup: they are made again from the documents."
    )
    if not service.same_key(manifest):
        print(
            "SECRET_KEY has changed since the backup was made: stored keys of model servers cannot be read.\n"
            "Restore the former SECRET_KEY, or enter the keys again under Administration."
        )


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise Invalid(
            f"{question} There is no terminal to confirm it.", advice="To skip this question: --yes"
        )
    if input(f"{question}\nType yes to go on: ").strip().lower() != "yes":
        raise Conflict("Nothing has been changed.")


def _migrate(chosen: argparse.Namespace) -> None:
    from gantry.repositories import migrations, rehearsal  # noqa: PLC0415

    if chosen.show:
        print(migrations.head())
        return
    settings = load_settings()
    if chosen.dry_run:
        print(
            rehearsal.upgrade_sql(settings.database_url)
            or "-- Nothing to do: the schema is that of this version."
        )
    elif chosen.rehearse:
        _rehearse(settings)
    elif chosen.to:
        migrations.move_to(settings.database_url, chosen.to)
        print(f"The database has the schema {chosen.to}.")
    else:
        from gantry import bootstrap  # noqa: PLC0415

        bootstrap.migrate(settings)
        print("The database has the schema of this version.")


def _rehearse(settings: Settings) -> None:
    from gantry.repositories import rehearsal  # noqa: PLC0415

    done = rehearsal.rehearse(settings.database_url)
    print(
        f"Copied {sum(done.rows_before.values()):,} rows in {done.copy_seconds:.1f} s; the copy is removed again."
    )
    print(f"Migrated the copy from {done.before} to {done.after} in {done.seconds:.1f} s.")
    print("\n".join(_changes(done)))
    if done.failure:
        raise Conflict(
            f"The migration FAILED on the copy: {done.failure}", advice="Nothing has been changed."
        )
    if done.drift:
        raise Conflict(f"The copy differs from the tables of this version: {'; '.join(done.drift)}")
    print("The migration works on this data. Nothing has been changed.")


def _changes(done: "Rehearsal") -> Iterable[str]:
    before, after = done.rows_before, done.rows_after
    changed = [
        f"  {name:<16} {before.get(name, 0):>10,} → {after.get(name, 0):,} rows"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    return changed or ["Every table has as many rows as before."]


def _doctor(_chosen: argparse.Namespace) -> None:
    from gantry.cli.doctor import examine  # noqa: PLC0415

    if not examine():
        raise SystemExit(1)
