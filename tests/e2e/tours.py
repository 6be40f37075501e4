"""Ways through everything that can be opened, in any language: each place is looked at by an ``Eye``."""

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Locator, Route, expect

from gantry.domain.messages import Message
from gantry.languages import translated
from tests.e2e.scripts import MARKDOWN, Cues
from tests.e2e.test_documents import HARBOUR, file, ready, upload
from tests.e2e.test_importing import tides
from tests.parts.app import Person
from tests.parts.browser import Tab
from tests.parts.llm_server import Script
from tests.parts.pictures import picture

Look = Callable[[str], Awaitable[None]]
#: Names of what people make on the way: in no catalogue.
MADE = (
    "Roses", "Garden", "Pirate", "Hail", "green", "chats.json", "harbour.pdf", "red.png", "a.txt", "big.pdf", "Plays the cello.", "Script", "Ahoy", "who",
)  # fmt: skip


class Eye:
    """Looks at one tab, whose pages are in *language*, and opens what can be opened."""

    def __init__(self, tab: Tab, language: str, look: Look) -> None:
        self.tab, self.page = tab, tab.page
        self.by = tab.page.get_by_test_id
        self.look = look
        self._language = language

    def say(self, text: str, **values: Any) -> str:
        """Return what a message is in the language of the page."""
        return translated(Message(text, values), self._language)

    def button(self, text: str, within: Locator | None = None, **values: Any) -> Locator:
        """Return the button that is called by a message."""
        return (within or self.page).get_by_role("button", name=self.say(text, **values), exact=True)

    def entry(self, text: str, **values: Any) -> Locator:
        """Return the entry of a menu."""
        return self.page.get_by_role("menuitem", name=self.say(text, **values), exact=True)

    async def open(self, path: str, *, look: bool = True) -> None:
        """Load a page and look at it."""
        await self.tab.open(path)
        if look:
            await self.look(path)

    async def dialog(self, testid: str, opening: Awaitable[Any], *, stays: bool = False) -> None:
        """Open a dialog, look at it, and close it with Esc unless it *stays*."""
        await opening
        await expect(self.by(testid)).to_be_visible()
        await self.look(testid)
        if not stays:
            await self.closed(testid)

    async def closed(self, testid: str) -> None:
        """Close a dialog."""
        await self.page.keyboard.press("Escape")
        await expect(self.by(testid)).to_be_hidden()

    async def choose(self, trigger: Locator, text: str, **values: Any) -> None:
        """Open a menu, look at it, and choose an entry."""
        await trigger.click()
        entry = self.entry(text, **values)
        await expect(entry).to_be_visible()
        await self.look(f"the menu with {text}")
        await entry.click()

    async def popover(self, trigger: Locator, name: str) -> None:
        """Open a menu or a list, look at it, and close it."""
        await trigger.click()
        await expect(self.page.locator(":popover-open").first).to_be_visible()
        await self.look(name)
        await self.page.keyboard.press("Escape")
        await expect(self.page.locator(":popover-open")).to_have_count(0)


async def chats(eye: Eye, person: Person, cue: Cues) -> None:
    """Everything around an answer: while it is written, when it is there, when it failed."""
    tab, by = eye.tab, eye.by
    await person.rest.post("/api/v1/prompts", json={"name": "Hail", "content": "Ahoy {{who}}"})
    await person.rest.post("/api/v1/documents", files={"file": ("harbour.pdf", HARBOUR, "application/pdf")})
    await tab.open("/vault")
    await ready(tab, "harbour.pdf")
    await eye.open("/")
    for trigger in ("model-picker", "compare-models", "persona-picker", "scope", "memory"):
        await eye.popover(by(trigger), trigger)
    await eye.dialog("chat-settings-dialog", by("chat-settings").click())
    await _composer(eye)
    await _answer(eye, cue)
    await _ends(eye, cue)


