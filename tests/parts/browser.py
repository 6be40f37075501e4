"""Chromium, and the words a test speaks to it: a tab, the question, the answer.

Every fault a page reports (an uncaught error, an error in the console, a refusal by the Content-Security-Policy)
fails the test it happens in, unless the test has said that it must come.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    WebSocketRoute,
    async_playwright,
    expect,
)

from tests.parts.app import PASSWORD, Person, Served
from tests.parts.missing import missing

BINARIES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PROXIED_HOST = "chat.example.com"  # in the examples for proxies
PLAIN_HTTP_HOST = "gantry.lan"  # a name that browsers do not take for this machine: no secure context
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {PLAIN_HTTP_HOST} 127.0.0.1, MAP {PROXIED_HOST} 127.0.0.1",
)
DESKTOP: dict[str, Any] = {"viewport": ViewportSize(width=1280, height=800)}
TABLET: dict[str, Any] = {"viewport": ViewportSize(width=768, height=1024)}
PHONE: dict[str, Any] = {
    "viewport": ViewportSize(width=390, height=844),
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
PATIENCE_MS = 10_000  # for what must come; the machine may be busy
ANSWER_MS = 20_000  # for an answer to end

# What a browser itself prints when a server is away: no page can prevent it.
NETWORK_IS_AWAY = (
    r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|CONNECTION_CLOSED|INTERNET_DISCONNECTED|EMPTY_RESPONSE"
    r"|INCOMPLETE_CHUNKED_ENCODING|NETWORK_CHANGED|SOCKET_NOT_CONNECTED)"
    r"|WebSocket connection to .* failed"
)


def chromium_path() -> str | None:
    """Return where Chromium is, if it is anywhere."""
    return next((found for name in BINARIES if (found := shutil.which(name))), None)


@asynccontextmanager
async def running_chromium() -> AsyncGenerator[Browser]:
    """Yield a browser."""
    binary = chromium_path()
    if binary is None:
        missing("Chromium (chromium-headless-shell or chromium on PATH)")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Faults:
    """What pages have complained about."""

    found: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Take faults that match *pattern* as part of the test; whoever calls this says why."""
        self.allowed.append(pattern)

    def allow_status(self, *codes: int) -> None:
        """Take it that requests are refused with one of *codes*: the browser prints each one of them."""
        choice = "|".join(str(code) for code in codes)
        self.allow(rf"Failed to load resource: the server responded with a status of ({choice})")

    def allow_network_away(self) -> None:
        """Take it that the server cannot be reached for a while."""
        self.allow(NETWORK_IS_AWAY)

    def watch(self, context: BrowserContext) -> None:
        """Take note of everything the pages of *context* complain about."""
        context.on("weberror", lambda error: self.found.append(f"uncaught: {error.error}"))
        context.on("console", lambda line: self._take(line.type, line.text, line.location))

    def _take(self, kind: str, text: str, location: Any) -> None:
        if kind == "error":
            self.found.append(f"console: {text} ({(location or {}).get('url', '')})")

    def left(self) -> list[str]:
        """Return the faults nobody has allowed."""
        return [one for one in self.found if not any(re.search(each, one) for each in self.allowed)]


@dataclass(slots=True)
class Visits:
    """The contexts and tabs one test opens."""

    browser: Browser
    app: Served
    faults: Faults = field(default_factory=Faults)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def context(self, person: Person | None = None, **options: Any) -> BrowserContext:
        """Open a browser of its own (cookies, storage), signed in as *person*, on a desktop unless told.

        Without the worker of the page for times offline: Playwright cannot stand between it and the server.
        """
        chosen: dict[str, Any] = {**DESKTOP, "locale": "en-GB", "service_workers": "block", **options}
        context = await self.browser.new_context(**chosen)
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.set_default_navigation_timeout(2 * PATIENCE_MS)
        self.faults.watch(context)
        if person is not None:
            cookie = {"name": "gantry_session", "value": person.session, "url": person.app.url}
            await context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])  # pyright: ignore[reportArgumentType]
        return context

    async def tab(self, person: Person | None = None, path: str = "", **options: Any) -> "Tab":
        """Open a tab in a browser of its own; *path* is opened when it is given."""
        return await self.another_tab(await self.context(person, **options), path, person)

    async def another_tab(
        self, context: BrowserContext, path: str = "", person: Person | None = None
    ) -> "Tab":
        """Open one more tab in *context*."""
        tab = Tab(await context.new_page(), person.app.url if person else self.app.url)
        if path:
            await tab.open(path)
        return tab

    async def take_pictures(self, folder: Path, name: str) -> None:
        """Keep what every open page shows, and what its console said."""
        folder.mkdir(parents=True, exist_ok=True)
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            with_number = folder / f"{name}-{number}.png"
            try:
                async with asyncio.timeout(10):
                    await page.screenshot(path=with_number)
            except Exception as error:  # noqa: BLE001 - a picture that fails must not hide why the test did
                with_number.with_suffix(".txt").write_text(f"{page.url}: {error}")
        (folder / f"{name}.console.txt").write_text("\n".join(self.faults.found))

    async def close(self) -> None:
        """Close everything."""
        for context in self.contexts:
            await context.close()


