"""The command line: ``python -m gantry …``, or ``gantry …`` where it was installed.

Reflex, FastAPI and the services are imported by the command that needs them: ``--help`` and mistakes answer at once.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gantry import __version__
from gantry.cli.exporting import add_export_command
from gantry.cli.failing import CommandError
from gantry.cli.front_end import build
from gantry.cli.importing import add_import_command
from gantry.cli.operations import add_operations_commands
from gantry.cli.serve import serve
from gantry.cli.user import add_user_commands
from gantry.domain.errors import GantryError
from gantry.places import is_installed, typed
from gantry.settings import SettingsError, keep_in, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 not possible now, 2 wrong settings or usage."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], None] | None = getattr(chosen, "run", None)
    if run is None:
        parser.print_help()
        return 2
    if run is not build:  # what it writes is served by others
        os.umask(0o077)  # database, documents and keys are nobody else's
    if folder := getattr(chosen, "data", None):
        keep_in(folder)
    try:
        run(chosen)
    except SettingsError as error:
        print(f"Gantry cannot start with these settings.\n{error}", file=sys.stderr)
        return 2
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    except GantryError as error:
        print(f"{error.public} {error.advice}".rstrip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


class _Parser(argparse.ArgumentParser):
    """The parser of the whole and of each command, all of which are told the folder in the same way."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.add_argument(
            "--data",
            metavar="FOLDER",
            type=_folder,
            default=argparse.SUPPRESS,
            help="where everything is kept, with its own .env (setting DATA_DIR; default: data)",
        )


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("must name a folder")
    return Path(text).expanduser().resolve()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=typed("").rstrip(), description="A self-hosted AI chat.")
    parser.add_argument("--version", action="version", version=f"Gantry {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve everything on one port")
    serving.add_argument("--host", help="address to listen on (setting HOST)")
    serving.add_argument("--port", type=int, help="port to listen on (setting PORT)")
    serving.add_argument(
        "--backend-only", action="store_true", help="without the front end: a web server in front has it"
    )
    serving.set_defaults(run=serve)
    building = commands.add_parser("build", help="compile the front end")
    building.add_argument("--force", action="store_true", help="even when nothing has changed")
    building.add_argument("--out", metavar="FOLDER", help="then write it there, for a static host")
    building.add_argument(
        "--backend", metavar="URL", default="", help="with --out: the address of the backend, if elsewhere"
    )
    building.add_argument(
        "--caddy", metavar="FILE", help="with --out: for Caddy, with its routes and policy in FILE"
    )
    building.set_defaults(run=build)
    again = commands.add_parser("reindex", help="make the vectors of the configured embedding model")
    again.set_defaults(run=_reindex)
    revision = commands.add_parser("revision", help="for developers: write a migration from the tables")
    revision.add_argument("message", help="what it does, in a few words")
    revision.set_defaults(run=_revision)
    add_operations_commands(commands)
    add_user_commands(commands)
    add_import_command(commands)
    add_export_command(commands)
    return parser


def _reindex(_chosen: argparse.Namespace) -> None:
    from gantry.cli.reindex import reindex  # noqa: PLC0415 - see the module's docstring

    reindex(load_settings())


def _revision(chosen: argparse.Namespace) -> None:
    """Write a migration from the difference between the tables and a database that has all migrations."""
    if is_installed():
        raise CommandError("Migrations are written in a clone of Gantry.")
    from gantry.repositories import migrations  # noqa: PLC0415 - see the module's docstring

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/schema.db"
        migrations.upgrade(url)
        migrations.write_revision(url, chosen.message)
