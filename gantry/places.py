"""Where the files are that Gantry reads and that are no modules: beside the package in a clone, inside it when installed."""

from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"  # hatch_build.py puts it into the wheel


@lru_cache
def is_installed() -> bool:
    """Whether this came as a wheel: compiled, and not to be changed where it is."""
    return _SHIPPED.is_dir()


def root() -> Path:
    """Return the folder with the migrations, Reflex's configuration and the compiled front end."""
    return _SHIPPED if is_installed() else _PACKAGE.parent


def typed(words: str) -> str:
    """Return how one of our commands is typed here, for advice."""
    return f"gantry {words}" if is_installed() else f"python -m gantry {words}"
