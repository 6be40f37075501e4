"""How a process starts quickly and stays small.

Measured on a start of version 26.11 (1.8 s of CPU for imports, 155 MB): the garbage collector goes through all that is being
imported again and again (0.4 s), and packages import what they could use (0.2 s, 25 MB). While it serves, glibc keeps what
its threads have freed (90 MB after two hundred questions; what lies between pieces in use, 10 MB, until it is told), and half
of the 70 MB of libraries that a process has in memory were needed only to load them.
"""

import contextlib
import ctypes
import gc
import importlib
import mmap
import sys
from collections.abc import Collection, Iterator
from typing import Any

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
# Of elf(5) and madvise(2).
_LOADED, _WRITABLE = 1, 2
_NOT_NEEDED = 4


class _Segment(ctypes.Structure):
    """Elf64_Phdr: a part of a library, and what may be done with it."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("physical", ctypes.c_uint64),
        ("in_file", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("alignment", ctypes.c_uint64),
    )


class _Library(ctypes.Structure):
    """The beginning of dl_phdr_info: a library that is loaded."""

    _fields_ = (
        ("at", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("segments", ctypes.POINTER(_Segment)),
        ("count", ctypes.c_uint16),
    )


_Each = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p)


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
    """Return now what is free inside the C library's arenas, and let go of what only loading needed of libraries."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
    if sys.platform == "linux" and sys.maxsize > 1 << 32:
        with contextlib.suppress(AttributeError, OSError):
            _let_go_of_libraries()


def _let_go_of_libraries() -> None:
    """Take the code and the constants of libraries out of this process; what is used comes back from the system's cache.

    Half of these pages are read once, while a library is loaded. What is never written to is as it is in the file, so that
    nothing can be lost. The interpreter is not let go of meanwhile (`PyDLL`): somebody who loads a library has it while
    waiting for the list of libraries, which is held here.
    """
    system = ctypes.PyDLL(None)
    advise = system.madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

    def each(library: Any, _size: int, _data: Any) -> int:
        there = library.contents
        for segment in there.segments[: there.count]:
            if segment.kind == _LOADED and not segment.flags & _WRITABLE:
                start = (there.at + segment.address) // mmap.PAGESIZE * mmap.PAGESIZE
                end = (there.at + segment.address + segment.size) // mmap.PAGESIZE * mmap.PAGESIZE
                if end > start:
                    advise(start, end - start, _NOT_NEEDED)
        return 0

    system.dl_iterate_phdr(_Each(each), None)
