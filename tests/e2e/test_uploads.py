"""Files on their way: an upload that fails says why, and the same file can be sent again or taken off the list."""

import re

from playwright.async_api import CDPSession, FilePayload, Locator, Page, Route, expect

from tests.e2e.scripts import Cues
from tests.e2e.test_documents import file, ready, upload
from tests.parts.app import Person
from tests.parts.browser import ANSWER_MS, SlowLine, Tab, Visits
from tests.parts.llm_server import Script

UPLOADS = "**/api/v1/documents"
NOTE = file("note.txt", b"The code word is heliotrope.", "text/plain")
LATER = file("later.txt", b"The code word has changed.", "text/plain")


async def fail_next(page: Page, status: int = 0) -> None:
    """Let the next upload find nobody (0), or a proxy that answers for the server with *status*."""

    async def fail(route: Route) -> None:
        if status:
            await route.fulfill(status=status, content_type="text/html", body="<h1>Sorry</h1>")
        else:
            await route.abort("connectionreset")

    await page.route(UPLOADS, fail, times=1)


def retry(row: Locator) -> Locator:
    """Return a row's button for another try."""
    return row.get_by_role("button", name="Retry note.txt")


async def test_a_failed_upload_is_retried_or_removed(tab: Tab, visits: Visits) -> None:
    """The row says what went wrong each time, and the file is there in the end; a row removed stays away."""
    visits.faults.allow_network_away()
    visits.faults.allow_status(413, 502)
    row = tab.page.get_by_test_id("uploading")
    await tab.open("/vault")
    await fail_next(tab.page)
    await upload(tab, NOTE)
    await expect(row).to_contain_text("note.txtThe connection was lost.")
    for status, said in (
        (502, "could not accept this file (error 502)"),
        (413, "This file is too large"),
    ):
        await fail_next(tab.page, status)
        await retry(row).click()
        await expect(row).to_contain_text(said)
    await retry(row).click()
    await ready(tab, "note.txt")
    await expect(row).to_have_count(0)
    await fail_next(tab.page)
    await upload(tab, file("other.txt", b"Another note.", "text/plain"))
    await row.get_by_role("button", name="Remove other.txt from this list").click()
    await expect(row).to_have_count(0)
    await expect(tab.page.get_by_test_id("document")).to_have_count(1)


async def test_ux_21_a_message_waits_for_a_file_that_did_not_arrive(
    tab: Tab, visits: Visits, cue: Cues
) -> None:
    """It is not sent without the file; after a retry the file goes with it and is read for the answer."""
    visits.faults.allow_network_away()
    chip = tab.page.get_by_test_id("attached-file")
    await tab.open("/")
    await fail_next(tab.page)
    await tab.page.get_by_test_id("attach-input").set_input_files([NOTE])
    await expect(chip).to_contain_text("note.txt: The connection was lost.")
    question = f"What is the code word? {cue(Script(text='Heliotrope [1].'))}"
    await tab.ask(question, accepted=False)
    await expect(tab.page.get_by_text("A file couldn't be added. Retry or remove it.")).to_be_visible()
    await expect(tab.messages).to_have_count(0)
    await retry(chip).click()
    await expect(chip).to_have_text("note.txt")
    await tab.ask(question)
    await tab.ends()
    await expect(tab.page.get_by_test_id("sent-files")).to_contain_text("note.txt")


async def attach(tab: Tab, *files: FilePayload) -> None:
    """Attach files to the next message, and wait until they have arrived."""
    await tab.page.get_by_test_id("attach-input").set_input_files(list(files))
    for each in files:
        await expect(chips(tab).filter(has_text=each["name"])).to_have_text(f"{each['name']}")


def chips(tab: Tab) -> Locator:
    """Return the files beside the composer."""
    return tab.page.get_by_test_id("attached-file")


async def _upload_speed(devtools: CDPSession, bytes_per_second: int) -> None:
    """Let files go no faster than so; -1 is as fast as they can."""
    line = {
        "offline": False,
        "latency": 0,
        "downloadThroughput": -1,
        "uploadThroughput": bytes_per_second,
    }
    await devtools.send("Network.emulateNetworkConditions", line)


