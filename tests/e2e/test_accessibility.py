"""By keyboard, by ear, on small screens and enlarged."""

import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from tests.e2e.scripts import MARKDOWN, Cues, streamed
from tests.e2e.test_documents import file, ready, upload
from tests.parts.app import PASSWORD, Person
from tests.parts.browser import PHONE, TABLET, Tab, Visits, becomes
from tests.parts.llm_server import Script

FOCUS_IS_VISIBLE = """() => {
    const element = document.activeElement;
    const mark = node => {
        const style = getComputedStyle(node);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
    };
    return mark(element) || mark(element.closest("form, label, .input-with-button") ?? element);
}"""


async def _tab_to(tab: Tab, test_id: str, *, presses: int = 25) -> None:
    """Press Tab until the focus is there; wherever it is on the way, it can be seen."""
    for _ in range(presses):
        await tab.page.keyboard.press("Tab")
        where = await tab.page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
        assert where.startswith("<body") or await tab.page.evaluate(FOCUS_IS_VISIBLE), where
        if await tab.page.evaluate("document.activeElement.dataset.testid") == test_id:
            return
    raise AssertionError(f"{test_id} cannot be reached with {presses} presses of Tab")


async def test_ux_62_from_sign_in_to_an_answer_by_keyboard(visits: Visits, person: Person, cue: Cues) -> None:
    """Everything from signing in to copying the answer works by keyboard, with a visible focus (UX 62)."""
    tab = await visits.tab()
    await tab.open("/login")
    await _tab_to(tab, "login-email", presses=5)
    await tab.page.keyboard.type(person.email)
    await _tab_to(tab, "login-password", presses=3)
    await tab.page.keyboard.type(PASSWORD)
    await tab.page.keyboard.press("Enter")
    await tab.at("/")
    await tab.usable()
    await expect(tab.composer).to_be_focused()
    await tab.page.keyboard.type(f"By keyboard {cue(Script('Answered.'))}")
    await tab.page.keyboard.press("Enter")
    await tab.ends()
    await tab.page.evaluate("document.activeElement.blur()")
    await _tab_to(tab, "conversation-row")
    await _tab_to(tab, "copy")


async def test_ux_63_transcript_is_a_log(tab: Tab, cue: Cues) -> None:
    """The transcript is a log that is silent; a polite region tells that an answer began and ended, no tokens (UX 63)."""
    await tab.open()
    await expect(tab.transcript).to_have_attribute("aria-live", "off")
    await tab.page.evaluate("""() => {
        window.spoken = [];
        new MutationObserver(changes => {
            for (const change of changes) {
                const element = change.target.nodeType === 1 ? change.target : change.target.parentElement;
                const region = element?.closest("[aria-live], [role=status], [role=alert]");
                const spoken = region && region.getAttribute("aria-live") !== "off" ? region.textContent.trim() : "";
                if (spoken) window.spoken.push(spoken);
            }
        }).observe(document.body, {subtree: true, childList: true, characterData: true});
    }""")
    await tab.ask(f"Count {cue(streamed(40, 40))}")
    await tab.ends()
    await expect(tab.page.get_by_text("The answer is complete.")).to_be_attached()
    spoken = await tab.page.evaluate("window.spoken")
    assert not [text for text in spoken if re.search(r"w00\d\d", text)], spoken
    assert "The answer is complete." in spoken
    assert len(spoken) < 12, spoken


