"""Chromium as people use it, driven over Playwright and the DevTools protocol, through the counting proxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from bench.app import EMAIL, PASSWORD, BenchError
from tests.parts.browser import chromium_path

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PROBE = Path(__file__).with_name("probe.js")
_SIZE = {"width": 1280, "height": 800}
COMPOSER = '[data-testid="composer"]'
ROW = '[data-testid="conversation-row"]'


@dataclass(frozen=True, slots=True)
class Work:
    """CPU seconds of the page's main thread."""

    task: float
    script: float
    layout: float
    style: float

    def __sub__(self, before: "Work") -> "Work":
        """Return what was done since *before*."""
        pairs = ((getattr(self, name), getattr(before, name)) for name in self.__slots__)
        return Work(*(after - then for after, then in pairs))


class Tab:
    """One page of one signed-in person."""

    def __init__(self, context: BrowserContext, origin: str, composer: str = COMPOSER) -> None:
        self.page: Page = context.new_page()
        self.origin = origin
        self.composer = composer
        self.cdp: CDPSession = context.new_cdp_session(self.page)
        # Thread time, not time on the clock: what others do on the machine does not count.
        self.cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def open(self, path: str = "/") -> None:
        """Load a page and wait until one can write and the list is there."""
        self.page.goto(f"{self.origin}{path}", wait_until="commit")
        self.page.wait_for_selector(COMPOSER)
        self.page.wait_for_function("() => 'composer' in window.__bench.marks")
        self.page.wait_for_timeout(700)  # the socket's first answers

    def work(self) -> Work:
        """Return what the main thread has done so far."""
        pairs = self.cdp.send("Performance.getMetrics")["metrics"]
        values = {pair["name"]: pair["value"] for pair in pairs}
        names = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
        return Work(*(values[name] for name in names))

    def write(self, text: str) -> None:
        """Put *text* into the composer."""
        self.page.fill(self.composer, text)
        self.page.wait_for_timeout(50)

    def press_enter(self) -> None:
        """Send what is written."""
        self.page.evaluate("() => window.__bench.reset()")
        self.page.focus(self.composer)
        self.page.keyboard.press("Enter")

    def wait_answered(self, messages: int, seconds: float) -> None:
        """Wait for *messages* messages on screen, the last of them a complete answer."""
        self.page.wait_for_function(
            """count => {
                const all = document.querySelectorAll('[data-testid="message"]');
                return all.length >= count && all[all.length - 1].dataset.status === "complete"
                    && all[all.length - 1].dataset.role === "assistant";
            }""",
            arg=messages,
            timeout=seconds * 1000,
            polling=100,
        )

    def wait_shown(self, tokens: int, seconds: float) -> None:
        """Wait until the last of *tokens* numbered words has been seen in the document."""
        self.page.wait_for_function(
            "last => window.__bench.highest >= last", arg=tokens - 1, timeout=seconds * 1000, polling=100
        )

    @contextmanager
    def listening(self) -> Iterator[list[int]]:
        """Note the size of everything that is received in the block, as the page gets it: after decompression."""
        sizes: list[int] = []

        def frame(event: dict[str, Any]) -> None:
            sizes.append(len(event["response"]["payloadData"].encode()))

        def data(event: dict[str, Any]) -> None:
            sizes.append(event["dataLength"])

        self.cdp.on("Network.webSocketFrameReceived", frame)
        self.cdp.on("Network.dataReceived", data)
        self.cdp.send("Network.enable")
        try:
            yield sizes
        finally:
            self.cdp.send("Network.disable")

    def messages(self) -> int:
        """Return how many messages are on screen."""
        return self.page.locator('[data-testid="message"]').count()

    def seen(self) -> list[tuple[int, float]]:
        """Return (highest numbered word in the document, seconds since the epoch by the system's clock)."""
        skew = self._skew()
        rows: list[tuple[int, float]] = self.page.evaluate("() => window.__bench.seen")
        return [(number, (at + skew) / 1000) for number, at in rows]

    def entered_at(self) -> float:
        """Return when Enter was pressed, in seconds since the epoch."""
        at: float = self.page.evaluate("() => window.__bench.enterAt")
        if not at:
            raise BenchError("The page did not see Enter.")
        return (at + self._skew()) / 1000

    def mark(self, name: str) -> float:
        """Return when a part of the page was painted first, in milliseconds from the navigation's start."""
        self.page.wait_for_function("name => name in window.__bench.marks", arg=name)
        return self.page.evaluate("name => window.__bench.marks[name]", name)

    def _skew(self) -> float:
        found: list[float] = self.page.evaluate("() => [1, 2, 3, 4, 5].map(() => window.__bench.skew())")
        return min(found)  # each is late by what the loop takes

    def close(self) -> None:
        """Close the page."""
        self.page.close()


class Chromium:
    """The browser; each person has a context of their own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._cdp = browser.new_browser_cdp_session()
        self.version = browser.version

    def cpu_seconds(self) -> float:
        """Return the CPU time of all processes of the browser so far."""
        processes = self._cdp.send("SystemInfo.getProcessInfo")["processInfo"]
        return sum(each["cpuTime"] for each in processes)

    @contextmanager
    def person(self) -> Iterator[BrowserContext]:
        """Open a context with an empty cache, for somebody nobody knows yet."""
        context = self._browser.new_context(viewport=_SIZE, reduced_motion="no-preference")  # type: ignore[arg-type]
        context.add_init_script(path=_PROBE)
        context.set_default_timeout(60_000)
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def signed_in(self, origin: str, email: str = EMAIL) -> Iterator[BrowserContext]:
        """Open a context with an empty cache and a session."""
        with self.person() as context:
            sign_in(context, origin, email)
            yield context


def sign_in(context: BrowserContext, origin: str, email: str = EMAIL) -> None:
    """Give *context* a session of the product."""
    answer = context.request.post(f"{origin}/api/v1/session", data={"email": email, "password": PASSWORD})
    if not answer.ok:
        raise BenchError(f"Signing in as {email} failed: {answer.status} {answer.text()}")


@contextmanager
def running_chromium() -> Iterator[Chromium]:
    """Run the system's Chromium, without a window."""
    path = chromium_path()
    if path is None:
        raise BenchError("Chromium is not installed (Debian: apt install chromium-headless-shell).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield Chromium(browser)
        finally:
            browser.close()


def transferred(context: BrowserContext, origin: str) -> dict[str, Any]:
    """Load ``/`` with an empty cache; return the bytes of each kind as they came over the wire."""
    tab = Tab(context, origin)
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    tab.cdp.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: _kind(event)}))
    tab.cdp.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    tab.cdp.send("Network.enable")
    tab.cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.open("/")
    tab.page.wait_for_timeout(1500)
    total: dict[str, Any] = {}
    for request, size in sizes.items():
        kind = kinds.get(request, "other")
        total[kind] = total.get(kind, 0) + size
    total["requests"] = len(sizes)
    total["ready_ms"] = tab.mark("composer")
    total["paint_ms"] = tab.page.evaluate(
        "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
    )
    tab.close()
    return total


def _kind(event: dict[str, Any]) -> str:
    kind = {"text/javascript": "js", "text/css": "css"}.get(event["response"]["mimeType"])
    return kind or event["type"].lower()
