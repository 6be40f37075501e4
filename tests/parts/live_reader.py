"""A reader of an answer's event stream, and of the feed, as the page is one: it comes back by itself."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Self

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.parts.app import Served

RETRY_SECONDS = 0.5  # as the stream itself tells the browser


class LiveReader:
    """Follows one answer through whatever replica is there.

    Attributes:
        text: What it shows.
        arrivals: When each text came, and how long the text was then.
        events: The names of all events, oldest first.
        breaks: When a stream ended without an end.
    """

    def __init__(self, session: str, generation: str) -> None:
        self.session = session
        self.generation = generation
        self.text = ""
        self.status = ""
        self.arrivals: list[tuple[float, int]] = []
        self.events: list[str] = []
        self.breaks: list[float] = []
        self._last_id = ""
        self._stale = False

    async def follow(
        self,
        apps: Sequence[Served],
        *,
        until: Callable[["LiveReader"], bool] | None = None,
        seconds: float = 30.0,
    ) -> "LiveReader":
        """Read from where it stands, at the first of *apps* and after each break at the next, to the end or *until*."""
        turn = 0
        async with asyncio.timeout(seconds), httpx.AsyncClient(timeout=None) as client:
            while not self.status:
                with suppress(httpx.TransportError):
                    if await self._read(client, apps[turn % len(apps)], until):
                        return self
                if not self.status:
                    self.breaks.append(monotonic())
                    turn += 1
                    await asyncio.sleep(RETRY_SECONDS)
        return self

    @property
    def restarts(self) -> int:
        """How often it was told to start over."""
        return self.events.count("restarted")

    def longest_silence(self, *, after: float) -> float:
        """Return the time from *after* to the first text that came later."""
        return next(at for at, _ in self.arrivals if at > after) - after

    async def _read(
        self, client: httpx.AsyncClient, app: Served, until: Callable[["LiveReader"], bool] | None
    ) -> bool:
        headers = {"Cookie": f"gantry_session={self.session}", "Accept": "text/event-stream"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        url = f"{app.url}/api/v1/generations/{self.generation}/events"
        async with client.stream("GET", url, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            frame: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(":")
                    frame[name] = value.removeprefix(" ")
                    continue
                self._take(frame)
                frame = {}
                if self.status or (until is not None and until(self)):
                    return True
        return False

    def _take(self, frame: dict[str, str]) -> None:
        if "event" not in frame:
            return
        self._last_id = frame.get("id", self._last_id)
        name, data = frame["event"], json.loads(frame["data"])
        self.events.append(name)
        if name == "text":
            self.text = data["text"] if self._stale else self.text + data["text"]
            self._stale = False
            self.arrivals.append((monotonic(), len(self.text)))
        elif name == "restarted":
            self._stale = True
        elif name == "end":
            self.status = data["status"]


class FeedReader:
    """One connection to an account's feed; ``code`` is how the server closed it."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.notices: list[dict[str, Any]] = []
        self.code: int | None = None
        self._changed = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._socket: Any = None

    async def open(self, app: Served) -> None:
        """Connect."""
        self._socket = await connect(
            f"{app.url.replace('http', 'ws', 1)}/api/v1/feed",
            origin=app.url,  # pyright: ignore[reportArgumentType]
            additional_headers={"Cookie": f"gantry_session={self.session}"},
        )
        self._reading = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        if self._reading is not None:
            await self._socket.close()
            await self._reading

    async def until(self, holds: Callable[["FeedReader"], Any], seconds: float = 5.0) -> None:
        """Wait until *holds*, looking again after each notice."""
        async with asyncio.timeout(seconds):
            while not holds(self):
                self._changed.clear()
                await self._changed.wait()

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for said in self._socket:
                self.notices.append(json.loads(said))
                self._changed.set()
        self.code = self._socket.close_code
        self._changed.set()
