"""What an import of a large export costs, in time and memory: ``python -m bench --import``.

Each step runs in a process of its own, with all services loaded before its clock starts. Meanwhile somebody else writes ten times
a second: from the same process, as a person does who chats on a server that imports, and on SQLite from another one, as beside
``python -m gantry import``.
"""

import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from bench.app import SECRET
from bench.foreign import write_export
from bench.processes import ROOT
from bench.report import Earlier, Line, Section, percentile, rendered
from gantry.adapters.importing import ExportFiles
from gantry.bootstrap import Built, build
from gantry.domain.accounts import SYSTEM, Actor, Role
from gantry.repositories import migrations
from gantry.services.import_rows import Choice
from gantry.settings import Settings
from tests.parts.postgres import running_postgres

EXPORT_MB = 1000.0
_SPEED, _HELD_MB, _WAIT_MS = 5.0, 120.0, 200.0
_EVERY = 0.1  # seconds between what somebody else writes
_STEPS = ("import", "again", "undo")
_DONE = {"import": "import", "again": "import again, which adds nothing", "undo": "undo"}


def import_bench(megabytes: float, kinds: Sequence[str], before: Earlier) -> list[Section]:
    """Measure reading, then each kind of database; each section is printed when it is measured."""
    sections: list[Section] = []

    def tell(title: str, lines: list[Line]) -> None:
        sections.append(Section(title, tuple(lines)))
        print(rendered(sections[-1], before), flush=True)

    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as name:
        path = Path(name) / "conversations.json"
        conversations, messages = write_export(path, megabytes)
        size = path.stat().st_size / 1e6
        tell(
            f"An export of ChatGPT: {size:,.0f} MB, {conversations:,} conversations, {messages:,} messages",
            _lines("reading alone", _step("read", path, name, "-"), size, messages),
        )
        for kind in kinds:
            with _database(kind, Path(name)) as url:
                lines = _lines("dry run", _step("dry run", path, name, url), size, messages)
                for step in _STEPS:
                    lines += _lines(_DONE[step], _step(step, path, name, url), size, messages)
                tell(f"{kind}: importing {size:,.0f} MB", lines)
    return sections


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/gantry.db"
        if kind == "postgresql":
            url = stack.enter_context(running_postgres(durable=True))
        migrations.upgrade(url)
        yield url


def _step(step: str, *arguments: object) -> dict[str, Any]:
    print(f"  … {step}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "bench.importing", step, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _lines(what: str, found: dict[str, Any], megabytes: float, messages: int) -> list[Line]:
    seconds = found["seconds"]
    lines = [
        Line(f"{what}: speed", megabytes / seconds, "MB/s"),
        Line(f"{what}: messages", messages / seconds, "/s"),
        Line(f"{what}: CPU time of this process", found["cpu"] / seconds, "cores"),
        Line(f"{what}: memory, most held above the start", found["held"], "MB", _HELD_MB),
    ]
    for who, waits in found["waits"].items():
        for share in (0.5, 0.99, 1.0):
            name = f"{100 * share:g} %" if share < 1 else "longest"
            budget = _WAIT_MS if share == 0.99 else None
            lines.append(Line(f"{what}: a write {who} waits, {name}", percentile(waits, share), "ms", budget))
    return lines


# In the child process


@dataclass(slots=True)
class _Measured:
    """Time, memory and waits of a step."""

    began: float
    cpu: float
    held: int
    waits: dict[str, list[float]]

    @classmethod
    def begin(cls) -> "_Measured":
        """Begin to measure."""
        # Forget the peak so far, which a process takes from its parent.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return cls(time.monotonic(), time.process_time(), psutil.Process().memory_info().rss, {})

    def end(self) -> None:
        """Print what was measured."""
        status = Path("/proc/self/status").read_text(encoding="ascii")
        most = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        print(
            json.dumps(
                {
                    "seconds": time.monotonic() - self.began,
                    "cpu": time.process_time() - self.cpu,
                    "held": max(0, most - self.held) / 1e6,
                    "waits": self.waits,
                }
            )
        )


def _read_only(path: Path) -> None:
    measured = _Measured.begin()
    for _ in ExportFiles(100_000_000_000).open(str(path), path.name).found():
        pass
    measured.end()


async def _with_services(step: str, path: Path, folder: Path, url: str) -> None:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        database_url=url,  # pyright: ignore[reportArgumentType]
        secret_key=SECRET,  # pyright: ignore[reportArgumentType]
        probe_local_models=False,
        embedding_model="lexical",
        data_dir=folder,
        import_max_mb=100_000,
    )
    async with build(settings) as built:
        who = await _person(built, "ann@example.org")
        other = await _person(built, "ben@example.org")
        measured = _Measured.begin()
        async with asyncio.TaskGroup() as group:
            beside = group.create_task(_chat(built, other, measured.waits))
            with _another_process(url, measured.waits) if step == "import" else contextlib.nullcontext():
                await _STEP[step](built, who, path)
            beside.cancel()
        measured.end()


async def _person(built: Built, email: str) -> Actor:
    found = await built.services.people.find_account(SYSTEM, email)
    if found is None:
        found, _ = await built.services.people.create_account(SYSTEM, email, email[:3], Role.USER, None)
    return Actor(found.id, found.email, found.name, found.role)


async def _chat(built: Built, who: Actor, waits: dict[str, list[float]]) -> None:
    """Write, and note how long it takes; again a tenth of a second after that."""
    took = waits.setdefault("of the same process", [])
    while True:
        await asyncio.sleep(_EVERY)
        began = time.perf_counter()
        async with built.services.imports.database.begin() as tx:
            await tx.session.execute(
                text("UPDATE account SET name = name WHERE email = :email"), {"email": who.email}
            )
        took.append((time.perf_counter() - began) * 1000)


@contextlib.contextmanager
def _another_process(url: str, waits: dict[str, list[float]]) -> Iterator[None]:
    """Write to SQLite from outside meanwhile."""
    if not url.startswith("sqlite"):
        yield
        return
    command = [sys.executable, "-m", "bench.importing", "beside", url.removeprefix("sqlite:///")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as beside:
        try:
            yield
        finally:
            told, _ = beside.communicate("")
    waits["of another process"] = json.loads(told)


def _beside(path: str) -> None:
    """Write again and again, a tenth of a second between, until the input ends; then print how long each took."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    took: list[float] = []
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
        while not ended.wait(_EVERY):
            began = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE account SET name = name WHERE email = 'ben@example.org'")
            database.execute("COMMIT")
            took.append((time.perf_counter() - began) * 1000)
    print(json.dumps(took))


async def _import(built: Built, who: Actor, path: Path) -> None:
    await built.services.imports.import_file(who, str(path), path.name, Choice())


async def _dry_run(built: Built, who: Actor, path: Path) -> None:
    await built.services.imports.import_file(who, str(path), path.name, Choice(dry_run=True))


async def _undo(built: Built, who: Actor, path: Path) -> None:
    *_later, first = await built.services.imports.list_imports(who)
    await built.services.imports.undo(who, first.id)


_STEP: dict[str, Callable[[Built, Actor, Path], Awaitable[None]]] = {
    "dry run": _dry_run,
    "import": _import,
    "again": _import,
    "undo": _undo,
}


def _child(step: str, *arguments: str) -> None:
    if step == "beside":
        _beside(*arguments)
        return
    path, folder, url = arguments
    if step == "read":
        _read_only(Path(path))
    else:
        asyncio.run(_with_services(step, Path(path), Path(folder), url))


if __name__ == "__main__":
    _child(*sys.argv[1:])
