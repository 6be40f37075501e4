"""Following live answers in tests: what a page does with the events of an answer."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any
from uuid import UUID

from gantry.domain.live import EventLog, LiveEvent, LiveKind, Position


@dataclass
class Page:
    """A reader that shows an answer. It checks every position against what it shows."""

    text: str = ""
    reasoning: str = ""
    position: Position = field(default_factory=Position)
    ended: str | None = None
    events: list[LiveEvent] = field(default_factory=list)

    @property
    def kinds(self) -> list[LiveKind]:
        """What came, in order, without repetitions of text."""
        kinds = [event.kind for event in self.events]
        return [
            kind for at, kind in enumerate(kinds) if not at or kind != LiveKind.TEXT or kinds[at - 1] != kind
        ]

    def show(self, event: LiveEvent) -> None:
        """Do what the browser does."""
        assert self.ended is None, "nothing comes after the end"
        if event.kind == LiveKind.RESTARTED:
            self.text = self.reasoning = ""
        elif event.kind == LiveKind.TEXT:
            self.text += event.data["text"]
        elif event.kind == LiveKind.REASONING:
            self.reasoning += event.data["text"]
        elif event.kind == LiveKind.END:
            self.ended = event.data["status"]
        shown = (len(self.text), len(self.reasoning))
        assert (event.position.text, event.position.reasoning) == shown
        assert event.position.attempt >= self.position.attempt
        self.position = event.position
        self.events.append(event)

    async def follow(self, log: EventLog, generation: UUID, *, at_most: int | None = None) -> "Page":
        """Read from where the page stands until the log ends the stream, or for so many events."""
        stream: Any = log.read(generation, self.position)
        try:
            left = at_most
            async for event in stream:
                self.show(event)
                if left is not None and (left := left - 1) <= 0:
                    break
        finally:
            await stream.aclose()
        return self

    async def until(self, log: EventLog, generation: UUID, enough: Callable[["Page"], bool]) -> "Page":
        """Read on until *enough* holds."""
        stream: Any = log.read(generation, self.position)
        async with asyncio.timeout(10):
            try:
                while not enough(self):
                    self.show(await anext(stream))
            finally:
                await stream.aclose()
        return self


async def follow(log: EventLog, generation: UUID, after: Position | None = None) -> Page:
    """Read an answer to the end of its stream; *after* pretends that much has been read."""
    after = after or Position()
    page = Page("?" * after.text, "?" * after.reasoning, after)
    async with asyncio.timeout(20):
        return await page.follow(log, generation)


async def eventually(holds: Callable[[], Any], *, seconds: float = 10.0) -> None:
    """Wait until *holds* (plain or awaitable) is true; fails after *seconds*."""
    give_up_at = time.monotonic() + seconds
    while True:
        answer = holds()
        if isawaitable(answer):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < give_up_at, f"not within {seconds} s"
        await asyncio.sleep(0.01)