async def _composer(eye: Eye) -> None:
    tab, page, by = eye.tab, eye.page, eye.by
    await tab.composer.fill("/")
    await expect(page.get_by_role("option").first).to_be_visible()
    await eye.look("prompts")
    await page.get_by_role("option").first.click()
    await expect(by("prompt-variables")).to_be_visible()
    await eye.look("prompt-variables")
    await eye.closed("prompt-variables")
    await by("attach-input").set_input_files([file("red.png", picture("PNG", (400, 300)), "image/png")])
    await expect(by("attached-file").get_by_test_id("thumbnail")).to_have_count(1)
    await eye.look("a file beside the message")


async def _answer(eye: Eye, cue: Cues) -> None:
    tab, page, by = eye.tab, eye.page, eye.by
    slow = Script(text="It was Amalia Brandt [1].", reasoning="Think.", first_byte_delay=1.5)
    await tab.ask(f"Who was the keeper of the lighthouse? {cue(slow)}")
    await expect(page.locator(".working")).to_be_visible()
    await eye.look("an answer is waited for")
    await tab.ends()
    await eye.look("an answer")
    await tab.answer.get_by_test_id("citation").click()
    await expect(by("passage")).to_be_visible()
    await eye.button("Show page", by("sources-panel")).click()
    await expect(by("source-page")).to_be_visible()
    await eye.look("a source")
    await page.keyboard.press("Escape")
    await tab.answer.get_by_test_id("open-context").click()
    await expect(by("context-parts")).to_be_visible()
    await eye.look("what was sent")
    await page.keyboard.press("Escape")
    await eye.dialog("picture-dialog", by("sent-pictures").get_by_test_id("thumbnail").click())
    await eye.popover(tab.action(eye.say("Retry with another model")), "another model")
    await eye.dialog("dialog-export", by("export-chat").click())
    await by("edit-message").first.click()
    await expect(by("edit")).to_be_visible()
    await eye.look("a question is edited")
    await page.keyboard.press("Escape")


async def _ends(eye: Eye, cue: Cues) -> None:
    tab, by = eye.tab, eye.by
    await tab.ask(f"And a table? {cue(Script(text=MARKDOWN + _PAGE))}")
    await tab.ends()
    await eye.look("a table and code")
    await eye.button("Preview").click()
    await eye.look("a preview")
    refusal = Script(status=500, body={"error": {"message": "CUDA 12"}})
    await tab.ask(f"Fail. {cue(refusal)}")
    await tab.ends("failed")
    await eye.look("a failed answer")
    await by("retry").last.click()
    await tab.ends("failed")
    await expect(by("branches").last).to_be_visible()
    await eye.look("versions")
    await tab.composer.fill(f"Slowly. {cue(Script(text='word ' * 300, tokens_per_second=40))}")
    await by("send").click()
    await tab.shows("word word")
    await eye.look("an answer is written")
    await by("stop").click()
    await tab.ends("stopped")
    await eye.look("a stopped answer")


_PAGE = "\n```html\n<p>1</p>\n```\n"


async def uploads(eye: Eye, person: Person) -> None:
    """Documents: refused, read, named, moved, deleted."""
    tab, page, by = eye.tab, eye.page, eye.by
    await eye.open("/vault")

    async def lost(route: Route) -> None:
        await route.abort("internetdisconnected")

    await page.route("**/api/v1/documents", lost)
    await upload(tab, file("a.txt", b"1", "text/plain"))
    await expect(by("uploading").get_by_role("alert")).to_be_visible()
    await eye.look("an upload that was lost")
    await page.unroute("**/api/v1/documents")
    await by("uploading").get_by_role("button").first.click()
    await ready(tab, "a.txt")
    await upload(tab, file("big.pdf", b"", "application/pdf"))
    await expect(by("uploading").get_by_role("alert")).to_be_visible()
    await eye.look("an upload that was refused")
    await by("uploading").get_by_role("button").last.click()
    await upload(tab, file("big.pdf", b"%PDF-1.4 nothing", "application/pdf"))
    await expect(by("document").filter(has_text="big.pdf")).to_have_attribute("data-state", "failed")
    await eye.look("a document that cannot be read")
    actions = by("document").filter(has_text="a.txt").get_by_role("button").last
    for entry, dialog in (
        ("Rename", "dialog-rename"),
        ("Move", "dialog-move"),
        ("View text", "dialog-preview"),
        ("Delete", "dialog-delete"),
    ):
        await eye.dialog(dialog, eye.choose(actions, entry))
    await eye.dialog("dialog-new-collection", by("new-collection").click(), stays=True)
    await page.locator("#vault-new-collection").fill("Garden")
    await page.keyboard.press("Enter")
    await expect(by("collection").filter(has_text="Garden")).to_be_visible()
    await by("collection").filter(has_text="Garden").click()
    await eye.dialog("dialog-rename-collection", eye.button("Rename collection").click())
    await eye.dialog("dialog-delete-collection", eye.button("Delete collection").click())
    await page.get_by_role("searchbox").fill("zzz")
    await expect(by("vault-none-found")).to_be_visible()
    await eye.look("no document is found")
    assert person.name


