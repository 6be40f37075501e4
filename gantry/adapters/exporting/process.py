"""Starting typesetters, asking them, and ending them."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

from gantry.domain.errors import Unavailable
from gantry.domain.exported_text import Reading
from gantry.domain.messages import _

_AT_ONCE = 2  # texts; the others wait
_FRAGMENT_SECONDS = 20.0
_PDF_SECONDS = 120.0
_CHILD = "gantry.adapters.exporting.child"


class ProcessTypesetter:
    """Implements ``domain.exported_text.Typesetter``: each export has a process of its own, begun with its first text."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._places = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator["_Pen"]:
        """Yield who sets texts until the end of the block."""
        pen = _Pen(self._places)
        try:
            yield pen
        finally:
            await pen.aclose()


class _Pen:
    """Implements ``domain.exported_text.Pen``."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._process: Process | None = None

    async def fragment(self, markdown: str) -> str:
        """Return the HTML of a message."""
        return (await self._ask({"do": "fragment", "text": markdown}, _FRAGMENT_SECONDS)).decode()

    async def pdf(self, reading: Reading) -> bytes:
        """Return a conversation as a PDF."""
        return await self._ask({"do": "pdf", **asdict(reading)}, _PDF_SECONDS)

    async def _ask(self, asked: dict[str, Any], seconds: float) -> bytes:
        try:
            async with self._places, asyncio.timeout(seconds):
                return await self._answer(asked)
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            await self.aclose()
            raise Unavailable(
                _("This text could not be laid out."), advice=_("Export it as Markdown.")
            ) from error

    async def _answer(self, asked: dict[str, Any]) -> bytes:
        if self._process is None:
            self._process = await _start()
        to, from_ = self._process.stdin, self._process.stdout
        assert to is not None  # noqa: S101 - it was asked for
        assert from_ is not None  # noqa: S101
        to.write(json.dumps(asked).encode() + b"\n")
        await to.drain()
        told = json.loads(await from_.readline())
        if "failed" in told:
            raise ValueError(told["failed"])
        return await from_.readexactly(told["bytes"])

    async def aclose(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())


async def _start() -> Process:
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", _CHILD),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
        env={
            **keep,
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
