"""``python -m gantry import FILE --owner EMAIL``: bring conversations in from another product's export."""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from gantry.domain.accounts import SYSTEM, Actor, normal_email
from gantry.domain.errors import Invalid, NotFound
from gantry.domain.imports import PRODUCTS, Receipt, Undone
from gantry.domain.text import counted
from gantry.places import typed
from gantry.settings import Settings, load_settings


def add_import_command(commands: Any) -> None:
    """Add ``import`` to the parser's commands."""
    new = commands.add_parser("import", help="bring conversations in from another product's export")
    new.add_argument("file", metavar="FILE", nargs="?", help=f"an export of {PRODUCTS}")
    new.add_argument("--owner", metavar="EMAIL", required=True, help="whose conversations they become")
    new.add_argument("--dry-run", action="store_true", help="only say what would be added")
    new.add_argument("--json", action="store_true", help="print the receipt as JSON")
    new.add_argument("--remember", action="store_true", help="let memory read what they say")
    new.add_argument("--undo", metavar="ID", help="remove what an import added")
    new.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    from gantry import bootstrap  # noqa: PLC0415 - ``--help`` and mistakes answer at once

    settings = load_settings()
    bootstrap.require_schema(settings)
    if chosen.undo:
        print(asyncio.run(_undo(settings, chosen)))
        return
    if chosen.file is None:
        raise Invalid("Name the file to import.", advice=typed("import FILE --owner EMAIL"))
    path = Path(cast("str", chosen.file))
    if not path.exists():
        raise Invalid(f"There is no file {path}.")
    with _as_file(path) as file:
        print(asyncio.run(_import(settings, file, chosen)))


@contextmanager
def _as_file(path: Path) -> Iterator[Path]:
    """Yield the file itself; of a folder, as Jan keeps its threads in one, a ZIP."""
    if path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.make_archive(str(Path(folder) / (path.name or "folder")), "zip", path))


async def _import(settings: Settings, path: Path, chosen: argparse.Namespace) -> str:
    from gantry import bootstrap  # noqa: PLC0415
    from gantry.services.import_rows import Choice  # noqa: PLC0415

    async with bootstrap.build(settings) as built:
        who = await _owner(built.services, chosen)
        choice = Choice(dry_run=chosen.dry_run, remember=chosen.remember)
        run, receipt = await built.services.imports.import_file(who, str(path), path.name, choice)
    told = receipt.to_json() | ({"id": str(run)} if run else {})
    if chosen.json:
        return json.dumps(told, ensure_ascii=False)
    return _in_words(receipt, run, chosen)


async def _undo(settings: Settings, chosen: argparse.Namespace) -> str:
    from gantry import bootstrap  # noqa: PLC0415

    try:
        run = UUID(chosen.undo)
    except ValueError:
        raise NotFound(f"{chosen.undo} is not the id of an import.") from None
    async with bootstrap.build(settings) as built:
        who = await _owner(built.services, chosen)
        undone = await built.services.imports.undo(who, run)
    if chosen.json:
        return json.dumps(
            {"conversations": undone.conversations, "messages": undone.messages, "left": list(undone.left)},
            ensure_ascii=False,
        )
    return _undone_in_words(undone)


async def _owner(services: Any, chosen: argparse.Namespace) -> Actor:
    email = normal_email(cast("str", chosen.owner))
    found = await services.people.find_account(SYSTEM, email)
    if found is None:
        raise NotFound(f"There is no account {email}.", advice=f"List them with: {typed('user list')}")
    return Actor(found.id, found.email, found.name, found.role)


def _in_words(receipt: Receipt, run: UUID | None, chosen: argparse.Namespace) -> str:
    verb = "This would add" if chosen.dry_run else "Added"
    counts = (
        counted(receipt.conversations, "conversation"),
        counted(receipt.messages, "message"),
        counted(receipt.branches, "branching point"),
        counted(receipt.files, "file"),
    )
    lines = [f"{verb} {', '.join(counts)} ({receipt.format})."]
    if receipt.already:
        lines.append(f"{counted(receipt.already, 'conversation')} here already.")
    if receipt.personas:
        lines.append(f"{counted(receipt.personas, 'project')} as personas, with their documents.")
    if receipt.restored:
        lines.append(f"{counted(receipt.restored, 'conversation')} brought back that had just been deleted.")
    told = receipt.to_json()["skipped"]
    if told:
        lines.append("Not taken:")
        lines += [f"  {each['what']}: {each['why']}" for each in told]
    if run is not None:
        lines.append(f"To undo it: {typed(f'import --owner {chosen.owner} --undo {run}')}")
    return "\n".join(lines)


def _undone_in_words(undone: Undone) -> str:
    lines = [
        f"Removed {counted(undone.conversations, 'conversation')} and {counted(undone.messages, 'message')}."
    ]
    if undone.left:
        print(
            "Left, because they were changed since:",
            *(f"  {title}" for title in undone.left),
            sep="\n",
            file=sys.stderr,
        )
    return "\n".join(lines)
