"""Archive, folders, tags and the selection of several conversations, in a browser."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.e2e.scripts import Cues
from tests.parts.app import Person
from tests.parts.browser import DESKTOP, PHONE, Tab, Visits, becomes
from tests.parts.llm_server import Script

PICTURES = Path("test-results/order")
ROW_MENU = ["Rename", "Pin", "Move to folder", "Share", "Archive", "Select", "Delete"]


def _row(tab: Tab, conversation: str) -> Locator:
    return tab.page.get_by_role("listitem").filter(has=tab.page.locator(f'[data-id="{conversation}"]'))


async def _menu(tab: Tab, conversation: str, entry: str) -> None:
    row = _row(tab, conversation)
    await row.hover()
    await tab.menu(row.get_by_test_id("conversation-menu"), entry)


def _folder(tab: Tab, name: str) -> Locator:
    return tab.sidebar.get_by_role("region", name=name, exact=True)


async def _new_folder(tab: Tab, name: str) -> None:
    await tab.page.get_by_test_id("new-folder").click()
    dialog = tab.page.get_by_test_id("ask-name")
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_label("Name").press("Enter")
    await expect(_folder(tab, name)).to_be_visible()


async def _entries(tab: Tab) -> list[str]:
    menu = tab.page.locator("#row-menu")
    await expect(menu).to_be_visible()
    return await menu.get_by_role("menuitem").all_inner_texts()


async def test_ux_05_row_menu_on_hover_on_focus_and_on_touch(tab: Tab, phone: Tab, person: Person) -> None:
    """The menu of a row is there for a mouse, for the keyboard and for a finger, with all that can be done (UX 5)."""
    conversation = await person.conversation("One")
    await tab.open()
    button = _row(tab, conversation).get_by_test_id("conversation-menu")
    await expect(button).to_have_css("opacity", "0")
    await _row(tab, conversation).hover()
    await expect(button).to_have_css("opacity", "1")
    await button.click()
    assert [each for each in await _entries(tab) if each in ROW_MENU] == ROW_MENU
    await tab.page.keyboard.press("Escape")
    await tab.page.mouse.move(900, 400)
    await tab.rows.first.focus()
    await expect(button).to_have_css("opacity", "1")
    await tab.page.keyboard.press("Tab")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(button).to_be_focused()

    await phone.open()
    await phone.page.get_by_role("button", name="Sidebar").tap()
    await _row(phone, conversation).get_by_test_id("conversation-menu").tap()
    assert [each for each in await _entries(phone) if each in ROW_MENU] == ROW_MENU


async def test_archiving_and_bringing_back(tab: Tab, person: Person, cue: Cues) -> None:
    """An archived conversation leaves the list and can be read; Undo and the page of the archive bring it back."""
    conversation = await person.ask(f"Old news {cue(Script('Kept.'))}")
    await person.conversation("Other")
    await tab.open()
    await _menu(tab, conversation, "Archive")
    await expect(tab.rows).to_have_text(["Other"])
    await tab.notices.get_by_role("button", name="Undo").click()
    await expect(tab.rows).to_have_count(2)
    await _menu(tab, conversation, "Archive")
    await expect(tab.rows).to_have_text(["Other"])
    await tab.page.get_by_test_id("account-menu").click()
    await tab.page.get_by_role("menuitem", name="Archived chats").click()
    await tab.at("/archived")
    await tab.page.get_by_role("link", name=re.compile("^Old news")).click()
    await tab.ends()
    assert await tab.words() == ["Kept."]
    await tab.open("/archived")
    await tab.page.get_by_role("button", name=re.compile("^Unarchive")).click()
    await expect(tab.page.get_by_test_id("archived")).to_have_count(0)
    await expect(tab.rows).to_have_count(2)


async def test_folders_hold_conversations_and_stay_as_they_are(tab: Tab, person: Person, cue: Cues) -> None:
    """Made, filled by menu and by dropping, folded over a reload, used for a new chat, deleted with nothing lost."""
    one, two = await person.conversation("One"), await person.conversation("Two")
    await tab.open()
    await _new_folder(tab, "Work")
    await _menu(tab, one, "Move to folder")
    await tab.page.get_by_test_id("ask-move").get_by_role("button", name="Work").click()
    await expect(_folder(tab, "Work").get_by_test_id("conversation-row")).to_have_text(["One"])
    await tab.page.locator(f'[data-id="{two}"]').drag_to(_folder(tab, "Work").get_by_test_id("folder"))
    await expect(_folder(tab, "Work").get_by_test_id("conversation-row")).to_have_text(["Two", "One"])

    await _folder(tab, "Work").get_by_test_id("folder").click()
    await expect(tab.rows).to_have_count(0)
    await tab.reload()
    await expect(_folder(tab, "Work").get_by_test_id("folder")).to_have_attribute("aria-expanded", "false")
    await expect(tab.rows).to_have_count(0)
    await _folder(tab, "Work").get_by_test_id("folder").click()
    await expect(tab.rows).to_have_count(2)

    await tab.menu(_folder(tab, "Work").get_by_test_id("folder-actions"), "New folder inside")
    await tab.page.get_by_test_id("ask-name").get_by_label("Name").fill("Inner")
    await tab.page.get_by_test_id("ask-name").get_by_role("button", name="Save").click()
    await tab.menu(_folder(tab, "Inner").get_by_test_id("folder-actions"), "New chat here")
    await expect(tab.page.get_by_test_id("begins-in")).to_contain_text("Inner")
    await tab.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.ends()
    await expect(_folder(tab, "Inner").get_by_test_id("conversation-row")).to_have_text(
        [re.compile("^Hello")]
    )

    await tab.menu(_folder(tab, "Work").get_by_test_id("folder-actions"), "Delete")
    await tab.page.get_by_role("button", name="Delete folder").click()
    await expect(tab.sidebar.get_by_role("region", name="Work", exact=True)).to_have_count(0)
    await expect(tab.rows).to_have_count(3)


async def test_a_folder_has_a_persona_and_documents_of_its_own(tab: Tab, person: Person, cue: Cues) -> None:
    """A chat begun in it starts with them, and one begun elsewhere does not."""
    made = await person.rest.post("/api/v1/personas", json={"name": "Gardener"})
    assert made.status_code == 201, made.text
    made = await person.rest.post("/api/v1/collections", json={"name": "Plants"})
    assert made.status_code == 201, made.text
    await person.conversation("Some")
    await tab.open()
    await _new_folder(tab, "Garden")
    await tab.menu(_folder(tab, "Garden").get_by_test_id("folder-actions"), "Settings for new chats")
    dialog = tab.page.get_by_test_id("ask-documents")
    await dialog.get_by_label("Persona").select_option("Gardener")
    await dialog.get_by_label("Plants (0)").click()
    await expect(dialog.get_by_label("Plants (0)")).to_be_checked()
    await expect(dialog.get_by_label("All documents")).not_to_be_checked()
    await dialog.get_by_role("button", name="Done").click()
    await tab.menu(_folder(tab, "Garden").get_by_test_id("folder-actions"), "New chat here")
    await expect(tab.page.get_by_test_id("scope")).to_contain_text("Plants")
    await expect(tab.page.get_by_test_id("persona-picker")).to_contain_text("Gardener")
    await tab.ask(f"Which? {cue(Script('Roses.'))}")
    await tab.ends()
    await expect(tab.page.get_by_test_id("scope")).to_contain_text("Plants")
    await expect(tab.page.get_by_test_id("persona-picker")).to_contain_text("Gardener")
    await tab.page.get_by_test_id("new-chat").click()
    await tab.at("/")
    await expect(tab.page.get_by_test_id("scope")).to_contain_text("All documents")
    await expect(tab.page.get_by_test_id("persona-picker")).not_to_contain_text("Gardener")


async def test_several_are_selected_and_changed_at_once(tab: Tab, person: Person) -> None:
    """With Shift all rows between; one Undo for all that were deleted; tags for all, and a list of one tag."""
    ids = [await person.conversation(f"Talk {number}") for number in range(5)]
    await tab.open()
    await _menu(tab, ids[4], "Select")
    picks = tab.page.get_by_test_id("pick")
    await expect(picks).to_have_count(5)
    await picks.nth(2).get_by_role("checkbox").click(modifiers=["Shift"])
    bar = tab.page.get_by_test_id("selection")
    await expect(bar).to_contain_text("3 selected")
    await bar.get_by_role("button", name="Delete").click()
    await expect(tab.rows).to_have_text(["Talk 1", "Talk 0"])
    await tab.notices.get_by_role("button", name="Undo").click()
    await expect(tab.rows).to_have_count(5)

    await _menu(tab, ids[0], "Select")
    # Both presses before the server has heard of either: what is done is done to all that is ticked.
    await tab.page.evaluate(
        """([row, button]) => { row.click(); button.click(); }""",
        [
            await picks.filter(has_text="Talk 3").get_by_role("checkbox").element_handle(),
            await bar.get_by_role("button", name="Add tags").element_handle(),
        ],
    )
    await tab.page.get_by_test_id("ask-tags").get_by_label("Tags").fill("later, Küche")
    await tab.page.get_by_test_id("ask-tags").get_by_role("button", name="Save").click()
    await tab.page.get_by_test_id("tag-filter").select_option("later")
    await expect(tab.rows).to_have_text(["Talk 3", "Talk 0"])

    await _menu(tab, ids[0], "Select")  # of one alone the tags it has are kept as well
    await expect(picks.filter(has_text="Talk 3").get_by_role("checkbox")).not_to_be_checked()
    await bar.get_by_role("button", name="Add tags").click()
    await tab.page.get_by_test_id("ask-tags").get_by_label("Tags").fill("soon")
    await tab.page.get_by_test_id("ask-tags").get_by_role("button", name="Save").click()
    await expect(tab.page.get_by_test_id("tag-filter").get_by_role("option", name="soon")).to_be_attached()
    await expect(tab.rows).to_have_text(["Talk 3", "Talk 0"])
    await tab.page.get_by_test_id("tag-filter").select_option("")
    await expect(tab.rows).to_have_count(5)

    await _menu(tab, ids[0], "Select")
    await bar.get_by_role("button", name="All").click()
    await bar.get_by_role("button", name="Archive").click()
    await expect(tab.rows).to_have_count(0)

    async def archived() -> int:
        answer = await person.rest.get("/api/v1/conversations", params={"archived": "true"})
        return len(answer.json()["conversations"])

    await becomes(archived, 5)


@pytest.mark.parametrize(
    "look", [DESKTOP | {"color_scheme": "light"}, PHONE | {"color_scheme": "dark"}], ids=["desktop", "phone"]
)
async def test_nothing_is_wrong_with_folders_selection_and_dialogs(
    visits: Visits, person: Person, look: dict[str, Any]
) -> None:
    """Axe finds nothing in the sidebar with folders and tags, while rows are selected, nor in the dialogs."""
    folder = await person.rest.post("/api/v1/folders", json={"name": "Garden"})
    conversation = await person.conversation("Roses", folder_id=folder.json()["id"])
    await person.rest.patch(f"/api/v1/conversations/{conversation}", json={"tags": ["later"]})
    await person.conversation("Loose")
    tab = await visits.tab(person, "/", **look)
    faults: list[str] = []

    async def look_at(name: str) -> None:
        faults.append((await Axe().run(tab.page)).generate_report())
        await tab.page.screenshot(
            path=PICTURES / f"{name}-{'phone' if look.get('is_mobile') else 'desktop'}.png"
        )

    PICTURES.mkdir(parents=True, exist_ok=True)
    if look.get("is_mobile"):
        await tab.page.get_by_role("button", name="Sidebar").tap()
    await expect(_folder(tab, "Garden").get_by_test_id("conversation-row")).to_be_visible()
    await look_at("sidebar")
    for entry, dialog in (("Move to folder", "ask-move"), ("Tags", "ask-tags"), ("Share", "share")):
        await _menu(tab, conversation, entry)
        await expect(tab.page.get_by_test_id(dialog)).to_be_visible()
        await look_at(dialog)
        await tab.page.keyboard.press("Escape")
        await expect(tab.page.get_by_test_id(dialog)).to_have_count(0)
    await tab.menu(_folder(tab, "Garden").get_by_test_id("folder-actions"), "Settings for new chats")
    await expect(tab.page.get_by_test_id("ask-documents")).to_be_visible()
    await look_at("ask-documents")
    await tab.page.keyboard.press("Escape")
    await _menu(tab, conversation, "Select")
    await expect(tab.page.get_by_test_id("selection")).to_be_visible()
    await look_at("selection")
    assert all("Found 0 accessibility violations" in each for each in faults), "\n".join(faults)