class Tab:
    """One tab, in the product's words."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        by = page.get_by_test_id
        self.composer = by("composer")
        self.send_button = by("send")
        self.stop_button = by("stop")
        self.sidebar = by("sidebar")
        self.rows = by("conversation-row")
        self.banner = by("connection")
        self.jump = by("jump")
        self.notices = by("notice")
        self.not_found = by("not-found")
        self.failure = by("failure")
        self.messages = by("message")
        self.transcript = page.get_by_role("log", name="Conversation")
        self.questions = page.locator('[data-testid="message"][data-role="user"]')
        self.answers = page.locator('[data-testid="message"][data-role="assistant"]')
        self.answer = self.answers.last

    # going places

    async def open(self, path: str = "/") -> None:
        """Load a page anew and wait until it can be used."""
        await self.page.goto(self.url + path)
        await self.usable()

    async def reload(self) -> None:
        """Load this page anew and wait until it can be used."""
        await self.page.reload()
        await self.usable()

    async def usable(self) -> None:
        """Wait until the page knows who is here, and shows all that has been answered."""
        frame = self.page.locator('nav.conversations[aria-busy="false"]')
        alone = self.page.locator(".alone button:enabled").first
        await expect(frame.or_(alone).first).to_be_attached()
        await expect(
            self.page.locator("#main > *").first
        ).to_be_attached()  # the frame is there before the page
        if await self.page.locator("form.composer").count():
            known = self.page.locator('[data-testid="composer"][data-loaded="yes"]')
            named = self.page.locator('[data-testid="model-picker"]:not([data-model=""])')
            opened = self.page.locator(
                f'.chat[data-conversation="{self.path.removeprefix("/").removeprefix("c/")}"]'
            )
            for sign in (known, named, opened):
                await expect(sign.or_(self.not_found).first).to_be_attached()
        being_read = '[data-testid="message"]:not([data-status="streaming"]) .answer[aria-busy]'
        await expect(self.page.locator(being_read)).to_have_count(0)

    @property
    def path(self) -> str:
        """The path in the address."""
        return self.page.url.removeprefix(self.url).partition("?")[0]

    async def at(self, path: str | re.Pattern[str]) -> None:
        """Wait until the address is *path*."""
        wanted = self.url + path if isinstance(path, str) else re.compile(re.escape(self.url) + path.pattern)
        await expect(self.page).to_have_url(wanted)

    async def conversation(self) -> str:
        """Return the id of the open conversation; waits until a new one has its address."""
        await self.at(re.compile(r"/c/[0-9a-f-]{36}$"))
        return self.path.removeprefix("/c/")

    async def sign_in(self, person: Person, password: str = PASSWORD) -> None:
        """Fill in the sign-in form and send it."""
        await self.page.get_by_test_id("login-email").fill(person.email)
        await self.page.get_by_test_id("login-password").fill(password)
        await self.page.get_by_test_id("login-submit").click()

    async def menu(self, trigger: Locator, entry: str) -> None:
        """Open a menu and choose an entry."""
        await trigger.click()
        await self.page.get_by_role("menuitem", name=entry, exact=True).click()

    async def person(self, email: str) -> Locator:
        """Search the table of people for somebody, as it shows fifty at first; returns their row."""
        await expect(self.page.locator("dialog[open]")).to_have_count(0)  # below one nothing is searched
        await self.page.locator("#main input[type=search]").fill(email)
        rows = self.page.get_by_test_id("person")
        await expect(rows).to_have_count(1)
        return rows.filter(has_text=email)

    # talking

    async def ask(self, text: str, *, accepted: bool = True) -> None:
        """Type a message and press Enter; unless it will not be *accepted*, wait until its answer has a place.

        That is on the page and in the address: a page loaded anew before would be an empty one.
        """
        before = await self.answers.count()
        await self.composer.fill(text)
        await self.composer.press("Enter")
        if accepted:
            await expect(self.answers).to_have_count(before + 1)
            await self.conversation()

    async def ends(self, status: str = "complete", *, answers: int | None = None) -> None:
        """Wait until the last answer has ended with *status*; *answers* says how many there are then."""
        if answers is not None:
            await expect(self.answers).to_have_count(answers)
        await expect(self.answer).to_have_attribute("data-status", status, timeout=ANSWER_MS)
        await expect(self.answer.locator(".answer[aria-busy]")).to_have_count(0)

    async def shows(self, text: str) -> None:
        """Wait until the last answer contains *text*."""
        await expect(self.answer.locator(".answer")).to_contain_text(text, timeout=ANSWER_MS)

    async def words(self, answer: Locator | None = None) -> list[str]:
        """Return the words of the last answer as they are on screen."""
        body = (answer or self.answer).locator(".answer .markdown")
        return " ".join(await body.all_inner_texts()).split()

    def action(self, name: str, message: Locator | None = None) -> Locator:
        """Return the button with this name under a message; by default the last answer's."""
        return (message or self.answer).get_by_role("button", name=name, exact=True)

    async def distance(self) -> float:
        """Return how far the reader is from the end of the conversation, in pixels."""
        return await self.transcript.evaluate("v => v.scrollHeight - v.scrollTop - v.clientHeight")

    async def clipboard(self) -> str:
        """Return what was copied last."""
        return await self.page.evaluate("navigator.clipboard.readText()")


