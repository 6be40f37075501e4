"""HTTP as the scripted model server speaks it: just enough, and what it remembers of each request."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson


@dataclass(slots=True)
class Recorded:
    """One request as it came; times are seconds since the epoch, so that a browser's clock compares."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    at: float
    token_times: list[float] = field(default_factory=list)
    completed_at: float | None = None
    disconnected_at: float | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_disconnected(self, timeout: float = 5.0) -> float:
        """Return when the client hung up; TimeoutError when it does not within *timeout* seconds."""
        async with asyncio.timeout(timeout):
            await self.gone.wait()
        assert self.disconnected_at is not None
        return self.disconnected_at

    def as_json(self) -> dict[str, Any]:
        """Return what ``GET /_record`` shows of it."""
        names = ("method", "path", "headers", "body", "at", "token_times", "completed_at", "disconnected_at")
        return {name: getattr(self, name) for name in names}


def reply(
    writer: asyncio.StreamWriter, status: int, value: Any, headers: Mapping[str, str] | None = None
) -> bool:
    """Send a whole answer: JSON, HTML when *value* is a string, or bytes as they are."""
    kind = "text/html" if isinstance(value, str) else "application/json"
    raw = value.encode() if isinstance(value, str) else b"" if value is None else value
    body = raw if isinstance(raw, bytes) else orjson.dumps(raw)
    fields = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{k}: {v}" for k, v in fields.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
    return True


async def read_request(reader: asyncio.StreamReader) -> Recorded | None:
    """Read one request with a Content-Length; None when the client has hung up."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        fields = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Recorded(method, path, headers, orjson.loads(raw) if raw else None, time.time())


async def watch(reader: asyncio.StreamReader, request: Recorded) -> None:
    """Note when the client hangs up; a client of ours sends nothing while it reads an answer."""
    with contextlib.suppress(ConnectionError):
        await reader.read(1)
    request.disconnected_at = time.time()
    request.gone.set()
