"""What is pasted and dropped into a chat: nothing is cut, replaced or opened elsewhere without a word."""

import pytest
from playwright.async_api import expect

from tests.parts.browser import Tab, Visits

_PASTE = """(what) => {
    const carried = new DataTransfer();
    for (const [kind, text] of Object.entries(what.texts)) carried.setData(kind, text);
    for (const [name, type] of what.files) carried.items.add(new File([what.content], name, { type }));
    const event = new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true });
    document.querySelector("[data-testid=composer]").dispatchEvent(event);
    return event.defaultPrevented;  // else the browser pastes the text
}"""
_DRAG = """([kind, where, name = "dropped.txt", content = "A dropped note."]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([content], name));
    const event = new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true });
    document.querySelector(where).dispatchEvent(event);
    return event.defaultPrevented;  // else the browser opens the file
}"""
_CELLS = {"text/plain": "Bolt\t12", "text/html": "<table><tr><td>Bolt</td><td>12</td></tr></table>"}


@pytest.mark.parametrize(
    ("texts", "files", "attached"),
    [
        (_CELLS, [("image.png", "image/png")], []),
        ({"text/html": "<img src='x'>"}, [("image.png", "image/png")], ["image.png"]),
        ({"text/plain": "photo.png"}, [("photo.png", "image/png")], ["photo.png"]),
        ({"text/plain": "report.txt"}, [("report.txt", "text/plain")], ["report.txt"]),
        ({"text/plain": "Only words"}, [], []),
    ],
    ids=["spreadsheet cells", "screenshot", "picture from a folder", "file from a folder", "text"],
)
async def test_ux_19_text_goes_before_its_picture(
    tab: Tab, texts: dict[str, str], files: list[tuple[str, str]], attached: list[str]
) -> None:
    """Cells that bring a picture of themselves are pasted as text; what has no text is attached."""
    await tab.open("/")
    what = {"texts": texts, "files": files, "content": "A note."}
    assert await tab.page.evaluate(_PASTE, what) is bool(attached)
    chips = tab.page.get_by_test_id("attached-file")
    await expect(chips).to_have_count(len(attached))
    for name in attached:
        await expect(chips).to_contain_text(name)


async def test_ux_19_a_very_long_paste_is_whole_and_becomes_a_file(tab: Tab) -> None:
    """More than a message may have is not cut: it is said when it is sent, and offered as a file."""
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.open("/")
    text = "A line of a log.\n" * 12_000
    await tab.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await tab.composer.press("Control+V")
    assert len(await tab.composer.input_value()) == len(text)
    offer = tab.page.get_by_test_id("paste-offer")
    await expect(offer).to_contain_text("204,000 characters")
    await offer.get_by_role("button", name="Keep as text").click()
    await tab.composer.press("Enter")
    await expect(tab.page.locator(".composer-note")).to_contain_text("too long")
    await expect(tab.messages).to_have_count(0)
    await offer.get_by_role("button", name="Attach as a file").click()
    await expect(tab.composer).to_have_value("")
    await expect(tab.page.get_by_test_id("attached-file")).to_have_text("pasted.txt")


async def test_ux_20_files_are_dropped_anywhere_in_a_chat(tab: Tab) -> None:
    """The transcript takes them as the message field does, and says so while they are held over it (UX 20)."""
    await tab.open("/")
    await tab.page.evaluate(_DRAG, ["dragover", ".transcript"])
    hint = tab.page.get_by_text("Drop files to attach them")
    await expect(hint).to_be_visible()
    assert await tab.page.evaluate(_DRAG, ["drop", ".transcript"])
    await expect(hint).to_have_count(0)
    await expect(tab.page.get_by_test_id("attached-file")).to_have_text("dropped.txt")
    await tab.open("/settings")
    assert await tab.page.evaluate(_DRAG, ["drop", "body"]), "the tab would open the file"


async def test_ux_20_a_dropped_file_that_is_refused_says_why(tab: Tab, visits: Visits) -> None:
    """It stands beside the message with the reason; the message waits until it is taken off (UX 20)."""
    visits.faults.allow_status(422)
    await tab.open("/")
    assert await tab.page.evaluate(_DRAG, ["drop", ".transcript", "nothing.txt", ""])
    chip = tab.page.get_by_test_id("attached-file")
    await expect(chip.get_by_role("alert")).to_contain_text("This file is empty")
    await expect(chip).to_contain_text("nothing.txt")
    await tab.ask("What is this?", accepted=False)
    await expect(tab.page.locator(".composer-note")).to_contain_text("Retry or remove it")
    await expect(tab.messages).to_have_count(0)
    await chip.get_by_role("button", name="Remove nothing.txt").click()
    await expect(chip).to_have_count(0)
