"""The house holds together: imports are quiet, requirements are pinned, documents are true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate

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
import reflex, reflex.model, alembic.command, fastapi, sqlmodel, psycopg, aiosqlite, redis, uvicorn, cryptography.fernet
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