async def test_ux_64_dialog_keeps_and_returns_the_focus(visits: Visits, admin: Person) -> None:
    """A dialog takes the focus, keeps it, closes on Esc and gives it back (UX 64)."""
    tab = await visits.tab(admin, "/admin/users")
    opener = tab.page.get_by_test_id("add-person")
    await opener.focus()
    await tab.page.keyboard.press("Enter")
    dialog = tab.page.get_by_test_id("add-person-dialog")
    await expect(dialog).to_be_visible()
    inside = "dialog => dialog.contains(document.activeElement) || document.activeElement === document.body"
    await becomes(lambda: dialog.evaluate("dialog => dialog.contains(document.activeElement)"), True)
    for _ in range(12):
        await tab.page.keyboard.press("Tab")
        assert await dialog.evaluate(inside), "the focus left the dialog"
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_ux_64_menus_work_by_keyboard(tab: Tab, person: Person) -> None:
    """A menu opens with Enter, moves with arrows and letters, and Esc gives the focus back (UX 64)."""
    await person.conversation("A talk")
    await tab.open()
    opener = tab.page.get_by_test_id("account-menu")
    await opener.focus()
    await tab.page.keyboard.press("Enter")
    assert await _is_expanded(tab, opener)
    await expect(tab.page.get_by_role("menuitem", name="Archived chats")).to_be_focused()
    await tab.page.keyboard.press("ArrowDown")
    await expect(tab.page.get_by_role("menuitem", name="Settings")).to_be_focused()
    await tab.page.keyboard.press("End")
    await expect(tab.page.get_by_role("menuitem", name="Sign out")).to_be_focused()
    await tab.page.keyboard.press("d")
    await expect(tab.page.get_by_role("menuitemradio", name="Dark")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    assert not await _is_expanded(tab, opener)
    await tab.page.get_by_test_id("conversation-menu").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    await tab.page.keyboard.press("r")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("textbox", name="New name")).to_be_focused()


async def test_ux_62_shortcuts_are_listed(tab: Tab) -> None:
    """The key "?" opens the list of shortcuts, but not while typing; Esc closes it (UX 62)."""
    await tab.open()
    shortcuts = tab.page.get_by_test_id("shortcuts")
    await tab.composer.press("?")
    await expect(tab.composer).to_have_value("?")
    await expect(shortcuts).to_be_hidden()
    await tab.composer.fill("")
    await tab.page.get_by_test_id("new-chat").focus()
    await tab.page.keyboard.press("?")
    await expect(shortcuts).to_be_visible()
    await expect(shortcuts).to_contain_text("Stop or close")
    await tab.page.keyboard.press("Escape")
    await expect(shortcuts).to_be_hidden()
    await expect(tab.page.get_by_test_id("new-chat")).to_be_focused()


async def test_ux_62_skip_link(tab: Tab) -> None:
    """The first stop of Tab leads past the sidebar (UX 62)."""
    await tab.open("/settings")
    await tab.page.evaluate("document.activeElement.blur()")
    await tab.page.keyboard.press("Tab")
    skip = tab.page.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await tab.page.keyboard.press("Enter")
    await becomes(lambda: tab.page.evaluate("document.activeElement.closest('main') !== null"), True)


async def _pages(person: Person, cue: Cues) -> tuple[str, ...]:
    wide = (
        f"{MARKDOWN}\n\n`{'wide' * 60}`\n\n{'unbroken' * 40}\n\n| "
        + " | ".join(["column"] * 14)
        + " |\n"
        + "|---" * 14
        + "|\n"
    )
    conversation = await person.ask(f"{'Unbroken' * 20} {cue(Script(wide))}")
    return (
        "/",
        f"/c/{conversation}",
        "/settings",
        "/admin/users",
        "/admin/models",
        "/admin/installation",
        "/c/nothing",
    )


