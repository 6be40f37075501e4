"""The panel beside a conversation: it stays where its reader has put it."""

from playwright.async_api import expect

from tests.e2e.scripts import Cues, streamed
from tests.e2e.test_documents import file, ready, upload
from tests.parts import documents
from tests.parts.app import Person
from tests.parts.browser import Visits
from tests.parts.llm_server import Script

LOG = documents.pdf(
    [
        f"Lighthouse log of year {year}. The lighthouse keeper lit the lamp {year} times and noted {year} ships."
        for year in range(1901, 1909)
    ]
)


async def test_ux_61_the_panel_keeps_its_place(visits: Visits, person: Person, cue: Cues) -> None:
    """Neither another answer nor a narrower window moves it; Esc closes it and leads back to the reference (UX 61)."""
    tab = await visits.tab(person, "/vault", viewport={"width": 1280, "height": 380})
    await upload(tab, file("log.pdf", LOG))
    await ready(tab, "log.pdf")
    await tab.open("/")
    await tab.ask(f"What did the lighthouse keeper note in the log? {cue(Script('Ships [1].'))}")
    await tab.ends()
    chip = tab.answers.first.get_by_test_id("citation")
    await chip.click()
    panel = tab.page.get_by_test_id("sources-panel")
    await expect(panel.get_by_test_id("passage")).to_be_visible()
    place = await panel.evaluate("panel => { panel.scrollTop = 60; return panel.scrollTop; }")
    assert place == 60, "there is nothing to scroll"
    await tab.ask(f"Count {cue(streamed(80, 80))}")
    await tab.ends(answers=2)
    assert await panel.evaluate("panel => panel.scrollTop") == place
    await tab.page.set_viewport_size({"width": 1100, "height": 380})
    assert await panel.evaluate("panel => panel.scrollTop") == place
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(chip).to_be_focused()
