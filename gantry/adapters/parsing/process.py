"""Starting readers, listening to them, and ending them."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import asdict
from pathlib import Path

from gantry.adapters.parsing import signs, wire
from gantry.domain.parsing import (
    FileKind,
    ParsingFailed,
    ParsingFault,
    ParsingLimits,
    Progress,
    Section,
)
from gantry.domain.pictures import MAX_BYTES, Picture, picture_of

_SNIFF_SECONDS = 20
_SCALE_LIMITS = ParsingLimits(cpu_seconds=30)
_SCALE_SECONDS = 60
_HEAD = 12  # bytes that tell a picture
_SNIFFERS = 2  # at once; each has a processor to itself while a file makes it hard
_READERS = 4
_SCALED = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "HOME", "TESSDATA_PREFIX")  # of the environment
_CHILD = "gantry.adapters.parsing.child"
_OF_ALL_PAGES = {
    ParsingFault.NO_TEXT,
    ParsingFault.SCANNED,
    ParsingFault.TOO_MANY_SCANS,
    ParsingFault.NOTHING_RECOGNISED,
}
_KILLED_BY_LIMIT = {-signal.SIGXCPU: ParsingFault.TOO_SLOW, -signal.SIGKILL: ParsingFault.TOO_LARGE}


class ProcessParser:
    """Reads each file in a process of its own, so many at once and no more: the others wait."""

    def __init__(self, *, sniffers: int = _SNIFFERS, readers: int = _READERS) -> None:
        """Start nothing yet."""
        self._sniffers = asyncio.Semaphore(sniffers)
        self._readers = asyncio.Semaphore(readers)

    async def sniff(self, path: str, name: str) -> FileKind:
        """Tell what a file is by its content."""
        async with self._sniffers:
            return await _sniffed(path, name)

    async def picture(self, path: str) -> Picture | None:
        """Return a picture as models are given it; None for what is no picture that they read."""
        head = await asyncio.to_thread(_head, path)
        if signs.picture_type(head) not in _SCALED:
            return None
        async with self._sniffers:
            return await _scaled(path)

    async def parse(
        self, path: str, kind: FileKind, limits: ParsingLimits
    ) -> AsyncGenerator[Section | Progress]:
        """Yield the text from beginning to end."""
        async with self._readers, aclosing(_parsed(path, kind, limits)) as told:
            async for each in told:
                yield each


async def _sniffed(path: str, name: str) -> FileKind:
    process = await _start("sniff", path, name[-255:], ParsingLimits(cpu_seconds=_SNIFF_SECONDS))
    try:
        async with asyncio.timeout(_SNIFF_SECONDS):
            told = _understood(await _line(process), None)
    except TimeoutError:
        raise ParsingFailed(ParsingFault.TOO_SLOW) from None
    finally:
        await _end(process)
    if not isinstance(told, FileKind):
        raise ParsingFailed(ParsingFault.BROKEN)
    return told


def _head(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(_HEAD)


async def _scaled(path: str) -> Picture:
    process = await _start("scale", path, "", _SCALE_LIMITS)
    try:
        async with asyncio.timeout(_SCALE_SECONDS):
            line = await _line(process)
            if not line:
                raise ParsingFailed(await _cause(process))
            _understood(line, None)  # raises what it says
            data = b""
            while process.stdout and len(data) < MAX_BYTES and (more := await process.stdout.read(MAX_BYTES)):
                data += more
    except TimeoutError:
        raise ParsingFailed(ParsingFault.TOO_SLOW) from None
    finally:
        await _end(process)
    picture = picture_of(data)
    if picture is None or len(data) >= MAX_BYTES:
        raise ParsingFailed(ParsingFault.BROKEN)
    return picture


async def _parsed(path: str, kind: FileKind, limits: ParsingLimits) -> AsyncGenerator[Section | Progress]:
    process = await _start("parse", path, kind.format.value, limits)
    page = 1 if kind.paged else None
    loop = asyncio.get_running_loop()
    until = loop.time() + limits.wall_seconds
    try:
        while True:
            patience = min(limits.silence_seconds, until - loop.time())
            try:
                async with asyncio.timeout(max(patience, 0)):
                    line = await _line(process)
            except TimeoutError:
                raise ParsingFailed(ParsingFault.TOO_SLOW, page=page) from None
            if not line:
                raise ParsingFailed(await _cause(process), page=page)
            told = _understood(line, page)
            if told is None:
                return
            if isinstance(told, Progress) and kind.paged:
                page = told.done + 1
            if isinstance(told, (Section, Progress)):
                yield told
    finally:
        await _end(process)


async def _start(what: str, path: str, argument: str, limits: ParsingLimits) -> Process:
    keep = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", _CHILD, what, path, argument, json.dumps(asdict(limits))),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # libraries talk there; what matters comes as a line
        limit=wire.MAX_LINE,
        start_new_session=True,
        env={
            **keep,
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


async def _line(process: Process) -> bytes:
    if process.stdout is None:
        raise ParsingFailed(ParsingFault.BROKEN)
    try:
        return await process.stdout.readline()
    except ValueError:  # a line longer than any of ours
        raise ParsingFailed(ParsingFault.TOO_LARGE) from None


def _understood(line: bytes, page: int | None) -> Section | Progress | FileKind | None:
    try:
        told = wire.read_line(line)
    except (ValueError, KeyError, TypeError):
        raise ParsingFailed(ParsingFault.BROKEN, page=page) from None
    if isinstance(told, tuple):
        fault, where = told
        raise ParsingFailed(fault, page=where or (None if fault in _OF_ALL_PAGES else page))
    return told


async def _cause(process: Process) -> ParsingFault:
    """Return why a reader ended without a word: a limit, or a crash of the library."""
    code = await process.wait()
    return _KILLED_BY_LIMIT.get(
        code, ParsingFault.TOO_LARGE if code == -signal.SIGABRT else ParsingFault.BROKEN
    )


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