SMALL_INPUTS = """() => [...document.querySelectorAll("input, textarea, select")]
    .filter(field => field.checkVisibility() && !["radio", "checkbox", "hidden", "file"].includes(field.type))
    .filter(field => parseFloat(getComputedStyle(field).fontSize) < 16).map(field => field.outerHTML)"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_ux_67_no_page_scrolls_sideways_on_a_small_phone(
    visits: Visits, admin: Person, cue: Cues, theme: str
) -> None:
    """At 320 px no page scrolls sideways, in either theme, and no input is so small that phones zoom in (UX 67)."""
    visits.faults.allow_status(404)
    small: dict[str, Any] = PHONE | {"viewport": {"width": 320, "height": 640}}
    tab = await visits.tab(admin, **small, color_scheme=theme)
    anonymous = await visits.tab(None, **small, color_scheme=theme)
    pages = [(tab, path) for path in await _pages(admin, cue)] + [
        (anonymous, "/login"),
        (anonymous, "/nothing"),
    ]
    for each, path in pages:
        await each.page.goto(each.url + path)
        if path != "/nothing":
            await each.usable()
        sideways = await each.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert sideways <= 0, f"{path} is {sideways} px too wide"
        assert await each.page.evaluate(SMALL_INPUTS) == [], path
    await tab.open()
    await tab.page.get_by_role("button", name="Sidebar", exact=True).tap()
    await expect(tab.page.get_by_test_id("account-menu")).to_be_in_viewport(ratio=1)
    assert await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def test_ux_70_usable_at_twice_the_size(visits: Visits, person: Person, cue: Cues) -> None:
    """At 200 % on a desktop (640 × 400) a question can be asked, read and stopped, and the sidebar reached (UX 70)."""
    tab = await visits.tab(person, "/", viewport={"width": 640, "height": 400}, device_scale_factor=2)
    await tab.ask(f"Count {cue(streamed(200, 40))}")
    await tab.shows("w0005")
    for part in (tab.composer, tab.stop_button):
        await expect(part).to_be_in_viewport(ratio=1)
    view = await tab.transcript.bounding_box() or {}
    assert view["height"] >= 120, "there is no room left for the text"
    await tab.stop_button.click()
    await tab.ends("stopped")
    await tab.page.get_by_role("button", name="Sidebar", exact=True).click()
    await expect(tab.sidebar).to_be_in_viewport()
    assert await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const behind = element => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const light = colour => colour.slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const poor = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
        if (element.closest(".sr-only, [disabled], [aria-hidden=true], .skip-link, .katex")) continue;
        const style = getComputedStyle(element), below = behind(element);
        const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
        if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.trim().slice(0, 30)}`);
    }
    return poor;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_ux_65_text_has_enough_contrast(visits: Visits, admin: Person, cue: Cues, theme: str) -> None:
    """All text has a contrast of at least 4.5 to 1 (3 to 1 when large), in both themes (UX 65)."""
    visits.faults.allow_status(404)
    tab = await visits.tab(admin, color_scheme=theme, reduced_motion="reduce")
    anonymous = await visits.tab(None, color_scheme=theme, reduced_motion="reduce")
    for each, path in [*((tab, path) for path in await _pages(admin, cue)), (anonymous, "/login")]:
        await each.open(path)
        await each.page.evaluate(
            "Promise.all(document.getAnimations().map(one => one.finished.catch(() => 0)))"
        )
        assert await each.page.evaluate(CONTRAST) == [], path


async def test_ux_64_every_control_has_a_name(visits: Visits, admin: Person, cue: Cues) -> None:
    """Every button, link and field has a name that a screen reader can say (UX 64)."""
    tab = await visits.tab(admin)
    for path in await _pages(admin, cue):
        await tab.open(path)
        nameless = await tab.page.evaluate("""() => [...document.querySelectorAll(
            "button, a[href], input:not([type=hidden]), textarea, select, [role=button], [role=dialog], dialog[open]")]
            .filter(each => each.checkVisibility())
            .filter(each => !(each.getAttribute("aria-label") || each.getAttribute("aria-labelledby")
                || each.innerText?.trim() || each.textContent.trim() || each.labels?.length || each.title))
            .map(each => each.outerHTML)""")
        assert nameless == [], path
        ids = await tab.page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
        assert len(ids) == len(set(ids)), path


async def test_ux_65_reduced_motion_is_respected(visits: Visits, person: Person, cue: Cues) -> None:
    """Who asks for less motion gets no animation that moves, while an answer is written too (UX 65)."""
    tab = await visits.tab(person, "/", reduced_motion="reduce")
    await tab.ask(f"Wait {cue(Script('ok', first_byte_delay=1.5))}")
    await expect(tab.answer.locator(".working")).to_be_visible()
    moving = await tab.page.evaluate("""() => document.getAnimations()
        .filter(one => one.playState === "running" && (one.effect?.getComputedTiming().duration ?? 0) > 50)
        .map(one => one.animationName ?? one.transitionProperty)""")
    await tab.ends()
    assert moving == []


async def test_ux_64_toggles_tell_their_state(tab: Tab, cue: Cues) -> None:
    """Expanding and switching buttons tell a screen reader how they stand (UX 64)."""
    await tab.open()
    await tab.ask(f"Think {cue(Script('Done.', reasoning='Thoughts.'))}")
    await tab.ends()
    thoughts = tab.answer.locator(".reasoning button")
    await expect(thoughts).to_have_attribute("aria-expanded", "false")
    await thoughts.press("Enter")
    await expect(thoughts).to_have_attribute("aria-expanded", "true")
    picker = tab.page.get_by_test_id("model-picker")
    await picker.press("Enter")
    await expect(tab.page.get_by_role("combobox", name="Search models")).to_be_focused()
    assert await _is_expanded(tab, picker)
    await tab.page.keyboard.press("Escape")
    await expect(picker).to_be_focused()
    assert not await _is_expanded(tab, picker)


async def _is_expanded(tab: Tab, button: Locator) -> bool:
    """Return what the browser tells assistive technology of a button that opens a popover: no attribute says it."""
    devtools = await tab.page.context.new_cdp_session(tab.page)
    name = await button.get_attribute("aria-label")
    found = await devtools.send("Accessibility.getFullAXTree")
    node = next(
        each
        for each in found["nodes"]
        if each.get("role", {}).get("value") == "button" and each["name"]["value"] == name
    )
    return any(each["name"] == "expanded" and each["value"]["value"] for each in node["properties"])


OUTLINE = """### Straight to the third level

