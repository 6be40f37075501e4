"""Languages in the browser: nothing outside the catalogue, no flash of English, from right to left, and the account's choice."""

import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from babel.messages.pofile import read_po
from playwright.async_api import Route, expect

from gantry.languages.browser import pseudo_script
from tests.parts.app import ROOT, Person
from tests.parts.browser import PHONE, Visits

PAGES = (
    "/", "/settings", "/settings/memory", "/personas", "/personas/prompts", "/vault", "/archived", "/admin/users", "/admin/models",
)  # fmt: skip
# Every text and label with letters that is not in the brackets of the language for tests.
OUTSIDE = """() => {
    const found = new Set();
    const take = text => {
        const rest = text.replace(/⟦[^⟧]*(⟧|$)|^[^⟦]*⟧/g, ""); // a sentence around an element stands in two texts
        if (/[A-Za-z]{2}/.test(rest)) found.add(rest.trim());
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { parentElement, data } = texts.currentNode;
        // What people have written has a direction of its own.
        if (!parentElement.closest("script, style, kbd, code, time, pre, option[lang], [dir=auto]")) take(data);
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
    r"|https?://\S+|[\w.+-]+@[\w.-]+|UTC|\w+/[\w/ +-]+|AM|PM|gantry-tests|My documents|Built-in answerer|kB|MB|PDF|Chromium|Linux|Markdown|JSON|ZIP|Top-p|\d+(\.\d+)*"
)


async def _pseudo(route: Route) -> None:
    if route.request.url.endswith("/pseudo.js"):
        with (ROOT / "gantry/languages/de/LC_MESSAGES/gantry.po").open("rb") as file:
            await route.fulfill(body=pseudo_script(read_po(file)), content_type="text/javascript")
        return
    answer = await route.fetch()
    script = re.sub(r"const files = \{.*\};", 'const files = {"en-XA": "/pseudo.js"};', await answer.text())
    await route.fulfill(response=answer, body=script)


async def test_no_text_is_outside_the_catalogue(visits: Visits, admin: Person) -> None:
    """Every page, menu and dialog in the language for tests shows nothing else but what people and machines are called."""
    tab = await visits.tab(admin, locale="en-XA")
    await tab.page.route(re.compile(r"/(first-paint|pseudo)\.js$"), _pseudo)
    names = re.compile(f"{NAMES.pattern}|{re.escape(admin.name)}")
    outside: dict[str, list[str]] = {}
    for path in PAGES:
        await tab.open(path)
        await expect(tab.page.locator("html")).to_have_attribute("lang", "en-XA")
        for opens in ("", "Control+k", "?"):
            if opens:
                await tab.page.evaluate("document.activeElement.blur()")  # "?" is a letter where one types
                await tab.page.keyboard.press(opens)
                await expect(tab.page.locator("dialog[open]")).to_be_visible()
            left = [
                text
                for text in await tab.page.evaluate(OUTSIDE)
                if re.search("[A-Za-z]{2}", names.sub("", text))
            ]
            if left:
                outside[f"{path} {opens}"] = left
            if opens:
                await tab.page.keyboard.press("Escape")
                await expect(tab.page.locator("dialog[open]")).to_have_count(0)
    assert not outside, str(outside)[:4000]


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
        assert "New chat" not in await tab.page.evaluate("window.first")
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
