"""Importing in the settings: what a file would add is seen first, then it is there, and can be undone."""

import json

from playwright.async_api import expect

from tests.e2e.test_documents import file
from tests.parts.browser import Tab


def tides() -> bytes:
    """An export of ChatGPT with one conversation and a shell."""
    said = (("q", None, "user", "Why are there tides?"), ("a", "q", "assistant", "The moon pulls."))
    mapping = {
        key: {
            "id": key,
            "parent": parent,
            "message": {"author": {"role": role}, "content": {"content_type": "text", "parts": [words]}},
        }
        for key, parent, role, words in said
    }
    return json.dumps(
        [{"id": "t", "title": "All about tides", "mapping": mapping}, {"title": "Shell"}]
    ).encode()


async def test_an_export_is_looked_at_imported_and_undone(tab: Tab) -> None:
    """The receipt names what comes and what does not; the conversation opens; undo takes it away."""
    page = tab.page
    row, summary = page.get_by_test_id("import"), page.get_by_test_id("import-summary")
    chat = page.get_by_role("link", name="All about tides")
    await tab.open("/settings")
    await page.get_by_test_id("import-file").set_input_files(
        [file("chats.json", tides(), "application/json")]
    )
    await expect(summary).to_have_text("This would add 1 conversation and 2 messages from ChatGPT.")
    await row.get_by_text("Not everything comes along (1)").click()
    await expect(row).to_contain_text("chats.json, entry 2 “Shell”: there are no messages in it")
    await expect(chat).to_have_count(0)
    await row.get_by_role("button", name="Import", exact=True).click()
    await expect(summary).to_have_text("Added 1 conversation and 2 messages from ChatGPT.")
    await chat.click()
    await tab.shows("The moon pulls.")
    await tab.open("/settings")
    await row.get_by_role("button", name="Undo the import of chats.json").click()
    await page.get_by_test_id("undo-import").get_by_role("button", name="Undo import").click()
    await expect(row).to_have_count(0)
    await expect(chat).to_have_count(0)


async def test_a_file_with_nothing_in_it_says_what_is_expected(tab: Tab) -> None:
    """Never a success without anything."""
    row = tab.page.get_by_test_id("import")
    await tab.open("/settings")
    await tab.page.get_by_test_id("import-file").set_input_files(
        [file("notes.json", b'{"a": 1}', "application/json")]
    )
    await expect(row.get_by_role("alert")).to_contain_text("There is no conversation in “notes.json”")
    await expect(row.get_by_role("alert")).to_contain_text("ChatGPT, Claude")
    await row.get_by_role("button", name="Remove notes.json from this list").click()
    await expect(row).to_have_count(0)