async def test_ux_21_each_file_shows_its_progress_and_send_waits(tab: Tab, cue: Cues) -> None:
    """Beside each name stands how much has arrived; Enter says what is missing, and sends once all is there (UX 21)."""
    await tab.open("/")
    devtools = await tab.page.context.new_cdp_session(tab.page)
    await _upload_speed(devtools, 30_000)
    files = [
        file(name, name.encode() + b"\n" * size, "text/plain")
        for name, size in (("long.txt", 400_000), ("short.txt", 200_000))
    ]
    await tab.page.get_by_test_id("attach-input").set_input_files(files)
    for name in ("long", "short"):
        chip = chips(tab).filter(has_text=f"{name}.txt")
        await expect(chip).to_have_text(re.compile(rf"^{name}\.txt · [1-9]\d? %$"))
    question = f"What is in them? {cue(Script('Two names.'))}"
    await tab.ask(question, accepted=False)
    await expect(tab.page.locator(".composer-note")).to_have_text("A file is still uploading.")
    await expect(tab.composer).to_have_value(question)
    await expect(tab.messages).to_have_count(0)
    await _upload_speed(devtools, -1)
    await expect(chips(tab)).to_have_text(["long.txt", "short.txt"], timeout=ANSWER_MS)
    await tab.composer.press("Enter")
    await tab.ends()
    await expect(tab.page.get_by_test_id("sent-files").get_by_role("listitem")).to_have_count(2)


async def test_a_file_attached_after_sending_stays(tab: Tab, cue: Cues) -> None:
    """Only what was sent goes with the message; the rest waits for the next one, also over the new address."""
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open("/")
    await attach(tab, NOTE)
    line.hold()
    await tab.ask(f"What is the code word? {cue(Script(text='Heliotrope [1].'))}", accepted=False)
    await attach(tab, LATER)
    line.let_go()
    await tab.ends()
    await tab.conversation()
    await expect(tab.page.get_by_test_id("sent-files")).to_have_text("note.txt")
    await expect(chips(tab)).to_have_text(["later.txt"])


async def test_files_stay_beside_the_draft_they_were_attached_to(tab: Tab, cue: Cues, person: Person) -> None:
    """Another conversation neither shows nor sends them, and keeps its own when the first one's are sent late."""
    first = await person.ask(f"First {cue(Script('ok'))}")
    await person.ask(f"Second {cue(Script('ok'))}")
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open(f"/c/{first}")
    await attach(tab, NOTE)
    await tab.rows.filter(has_text="Second").click()
    await expect(tab.questions).to_contain_text(["Second"])
    await expect(chips(tab)).to_have_count(0)
    await tab.rows.filter(has_text="First").click()
    await expect(tab.questions).to_contain_text(["First"])
    await expect(chips(tab)).to_have_text(["note.txt"])
    line.hold()
    await tab.ask(f"What is the code word? {cue(Script(text='Heliotrope [1].'))}", accepted=False)
    await tab.rows.filter(has_text="Second").click()
    await expect(chips(tab)).to_have_count(0)
    await attach(tab, LATER)
    line.let_go()
    await expect(tab.questions).to_contain_text(["Second"])
    await expect(chips(tab)).to_have_text(["later.txt"])
    await tab.rows.filter(has_text="First").click()
    await expect(tab.page.get_by_test_id("sent-files")).to_have_text("note.txt")
    await expect(chips(tab)).to_have_count(0)


async def test_the_same_text_with_another_file_is_another_message(
    tab: Tab, cue: Cues, person: Person
) -> None:
    """Sent again after no answer came, it does not pass for the one that was stored without the page knowing."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    line = SlowLine(answers=True)
    await line.lay(tab.page)
    await tab.open(f"/c/{conversation}")
    await attach(tab, NOTE)
    line.hold()
    await tab.ask(f"What is the code word? {cue(Script(text='Heliotrope [1].'))}", accepted=False)
    await expect(tab.page.locator(".composer-note")).to_have_text(
        "Not sent yet. It will be sent when the server answers.", timeout=ANSWER_MS
    )
    await person.settled(conversation, (await person.messages(conversation))[-1]["id"])
    await chips(tab).get_by_role("button", name="Remove").click()
    await attach(tab, LATER)
    await tab.composer.press("Enter")
    line.let_go()
    await tab.ends(answers=3)
    await expect(tab.page.get_by_test_id("sent-files")).to_have_text(["note.txt", "later.txt"])
