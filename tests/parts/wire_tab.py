"""A tab as a replica sees it: Reflex's own messages over engine.io 4 and socket.io 5, without a browser.

It does what the compiled page does (``state.js``): the first event travels in the CONNECT packet, with the hashes of
the compiled state when the page is new; a token that the server hands out replaces the tab's own; a connection that
breaks is made again at once, then after 0.2, 0.4, … seconds.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Self
from uuid import uuid4

from reflex.state import State
from reflex_base.utils.format import format_event_handler
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from gantry.state.chat import ChatState
from gantry.state.leading import LeadingState
from gantry.state.session import NoticeState, SessionState
from tests.parts.app import Served

_NAMESPACE = "/_event"
_BOOT = format_event_handler(State.event_handlers["hydrate_and_load"])
PATIENCE = 10.0
RETRY_SECONDS = 0.2
COME_BACK_SECONDS = 60.0  # how long it takes is for the test to judge


class WireTab:
    """One tab of one browser.

    Attributes:
        state: What the server has sent, by state class name and variable.
        updates: Every update as it came.
        token: What the page keeps in its session storage.
        new_tokens: What the server gave instead of it.
        path: The address the page shows.
        reconnects: How long it was without a connection each time, in seconds.
        refills: The same until the page was shown whole again.
    """

    def __init__(self, session: str, path: str = "/", token: str = "") -> None:
        self.session = session
        self.path = path
        self.token = token or str(uuid4())
        self.new_tokens: list[str] = []
        self.updates: list[dict[str, Any]] = []
        self.state: dict[str, dict[str, Any]] = {}
        self.reconnects: list[float] = []
        self.refills: list[float] = []
        self.left: list[ClientConnection] = []
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._staying: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._is_new = True

    # connecting

    async def open(self, app: Served) -> None:
        """Connect to *app* and wait until the page is shown; the first time as a new page, later as one coming back."""
        await self.dial(app)
        await self.until(lambda: self.is_hydrated, COME_BACK_SECONDS)

    async def dial(self, app: Served) -> None:
        """Connect to *app*, until the server has accepted the connection."""
        query = f"token={self.token}&EIO=4&transport=websocket"
        socket = await connect(
            f"{app.url.replace('http', 'ws', 1)}{_NAMESPACE}/?{query}",
            origin=app.url,  # pyright: ignore[reportArgumentType]
            additional_headers={"Cookie": f"gantry_session={self.session}"} if self.session else {},
            max_size=None,
            open_timeout=PATIENCE,
            ping_interval=None,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await self._shake_hands(socket)
        except BaseException:
            await _cut(socket)
            raise
        self._is_new = False
        self._socket = socket
        self._reading = asyncio.create_task(self._read(socket))

    def duplicate(self) -> "WireTab":
        """Return a new page with this tab's session storage, as "Duplicate tab" makes it."""
        return WireTab(self.session, self.path, self.token)

    async def close(self) -> None:
        """Leave as a page does that is closed."""
        await self._stop_staying()
        socket = self._detach()
        if socket is not None:
            await socket.close()

    async def abort(self) -> None:
        """Lose the connection: the server sees a reset."""
        socket = self._detach()
        if socket is not None:
            await _cut(socket)

    async def lose_sight(self) -> None:
        """Lose the network: the old server still takes the connection for open."""
        socket = self._detach()
        if socket is not None:
            self.left.append(socket)

    async def heard_at_old_place(self, seconds: float = 0.5) -> list[str]:
        """Return what the connection last lost sight of is sent, until it is silent for *seconds*."""
        heard: list[str] = []
        with suppress(TimeoutError, ConnectionClosed):
            while self.left:
                heard.append(str(await asyncio.wait_for(self.left[-1].recv(), seconds)))
        return heard

    def stay_connected(self, apps: Sequence[Served]) -> None:
        """From now on come back by itself, each time to the next of *apps*, as behind a proxy."""
        self._staying = asyncio.create_task(self._stay(apps))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        for socket in self.left:
            await _cut(socket)

    # speaking

    async def send(self, handler: Any, **payload: Any) -> None:
        """Raise an event; *handler* is an event handler of a state, or its name."""
        name = handler if isinstance(handler, str) else format_event_handler(handler)
        event = {"name": name, "payload": payload, "router_data": self._router_data(), "event_actions": {}}
        assert self._socket is not None, "not connected"
        await self._socket.send(f"42{_NAMESPACE},{json.dumps(['event', event])}")

    async def until(self, holds: Callable[[], Any], seconds: float = PATIENCE) -> None:
        """Wait until *holds*, looking again after each message."""
        async with asyncio.timeout(seconds):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    # what is on screen

    def var(self, owner: type, name: str) -> Any:
        """Return a variable of a state, as the page has it; None when it has not come."""
        return self.state.get(owner.get_full_name(), {}).get(name)

    @property
    def is_hydrated(self) -> bool:
        """Whether the page has been filled, all that runs when it loads included."""
        return bool(self.var(State, "is_hydrated"))

    @property
    def is_connected(self) -> bool:
        """Whether its socket is open."""
        return self._reading is not None and not self._reading.done()

    @property
    def conversation(self) -> str:
        """The conversation it shows."""
        return self.var(ChatState, "conversation_id") or ""

    @property
    def account(self) -> str:
        """Who it believes is signed in."""
        return self.var(SessionState, "id") or ""

    @property
    def notices(self) -> list[str]:
        """The texts of the notices on screen."""
        return [each["text"] for each in self.var(NoticeState, "notices") or ()]

    @property
    def redirects(self) -> list[str]:
        """Where it has been told to go, oldest first."""
        events = [event for update in self.updates for event in update.get("events") or ()]
        return [event["payload"]["path"] for event in events if event["name"] == "_redirect"]

    # within

    async def _shake_hands(self, socket: ClientConnection) -> None:
        await socket.recv()  # engine.io's own opening
        self.state.get(State.get_full_name(), {}).pop("is_hydrated", None)
        await socket.send(f"40{_NAMESPACE},{json.dumps({'event': self._boot()})}")
        while not (said := str(await socket.recv())).startswith("40"):
            if said.startswith("44"):
                raise ConnectionRefusedError(said)
            self._take(said)

    def _boot(self) -> dict[str, Any]:
        payload = {"hashes": ["-"]} if self._is_new else {}  # hashes that fit nothing: all is sent in full
        return {"name": _BOOT, "payload": payload, "router_data": self._router_data(), "event_actions": {}}

    def _router_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"pathname": self.path, "asPath": self.path}
        if self.path.startswith("/c/"):
            data["query"] = {"id": self.path.removeprefix("/c/")}
        return data

    def _detach(self) -> ClientConnection | None:
        socket, self._socket = self._socket, None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        return socket

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for said in socket:
                if said == "2":
                    await socket.send("3")
                else:
                    self._take(str(said))
        self._changed.set()

    def _take(self, said: str) -> None:
        if not said.startswith(f"42{_NAMESPACE},"):
            return
        name, *arguments = json.loads(said.partition(",")[2])
        if name == "new_token":
            self.token = arguments[0]
            self.new_tokens.append(self.token)
        elif name == "event":
            update = arguments[0]
            self.updates.append(update)
            for event in update.get("events") or ():
                if event["name"] == "_redirect":  # the page goes there, and says so from then on
                    self.path = event["payload"]["path"]
            for owner, changes in (update.get("delta") or {}).items():
                known = self.state.setdefault(owner, {})
                known.update({key.removesuffix("_rx_state_"): value for key, value in changes.items()})
            self._be_led(update)
        self._changed.set()

    def _be_led(self, update: dict[str, Any]) -> None:
        """Go where the page is led, as a browser does that has not gone elsewhere."""
        told = (update.get("delta") or {}).get(LeadingState.get_full_name(), {})
        away_from = self.var(LeadingState, "away_from")
        if told.get("turn_rx_state_") and self.path.partition("?")[0] == away_from:
            self.path = self.var(LeadingState, "to")

    async def _stay(self, apps: Sequence[Served]) -> None:
        turn = next((i for i, app in enumerate(apps) if self._speaks_to(app)), 0)
        while True:
            if self._reading is not None:
                await asyncio.wait({self._reading})
            lost_at = back_at = monotonic()
            failures = 0
            while not (self.is_connected and self.is_hydrated):
                turn += 1
                try:
                    await self.dial(apps[turn % len(apps)])
                    back_at = monotonic()
                    await self.until(lambda: self.is_hydrated or not self.is_connected, COME_BACK_SECONDS)
                except (OSError, ConnectionClosed, InvalidHandshake):
                    failures = min(failures + 1, 10)
                    await asyncio.sleep(RETRY_SECONDS * failures)
            self.reconnects.append(back_at - lost_at)
            self.refills.append(monotonic() - lost_at)
            self._changed.set()

    def _speaks_to(self, app: Served) -> bool:
        return self._socket is not None and self._socket.remote_address[1] == app.port

    async def _stop_staying(self) -> None:
        staying, self._staying = self._staying, None
        if staying is not None:
            staying.cancel()
            with suppress(asyncio.CancelledError):
                await staying


async def _cut(socket: ClientConnection) -> None:
    socket.transport.abort()
    await socket.wait_closed()
