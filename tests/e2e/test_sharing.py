"""Forks and read-only links, in a browser."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.e2e.scripts import MARKDOWN, Cues
from tests.e2e.test_documents import file
from tests.e2e.test_order import _menu
from tests.parts.app import Person
from tests.parts.browser import DESKTOP, PHONE, Tab, Visits
from tests.parts.llm_server import Script
from tests.parts.pictures import picture


async def _share(tab: Tab, conversation: str, *boxes: str) -> str:
    """Make a link and return its path."""
    await _menu(tab, conversation, "Share")
    dialog = tab.page.get_by_test_id("share")
    for box in boxes:
        await dialog.get_by_label(box).check()
    await dialog.get_by_test_id("create-link").click()
    address = await dialog.get_by_test_id("share-address").get_by_role("textbox").input_value()
    assert address.startswith(f"{tab.url}/s/")
    return address.removeprefix(tab.url)


def _nobody(tab: Tab) -> Locator:
    return tab.page.get_by_test_id("no-share")


async def test_forking_from_an_answer(tab: Tab, person: Person, cue: Cues) -> None:
    """The fork has what led to the answer and nothing after it, and goes its own way."""
    conversation = await person.ask(f"First {cue(Script('One.'))}")
    await person.ask(f"Second {cue(Script('Two.'))}", conversation)
    await tab.open(f"/c/{conversation}")
    await tab.answers.first.hover()
    await tab.action("Fork from here", tab.answers.first).click()
    await expect(tab.page.get_by_test_id("chat-title")).to_contain_text("(fork)")
    await tab.at(re.compile(r"/c/[0-9a-f-]{36}$"))
    assert tab.path != f"/c/{conversation}"
    await expect(tab.answers).to_have_count(1)
    await tab.ask(f"Instead {cue(Script('Three.'))}")
    await tab.ends(answers=2)
    assert [each["content"] for each in await person.messages(conversation)][1::2] == ["One.", "Two."]


async def test_a_link_is_read_by_anybody_until_it_is_taken_back(
    tab: Tab, visits: Visits, person: Person, cue: Cues
) -> None:
    """A stranger reads the conversation as it was, formatted as in a chat; taken back, the link leads nowhere."""
    conversation = await person.ask(f"Show me {cue(Script('**Bold** and `code`.'))}")
    await tab.open(f"/c/{conversation}")
    path = await _share(tab, conversation)
    await person.ask(f"Later {cue(Script('Secret.'))}", conversation)

    stranger = await visits.tab()
    response = await stranger.page.goto(stranger.url + path)
    assert response
    assert "noindex" in response.headers["x-robots-tag"]
    shared = stranger.page.get_by_test_id("shared")
    await expect(shared.locator("strong")).to_have_text("Bold")
    await expect(shared.locator("code")).to_have_text("code")
    await expect(shared.get_by_role("article")).to_have_count(2)
    await expect(stranger.page.locator('meta[name="robots"]')).to_have_attribute(
        "content", re.compile("noindex")
    )
    await expect(stranger.sidebar).to_be_hidden()
    whole = await stranger.page.content()
    assert person.email not in whole
    assert "Secret" not in whole

    await tab.page.get_by_test_id("share").get_by_role("button", name=re.compile("^Revoke")).click()
    await expect(tab.notices).to_contain_text("no longer works")
    visits.faults.allow_status(404)
    await stranger.page.reload()
    await expect(_nobody(stranger)).to_be_visible()


async def test_links_go_with_their_conversation_and_come_back_with_it(
    tab: Tab, visits: Visits, person: Person, cue: Cues
) -> None:
    """While a deletion can be undone the link leads nowhere; undone, it leads to the conversation again."""
    visits.faults.allow_status(404)
    conversation = await person.ask(f"Come back {cue(Script('Here.'))}")
    await tab.open()
    path = await _share(tab, conversation)
    await tab.page.keyboard.press("Escape")
    stranger = await visits.tab()
    await person.rest.delete(f"/api/v1/conversations/{conversation}")
    await stranger.page.goto(stranger.url + path)
    await expect(_nobody(stranger)).to_be_visible()
    await person.rest.post(f"/api/v1/conversations/{conversation}/restore")
    await stranger.page.reload()
    await expect(stranger.page.get_by_test_id("shared")).to_contain_text("Here.")
    await tab.open("/settings")
    await expect(tab.page.get_by_test_id("share-row")).to_contain_text("Come back")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_is_wrong_with_the_page_of_a_link(
    visits: Visits, person: Person, cue: Cues, size: dict[str, Any], scheme: str
) -> None:
    """In both themes, on desktop and phone, axe finds nothing, and nothing is wider than the screen."""
    conversation = await person.ask(f"Everything {cue(Script(MARKDOWN))}")
    made = await person.rest.post(f"/api/v1/conversations/{conversation}/shares", json={"sources": True})
    stranger = await visits.tab(**size, color_scheme=scheme)
    await stranger.page.goto(stranger.url + made.json()["path"])
    await expect(stranger.page.get_by_test_id("shared").get_by_role("article")).to_have_count(2)
    await stranger.page.wait_for_function("!document.querySelector('.answer:empty')")
    result = await Axe().run(stranger.page)
    assert not result.response["violations"], result.generate_report()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await stranger.page.evaluate(wide) <= 0
    folder = Path("test-results/order")
    folder.mkdir(parents=True, exist_ok=True)
    await stranger.page.screenshot(
        path=folder / f"shared-{scheme}-{'phone' if size is PHONE else 'desktop'}.png"
    )


async def test_a_link_shows_pictures_as_pictures(visits: Visits, person: Person, tab: Tab, cue: Cues) -> None:
    """Whoever has the link sees them in place, no larger than the page."""
    await tab.open("/")
    await tab.page.get_by_test_id("attach-input").set_input_files(
        [file("red.png", picture("PNG", (1400, 700)), "image/png")]
    )
    await expect(tab.page.get_by_test_id("attached-file").get_by_test_id("thumbnail")).to_have_count(1)
    await tab.ask(f"What is this? {cue(Script(text='A red picture.'))}")
    await tab.ends()
    shared = await person.rest.post(
        f"/api/v1/conversations/{await tab.conversation()}/shares", json={"files": True}
    )
    stranger = await visits.tab(None, **PHONE)
    await stranger.page.goto(stranger.url + shared.json()["path"])
    image = stranger.page.get_by_role("img", name="red.png")
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1400
    assert await image.evaluate("image => image.getBoundingClientRect().right <= innerWidth")
    assert (await Axe().run(stranger.page)).violations_count == 0
