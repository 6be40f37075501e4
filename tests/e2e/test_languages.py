"""Languages in the browser: nothing outside the catalogue, no flash of English, from right to left, and the account's choice."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from babel.messages.pofile import read_po
from playwright.async_api import Route, expect

from gantry.languages import PSEUDO
from tests.e2e import tours
from tests.e2e.scripts import Cues
from tests.parts.app import ROOT, Person
from tests.parts.browser import PHONE, Tab, Visits
from tests.parts.pseudo import pseudo_script

PAGES = (
    "/", "/settings", "/settings/memory", "/personas", "/personas/prompts", "/vault", "/archived", "/admin/users", "/admin/models",
    "/admin/installation",
)  # fmt: skip
# Every text and label with letters that is not in the brackets of the language for tests.
OUTSIDE = """() => {
    const found = new Set();
    const take = text => {
        for (let before = ""; before !== text; ) [before, text] = [text, text.replace(/⟦[^⟦⟧]*⟧/g, "")]; // one in another
        const rest = text.replace(/⟦[^⟧]*$|^[^⟦]*⟧/g, ""); // a sentence around an element stands in two texts
        if (/[A-Za-z]{2}/.test(rest)) found.add(rest.trim());
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { parentElement, data } = texts.currentNode;
        // What people have written has a direction of its own.
        if (!parentElement.closest("script, style, kbd, code, time, pre, textarea, option[lang], [dir=auto], .bubble")) take(data);
    }
    for (const element of document.body.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
        for (const name of ["aria-label", "title", "placeholder", "alt"]) {
            const told = element.getAttribute(name) ?? "";
            if (!element.textContent.includes(told)) take(told); // else it tells in full what is cut
        }
    return [...found];
}"""
# What people, programs and machines are called is the same in every language.
NAMES = re.compile(
    r"Gantry|OpenAI|Ollama|TabbyAPI|vLLM|llama\.cpp|LM Studio|scripted|variant|minilm|EMBEDDING_MODEL|EMBEDDING_BASE_URL|DOMAIN|make backup"
    r"|https?://\S+|[\w.+-]+@[\w.-]+|UTC|\w+/[\w/ +-]+|AM|PM|gantry-tests|kB|MB|PDF|Chromium|Linux|Markdown|JSON|ZIP|Top-p|\d+(\.\d+)*"
)


async def _pseudo(route: Route) -> None:
    if route.request.url.endswith("/pseudo.js"):
        with (ROOT / "gantry/languages/de/LC_MESSAGES/gantry.po").open("rb") as file:
            await route.fulfill(body=pseudo_script(read_po(file)), content_type="text/javascript")
        return
    answer = await route.fetch()
    script = re.sub(r"const files = \{.*\};", 'const files = {"en-XA": "/pseudo.js"};', await answer.text())
    await route.fulfill(response=answer, body=script)


class _Reader:
    """Keeps what is outside the catalogue, by where it was seen."""

    def __init__(self, tab: Tab, *names: str) -> None:
        self.tab = tab
        self.outside: dict[str, list[str]] = {}
        self._names = re.compile("|".join([NAMES.pattern, *map(re.escape, (*tours.MADE, *names))]))

    async def look(self, name: str) -> None:
        await expect(self.tab.page.locator("html")).to_have_attribute("lang", PSEUDO)
        told = await self.tab.page.evaluate(OUTSIDE)
        if left := [text for text in told if re.search("[A-Za-z]{2}", self._names.sub("", text))]:
            self.outside[name] = left


@asynccontextmanager
async def _reading(visits: Visits, person: Person | None, *names: str) -> AsyncIterator[tours.Eye]:
    """Yield an eye on a tab in the language for tests; nothing it sees may be outside the catalogue."""
    tab = await visits.tab(person, locale=PSEUDO)
    await tab.page.route(re.compile(r"/(first-paint|pseudo)\.js$"), _pseudo)
    reader = _Reader(tab, *names, *([person.name] if person else []))
    yield tours.Eye(tab, PSEUDO, reader.look)
    assert not reader.outside, str(reader.outside)[:4000]


async def test_no_text_is_outside_the_catalogue(visits: Visits, admin: Person) -> None:
    """Every page, with the search and the shortcuts, shows nothing else but what people and machines are called."""
    async with _reading(visits, admin) as eye:
        for path in PAGES:
            await eye.open(path)
            for opens, dialog in (("Control+k", "search"), ("?", "shortcuts")):
                await eye.page.evaluate("document.activeElement.blur()")  # "?" is a letter where one types
                await eye.dialog(dialog, eye.page.keyboard.press(opens))


async def test_no_text_of_chats_is_outside_the_catalogue(visits: Visits, person: Person, cue: Cues) -> None:
    """Menus, panels and dialogs of a chat; an answer on its way, there, stopped and failed."""
    visits.faults.allow_status(500)
    async with _reading(visits, person) as eye:
        await tours.chats(eye, person, cue)


async def test_no_text_of_documents_is_outside_the_catalogue(visits: Visits, person: Person) -> None:
    """Uploads that were lost and refused, files that cannot be read, and every dialog."""
    visits.faults.allow_network_away()
    visits.faults.allow_status(422)
    async with _reading(visits, person) as eye:
        await tours.uploads(eye, person)


@pytest.mark.parametrize("tour", [tours.order, tours.settings, tours.personas])
async def test_no_text_of_menus_and_dialogs_is_outside_the_catalogue(
    visits: Visits, person: Person, tour: Callable[[tours.Eye, Person], Awaitable[None]]
) -> None:
    """The sidebar, the search, the settings, personas and prompts."""
    visits.faults.allow_status(422)
    async with _reading(visits, person) as eye:
        await tour(eye, person)


async def test_no_text_of_the_administration_is_outside_the_catalogue(
    visits: Visits, admin: Person, other: Person
) -> None:
    """People and model servers, one of which is away."""
    async with _reading(visits, admin, other.name) as eye:
        await tours.administration(eye, other)


async def test_no_text_for_strangers_is_outside_the_catalogue(visits: Visits) -> None:
    """A refused sign-in, and a link that is none."""
    visits.faults.allow_status(401, 404)
    async with _reading(visits, None) as eye:
        await tours.strangers(eye)


async def test_no_text_of_times_offline_is_outside_the_catalogue(visits: Visits, person: Person) -> None:
    """The banner above the page, and a message that waits."""
    visits.faults.allow_network_away()
    async with _reading(visits, person) as eye:
        await eye.open("/", look=False)
        await eye.page.context.set_offline(True)
        await expect(eye.tab.banner).to_be_visible(timeout=20_000)
        await eye.look("offline")


@pytest.mark.parametrize(
    ("locale", "language", "direction"), [("de-AT", "de", "ltr"), ("ar-EG", "ar", "rtl")]
)
async def test_the_browsers_language_is_spoken_from_the_first_paint(
    visits: Visits, person: Person, locale: str, language: str, direction: str
) -> None:
    """No English is seen before, hydration finds what it expects, and the direction is the language's."""
    tab = await visits.tab(person, locale=locale)
    await tab.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.first = document.body.innerText; })"
    )
    for path in ("/", "/settings", "/vault"):
        await tab.open(path)
        await expect(tab.page.locator("html")).to_have_attribute("lang", language)
        await expect(tab.page.locator("html")).to_have_attribute("dir", direction)
        first = await tab.page.evaluate("window.first")
        assert first.strip()
        assert "New chat" not in first
        assert "New chat" not in await tab.page.evaluate("document.body.innerText")


async def test_the_language_of_the_account_is_chosen_in_the_settings(visits: Visits, person: Person) -> None:
    """The page loads anew in it, another browser follows, and the way back is there."""
    tab = await visits.tab(person)
    await tab.open("/settings")
    await tab.page.get_by_test_id("language").select_option("de")
    await expect(tab.page.get_by_role("heading", name="Einstellungen", level=1)).to_be_visible()
    elsewhere = await visits.tab(person)
    await elsewhere.open("/vault")
    await expect(elsewhere.page.get_by_role("heading", name="Dokumente", level=1)).to_be_visible()
    await tab.page.get_by_test_id("language").select_option("")
    await expect(tab.page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
async def test_arabic_is_accessible_and_fits(visits: Visits, person: Person, size: dict[str, Any]) -> None:
    """Axe finds nothing, and nothing reaches over the edge."""
    tab = await visits.tab(person, locale="ar", **size)
    for path in ("/", "/settings", "/vault", "/personas", "/settings/memory"):
        await tab.open(path)
        found = await Axe().run(tab.page)
        assert found.violations_count == 0, found.generate_report()
        assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
