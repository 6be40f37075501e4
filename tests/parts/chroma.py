"""A real ChromaDB server on a free port."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.parts.ports import free_port

START_SECONDS = 40.0


class ChromaServer:
    """``chroma run`` over a folder; the same folder is the same index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        program = Path(sys.executable).with_name("chroma")
        self._process = subprocess.Popen(
            [
                str(program),
                "run",
                "--path",
                str(self._folder),
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
            ],
            env={**os.environ, "ANONYMIZED_TELEMETRY": "FALSE"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        give_up_at = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient() as client:
            while True:
                assert self._process.poll() is None, "chroma run ended"
                try:
                    if (await client.get(f"{self.url}/api/v2/heartbeat")).is_success:
                        return
                except httpx.HTTPError:
                    assert time.monotonic() < give_up_at, "ChromaDB did not start in time"
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)
            self._process = None

    async def empty(self) -> None:
        """Have it lose everything, as when its volume is removed under it."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder)
        await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()


@pytest.fixture
async def chroma_server(tmp_path: Path) -> AsyncIterator[ChromaServer]:
    """Yield a running server with an index of its own."""
    async with ChromaServer(tmp_path / "chroma-server") as server:
        yield server
