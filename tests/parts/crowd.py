"""Many people at once, each a tab that talks to the model again and again and keeps account of what it was told."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from tests.e2e.scripts import Cue, words_of
from tests.parts.app import Person, Served, app_client
from tests.parts.live_reader import LiveReader
from tests.parts.wire_tab import WireTab

ANSWER_SECONDS = 90.0  # a person who waits longer is stuck
SEND_AGAIN_SECONDS = 3.0
PROBE_SECONDS = 0.2  # each request of a prober opens a connection of its own


@dataclass(slots=True)
class Account:
    """What the crowd has seen.

    Attributes:
        answers: How many came to their end.
        wrong: What was not as it should be, in words.
        reconnects: How long tabs were without their connection, in seconds.
        refills: The same until their pages were whole again.
    """

    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    reconnects: list[float] = field(default_factory=list)
    refills: list[float] = field(default_factory=list)


class Crowd:
    """People at one address, until they are told to finish.

    Args:
        app: Where everybody connects to, and comes back to.
        cue: The script of every answer.
        tokens: What it says.
    """

    def __init__(self, app: Served, person: Person, cue: Cue, tokens: Sequence[str]) -> None:
        self.account = Account()
        self._app = app
        self._person = person
        self._cue = cue
        self._text = "".join(tokens)
        self._last_round = asyncio.Event()
        self._tabs: list[WireTab] = []

    async def run(self, count: int, began: asyncio.Event) -> Account:
        """Let *count* people talk until ``finish``; *began* is set when all are connected."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(count):
                    tab = WireTab(self._person.session)
                    self._tabs.append(tab)
                    await tab.open(self._app)
                    tab.stay_connected([self._app])
                    group.create_task(self._talk(tab, number))
                began.set()
        finally:
            for tab in self._tabs:
                await tab.close()
        self.account.reconnects = [each for tab in self._tabs for each in tab.reconnects]
        self.account.refills = [each for tab in self._tabs for each in tab.refills]
        self.account.wrong += [
            f"tab {tab.token} was given a new token" for tab in self._tabs if tab.new_tokens
        ]
        return self.account

    def finish(self) -> None:
        """Let everybody come to the end of what they are reading."""
        self._last_round.set()

    async def _talk(self, tab: WireTab, number: int) -> None:
        turn = 0
        while not self._last_round.is_set():
            turn += 1
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._ask(tab, f"person {number}, question {turn}")
            except TimeoutError:
                self.account.wrong.append(f"person {number} is stuck at question {turn}")
                return

    async def _ask(self, tab: WireTab, question: str) -> None:
        before = {each["id"] for each in tab.var(ChatState, "latest") or ()}
        await self._send(tab, f"{question} {self._cue}", key=question)
        await tab.until(
            lambda: tab.conversation and _answer(tab).get("id", "") not in {"", *before}, ANSWER_SECONDS
        )
        conversation, answer = tab.conversation, _answer(tab)
        reader = LiveReader(tab.session, answer["generation_id"])
        await reader.follow([self._app], seconds=ANSWER_SECONDS)
        self.account.answers += 1
        if reader.status != "complete" or reader.text != self._text:
            self.account.wrong.append(
                f"{question}: {reader.status}, {len(words_of([reader.text]))} words read"
            )
        await self._compare(conversation, question, answer["id"])

    async def _compare(self, conversation: str, question: str, answer: str) -> None:
        """Look up what was stored, with as much patience as a person has for a page to load."""
        stored = await self._stored(conversation)
        own = [
            each for each in stored if each["role"] == "user" and each["content"].startswith(f"{question} ")
        ]
        last = next(each for each in stored if each["id"] == answer)
        if len(own) != 1:
            self.account.wrong.append(f"{question}: stored {len(own)} times")
        if last["content"] != self._text or last["status"] != "complete":
            self.account.wrong.append(f"{question}: {last['status']} and {len(last['content'])} stored")

    async def _stored(self, conversation: str) -> list[dict[str, Any]]:
        """Read a conversation as programs do: again, where the replica they had asked was killed meanwhile."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                with suppress(AssertionError, httpx.TransportError):
                    return await self._person.messages(conversation)
                await asyncio.sleep(0.3)

    async def _send(self, tab: WireTab, text: str, key: str) -> None:
        """Send as the page does: again with the same key, until the server says that it has the text."""
        key = f"{tab.token[:8]} {key}"
        while tab.var(AskingState, "accepted") != key:
            conversation = tab.conversation
            with suppress(AssertionError, ConnectionClosed, TimeoutError):
                await tab.send(AskingState.send, text=text, key=key, conversation=conversation)
                await tab.until(lambda: tab.var(AskingState, "accepted") == key, SEND_AGAIN_SECONDS)
            if tab.var(AskingState, "accepted") != key:
                await asyncio.sleep(0.2)


def _answer(tab: WireTab) -> dict[str, Any]:
    """Return the newest answer on the page; empty when there is none."""
    shown = tab.var(ChatState, "latest") or ()
    return next((each for each in reversed(shown) if each["role"] == "assistant"), {})


@dataclass(slots=True)
class Prober:
    """Somebody who loads pages and makes conversations all the time, and writes down every failure."""

    app: Served
    person: Person
    asked: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0

    async def run(self, done: asyncio.Event) -> None:
        """Go on until *done*."""
        async with app_client(self.app) as client:
            client.cookies.set("gantry_session", self.person.session)
            while not done.is_set():
                for method, path in (
                    ("GET", "/login"),
                    ("GET", "/api/v1/session"),
                    ("GET", "/api/v1/conversations"),
                    ("POST", "/api/v1/conversations"),
                ):
                    await self._ask(client, method, path)
                await asyncio.sleep(PROBE_SECONDS)

    async def _ask(self, client: httpx.AsyncClient, method: str, path: str) -> None:
        begun = time.monotonic()
        self.asked += 1
        try:
            answer = await client.request(method, path, json={} if method == "POST" else None)
        except httpx.TransportError as error:
            self.failed.append(f"{method} {path}: {type(error).__name__}")
        else:
            if not answer.is_success:
                self.failed.append(f"{method} {path}: {answer.status_code}")
        self.slowest = max(self.slowest, time.monotonic() - begun)