async def order(eye: Eye, person: Person) -> None:
    """The sidebar: rows, folders, tags, selection, links, search, the account's menu."""
    tab, by = eye.tab, eye.by
    folder = await person.rest.post("/api/v1/folders", json={"name": "Garden"})
    await person.rest.post("/api/v1/personas", json={"name": "Pirate"})
    await person.conversation("Roses", folder_id=folder.json()["id"])
    conversation = await person.ask("Roses")
    await person.rest.patch(f"/api/v1/conversations/{conversation}", json={"tags": ["green"], "pinned": True})
    await eye.open("/")
    address = await _row(eye)
    await _folder(eye)
    await eye.popover(by("account-menu"), "account menu")
    await eye.dialog("search", by("search-open").click(), stays=True)
    await by("search-input").fill("roses")
    await expect(by("search-hit").first).to_be_visible()
    await eye.look("found")
    await by("search-input").fill("qqqqqq")
    await expect(by("search-hit")).to_have_count(0)
    await eye.look("nothing found")
    await eye.closed("search")
    await _of_row(eye, "Archive")
    await expect(by("notice").first).to_be_visible()
    await eye.look("a notice")
    await eye.open("/archived")
    await tab.open(address.removeprefix(tab.url))
    await eye.look("what a link shows")


async def _of_row(eye: Eye, entry: str) -> None:
    row = eye.page.locator("li.conversation").filter(has_text="Roses").first
    await row.hover()
    await eye.choose(row.get_by_test_id("conversation-menu"), entry)


async def _row(eye: Eye) -> str:
    by = eye.by
    for entry, dialog in (("Move to folder", "ask-move"), ("Tags", "ask-tags"), ("Export…", "dialog-export")):
        await eye.dialog(dialog, _of_row(eye, entry))
    await eye.dialog("share", _of_row(eye, "Share"), stays=True)
    await by("create-link").click()
    await expect(by("share-address")).to_be_visible()
    await eye.look("a link was made")
    address = await by("share-address").locator("input").first.input_value()
    await eye.closed("share")
    await _of_row(eye, "Rename")
    await eye.look("a conversation is named")
    await eye.page.keyboard.press("Escape")
    await _of_row(eye, "Select")
    await eye.look("a selection")
    await eye.button("Done", by("selection")).click()
    return address


async def _folder(eye: Eye) -> None:
    by = eye.by
    actions = by("folder-actions").first
    for entry, dialog in (
        ("Rename", "ask-name"),
        ("New folder inside", "ask-name"),
        ("Settings for new chats", "ask-documents"),
        ("Delete", "ask-delete"),
    ):
        await by("folder").first.hover()
        await eye.dialog(dialog, eye.choose(actions, entry))


