"""Documents and memory as people use them: upload, ask, open the source; tell something, be recalled, forget it."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import FilePayload, expect

from gantry.adapters.parsing import recognition
from gantry.domain.clock import utc_now
from gantry.domain.vault import DocumentState
from gantry.models import Document
from gantry.repositories.database import Database
from tests.e2e.scripts import Cues
from tests.parts import documents
from tests.parts.app import Person, RunningApp
from tests.parts.browser import PHONE, SlowLine, Tab, Visits, becomes
from tests.parts.llm_server import Script

HARBOUR = documents.pdf(
    ["The harbour bridge was painted blue in 1931.", "The lighthouse keeper was called Amalia Brandt."]
)


def file(name: str, content: bytes, kind: str = "application/pdf") -> FilePayload:
    """Return a file as a person chooses it."""
    return {"name": name, "mimeType": kind, "buffer": content}


async def upload(tab: Tab, *files: FilePayload) -> None:
    """Choose files on the vault page."""
    await tab.page.get_by_test_id("upload").set_input_files(list(files))


async def ready(tab: Tab, name: str) -> None:
    """Wait until a document of the list is ready."""
    row = tab.page.get_by_test_id("document").filter(has_text=name)
    await expect(row).to_have_attribute("data-state", "ready", timeout=60_000)


async def two_notes(tab: Tab) -> None:
    """Upload a.txt and b.txt."""
    await tab.open("/vault")
    await upload(tab, *(file(name, name.encode(), "text/plain") for name in ("a.txt", "b.txt")))
    await ready(tab, "a.txt")
    await ready(tab, "b.txt")


async def test_ux_59_an_uploaded_pdf_is_cited_and_the_chip_opens_its_page(tab: Tab, cue: Cues) -> None:
    """Upload a PDF, ask, click the reference: the panel shows the passage and the page; Esc gives the focus back."""
    await tab.open("/vault")
    await expect(tab.page.get_by_test_id("vault-empty")).to_be_visible()
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    await tab.open("/")
    await tab.ask(
        f"Who was the keeper of the lighthouse? {cue(Script(text='It was Amalia Brandt [1], not [7].'))}"
    )
    await tab.ends()
    chip = tab.answer.get_by_test_id("citation")
    await expect(chip).to_have_count(1)
    await chip.click()
    panel = tab.page.get_by_test_id("sources-panel")
    await expect(panel.get_by_test_id("passage")).to_contain_text("Amalia Brandt")
    await expect(panel).to_contain_text("harbour.pdf")
    await expect(panel).to_contain_text("Page 2")
    await panel.get_by_role("button", name="Show page").click()
    await expect(panel.get_by_test_id("source-page").locator("mark")).to_contain_text("Amalia Brandt")
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(chip).to_be_focused()
    await tab.reload()
    await expect(tab.answer.get_by_test_id("citation")).to_have_count(1)
    await tab.answer.get_by_test_id("open-context").click()
    parts = tab.page.get_by_test_id("context-parts")
    await expect(parts).to_contain_text("[1] harbour.pdf")
    await expect(parts).to_contain_text("Question")


async def test_the_sources_panel_is_loaded_again_and_closes_with_its_conversation(
    tab: Tab, cue: Cues, person: Person
) -> None:
    """It opens at once; where it cannot be filled it can be asked again; nothing of one chat stands beside another."""
    line = SlowLine()
    await line.lay(tab.page)
    await person.ask(f"Elsewhere {cue(Script('Hello.'))}")
    await tab.open("/vault")
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    await tab.open("/")
    await tab.ask(f"Who was the keeper of the lighthouse? {cue(Script(text='Amalia Brandt [1].'))}")
    await tab.ends()
    panel = tab.page.get_by_test_id("sources-panel")
    line.hold()
    await tab.answer.get_by_test_id("citation").click()
    await expect(panel).to_contain_text("Loading…")
    await expect(panel).to_be_focused()
    line.let_go()
    await expect(panel.get_by_test_id("passage")).to_contain_text("Amalia Brandt")
    await expect(panel).to_be_focused()
    conversation = await tab.conversation()
    await person.rest.delete(f"/api/v1/conversations/{conversation}")
    await tab.answer.get_by_test_id("open-context").click()
    await expect(panel.get_by_role("alert")).to_be_visible()
    await panel.get_by_role("button", name="Try again").click()
    await expect(panel.get_by_role("alert")).to_be_visible()
    await tab.rows.filter(has_text="Elsewhere").click()
    await expect(tab.questions).to_contain_text(["Elsewhere"])
    await expect(panel).to_have_count(0)


async def test_a_bracket_with_a_nought_is_no_reference(tab: Tab, cue: Cues) -> None:
    """An interval and an index stay as they were written, beside a reference that is one."""
    await tab.open("/vault")
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    await tab.open("/")
    said = "A probability in [0, 1] is a[0], says the keeper [1]."
    await tab.ask(f"Who was the keeper of the lighthouse? {cue(Script(text=said))}")
    await tab.ends()
    await expect(tab.answer.get_by_test_id("citation")).to_have_text(["1"])
    await expect(tab.answer.locator(".markdown")).to_have_text(
        "A probability in [0, 1] is a[0], says the keeper 1."
    )


async def test_without_a_model_documents_are_quoted(visits: Visits, fresh_app: RunningApp) -> None:
    """With no model server the answer quotes the document, with a reference that opens its page."""
    person = await fresh_app.set_up()
    tab = await visits.tab(person, "/vault")
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    await tab.open("/")
    await tab.ask("Who was the lighthouse keeper?")
    await tab.ends()
    await tab.shows("Amalia Brandt")
    await tab.answer.get_by_test_id("citation").first.click()
    panel = tab.page.get_by_test_id("sources-panel")
    await expect(panel.get_by_test_id("passage")).to_contain_text("Amalia Brandt")
    await expect(panel).to_contain_text("Page 2")


async def test_ux_60_nothing_found_is_said_and_documents_can_be_left_out(tab: Tab, cue: Cues) -> None:
    """A question the documents do not answer says so; with documents off nothing is looked for."""
    await tab.open("/vault")
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    await tab.open("/")
    await tab.ask(f"Do my documents mention quantum chromodynamics? {cue(Script(text='No idea.'))}")
    await tab.ends()
    await expect(tab.answer).to_contain_text("Nothing found in 1 document.")
    scope = tab.page.get_by_test_id("scope")
    await scope.click()
    await tab.page.get_by_label("No documents", exact=True).click()
    await tab.page.keyboard.press("Escape")
    await expect(scope).to_have_text("No documents")
    await tab.ask(f"And the lighthouse keeper? {cue(Script(text='Nobody told me.'))}")
    await tab.ends(answers=2)
    await expect(tab.answer.get_by_test_id("source")).to_have_count(0)
    await expect(tab.answer).not_to_contain_text("Nothing found")


async def test_one_document_can_be_chosen(tab: Tab, cue: Cues) -> None:
    """Found by its name, read alone from the next question on, and still chosen after a reload."""
    await tab.open("/vault")
    other = documents.pdf(["The lighthouse budget of the harbour is 400 euros."])
    await upload(tab, file("harbour.pdf", HARBOUR), file("budget.pdf", other))
    await ready(tab, "harbour.pdf")
    await ready(tab, "budget.pdf")
    await tab.open("/")
    scope = tab.page.get_by_test_id("scope")
    await scope.click()
    await tab.page.get_by_label("Find a document").fill("budg")
    await expect(tab.page.get_by_label("harbour.pdf")).to_have_count(0)
    await tab.page.get_by_label("budget.pdf").click()
    await tab.page.keyboard.press("Escape")
    await expect(scope).to_have_text("1 document")
    await tab.ask(f"What of the lighthouse at the harbour? {cue(Script(text='400 euros [1].'))}")
    await tab.ends()
    await expect(tab.answer.get_by_test_id("source")).to_have_count(1)
    await expect(tab.answer.get_by_test_id("source")).to_contain_text("budget.pdf")
    await tab.reload()
    await expect(scope).to_have_text("1 document")
    await scope.click()
    chosen = tab.page.get_by_role("checkbox", name="budget.pdf")
    await expect(chosen).to_be_checked()
    await chosen.click()
    await expect(scope).to_have_text("No documents")


async def test_ticks_on_a_slow_line_are_all_kept(tab: Tab, cue: Cues, person: Person) -> None:
    """Each builds on the one before; clicking the message field afterwards leaves the focus there."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    line = SlowLine()
    await line.lay(tab.page)
    await two_notes(tab)
    await tab.open(f"/c/{conversation}")
    scope = tab.page.get_by_test_id("scope")
    await scope.click()
    line.hold()
    for name in ("a.txt", "b.txt"):
        tick = tab.page.get_by_role("checkbox", name=name)
        await tick.click()
        await expect(tick).to_be_checked()
    line.let_go()
    width = (await tab.composer.bounding_box() or {})["width"]
    await tab.composer.click(position={"x": width - 10, "y": 10})  # beside the open list
    await expect(tab.page.locator("#documents-panel")).to_be_hidden()
    await expect(tab.composer).to_be_focused()

    async def kept() -> int:
        answer = await person.rest.get(f"/api/v1/conversations/{conversation}")
        return len(answer.json()["scope"].get("documents", []))

    await becomes(kept, 2)
    await expect(scope).to_have_text("2 documents")


