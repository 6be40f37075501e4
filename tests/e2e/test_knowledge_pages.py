"""Documents and memory under way: what is being read, stopped and taken up again; what is kept, changed and left alone."""

import re

from playwright.async_api import Locator, expect

from tests.e2e.scripts import Cue, Cues
from tests.e2e.test_documents import file, ready, upload
from tests.parts import documents
from tests.parts.browser import Tab
from tests.parts.llm_server import Script

LONG = documents.long_pdf(300)  # takes a second to read
LONGEST = documents.long_pdf(800)  # takes long enough to be cancelled


def actions(row: Locator) -> Locator:
    """Return the button of a row's menu."""
    return row.get_by_role("button", name="Actions")


async def test_a_document_is_cancelled_and_read_after_all(tab: Tab) -> None:
    """The row says how far it is, that it was stopped, and is ready in the end; the page says how search compares."""
    await tab.open("/vault")
    note = tab.page.get_by_test_id("index-note")
    await expect(note).to_contain_text("search compares words, not meaning")
    await expect(note).to_contain_text("An administrator can add one")
    await upload(tab, file("long.pdf", LONGEST))
    row = tab.page.get_by_test_id("document")
    await expect(row).to_contain_text("Reading page")
    await tab.menu(actions(row), "Cancel")
    await expect(row).to_have_attribute("data-state", "failed")
    await expect(row).to_contain_text("You cancelled this.")
    await tab.reload()
    await expect(row).to_have_attribute("data-state", "failed")
    await tab.menu(actions(row), "Retry")
    await ready(tab, "long.pdf")
    await expect(row).to_contain_text("800 pages")
    await tab.page.get_by_label("Search documents by name").fill("short")
    await expect(tab.page.get_by_text("No documents match “short”.")).to_be_visible()


async def test_ux_26_an_answer_says_which_file_it_waits_for(phone: Tab, cue: Cues) -> None:
    """While a file sent with the question is being read, the answer names it; its source opens over a phone's whole screen."""
    tab = phone
    await tab.open("/")
    await tab.page.get_by_test_id("attach-input").set_input_files([file("prices.pdf", LONG)])
    await expect(tab.page.get_by_test_id("attached-file")).to_have_text("prices.pdf")
    await tab.composer.fill(f"What is the price of item 900? {cue(Script(text='It is in the list [1].'))}")
    await tab.send_button.click()
    await expect(tab.answer.locator(".working-label")).to_contain_text("Reading prices.pdf")
    await tab.ends()
    source = tab.answer.get_by_test_id("source").first
    await expect(source).to_contain_text("prices.pdf")
    await source.click()
    panel = tab.page.get_by_test_id("sources-panel")
    await panel.get_by_role("button", name="Close").click()  # nothing lies above it
    await expect(panel).to_have_count(0)


async def test_facts_are_edited_pinned_and_forgotten(tab: Tab) -> None:
    """Each stays so after a reload."""
    page = tab.page
    facts = page.get_by_test_id("fact")
    await tab.open("/settings/memory")
    new = page.get_by_label("Something to remember")
    for said in ("Is allergic to peanuts.", "Plays the cello."):
        await new.fill(said)
        await page.get_by_role("button", name="Remember", exact=True).click()
        await expect(facts.filter(has_text=said)).to_be_visible()
        await expect(new).to_have_value("")
    await new.fill("Plays the cello.")
    await new.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This is already remembered.")
    await expect(new).to_have_value("Plays the cello.")
    await tab.menu(actions(facts.filter(has_text="cello")), "Edit")
    dialog = page.get_by_test_id("dialog-fact")
    await dialog.get_by_label("Fact").fill("Plays the viola.")
    await dialog.get_by_role("button", name="Save").click()
    viola = facts.filter(has_text="Plays the viola.")
    await tab.menu(actions(viola), "Pin")
    await expect(viola).to_contain_text("Pinned")
    await tab.menu(actions(facts.filter(has_text="peanuts")), "Forget")
    await expect(facts).to_have_count(1)
    await page.get_by_role("button", name="Forget everything").first.click()
    await expect(page.get_by_test_id("dialog-forget")).to_be_visible()
    await tab.reload()
    await expect(facts).to_have_count(1)
    await expect(facts).to_contain_text("Plays the viola.")
    await expect(page.get_by_test_id("dialog-forget")).to_be_hidden()
    await expect(facts).to_contain_text("Pinned")


def sent(cue: Cue) -> str:
    """Return all that the model was told for the answer with this cue."""
    return str(cue.requests[-1].body["messages"])


async def test_memory_that_is_off_neither_learns_nor_recalls(tab: Tab, cue: Cues) -> None:
    """Off for everything, then off for one conversation: nothing is told to the model, nothing of it is kept."""
    page = tab.page
    facts, switch = page.get_by_test_id("fact"), page.get_by_test_id("memory-switch")

    async def say(text: str) -> Cue:
        script = cue(Script(text="Noted."))
        await tab.ask(f"{text} {script}")
        await tab.ends()
        return script

    await tab.open("/settings/memory")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await tab.open("/")
    await say("I live in Lisbon.")
    await tab.open("/")
    assert "Lisbon" not in sent(await say("Where do I live?"))
    await expect(tab.answer.get_by_test_id("source")).to_have_count(0)
    await tab.open("/settings/memory")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(facts).to_have_count(0)
    await switch.click()
    await expect(facts).to_contain_text("Lives in Lisbon.", timeout=20_000)  # what was written is read now

    await tab.open("/")
    await page.get_by_test_id("memory").click()
    remembered = page.get_by_role("checkbox", name=re.compile("^Use memory in this chat"))
    await remembered.click()
    await expect(remembered).not_to_be_checked()
    await page.keyboard.press("Escape")
    assert "Lisbon" not in sent(await say("My dog is called Rex. Where do I live?"))
    await tab.open("/")
    assert "Lisbon" in sent(await say("I work at Siemens. Where do I live?"))
    await tab.open("/settings/memory")
    await expect(facts.filter(has_text="Siemens")).to_be_visible(timeout=20_000)
    await expect(facts.filter(has_text="Rex")).to_have_count(0)
