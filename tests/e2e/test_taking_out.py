"""Export, leaving, and Gantry as an app, in the browser."""

import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.scripts import Cues
from tests.parts.app import PASSWORD, Person, RunningApp
from tests.parts.browser import Tab, Visits
from tests.parts.llm_server import Script
from tests.parts.pdfs import text_of


async def _axe_finds_nothing(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def _download(page: Page, test_id: str) -> tuple[str, bytes]:
    async with page.expect_download() as coming:
        await page.get_by_test_id(test_id).first.click()
    download = await coming.value
    return download.suggested_filename, Path(await download.path()).read_bytes()


async def test_ux_05_a_chat_is_exported_in_each_form(visits: Visits, person: Person, cue: Cues) -> None:
    """From the row's menu and from above the chat; each file has the answer in it (UX 5)."""
    tab = await visits.tab(person, "/", accept_downloads=True)
    await tab.ask(
        f"What is in the harbour? {cue(Script('| boat |' + chr(10) + '|---|' + chr(10) + '| Amalia |'))}"
    )
    await tab.ends()
    await tab.menu(tab.page.get_by_test_id("conversation-menu").first, "Export…")
    dialog = tab.page.get_by_test_id("dialog-export")
    await expect(dialog).to_be_visible()
    await _axe_finds_nothing(tab.page)
    for form, suffix in (("json", ".json"), ("markdown", ".md"), ("html", ".html"), ("pdf", ".pdf")):
        name, content = await _download(tab.page, f"export-{form}")
        assert name.endswith(suffix), name
        text = "".join(text_of(content)) if form == "pdf" else content.decode()
        assert "Amalia" in text
        if form == "pdf":
            assert "1 / 1" in text
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await tab.page.get_by_test_id("export-chat").click()
    await expect(dialog).to_be_visible()


async def test_everything_is_exported_from_settings(visits: Visits, person: Person, tmp_path: Path) -> None:
    """One ZIP with chats, account and memory, which names itself."""
    await person.conversation("Tides")
    tab = await visits.tab(person, "/settings", accept_downloads=True)
    name, content = await _download(tab.page, "export-everything")
    assert name.startswith("gantry-export-")
    (tmp_path / name).write_bytes(content)
    packed = zipfile.ZipFile(tmp_path / name)
    assert {"conversations/Tides.json", "account.json", "memory.json", "export.json"} <= set(
        packed.namelist()
    )
    assert json.loads(packed.read("account.json"))["account"]["email"] == person.email


async def test_the_address_is_changed_with_the_password(tab: Tab, person: Person) -> None:
    """A wrong password is said beside the form; the new address is shown."""
    await tab.open("/settings")
    form = tab.page.get_by_test_id("email-form")
    new = f"new-{person.email}"
    await form.get_by_label("New e-mail").fill(new)
    await form.get_by_label("Password").fill("not the password")
    await form.get_by_role("button").click()
    await expect(form.get_by_role("alert")).to_have_text("This is not your password.")
    await form.get_by_label("Password").fill(PASSWORD)
    await form.get_by_role("button").click()
    await expect(form.get_by_text(f"Now {new}")).to_be_visible()


async def test_an_account_is_deleted_with_a_receipt(visits: Visits, person: Person) -> None:
    """What goes is said before; a wrong password changes nothing; the receipt stays to be read, and signing in fails."""
    await person.conversation("Tides")
    tab = await visits.tab(person, "/settings", accept_downloads=True)
    await tab.page.get_by_test_id("delete-account").click()
    dialog = tab.page.get_by_test_id("dialog-deletion")
    await expect(dialog.get_by_text("1 conversation")).to_be_visible()
    await _axe_finds_nothing(tab.page)
    await dialog.get_by_label("Password").fill("not the password")
    await tab.page.get_by_test_id("deletion-confirm").click()
    await expect(tab.page.get_by_test_id("deletion-fault")).to_have_text("This is not your password.")
    await dialog.get_by_label("Password").fill(PASSWORD)
    await tab.page.get_by_test_id("deletion-confirm").click()
    await expect(dialog.get_by_text("Your account has been deleted")).to_be_visible()
    await _axe_finds_nothing(tab.page)
    name, content = await _download(tab.page, "receipt")
    assert name == "gantry-account-deleted.json"
    told: dict[str, Any] = json.loads(content)
    assert (told["account"], told["rows"]["conversation"]) == (person.email, 1)
    await tab.page.get_by_test_id("deletion-done").click()
    await tab.at("/login")
    visits.faults.allow_status(401)
    refused = await person.rest.post("/api/v1/session", json={"email": person.email, "password": PASSWORD})
    assert refused.status_code == 401


async def test_the_last_administrator_is_told_what_to_do(visits: Visits, own_app: RunningApp) -> None:
    """They cannot leave; the next step is named."""
    admin = await own_app.set_up()
    tab = await visits.tab(admin, "/settings")
    await tab.page.get_by_test_id("delete-account").click()
    await tab.page.get_by_test_id("dialog-deletion").get_by_label("Password").fill(PASSWORD)
    await tab.page.get_by_test_id("deletion-confirm").click()
    await expect(tab.page.get_by_test_id("deletion-fault")).to_contain_text(
        "Make someone else an administrator"
    )


async def test_what_is_shared_is_a_draft(tab: Tab) -> None:
    """It stands in the composer, nothing is sent, and a reload does not add it again."""
    await tab.open(
        f"/?title=Tides&text={quote('High at noon & low at six')}&url=https%3A%2F%2Fexample.org%2Ftides"
    )
    wanted = "Tides\nHigh at noon & low at six\nhttps://example.org/tides"
    await expect(tab.composer).to_have_value(wanted)
    assert tab.page.url.endswith("/")
    await tab.reload()
    await expect(tab.composer).to_have_value(wanted)
    await expect(tab.page.get_by_test_id("conversation-row")).to_have_count(0)


async def test_gantry_can_be_installed(visits: Visits, own_app: RunningApp) -> None:
    """The manifest is valid, its icons are there, and nothing is asked of another host."""
    admin = await own_app.set_up()
    tab = await visits.tab()
    hosts = set[str]()
    tab.page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    await tab.open("/login")
    await tab.sign_in(admin)
    await tab.usable()
    answer = await tab.page.request.get(f"{own_app.url}/manifest.webmanifest")
    manifest = await answer.json()
    assert answer.headers["content-type"].startswith("application/manifest+json")
    for icon in manifest["icons"]:
        assert (await tab.page.request.get(own_app.url + icon["src"])).ok
    assert {"any", "maskable"} == {icon["purpose"] for icon in manifest["icons"]}
    assert hosts == {own_app.url.split("/")[2]}