async def test_what_was_deleted_is_chosen_no_more(tab: Tab, cue: Cues, person: Person) -> None:
    """A conversation that reads a deleted collection and a deleted document can be given others."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    collection = (await person.rest.post("/api/v1/collections", json={"name": "Harbour"})).json()["id"]
    await two_notes(tab)
    await tab.open(f"/c/{conversation}")
    scope = tab.page.get_by_test_id("scope")
    await scope.click()
    await tab.page.get_by_role("checkbox", name="Harbour").click()
    await tab.page.get_by_role("checkbox", name="a.txt").click()
    await expect(scope).to_have_text("Harbour, 1 document")
    found = (await person.rest.get("/api/v1/documents?q=a.txt")).json()["documents"]
    await person.rest.delete(f"/api/v1/collections/{collection}")
    await person.rest.delete(f"/api/v1/documents/{found[0]['id']}")
    await tab.reload()
    await scope.click()
    await expect(tab.page.get_by_role("checkbox", name="Deleted document")).to_be_checked()
    await tab.page.get_by_role("checkbox", name="b.txt").click()
    await expect(tab.page.get_by_role("checkbox", name="Deleted document")).to_have_count(0)
    await tab.reload()
    await expect(scope).to_have_text("1 document")
    await expect(tab.notices).to_have_count(0)


async def test_a_file_goes_with_a_message(tab: Tab, cue: Cues) -> None:
    """Attached to one message it is read for the answer, and shown with the message."""
    await tab.open("/")
    note = file("note.txt", b"The code word is heliotrope.", "text/plain")
    await tab.page.get_by_test_id("attach-input").set_input_files([note])
    await expect(tab.page.get_by_test_id("attached-file")).to_contain_text("note.txt")
    await expect(tab.page.get_by_test_id("attached-file")).not_to_contain_text("%")
    await tab.ask(f"What is the code word? {cue(Script(text='Heliotrope [1].'))}")
    await tab.ends()
    await expect(tab.page.get_by_test_id("sent-files")).to_contain_text("note.txt")
    await tab.answer.get_by_test_id("citation").click()
    await expect(tab.page.get_by_test_id("passage")).to_contain_text("heliotrope")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("locked.pdf", documents.encrypted_pdf(), "protected by a password"),
        (
            "scan.pdf",
            documents.scanned_pdf(),
            "No text was recognised" if recognition.is_installed() else "This file has no text",
        ),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(tab: Tab, name: str, content: bytes, said: str) -> None:
    """It stands in the list with the reason and what to do next."""
    await tab.open("/vault")
    await upload(tab, file(name, content))
    row = tab.page.get_by_test_id("document").filter(has_text=name)
    await expect(row).to_contain_text(said, timeout=40_000)  # the text of three pages is looked for
    await expect(row).to_contain_text("upload", ignore_case=True)


async def test_ux_20_what_is_refused_says_why_in_its_place(tab: Tab, visits: Visits) -> None:
    """A kind that is not read is refused beside its name; the same file again is recognised."""
    visits.faults.allow_status(422)
    await tab.open("/vault")
    await upload(tab, file("noise.bin", documents.BINARY, "application/octet-stream"))
    await expect(tab.page.get_by_test_id("uploading")).to_contain_text("Unsupported file type")
    await upload(tab, file("a.txt", b"A note.", "text/plain"))
    await ready(tab, "a.txt")
    await upload(tab, file("b.txt", b"A note.", "text/plain"))
    await expect(tab.page.get_by_test_id("uploading").last).to_contain_text("is already here")


async def test_documents_are_named_moved_previewed_and_deleted(tab: Tab, tmp_path: Path) -> None:
    """Everything a row's menu offers."""
    page = tab.page
    await tab.open("/vault")
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    row = page.get_by_test_id("document")
    await tab.menu(row.get_by_role("button", name="Actions"), "Rename")
    await page.get_by_test_id("dialog-rename").get_by_label("Name").fill("bridge.pdf")
    await page.get_by_test_id("dialog-rename").get_by_role("button", name="Rename").click()
    await expect(row).to_contain_text("bridge.pdf")
    await page.get_by_test_id("new-collection").click()
    await page.get_by_test_id("dialog-new-collection").get_by_label("Name").fill("Harbour")
    await page.get_by_test_id("dialog-new-collection").get_by_role("button", name="Create").click()
    await expect(page.get_by_test_id("collection").filter(has_text="Harbour (0)")).to_be_visible()
    await page.get_by_test_id("collection").filter(has_text="All").click()
    await tab.menu(row.get_by_role("button", name="Actions"), "Move")
    await page.get_by_test_id("dialog-move").get_by_role("button", name="Harbour").click()
    await expect(page.get_by_test_id("collection").filter(has_text="Harbour (1)")).to_be_visible()
    await tab.menu(row.get_by_role("button", name="Actions"), "View text")
    preview = page.get_by_test_id("dialog-preview")
    await expect(preview).to_contain_text("Page 2")
    await expect(preview).to_contain_text("Amalia Brandt")
    await page.go_back()
    await page.go_forward()
    await tab.usable()
    await expect(row).to_be_visible()
    await expect(preview).to_be_hidden()  # a dialog does not outlive its page
    async with page.expect_download() as download:
        await tab.menu(row.get_by_role("button", name="Actions"), "Download")
    saved = tmp_path / "saved.pdf"
    await (await download.value).save_as(saved)
    assert saved.read_bytes() == HARBOUR
    await tab.menu(row.get_by_role("button", name="Actions"), "Delete")
    await page.get_by_test_id("dialog-delete").get_by_role("button", name="Delete").click()
    await expect(row).to_have_count(0)


