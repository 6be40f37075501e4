"""The house holds together: imports are quiet, requirements are pinned, documents are true."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from docs import generate
from gantry.models import Row
from gantry.runtime import Services

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_requirement_is_pinned(name: str) -> None:
    """What we install is named with its exact version."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    loose = [line for line in lines if line and not line.startswith("-r") and "==" not in line]
    assert loose == []


def test_the_configuration_page_is_true() -> None:
    """Every setting is documented with its default; `make docs` writes both files."""
    assert (ROOT / "docs" / "configuration.md").read_text() == generate.configuration()
    assert (ROOT / ".env.example").read_text() == generate.example()


def test_importing_reads_no_environment_and_opens_nothing() -> None:
    """No module but Reflex's own configuration reads settings, opens a file for writing, or a socket when imported."""
    program = """
import importlib, os, pkgutil, sys
import reflex, reflex.model, alembic.command, fastapi, sqlmodel, psycopg, aiosqlite, redis, uvicorn, websockets.server, cryptography.fernet
import gantry
os.environ = type("Guarded", (dict,), {"__getitem__": lambda s, k: bad(k), "get": lambda s, k, d=None: bad(k)})(os.environ)
def bad(key):
    frame = sys._getframe(2)
    name = frame.f_globals.get("__name__", "")
    assert not name.startswith("gantry"), f"{name} reads {key}"
    return None
def audit(event, args):
    if event in ("socket.connect", "socket.bind"):
        raise AssertionError(event)
    if event == "open" and args[1] and any(c in str(args[1]) for c in "wax+") and "__pycache__" not in str(args[0]):
        raise AssertionError(f"writes {args[0]}")
sys.addaudithook(audit)
skip = {"gantry.gantry", "gantry.__main__"}
for module in pkgutil.walk_packages(gantry.__path__, "gantry."):
    if module.name not in skip and not module.name.startswith(("gantry.ui", "gantry.state")):
        importlib.import_module(module.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_no_document_or_program_names_a_package_registry() -> None:
    """Registries are the business of whoever installs: no tracked file names one."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    hosts = re.compile(r"registry\.npmjs|files\.pythonhosted|pypi\.org|deb\.debian")
    named = [
        name
        for name in tracked.stdout.splitlines()
        if (ROOT / name).is_file()
        and hosts.search((ROOT / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert [name for name in named if name != "tests/unit/test_building.py"] == []


def _made_of(kind: Any, seen: set[Any]) -> Iterator[Any]:
    """Yield *kind*, what stands in its brackets, and what the fields of dataclasses in it are made of."""
    if isinstance(kind, list):  # the arguments of a Callable
        for each in kind:
            yield from _made_of(each, seen)
        return
    if kind in seen:
        return
    seen.add(kind)
    yield kind
    fields = get_type_hints(kind).values() if is_dataclass(kind) else ()
    for each in (*get_args(kind), *fields):
        yield from _made_of(each, seen)


@pytest.mark.parametrize("name", get_type_hints(Services))
def test_no_service_gives_out_a_row(name: str) -> None:
    """What pages and programs get of a service has no row of a table anywhere in it, so that only services can change one."""
    methods = inspect.getmembers(get_type_hints(Services)[name], inspect.isfunction)
    given = {
        each: list(_made_of(get_type_hints(method)["return"], set()))
        for each, method in methods
        if not each.startswith("_")
    }
    assert given
    rows = [
        (each, kind.__name__)
        for each, kinds in given.items()
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Row)
    ]
    assert rows == []


def test_a_build_takes_what_came_with_its_builder() -> None:
    """Newer packages may come with hatchling than requirements.txt has, and pip puts no others in their place."""
    told = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert told is not None
    assert told.loader is not None
    build = module_from_spec(told)
    told.loader.exec_module(build)
    pins = ["packaging==0.1", "Pydantic_Settings[x]==1", "nobody-has-this==1 ; sys_platform == 'win32'"]
    assert build._not_installed(pins) == pins[2:]
