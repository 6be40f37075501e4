"""Images in a chat: pasted, shown small, sent, and shown large."""

from base64 import b64encode

from playwright.async_api import expect

from tests.e2e.scripts import Cues
from tests.e2e.test_documents import file
from tests.parts.browser import Tab, Visits
from tests.parts.llm_server import Script
from tests.parts.pictures import bomb, picture

_PASTE = """(content) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], "image.png", { type: "image/png" }));
    const event = new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true });
    document.querySelector("[data-testid=composer]").dispatchEvent(event);
}"""
_IS_DRAWN = "image => image.decode().then(() => image.naturalWidth)"


async def test_a_pasted_image_is_sent_and_stays(tab: Tab, cue: Cues) -> None:
    """It shows small beside the field and above the question, opens large, and is there after a reload."""
    await tab.open("/")
    await tab.page.evaluate(_PASTE, b64encode(picture("PNG", (400, 300))).decode())
    waiting = tab.page.get_by_test_id("attached-file").get_by_test_id("thumbnail").locator("img")
    assert await waiting.evaluate(_IS_DRAWN) == 400
    await tab.page.get_by_test_id("attach-input").set_input_files(
        [file("two.webp", picture("WEBP", (300, 500), "teal"), "image/webp")]
    )
    await expect(waiting).to_have_count(2)
    await tab.ask(f"What is this? {cue(Script(text='A red picture.'))}")
    await tab.ends()
    await expect(tab.page.get_by_test_id("attached-file")).to_have_count(0)
    sent = tab.page.get_by_test_id("sent-pictures").get_by_test_id("thumbnail")
    await expect(sent).to_have_count(2)
    await tab.reload()
    await expect(sent).to_have_count(2)
    assert await sent.locator("img").first.evaluate(_IS_DRAWN) == 400
    await sent.first.focus()
    await tab.page.keyboard.press("Enter")
    dialog = tab.page.get_by_role("dialog", name="image.png")
    assert await dialog.get_by_role("img", name="image.png").evaluate(_IS_DRAWN) == 400
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(sent.first).to_be_focused()


async def test_a_hostile_image_is_refused_in_words(tab: Tab, visits: Visits) -> None:
    """Beside the field, before anything is sent."""
    visits.faults.allow_status(422)
    await tab.open("/")
    await tab.page.get_by_test_id("attach-input").set_input_files([file("evil.png", bomb(), "image/png")])
    await expect(tab.page.get_by_role("alert")).to_contain_text("too large when unpacked")