async def test_what_a_dialog_is_refused_is_said_above_it(tab: Tab) -> None:
    """The reason can be read and dismissed while the dialog is open, and stays when it closes."""
    page = tab.page
    await tab.open("/vault")
    dialog = page.get_by_test_id("dialog-new-collection")
    create = dialog.get_by_role("button", name="Create")
    reason = page.get_by_role("alert").filter(has_text="A collection named “Harbour” already exists.")
    for _ in range(2):
        await page.get_by_test_id("new-collection").click()
        await dialog.get_by_label("Name").fill("Harbour")
        await create.click()
        await expect(page.get_by_test_id("collection").filter(has_text="Harbour (0)")).to_be_attached()
    await expect(reason).to_be_visible()
    await reason.get_by_role("button", name="Dismiss").click()
    await expect(reason).to_have_count(0)
    await create.click()
    await expect(reason).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(reason).to_be_visible()


async def test_the_first_collection_cannot_be_deleted(tab: Tab) -> None:
    """Deleting it is not offered; another one goes."""
    page = tab.page
    collections, delete = (
        page.get_by_test_id("collection"),
        page.get_by_role("button", name="Delete collection"),
    )
    await tab.open("/vault")
    await page.get_by_test_id("new-collection").click()
    await page.get_by_test_id("dialog-new-collection").get_by_label("Name").fill("Harbour")
    await page.get_by_test_id("dialog-new-collection").get_by_role("button", name="Create").click()
    await expect(collections).to_have_count(3)
    await collections.nth(1).click()
    await expect(page.get_by_role("button", name="Rename collection")).to_be_visible()
    await expect(collections.nth(1)).to_have_attribute("aria-pressed", "true")
    await expect(delete).to_have_count(0)
    await collections.filter(has_text="Harbour").click()
    await delete.click()
    await page.get_by_test_id("dialog-delete-collection").get_by_role("button", name="Delete").click()
    await expect(collections).to_have_count(2)


