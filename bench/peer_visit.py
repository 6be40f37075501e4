"""One visit to a product: it is started anew, opened in a browser of its own, and asked until all is measured."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.answers import Stand, lags_ms
from bench.asking import settle
from bench.browser import Chromium, Tab, running_chromium
from bench.model import ModelServer, question
from bench.peer_products import Contender
from bench.proxy import running_proxy
from bench.report import median, percentile

RATE = 100.0
WATCHED = 1000
SHORT, LONG = 200, 2400
_AFTERWARDS_MS = 2000  # what a page or a server still does when the last word is there
_PATIENCE = 180  # seconds that a page on a busy machine may be behind


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit has found."""

    lag_p50_ms: float
    lag_p95_ms: float
    wire_bytes: float  # for a token
    unpacked_bytes: float  # the same, before a socket's compression
    server_ms: float  # for a token, with all that the server does about it afterwards
    starved_ms: float  # in a second, ready to run and without a core
    browser_seconds: float  # all processes of the browser, 1,000 tokens
    started_mb: float
    asked_mb: float
    chromium: str


@dataclass(frozen=True, slots=True)
class _Answer:
    sent: list[float]
    seen: list[tuple[int, float]]
    wire_bytes: int
    server_seconds: float
    starved_seconds: float
    browser_seconds: float


def visit(contender: Contender, model: ModelServer) -> Visit:
    """Start *contender* with an empty folder, ask it in the browser, and stop it again."""
    with (
        tempfile.TemporaryDirectory(prefix="gantry-peers-") as data,
        contender.running(Path(data), model.url) as product,
        running_proxy(product.port) as proxy,
        running_chromium() as chromium,
        chromium.person() as context,
    ):
        stand = Stand(product, model, proxy)
        settle(product)
        started = product.resident_mb()
        tab = contender.open(context, proxy.origin)
        _answer(stand, chromium, tab, 150)  # what a page loads for headings and code comes now, and only once
        watched = _answer(stand, chromium, tab, WATCHED)
        short = _answer(stand, chromium, tab, SHORT)
        with tab.listening() as sizes:
            long = _answer(stand, chromium, tab, LONG)
        lags = lags_ms(watched.sent, watched.seen)
        thousands = (LONG - SHORT) / 1000
        return Visit(
            lag_p50_ms=median(lags),
            lag_p95_ms=percentile(lags, 0.95),
            wire_bytes=watched.wire_bytes / WATCHED,
            unpacked_bytes=sum(sizes) / LONG,
            server_ms=(long.server_seconds - short.server_seconds) / thousands,
            starved_ms=watched.starved_seconds * 1000 * RATE / WATCHED,
            browser_seconds=watched.browser_seconds,
            started_mb=started,
            asked_mb=product.resident_mb(),
            chromium=chromium.version,
        )


def _answer(stand: Stand, chromium: Chromium, tab: Tab, tokens: int) -> _Answer:
    text, number = question(tokens, RATE)
    tab.write(text)
    wire, browser = stand.settle(), chromium.cpu_seconds()
    server, starved = stand.product.cpu_seconds(), stand.product.starved_seconds()
    tab.press_enter()
    tab.page.wait_for_timeout(1000 * tokens / RATE)
    tab.wait_shown(tokens, seconds=_PATIENCE)
    waited = stand.product.starved_seconds() - starved
    tab.page.wait_for_timeout(_AFTERWARDS_MS)
    painted = chromium.cpu_seconds() - browser
    received = (stand.settle() - wire).received
    settle(stand.product)
    return _Answer(
        sent=stand.model.times_of(number).tokens,
        seen=tab.seen(),
        wire_bytes=received,
        server_seconds=stand.product.cpu_seconds() - server,
        starved_seconds=waited,
        browser_seconds=painted,
    )
