"""Whether the built front end still fits its sources."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from gantry import __version__
from gantry.places import is_installed, root
from gantry.state.addresses import CHAT, is_refused

_STAMP = "gantry-build.json"
_ROUTES = "routes.json"
_CHATS = ("index", "c/[id]")
_SOURCES = (
    "gantry/ui",
    "gantry/state",
    "gantry/gantry.py",
    "gantry/domain",
    "gantry/languages",
    "assets",
    "rxconfig.py",
    "requirements.txt",
)
_IGNORED = ("__pycache__", "external")  # assets/external is made by the build itself


def web() -> Path:
    """Return the folder in which Reflex builds."""
    return root() / ".web"


def built() -> Path:
    """Return the folder with the compiled front end, if there is one."""
    return web() / "build" / "client"


def is_fresh() -> bool:
    """Whether there is a build, made from the sources as they are now; what is installed came with its own."""
    if not (built() / "index.html").is_file():
        return False
    if is_installed():
        return True
    try:
        stamped = json.loads((web() / _STAMP).read_text(encoding="utf-8"))["sources"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return stamped == _digest()


def write() -> None:
    """Record that the build was made from the sources as they are now."""
    (web() / _STAMP).write_text(json.dumps({"sources": _digest(), "version": __version__}), encoding="utf-8")


def routes() -> list[str]:
    """Return the application's routes, as the build found them, with those that are conversations one by one."""
    found = json.loads((web() / _ROUTES).read_text(encoding="utf-8"))
    return [each for route in found for each in (_CHATS if route == CHAT else (route,))]


def is_page(route: str | None, path: str) -> bool:
    """Whether *path*, which Reflex's router has sent to *route*, is one of our pages."""
    return route not in {None, "404"} and not is_refused(route or "", path)


def clear() -> None:
    """Forget the last build, so that one that is cut short is not taken for whole."""
    (web() / _STAMP).unlink(missing_ok=True)


def _digest() -> str:
    whole = hashlib.sha256(__version__.encode())
    for file in _files():
        whole.update(f"\0{file.relative_to(root()).as_posix()}\0".encode())
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        source = root() / name
        if source.is_file():
            yield source
        else:
            yield from sorted(
                file
                for file in source.rglob("*")
                if file.is_file() and not set(file.relative_to(root()).parts) & set(_IGNORED)
            )