async def becomes(ask: Callable[[], Awaitable[Any]], wanted: Any, *, seconds: float = 10.0) -> None:
    """Wait until what *ask* returns equals *wanted*, or, when that is a function, satisfies it."""
    last: Any = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                last = await ask()
                if wanted(last) if callable(wanted) else last == wanted:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s; at last it was {last!r}") from None


class SlowLine:
    """Carries the events of a tab to the server, and holds some until they are let go; lay it before opening a page."""

    def __init__(self, *, answers: bool = False) -> None:
        """Hold what the page says, or (*answers*) what the server says to it."""
        self._answers = answers
        self._held: list[tuple[WebSocketRoute, str | bytes]] | None = None

    async def lay(self, page: Page) -> None:
        """Take over the line of *page*."""
        await page.route_web_socket("**/_event/**", self._connect)

    def hold(self) -> None:
        """Let nothing through from now on."""
        self._held = []

    def let_go(self) -> None:
        """Deliver what was held, and all that follows."""
        held, self._held = self._held or [], None
        for end, message in held:
            end.send(message)

    def _connect(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        speaks, hears = (server, page) if self._answers else (page, server)

        def carry(message: str | bytes) -> None:
            if self._held is None:
                hears.send(message)
            else:
                self._held.append((hears, message))

        speaks.on_message(carry)


class Cable:
    """What lies between a browser and the server, to be cut and mended: give a tab its ``url``."""

    def __init__(self, app: Served) -> None:
        self._app = app
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._whole = True
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.cut()
        await self._server.wait_closed()

    async def cut(self) -> None:
        """Break every connection and let no new one through."""
        self._whole = False
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def mend(self) -> None:
        """Let new connections through again."""
        self._whole = True

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        beyond: asyncio.StreamWriter | None = None
        try:
            there, beyond = await asyncio.open_connection("127.0.0.1", self._app.port)
            ways = (_pump(reader, beyond), _pump(there, writer))
            async with asyncio.TaskGroup() as group:
                for way in ways:
                    group.create_task(way)
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass  # one end has gone, or the cable was cut
        finally:
            self._pumps.discard(task)
            for end in (writer, beyond):
                if end is not None:
                    end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    raise ConnectionError  # one way has ended: so does the other
