"""From what was measured to lines of the table; with the budget of each."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.answers import AnswerRun
from bench.app import Product
from bench.asking import AskingRun
from bench.report import Line, is_busy, median, percentile, speed
from bench.soak import SoakRun
from bench.wire import WireRun

__all__ = ["Line", "answers", "asking", "first_load", "idle", "opening", "rest", "sending", "soak", "wire"]


_CROWD_BUDGETS = {1: 250, 300: 60}  # ms of CPU for 1,000 tokens, by how many answers there are
STARVED_MS = 100  # in each second, without a core: above this the lags are those of the machine


@dataclass(frozen=True, slots=True)
class Idle:
    """The server when nobody asks anything."""

    resident_mb: float
    cpu_ms_per_second: float
    busy: bool


def idle(product: Product, seconds: float) -> Idle:
    """Look at the server for some seconds in which nobody asks it anything."""
    cpu = product.cpu_seconds()
    time.sleep(seconds)
    per_second = (product.cpu_seconds() - cpu) * 1000 / seconds
    return Idle(product.resident_mb(), per_second, is_busy())


def rest(product: Product, first_start: float, idle: Idle) -> tuple[Line, ...]:
    """Start, memory, and what standing still costs."""
    return (
        Line("start, process → ready", product.start_seconds, "s", 3.5, doubtful=idle.busy),
        Line("CPU until ready", product.start_cpu_seconds, "s"),
        Line("the first of all, with migrations", first_start, "s"),
        Line("memory, idle", idle.resident_mb, "MB", 230),
        Line("CPU, idle", idle.cpu_ms_per_second, "ms/s", 3, doubtful=idle.busy),
    )


def first_load(bytes_of: dict[str, Any]) -> tuple[Line, ...]:
    """Sizes as they came over the wire."""
    js, css = bytes_of.get("js", 0) / 1000, bytes_of.get("css", 0) / 1000
    others = sum(
        size
        for kind, size in bytes_of.items()
        if kind not in {"js", "css", "requests", "ready_ms", "paint_ms"}
    )
    return (
        Line("JavaScript, gzip", js, "kB", 450),
        Line("CSS, gzip", css, "kB"),
        Line("everything else", others / 1000, "kB"),
        Line("requests", bytes_of["requests"], ""),
        Line("first contentful paint", bytes_of["paint_ms"], "ms"),
        Line("composer painted", bytes_of["ready_ms"], "ms"),
    )


def answers(runs: Sequence[AnswerRun], history: int) -> tuple[Line, ...]:
    """Compare a short answer, a long one, and the short one below a long history."""
    base, long, deep = runs
    lines: list[Line] = []
    for run, name in (
        (base, _name(base)),
        (long, _name(long)),
        (deep, f"{deep.tokens:,}, below {history:,} messages"),
    ):
        lines += _answer(run, name, None if run is base else base)
    return tuple(lines)


def _name(run: AnswerRun) -> str:
    return f"{run.tokens:,} tokens at {run.rate:g}/s"


def _answer(run: AnswerRun, name: str, base: AnswerRun | None) -> list[Line]:
    starved = run.starved_seconds * 1000 * run.rate / run.tokens

    def line(
        what: str, value: float, unit: str, budget: float | None = None, of: float | None = None
    ) -> Line:
        ratio = value / of if of else None
        late = unit in {"ms", "B/token"} and starved > STARVED_MS
        return Line(f"{name}: {what}", value, unit, budget, ratio, "the first" if ratio else "", late)

    return [
        line("wire", run.bytes_per_token, "B/token", 20, base and base.bytes_per_token),
        line("  of it the text itself", run.text_bytes / run.tokens, "B/token"),
        line("  event stream", run.per_token("events"), "B/token"),
        line("  Reflex state", run.per_token("state"), "B/token"),
        line("  feed and other", run.per_token("feed") + run.per_token("other"), "B/token"),
        line("  from the browser", run.wire.sent / run.tokens, "B/token"),
        line("lag p50", median(run.lags_ms), "ms", 30, base and median(base.lags_ms)),
        line("lag p95", percentile(run.lags_ms, 0.95), "ms", 60, base and percentile(base.lags_ms, 0.95)),
        line("  server waiting for a core", starved, "ms/s"),
        line("server CPU", run.server_ms, "ms/1,000", None, base and base.server_ms),
        line("main thread", run.page_ms, "ms/1,000", None, base and base.page_ms),
        line("  script", run.work.script * 1e6 / run.tokens, "ms/1,000"),
        line("  layout and style", (run.work.layout + run.work.style) * 1e6 / run.tokens, "ms/1,000"),
        line("frames with new text", run.paints * run.rate / run.tokens, "/s"),
    ]


def sending(sends: Sequence[float], first: AnswerRun, code: AnswerRun) -> tuple[Line, ...]:
    """What comes before the first token."""
    return (
        Line("Enter → request at the model server, p50", median(sends), "ms", 50, doubtful=is_busy()),
        Line("Enter → request at the model server, slowest", max(sends), "ms"),
        Line("the same, first message of a conversation", first.enter_to_model_ms, "ms"),
        Line("received for a first message and 5 tokens", first.wire.received / 1000, "kB"),
        Line("highlighter, loaded with the first code", code.wire.down["other"] / 1000, "kB"),
    )


def opening(took: dict[int, float], few: float, many: float, conversations: int) -> tuple[Line, ...]:
    """Conversations by their number of messages; pages by their number of conversations."""
    shortest = took[min(took)]
    lines = [
        Line(
            f"conversation of {count:,} messages, click → last message painted",
            value,
            "ms",
            300,
            value / shortest if count != min(took) else None,
            f"{min(took):,}" if count != min(took) else "",
            doubtful=is_busy(),
        )
        for count, value in took.items()
    ]
    lines.append(Line("page with a few conversations, load → rows painted", few, "ms"))
    name = f"page with {conversations:,} conversations, load → rows painted"
    lines.append(Line(name, many, "ms", 1000, many / few, "a few", doubtful=is_busy()))
    return tuple(lines)


def wire(runs: Sequence[WireRun], *, replicas: int = 1) -> tuple[Line, ...]:
    """Many answers at once."""
    budgets = _CROWD_BUDGETS if replicas == 1 else dict.fromkeys((run.readers for run in runs), 250)
    lines: list[Line] = []
    for run in runs:
        what = f"{run.readers} × {run.rate:g} tokens/s"
        lines += [
            Line(f"{what}: server CPU", run.server_ms, "ms/1,000", budgets.get(run.readers)),
            Line(f"{what}: event stream", run.bytes_per_token, "B/token"),
            Line(f"{what}: lag p50 without a browser", median(run.lags_ms), "ms"),
            Line(f"{what}: lag p95 without a browser", percentile(run.lags_ms, 0.95), "ms"),
            Line(
                f"{what}: lag p99 without a browser",
                percentile(run.lags_ms, 0.99),
                "ms",
                250,
                doubtful=is_busy(),
            ),
            Line(f"{what}: first question → last first token", run.admitted_seconds, "s"),
        ]
        if run.redis_ms:
            lines.append(Line(f"{what}: Redis CPU", run.redis_ms, "ms/1,000"))
    lines.append(Line("a million steps of Python, for comparison", speed(), "ms"))
    return tuple(lines)


def asking(run: AskingRun) -> tuple[Line, ...]:
    """Questions over REST, one after the other."""
    return (
        Line("server CPU of a question", run.cpu_ms, "ms", 45),
        Line("the same, with what is learned afterwards", run.cpu_with_learning_ms, "ms"),
        Line("question → first token, p50", median(run.first_token_ms), "ms", doubtful=is_busy()),
        Line("memory after all questions", run.resident_mb, "MB", 230),
        Line("a million steps of Python, for comparison", speed(), "ms"),
    )


def soak(run: SoakRun) -> tuple[Line, ...]:
    """The same things again and again."""
    grown = [
        Line(name, last, unit, ratio=last / first if first else None, against="the second third")
        for name, unit, first, last in run.figures
    ]
    return (*grown, Line("people", run.people, ""), Line("questions answered", run.answered, ""))
