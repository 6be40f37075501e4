"""Settings in groups, and what a person prefers: it is seen at once, before the first paint, and in every browser."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Cues
from tests.parts.app import Person
from tests.parts.browser import PHONE, Tab, Visits, becomes
from tests.parts.llm_server import Script, ScriptedServer

_WATCH_SIZES = """
    window.sizes = new Set();
    const look = () => {
        if (document.body) window.sizes.add(getComputedStyle(document.documentElement).fontSize);
        if (performance.now() < 3000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""


_WATCH_LOOKS = """
    sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1;
    window.looks = new Set();
    const look = () => {
        const page = document.documentElement;
        const theme = page.classList.contains("dark") ? "dark" : "light";
        if (document.body) window.looks.add(`${theme} ${getComputedStyle(page).fontSize} ${page.lang}`);
        if (performance.now() < 3000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""


async def _size(tab: Tab) -> str:
    return await tab.page.evaluate("getComputedStyle(document.documentElement).fontSize")


async def test_groups_of_the_settings_have_addresses(visits: Visits, person: Person) -> None:
    """An address opens the settings at its group, the group's name is marked, and the others are a press away."""
    tab = await visits.tab(person, "/settings#account")
    groups = tab.page.get_by_role("navigation", name="Settings")
    await expect(groups.get_by_role("link", name="Account")).to_have_attribute("aria-current", "location")
    await expect(tab.page.get_by_role("heading", name="Account", exact=True, level=2)).to_be_in_viewport()
    await groups.get_by_role("link", name="General").click()
    await expect(tab.page.get_by_role("heading", name="Theme", level=3)).to_be_in_viewport()
    await expect(tab.page).to_have_url(re.compile("#general$"))
    await expect(groups.get_by_role("link", name="General")).to_have_attribute("aria-current", "location")


async def test_looks_follow_in_open_pages(visits: Visits, person: Person) -> None:
    """Theme, density and size of text that are chosen in one page are those of every other open page of the person at once."""
    tab = await visits.tab(person, "/settings", color_scheme="light")
    beside = await visits.another_tab(tab.page.context, "/settings")
    elsewhere = await visits.tab(person, "/", color_scheme="light")
    await elsewhere.composer.fill("half a thought")
    for name in ("Largest", "Compact", "Dark"):
        await tab.page.get_by_role("radio", name=name).click()
    for page in (beside.page, elsewhere.page):
        await expect(page.locator("html")).to_have_class(re.compile("dark"))
        await expect(page.locator("html")).to_have_attribute("data-look", re.compile("compact largest"))
    for name in ("Largest", "Compact", "Dark"):
        await expect(beside.page.get_by_role("radio", name=name)).to_be_checked()
    await expect(elsewhere.composer).to_have_value("half a thought")


async def test_ux_69_a_page_that_comes_back_has_the_newest_looks(visits: Visits, person: Person) -> None:
    """A tab that was told of older looks before it was left shows them never again, for no moment (UX 69)."""
    tab = await visits.tab(person, "/settings", color_scheme="light")
    await tab.page.goto("about:blank")
    beside = await visits.another_tab(tab.page.context, "/settings")
    await beside.page.get_by_role("radio", name="Dark").click()
    await beside.page.get_by_role("radio", name="Largest").click()
    await beside.page.get_by_role("combobox", name="Language").select_option("de")
    await expect(beside.page.locator("html")).to_have_attribute("lang", "de")
    await expect(beside.page.get_by_role("combobox", name="Sprache")).to_have_value("de")
    await tab.page.add_init_script(_WATCH_LOOKS)
    await tab.page.goto(f"{person.app.url}/settings")
    await expect(tab.page.get_by_role("combobox", name="Sprache")).to_have_value("de")
    await becomes(lambda: tab.page.evaluate("performance.now() > 3000"), True)
    assert await tab.page.evaluate("[...window.looks]") == ["dark 24px de"]
    assert await tab.page.evaluate("sessionStorage.loads") == "1"


async def test_text_size_is_kept_without_a_flash(visits: Visits, person: Person) -> None:
    """A chosen size shows at once, is there before the next page is painted, and in another browser from its sign-in."""
    tab = await visits.tab(person, "/settings")
    await tab.page.get_by_role("radio", name="Largest").click()
    await becomes(lambda: _size(tab), "24px")
    await tab.page.add_init_script(_WATCH_SIZES)
    await tab.reload()
    await tab.open("/")
    assert await tab.page.evaluate("[...window.sizes]") == ["24px"]

    other = await visits.tab()
    await other.page.add_init_script(_WATCH_SIZES)
    await other.open("/login")
    await other.sign_in(person)
    await other.at("/")
    await other.usable()
    assert await other.page.evaluate("[...window.sizes]") == ["24px"]


async def test_compact_shows_more(visits: Visits, person: Person) -> None:
    """With little room around things a row of the sidebar is lower; back again it is as before."""
    tab = await visits.tab(person, "/settings")
    row = tab.page.locator("#sidebar .sidebar-link").first
    before = (await row.bounding_box() or {})["height"]
    await tab.page.get_by_role("radio", name="Compact").click()

    async def lower() -> bool:
        return (await row.bounding_box() or {})["height"] < before

    await becomes(lower, True)
    await tab.page.get_by_role("radio", name="Comfortable").click()
    await becomes(lower, False)


async def test_what_stands_with_messages(visits: Visits, person: Person, cue: Cues) -> None:
    """Model, time and figures are each shown or not; the rest of the line stays."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    tab = await visits.tab(person, "/settings#chat")
    await tab.page.get_by_role("checkbox", name="Model").click()
    await tab.page.get_by_role("checkbox", name="Time").click()
    await expect(tab.page.get_by_role("checkbox", name="Time")).not_to_be_checked()

    async def kept() -> list[bool]:
        told = (await person.rest.get("/api/v1/me")).json()
        return [told[f"show_{each}"] for each in ("model", "time", "usage")]

    await becomes(kept, [False, False, True])
    await tab.open(f"/c/{conversation}")
    facts = tab.answer.locator(".facts")
    await expect(facts.locator(".usage-figures")).to_be_visible()
    await expect(facts.locator(".usage-model")).to_be_hidden()
    await expect(facts.locator("time")).to_be_hidden()
    assert not (await facts.inner_text()).startswith(" ·")


async def test_the_chosen_time_zone_is_followed(
    visits: Visits, person: Person, llm: ScriptedServer, cue: Cues
) -> None:
    """Times of messages, what the model is told, and an export are in the chosen zone, not in the browser's."""
    tab = await visits.tab(person, "/settings", timezone_id="Pacific/Pago_Pago")
    zone = tab.page.get_by_role("combobox", name="Time zone")
    await expect(zone).to_have_value("")
    await expect(zone.locator("option").first).to_have_text("As in the browser (Pacific/Pago_Pago)")
    await zone.select_option("Pacific/Kiritimati")
    await expect(tab.notices).to_contain_text("Saved")
    before = datetime.now(ZoneInfo("Pacific/Kiritimati"))
    await tab.open("/")
    await tab.ask(f"What day is it? {(played := cue(Script('Look outside.')))}")
    await tab.ends()
    asked = next(each for each in llm.requests if str(played) in each.body["messages"][-1]["content"])
    assert f"{before:%A, %d %B %Y}" in asked.body["messages"][0]["content"]
    await expect(tab.answer.locator("time")).to_have_attribute("aria-label", re.compile(r"GMT\+14"))
    conversation = tab.page.url.rpartition("/")[2].partition("?")[0]
    text = (await person.rest.get(f"/api/v1/conversations/{conversation}/export?format=markdown")).text
    assert f"{before.day} {before:%B %Y}" in text

    await tab.open("/settings")
    await expect(zone).to_have_value("Pacific/Kiritimati")
    await zone.select_option("")

    async def known() -> str:
        return (await person.rest.get("/api/v1/me")).json()["time_zone"]

    await becomes(known, "Pacific/Pago_Pago")


async def test_a_zone_that_this_browser_does_not_know(visits: Visits, person: Person, cue: Cues) -> None:
    """A zone too new for a browser is told in the browser's own; the page stands."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await person.rest.patch("/api/v1/me", json={"time_zone": "posixrules"})
    tab = await visits.tab(person, f"/c/{conversation}")
    await expect(tab.answer.locator("time")).to_have_attribute("aria-label", re.compile(r"\d{4}"))
    await tab.open("/settings")
    await expect(tab.page.get_by_role("combobox", name="Time zone")).to_have_value("posixrules")


@pytest.mark.parametrize("width", [320, 390])
async def test_the_largest_text_breaks_nothing_on_a_phone(
    visits: Visits, admin: Person, cue: Cues, width: int
) -> None:
    """No page scrolls sideways when everything is written largest."""
    conversation = await admin.ask(f"Hello {cue(Script('A table | and `code` of some length. ' * 20))}")
    await admin.rest.patch("/api/v1/me", json={"text_size": "largest"})
    look: dict[str, Any] = {**PHONE, "viewport": {"width": width, "height": 700}}
    tab = await visits.tab(admin, **look)
    wide: list[str] = []
    for path in ("/", f"/c/{conversation}", "/settings", "/settings/memory", "/vault", "/personas",
                 "/personas/prompts", "/archived", "/admin/users", "/admin/models", "/admin/installation"):  # fmt: skip
        await tab.open(path)
        await becomes(lambda: _size(tab), "24px")
        sideways = await tab.page.evaluate(
            "[document.documentElement, document.querySelector('main')].some(e => e.scrollWidth > e.clientWidth)"
        )
        if sideways:
            wide.append(path)
    await admin.rest.patch("/api/v1/me", json={"text_size": "normal"})
    assert wide == []
