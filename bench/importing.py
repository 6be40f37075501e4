"""``python -m bench.importing``: what an import of a large export costs, in time and memory.

An export of ChatGPT is generated (``--mb``, 300 by default), read once without storing anything, and once as a dry run and
an import into a new SQLite database. Memory is the most this process has held, above what it held before.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from gantry import bootstrap
from gantry.adapters.importing import ExportFiles
from gantry.domain.accounts import SYSTEM, Actor, Role
from gantry.repositories import migrations
from gantry.services.import_rows import Choice
from gantry.settings import load_settings

WORDS = [
    "tide",
    "moon",
    "harbour",
    "water",
    "ebb",
    "flow",
    "pull",
    "of",
    "the",
    "and",
    "a",
    "in",
    "spring",
    "neap",
    "coast",
    "boat",
    "rope",
    "wind",
    "sand",
    "salt",
    "gull",
    "buoy",
]


def write_export(path: Path, megabytes: int) -> int:
    """Write an export of about that size; returns how many conversations it has."""
    random = Random(7)
    count = 0
    with path.open("w") as file:
        file.write("[")
        while file.tell() < megabytes * 1_000_000:
            file.write(("," if count else "") + json.dumps(_conversation(random, count)))
            count += 1
        file.write("]")
    return count


def _conversation(random: Random, number: int) -> dict[str, Any]:
    mapping: dict[str, Any] = {"r": {"id": "r", "parent": None, "children": ["n0"], "message": None}}
    for at in range(24):
        parts = [" ".join(random.choices(WORDS, k=random.choice((15, 40, 250))))]
        message = {
            "id": f"n{at}",
            "author": {"role": "assistant" if at % 2 else "user"},
            "create_time": 1767261600.5 + at,
            "content": {"content_type": "text", "parts": parts},
            "metadata": {"model_slug": "gpt-9"},
        }
        parent = f"n{at - 1}" if at else "r"
        mapping[f"n{at}"] = {"id": f"n{at}", "parent": parent, "children": [f"n{at + 1}"], "message": message}
    return {
        "title": f"Tides {number}",
        "conversation_id": f"c{number}",
        "current_node": "n23",
        "mapping": mapping,
    }


def most_held() -> float:
    """Return the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read_only(path: Path) -> None:
    """Read everything in the file, and keep nothing."""
    export = ExportFiles(100_000_000_000).open(str(path), path.name)
    for _ in export.found():
        pass


async def imported(path: Path, folder: Path, *, dry_run: bool) -> None:
    """Import the file into a database of its own."""
    os.environ["DATA_DIR"] = str(folder)

    settings = load_settings()
    migrations.upgrade(settings.database_url)
    async with bootstrap.build(settings) as built:
        people = built.services.people
        person = await people.find_account(SYSTEM, "ann@example.org")
        if person is None:
            person, _ = await people.create_account(SYSTEM, "ann@example.org", "Ann", Role.USER, None)
        who = Actor(person.id, person.email, person.name, person.role)
        await built.services.imports.import_file(who, str(path), path.name, Choice(dry_run=dry_run))


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=300)
    parser.add_argument("--read-only", action="store_true", help="do not store it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conversations.json"
        count = write_export(path, chosen.mb)
        megabytes = path.stat().st_size / 1_000_000
        print(f"{megabytes:,.0f} MB, {count:,} conversations, {24 * count:,} messages")
        steps: list[tuple[str, Any]] = [("read", lambda: read_only(path))]
        if not chosen.read_only:
            data = Path(folder) / "data"
            steps += [
                ("dry run", lambda: asyncio.run(imported(path, data, dry_run=True))),
                ("import, SQLite", lambda: asyncio.run(imported(path, data, dry_run=False))),
            ]
        for name, step in steps:
            before, began = most_held(), time.monotonic()
            step()
            seconds = time.monotonic() - began
            print(
                f"{name}: {megabytes / seconds:,.1f} MB/s, {24 * count / seconds:,.0f} messages/s, "
                f"at most {most_held():,.0f} MB held, {most_held() - before:,.0f} MB more than before"
            )


if __name__ == "__main__":
    main()