async def test_files_can_be_dropped_anywhere(tab: Tab) -> None:
    """A file dropped on the page is uploaded; where to drop it is shown."""
    await tab.open("/vault")
    transfer = await tab.page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['A dropped note.'], 'dropped.txt')); return t; }"
    )
    await tab.page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    await expect(tab.page.get_by_text("Drop to upload")).to_be_visible()
    await tab.page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    await ready(tab, "dropped.txt")


async def test_memory_is_recalled_in_a_new_conversation_then_forgotten(tab: Tab, cue: Cues) -> None:
    """What was told once is known in the next conversation, seen on its page, and gone when it is forgotten."""
    await recalled_then_forgotten(tab, cue)


async def recalled_then_forgotten(tab: Tab, cue: Cues) -> None:
    """Tell something, ask for it in another conversation, open its source, forget everything."""
    await tab.open("/")
    await tab.ask(f"My sister is called Beatrix. I live in Lisbon. {cue(Script(text='Noted.'))}")
    await tab.ends()
    await tab.open("/settings/memory")
    fact = tab.page.get_by_test_id("fact").filter(has_text="Lives in Lisbon.")
    await expect(fact).to_be_visible(timeout=20_000)
    await expect(tab.page.get_by_test_id("memory-graph")).to_contain_text("Beatrix")
    await tab.open("/")
    recalled = cue(Script(text="Beatrix [1]."))
    await tab.ask(f"What is my sister called? {recalled}")
    await tab.ends()
    await tab.answer.get_by_test_id("citation").click()
    panel = tab.page.get_by_test_id("sources-panel")
    await expect(panel.get_by_test_id("passage")).to_contain_text("My sister is called Beatrix")
    await expect(panel.get_by_role("link", name="Open conversation")).to_be_visible()
    await tab.open("/settings/memory")
    await tab.page.get_by_test_id("forget-all").click()
    await tab.page.get_by_test_id("dialog-forget").get_by_role("button", name="Forget everything").click()
    await expect(tab.page.get_by_test_id("fact")).to_have_count(0)
    await expect(tab.page.get_by_test_id("memory-count")).to_have_text("0 messages remembered")
    await tab.open("/")
    await tab.ask(f"And my sister's name? {cue(Script(text='You have not told me.'))}")
    await tab.ends()
    await expect(tab.answer.get_by_test_id("source")).to_have_count(0)


