"""How a process starts quickly and stays small.

Measured on a start of version 26.11 (1.8 s of CPU for imports, 155 MB): the garbage collector goes through all that is being
imported again and again (0.4 s), and packages import what they could use (0.2 s, 25 MB). While it serves, glibc keeps what
its threads have freed (90 MB after two hundred questions; what lies between pieces in use, 10 MB, until it is told).
"""

import contextlib
import ctypes
import gc
import importlib
import sys
from collections.abc import Collection, Iterator

# Packages that import others if they are there, and which of these nothing here needs: HTTP clients of websocket clients,
# what exports figures that nobody collects, and the colours of a command.
_UNUSED = {
    "httpx": ("pygments",),
    "engineio": ("aiohttp", "requests", "websocket"),
    "redis": ("opentelemetry.sdk",),
}
# Of mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_MB = 1 << 20


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Import in the block what lives as long as the process, without what is not used."""
    collects = gc.isenabled()
    gc.disable()
    try:
        for package, unused in _UNUSED.items():
            with _absent(unused):
                importlib.import_module(package)
        yield
    finally:
        if collects:
            gc.enable()


@contextlib.contextmanager
def _absent(names: Collection[str]) -> Iterator[None]:
    """Let imports of *names* fail in the block, but for those that are there already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # pyright: ignore[reportArgumentType,reportCallIssue]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def give_back_memory() -> None:
    """Have the C library return what is freed to the system, where it is glibc: one arena, large pieces outside it."""
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _MB), (_TRIM_THRESHOLD, _MB)):
            library.mallopt(option, value)


def trim_memory() -> None:
    """Return now what is free inside the C library's arenas, after something that took much for a moment."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