async def settings(eye: Eye, person: Person) -> None:
    """An import, tokens, the account's end, memory."""
    page, by = eye.page, eye.by
    await person.rest.post("/api/v1/me/tokens", json={"name": "Script", "scopes": ["read"]})
    await eye.open("/settings")
    await by("import-file").set_input_files([file("chats.json", b'{"a": [1, 2]}', "application/json")])
    await expect(by("uploading-import").get_by_role("alert").or_(by("import").first).first).to_be_visible()
    await eye.look("an import of nothing")
    await page.reload()
    await by("import-file").set_input_files([file("chats.json", tides(), "application/json")])
    row = by("import").first
    await expect(row.locator("details")).to_have_count(1)
    await row.locator("summary").click()
    await eye.look("an import that was looked at")
    await eye.button("Import", row).click()
    undo = eye.button("Undo the import of {name}", row, name="chats.json")
    await expect(undo).to_be_visible()
    await eye.look("an import that is done")
    await eye.dialog("undo-import", undo.click())
    await eye.dialog("revoke-token-dialog", by("token").get_by_role("button").click())
    await eye.dialog("token-dialog", by("create-token").click())
    await eye.dialog("dialog-deletion", by("delete-account").click())
    await eye.open("/settings/memory")
    await page.locator("#main form input").first.fill("Plays the cello.")
    await page.keyboard.press("Enter")
    fact = by("fact").first
    await expect(fact).to_be_visible()
    await eye.dialog("dialog-fact", eye.choose(fact.get_by_role("button").last, "Edit"))
    await eye.dialog("dialog-forget", by("forget-all").click())
    await eye.look("a memory")


async def personas(eye: Eye, person: Person) -> None:
    """Personas and prompts, and what is asked before they go."""
    by = eye.by
    await person.rest.post("/api/v1/personas", json={"name": "Pirate"})
    await person.rest.post("/api/v1/prompts", json={"name": "Hail", "content": "Ahoy"})
    await eye.open("/personas")
    actions = by("persona").filter(has_text="Pirate").get_by_role("button").last
    await eye.dialog("persona-dialog", eye.choose(actions, "Edit"))
    await eye.dialog("persona-delete", eye.choose(actions, "Delete"))
    await eye.dialog("persona-dialog", by("new-persona").click())
    await by("import-personas").set_input_files([file("chats.json", b"{}", "application/json")])
    await expect(by("persona-import").get_by_role("alert")).to_be_visible()
    await eye.look("an import of personas that failed")
    await eye.open("/personas/prompts")
    actions = by("prompt").filter(has_text="Hail").get_by_role("button").last
    await eye.dialog("prompt-dialog", eye.choose(actions, "Edit"))
    await eye.dialog("prompt-delete", eye.choose(actions, "Delete"))


async def administration(eye: Eye, other: Person) -> None:
    """People and model servers, one of which is away."""
    by = eye.by
    await eye.open("/admin/users")
    await eye.dialog("add-person-dialog", by("add-person").click())
    actions = (await eye.tab.person(other.email)).get_by_role("button")
    await eye.dialog("reset-dialog", eye.choose(actions, "Reset password"), stays=True)
    await eye.button("Reset password", by("reset-dialog")).click()
    await expect(by("handed-dialog")).to_be_visible()
    await eye.look("handed-dialog")
    await eye.open("/admin/models")
    await eye.dialog("server-dialog", by("add-server").click(), stays=True)
    form = by("server-dialog")
    await form.locator("#server-name").fill("Script")
    await form.locator("#server-base_url").fill("http://127.0.0.1:9/v1")
    await eye.button("Test", form).click()
    await expect(
        form.get_by_role("status").or_(form.get_by_role("alert")).filter(has_text="127.0.0.1").first
    ).to_be_visible()
    await eye.look("a server that is offline")
    await eye.closed("server-dialog")


async def strangers(eye: Eye) -> None:
    """What is seen without an account, and where nothing is."""
    page, by = eye.page, eye.by
    await page.goto(f"{eye.tab.url}/login")
    await by("login-email").fill("nobody@example.org")
    await by("login-password").fill("wrong password")
    await by("login-submit").click()
    await expect(
        page.get_by_role("alert").filter(has_text=eye.say("Incorrect e-mail or password."))
    ).to_be_visible()
    await eye.look("a refused sign-in")
    await page.goto(f"{eye.tab.url}/s/none")
    await expect(by("not-found").or_(by("no-share")).first).to_be_visible()
    await eye.look("no link")
