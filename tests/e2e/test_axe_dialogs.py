"""Axe finds nothing in any dialog, nor on pages with something on them (UX 64, 65); the rest is in test_accessibility.py.

Dialogs of personas, prompts, order, search, tokens and exports are looked at where they are tested.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e import tours
from tests.e2e.scripts import Cues
from tests.e2e.test_accessibility import axe_faults
from tests.e2e.test_documents import file, ready, upload
from tests.e2e.test_importing import tides
from tests.parts.app import Person
from tests.parts.browser import DESKTOP, PHONE, TABLET, Tab, Visits
from tests.parts.llm_server import Script
from tests.parts.pictures import picture

CALM = {"reduced_motion": "reduce"}  # what is half there has less contrast
LOOKS = pytest.mark.parametrize(
    "look",
    [
        DESKTOP | {"color_scheme": "light"} | CALM,
        TABLET | {"color_scheme": "light"} | CALM,
        PHONE | {"color_scheme": "dark"} | CALM,
    ],
    ids=["light", "light tablet", "dark phone"],
)


@asynccontextmanager
async def _looking(tab: Tab) -> AsyncIterator[tours.Eye]:
    """Yield an eye on *tab*; there may be nothing wrong with anything it sees."""
    faults: list[str] = []

    async def look(name: str) -> None:
        if said := await axe_faults(tab.page):
            faults.append(f"{name}: {said}")

    yield tours.Eye(tab, "en", look)
    assert not faults, "\n".join(faults)


@LOOKS
async def test_axe_finds_nothing_in_the_settings(
    visits: Visits, person: Person, look: dict[str, Any]
) -> None:
    """With an import that was looked at, one that is done, tokens, and their dialogs."""
    token = {"name": "Script", "scopes": ["read"]}
    assert (await person.rest.post("/api/v1/me/tokens", json=token)).status_code == 201
    tab = await visits.tab(person, "/settings", **look)
    page = tab.page
    async with _looking(tab) as eye:
        await page.get_by_test_id("import-file").set_input_files(
            [file("chats.json", tides(), "application/json")]
        )
        row = page.get_by_test_id("import")
        await row.get_by_text("Not everything comes along (1)").click()
        await eye.look("an import that was looked at")
        await row.get_by_role("button", name="Import", exact=True).click()
        undo = row.get_by_role("button", name="Undo the import of chats.json")
        await expect(undo).to_be_visible()
        await eye.look("an import that is done")
        await eye.dialog("undo-import", undo.click())
        revoke = page.get_by_test_id("token").get_by_role("button")
        await eye.dialog("revoke-token-dialog", revoke.click())
        await eye.dialog("dialog-deletion", page.get_by_test_id("delete-account").click())
        if "is_mobile" not in look:
            await page.locator("h1").click()
            await eye.dialog("shortcuts", page.keyboard.press("?"))


@LOOKS
async def test_axe_finds_nothing_in_dialogs_of_a_chat(
    visits: Visits, person: Person, cue: Cues, look: dict[str, Any]
) -> None:
    """A picture shown large, exporting, what was sent to the model; and what is in the archive."""
    conversation = await person.conversation("Put away")
    await person.rest.patch(f"/api/v1/conversations/{conversation}", json={"archived": True})
    tab = await visits.tab(person, "/", **look)
    page = tab.page
    async with _looking(tab) as eye:
        red = file("red.png", picture("PNG", (400, 300)), "image/png")
        await page.get_by_test_id("attach-input").set_input_files([red])
        await expect(page.get_by_test_id("attached-file").get_by_test_id("thumbnail")).to_have_count(1)
        await tab.composer.fill(f"What is this? {cue(Script(text='A red picture.'))}")
        await page.get_by_test_id("send").click()
        await tab.ends()
        sent = page.get_by_test_id("sent-pictures").get_by_test_id("thumbnail")
        await eye.dialog("picture-dialog", sent.click())
        await eye.dialog("dialog-export", page.get_by_test_id("export-chat").click())
        await tab.action("View prompt").click()
        await expect(page.get_by_test_id("sources-panel")).to_be_visible()
        await eye.look("what was sent")
        await tab.open("/archived")
        await expect(page.get_by_role("link", name="Put away")).to_be_visible()
        await eye.look("/archived")


@LOOKS
async def test_axe_finds_nothing_in_dialogs_of_documents_and_memory(
    visits: Visits, person: Person, look: dict[str, Any]
) -> None:
    """Naming, moving, reading, deleting; a fact changed, everything forgotten."""
    tab = await visits.tab(person, "/vault", **look)
    page = tab.page
    async with _looking(tab) as eye:
        await upload(tab, file("a.txt", b"A note.", "text/plain"))
        await ready(tab, "a.txt")
        actions = page.get_by_test_id("document").get_by_role("button", name="Actions")
        for entry, dialog in (
            ("Rename", "dialog-rename"),
            ("Move", "dialog-move"),
            ("View text", "dialog-preview"),
            ("Delete", "dialog-delete"),
        ):
            await eye.dialog(dialog, tab.menu(actions, entry))
        await eye.dialog("dialog-new-collection", page.get_by_test_id("new-collection").click())
        await tab.open("/settings/memory")
        await page.get_by_label("Something to remember").fill("Plays the cello.")
        await page.get_by_role("button", name="Remember", exact=True).click()
        fact = page.get_by_test_id("fact")
        await expect(fact).to_be_visible()
        await eye.dialog("dialog-fact", tab.menu(fact.get_by_role("button").last, "Edit"))
        await eye.dialog("dialog-forget", page.get_by_test_id("forget-all").click())


@LOOKS
async def test_axe_finds_nothing_in_dialogs_of_the_administration(
    visits: Visits, admin: Person, person: Person, look: dict[str, Any]
) -> None:
    """A person added, a password handed over, a server added and removed."""
    tab = await visits.tab(admin, "/admin/users", **look)
    page = tab.page
    async with _looking(tab) as eye:
        await eye.dialog("add-person-dialog", page.get_by_test_id("add-person").click())
        row = await tab.person(person.email)
        await eye.dialog("reset-dialog", tab.menu(row.get_by_role("button"), "Reset password"))
        await tab.menu(row.get_by_role("button"), "Reset password")
        await page.get_by_test_id("reset-dialog").get_by_role("button", name="Reset password").click()
        await expect(page.get_by_test_id("handed-dialog")).to_be_visible()
        await eye.look("handed-dialog")
        await tab.open("/admin/models")
        await eye.dialog("server-dialog", page.get_by_test_id("add-server").click())
        server = {"name": "Attic", "base_url": "http://127.0.0.1:9/v1", "kind": "openai"}
        added = (await admin.rest.post("/api/v1/connections", json=server)).json()["id"]
        card = page.get_by_test_id("server").filter(has_text="Attic")
        await expect(card).to_be_visible()  # without being asked for
        await eye.dialog("remove-dialog", tab.menu(card.get_by_role("button"), "Remove"))
        await admin.rest.delete(f"/api/v1/connections/{added}")


@LOOKS
async def test_axe_finds_nothing_where_personas_prompts_and_folders_are_deleted(
    visits: Visits, person: Person, look: dict[str, Any]
) -> None:
    """Each asks by name; a folder is named in a dialog of its own."""
    await person.rest.post("/api/v1/personas", json={"name": "Pirate"})
    await person.rest.post("/api/v1/prompts", json={"name": "Hail", "content": "Ahoy"})
    folder = await person.rest.post("/api/v1/folders", json={"name": "Garden"})
    await person.conversation("Roses", folder_id=folder.json()["id"])
    tab = await visits.tab(person, "/personas", **look)
    page = tab.page
    async with _looking(tab) as eye:
        pirate = page.get_by_role("button", name="Actions for Pirate", exact=True)
        await eye.dialog("persona-delete", tab.menu(pirate, "Delete"))
        await tab.open("/personas/prompts")
        hail = page.get_by_role("button", name="Actions for Hail", exact=True)
        await eye.dialog("prompt-delete", tab.menu(hail, "Delete"))
        for entry, dialog in (("Rename", "ask-name"), ("Delete", "ask-delete")):
            await tab.open("/")
            if "is_mobile" in look:
                await page.get_by_role("button", name="Sidebar", exact=True).tap()
            garden = page.get_by_role("button", name="Actions for folder Garden")
            await eye.dialog(dialog, tab.menu(garden, entry))
