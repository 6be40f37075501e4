"""Answers in the browser: what one token costs on the wire, in the server, on the page, and how late it is."""

import time
from bisect import bisect_left
from dataclasses import dataclass

from bench.app import BenchError, Product
from bench.browser import Tab, Work
from bench.model import ModelServer, Times, numbered, question
from bench.proxy import Counts, Proxy

_QUIET_SECONDS = 0.7


@dataclass(frozen=True, slots=True)
class AnswerRun:
    """One answer from Enter until nothing moves any more."""

    tokens: int
    rate: float
    wire: Counts
    lags_ms: list[float]
    server_seconds: float
    work: Work
    enter_to_model_ms: float
    paints: int
    starved_seconds: float
    text_bytes: int

    @property
    def bytes_per_token(self) -> float:
        """All bytes the browser received, for each token."""
        return self.wire.received / self.tokens

    def per_token(self, kind: str) -> float:
        """Bytes of one kind of traffic, for each token."""
        return self.wire.down[kind] / self.tokens

    @property
    def server_ms(self) -> float:
        """CPU milliseconds of the server for 1,000 tokens."""
        return self.server_seconds * 1e6 / self.tokens

    @property
    def page_ms(self) -> float:
        """Main-thread milliseconds of the page for 1,000 tokens."""
        return self.work.task * 1e6 / self.tokens


@dataclass(frozen=True, slots=True)
class Stand:
    """Everything an answer passes through."""

    product: Product
    model: ModelServer
    proxy: Proxy

    def settle(self) -> Counts:
        """Wait until the wire is quiet; return its counts."""
        while True:
            counts = self.proxy.counts()
            if time.time() - counts.last_at > _QUIET_SECONDS:
                return counts
            time.sleep(0.1)

    def answer(self, tab: Tab, tokens: int, rate: float) -> AnswerRun:
        """Ask in the conversation that *tab* shows, and measure until all has settled."""
        messages = tab.messages()
        text, number = question(tokens, rate)
        tab.write(text)
        wire, work, cpu = self.settle(), tab.work(), self.product.cpu_seconds()
        starved = self.product.starved_seconds()
        tab.press_enter()
        tab.page.wait_for_timeout(1000 * tokens / rate)
        tab.wait_answered(messages + 2, seconds=60)
        server = self.product.cpu_seconds() - cpu
        run_work = tab.work() - work
        run_wire = self.settle() - wire
        times, seen = self.model.times_of(number), tab.seen()
        return AnswerRun(
            tokens=tokens,
            rate=rate,
            wire=run_wire,
            lags_ms=lags_ms(times.tokens, seen),
            server_seconds=server,
            work=run_work,
            enter_to_model_ms=(times.at - tab.entered_at()) * 1000,
            paints=len(seen),
            starved_seconds=self.product.starved_seconds() - starved,
            text_bytes=len("".join(numbered(tokens)).encode()),
        )

    def first_exchange(self, tab: Tab) -> AnswerRun:
        """Start a new conversation with a short answer."""
        tab.open("/")
        return self.answer(tab, 5, 100)

    def first_code(self, tab: Tab) -> AnswerRun:
        """Have an answer with code written: the page now loads what it needs for that, and only once."""
        return self.answer(tab, 150, 300)

    def enter_to_model(self, tab: Tab, times: int) -> list[float]:
        """Send *times* short messages in the open conversation; return how long each took, in milliseconds."""
        return [self.answer(tab, 3, 100).enter_to_model_ms for _ in range(times)]


def lags_ms(sent: list[float], seen: list[tuple[int, float]]) -> list[float]:
    """Return for each token the milliseconds from the model server to the document.

    Args:
        sent: When the model server sent each token.
        seen: (number of the highest token, when it was there), growing.
    """
    highest = [number for number, _ in seen]
    if not sent or not seen or highest[-1] < len(sent) - 1:
        raise BenchError(f"Of {len(sent)} tokens {highest[-1] + 1 if highest else 0} were seen.")
    return [(seen[bisect_left(highest, number)][1] - at) * 1000 for number, at in enumerate(sent)]


def sent_within(times: list[Times], began: float, ended: float) -> int:
    """Return how many tokens the model server sent between two moments."""
    return sum(began <= at < ended for each in times for at in each.tokens)
