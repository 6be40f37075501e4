"""``python -m gantry export``: a person's conversations as a ZIP. The services are imported when it is run."""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gantry.cli.verify import size
from gantry.domain.accounts import Actor, normal_email
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, NotFound, Unavailable
from gantry.domain.exporting import ExportForm
from gantry.domain.text import counted
from gantry.places import typed
from gantry.settings import Settings, load_settings

if TYPE_CHECKING:
    from gantry.services.exporting import Told


def add_export_command(commands: Any) -> None:
    """Add ``export`` to the parser's commands."""
    export = commands.add_parser("export", help="write a person's conversations to a ZIP file")
    export.add_argument("--owner", metavar="EMAIL", required=True, help="whose conversations")
    export.add_argument(
        "--format",
        choices=[form.value for form in ExportForm],
        default=ExportForm.JSON.value,
        help="json has everything and can be imported (the default); the others are for reading",
    )
    export.add_argument("--out", metavar="FILE", help="where to (default: a name with the date, here)")
    export.set_defaults(run=_export)


def _export(chosen: argparse.Namespace) -> None:
    """Write the file; what could not be finished is removed."""
    settings = load_settings()
    path = Path(chosen.out or f"gantry-export-{utc_now():%Y-%m-%d-%H%M%S}.zip")
    try:
        file = path.open("xb")
    except FileExistsError as error:
        raise Conflict(f"{path} exists already.", advice="Choose another name: --out FILE") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with file:
            told = asyncio.run(_written(settings, chosen, file))
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    print(
        f"Saved {path} ({size(path.stat().st_size)}): {counted(told.conversations, 'conversation')}, "
        f"{counted(told.messages, 'message')} and {counted(told.files, 'file')}."
    )
    for name in told.instead:
        print(f"This could not be made a PDF, and is there as Markdown: {name}")


async def _written(settings: Settings, chosen: argparse.Namespace, file: BinaryIO) -> "Told":
    from gantry import bootstrap  # noqa: PLC0415
    from gantry.repositories import migrations  # noqa: PLC0415
    from gantry.repositories.database import Database  # noqa: PLC0415

    migrations.require_head(await asyncio.to_thread(migrations.current, settings.database_url))
    async with Database(settings.database_url) as database:
        who = await _owner(database, normal_email(chosen.owner))
        export = await bootstrap.exports(settings, database).several(who, ExportForm(chosen.format))
        async for piece in export.content:
            file.write(piece)
    return export.told


async def _owner(database: Any, email: str) -> Actor:
    async with database.read() as tx:
        found = await tx.accounts.find_by_email(email)
    if found is None:
        raise NotFound(f"There is no account {email}.", advice=f"List them with: {typed('user list')}")
    return Actor(found.id, found.email, found.name, found.role)