async def test_a_temporary_conversation_leaves_no_trace(tab: Tab, cue: Cues) -> None:
    """It is in no list, and gone once it is left."""
    await tab.open("/")
    await tab.page.get_by_test_id("memory").click()
    await tab.page.get_by_label(re.compile("^Temporary")).click()
    await expect(tab.page.get_by_label(re.compile("^Use memory in this chat"))).to_be_disabled()
    await tab.page.keyboard.press("Escape")
    await tab.ask(f"I live in Atlantis. {cue(Script(text='Really?'))}")
    await tab.ends()
    conversation = await tab.conversation()
    await expect(tab.rows).to_have_count(0)
    await tab.page.get_by_test_id("new-chat").click()
    await tab.at("/")
    await expect(tab.messages).to_have_count(0)
    await tab.open(f"/c/{conversation}")
    await expect(tab.not_found).to_be_visible()


async def test_a_new_chat_is_not_temporary_again(tab: Tab) -> None:
    """What is temporary says so plainly; New chat and a fresh page are ordinary ones, a reload stays what it was."""
    await tab.open("/")
    said = tab.page.get_by_test_id("temporary")
    for leave in ("new chat", "fresh page"):
        await tab.page.get_by_test_id("memory").click()
        await tab.page.get_by_label(re.compile("^Temporary")).click()
        await tab.page.keyboard.press("Escape")
        await expect(said).to_be_visible()
        await tab.reload()
        await expect(said).to_be_visible()
        await (tab.page.get_by_test_id("new-chat").click() if leave == "new chat" else tab.open("/"))
        await expect(said).to_have_count(0)


@pytest.mark.parametrize("path", ["/vault", "/settings/memory"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_ux_67_pages_fit_a_phone(
    visits: Visits, person: Person, path: str, scheme: Any, cue: Cues
) -> None:
    """No page of knowledge scrolls sideways at 320 px, in either theme (UX 67)."""
    small: dict[str, Any] = PHONE | {"viewport": {"width": 320, "height": 640}}
    tab = await visits.tab(person, path, **small, color_scheme=scheme)
    if path == "/vault":
        await upload(tab, file("a-very-long-name-" * 8 + ".txt", b"A note.", "text/plain"))
        await ready(tab, "a-very-long-name")
    width = await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


async def test_a_long_list_stays_as_long_as_it_was_made(tab: Tab, app: RunningApp, person: Person) -> None:
    """More documents than a page holds: all can be reached, and stay while another one is read."""
    await _many_documents(app, person, 205)
    await tab.open("/vault")
    rows = tab.page.get_by_test_id("document")
    for count in (200, 205):
        await tab.page.get_by_role("button", name="Show older").click()
        await expect(rows).to_have_count(count)
    await expect(tab.page.get_by_role("button", name="Show older")).to_have_count(0)
    await upload(tab, file("one more.txt", b"One more note.", "text/plain"))
    await ready(tab, "one more.txt")
    await expect(rows).to_have_count(206)


async def _many_documents(app: RunningApp, person: Person, count: int) -> None:
    """Store documents that are read already; uploading them would take long."""
    collection = (await person.rest.get("/api/v1/collections")).json()[0]["id"]
    now = utc_now()
    async with Database(app.settings["DATABASE_URL"]) as database, database.begin() as tx:
        for number in range(count):
            await tx.vault.add(
                Document(
                    account_id=UUID(person.id),
                    collection_id=UUID(collection),
                    name=f"note {number}.txt",
                    media_type="text/plain",
                    size_bytes=10,
                    sha256=f"{number:064}",
                    state=DocumentState.READY,
                    created_at=now,
                    updated_at=now,
                )
            )