##### And to the fifth

- [x] Water the garden
- [ ] Mow the meadow, as the almanac says [1]

| Soil | Litres |
| --- | ---: |
| sand | 40 |

```python
print("a")
```
"""
BOXES = "chips => chips.map(chip => { const box = chip.getBoundingClientRect(); return [box.width, box.height]; })"


async def axe_faults(page: Page) -> str:
    """Return what axe finds in *page*, with where; empty when it finds nothing."""
    found = await Axe().run(page, options={"resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""


async def _with_everything(visits: Visits, admin: Person, cue: Cues) -> str:
    """Store a document, a fact, a model server's card and a conversation that cites; return its address."""
    tab = await visits.tab(admin, "/vault")
    await upload(tab, file("almanac.txt", b"The almanac says: mow in June.", "text/plain"))
    await ready(tab, "almanac.txt")
    await tab.open()
    await tab.ask(f"What does the almanac say of mowing? {cue(Script(OUTLINE))}")
    await tab.ends()
    await expect(tab.answer.get_by_test_id("citation")).to_have_count(1)
    return tab.page.url.removeprefix(tab.url)


@pytest.mark.parametrize(
    "look",
    [{"color_scheme": "light"}, TABLET | {"color_scheme": "dark"}, PHONE | {"color_scheme": "dark"}],
    ids=["light on a desktop", "dark on a tablet", "dark on a phone"],
)
async def test_axe_finds_nothing(visits: Visits, admin: Person, cue: Cues, look: dict[str, Any]) -> None:
    """No page breaks a rule of axe; on a phone a reference is at least 24 px high and wide."""
    visits.faults.allow_status(404)
    conversation = await _with_everything(visits, admin, cue)
    more = ("/vault", "/personas", "/personas/prompts", "/settings", "/settings/memory", "/archived")
    inside = ("/", conversation, *more, "/admin/users", "/admin/models", "/admin/installation")
    known, stranger = await visits.tab(admin, **look), await visits.tab(None, **look)
    faults: list[str] = []
    for tab, path in [*((known, path) for path in (*inside, "/nothing")), (stranger, "/login")]:
        await tab.page.goto(tab.url + path)
        if path != "/nothing":
            await tab.usable()
        await expect(tab.page.get_by_role("heading", level=1).first).to_be_attached()
        if path == conversation:
            await expect(tab.answer.get_by_test_id("citation")).to_be_visible()
            if "is_mobile" in look:
                sizes = await tab.answer.get_by_test_id("citation").evaluate_all(BOXES)
                assert all(side >= 24 for size in sizes for side in size), sizes
        if said := await axe_faults(tab.page):
            faults.append(f"{path}: {said}")
    assert not faults, "\n".join(faults)
