"""What stands above a chat: its name, which can be changed in place, and the model that answers."""

from playwright.async_api import expect

from tests.e2e.scripts import Cues
from tests.parts.app import Person
from tests.parts.browser import Tab
from tests.parts.llm_server import Script


async def test_a_chat_is_renamed_above_it(tab: Tab, cue: Cues, person: Person) -> None:
    """Enter keeps the new name, here and in the list, and gives the focus back; Esc keeps the old one."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.open(f"/c/{conversation}")
    title, field = tab.page.get_by_test_id("chat-title"), tab.page.get_by_role("textbox", name="New name")
    await title.click()
    await expect(field).to_be_focused()
    await tab.page.keyboard.type("Raised beds")  # over the old name, all of which is selected
    await tab.page.keyboard.press("Enter")
    await expect(title).to_have_text("Raised beds")
    await expect(title).to_be_focused()
    await expect(tab.rows).to_have_text(["Raised beds"])
    await expect(tab.page).to_have_title("Raised beds · Gantry")
    await title.click()
    await field.fill("Something else")
    await tab.page.keyboard.press("Escape")
    await expect(title).to_have_text("Raised beds")
    await tab.reload()
    await expect(title).to_have_text("Raised beds")


async def test_a_name_given_in_the_list_stands_above_the_chat(tab: Tab, cue: Cues, person: Person) -> None:
    """The page shows at once what its own list has changed."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.open(f"/c/{conversation}")
    await tab.menu(tab.page.get_by_test_id("conversation-menu"), "Rename")
    await tab.page.get_by_role("textbox", name="New name").fill("Raised beds")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_test_id("chat-title")).to_have_text("Raised beds")


async def test_models_are_found_and_chosen_by_keyboard(tab: Tab) -> None:
    """Words narrow the list, arrows move in it, Enter chooses; what matches nothing is said."""
    await tab.open()
    picker = tab.page.get_by_test_id("model-picker")
    search = tab.page.get_by_role("combobox", name="Search models")
    options = tab.page.get_by_role("option")
    await picker.press("Enter")
    await expect(search).to_be_focused()
    await expect(tab.page.get_by_role("option", selected=True)).to_contain_text("scripted")
    await search.fill("no such model")
    await expect(options).to_have_count(0)
    await expect(tab.page.get_by_text("No models found.")).to_be_visible()
    await search.fill("vari")
    await expect(options).to_have_count(1)
    await search.press("Enter")
    await expect(search).to_be_hidden()
    await expect(picker).to_have_attribute("data-model", "openai/variant")
    await expect(picker).to_be_focused()
    await picker.press("Enter")
    await expect(search).to_be_focused()
    await expect(tab.page.get_by_role("option", selected=True)).to_contain_text("variant")
    await search.press("ArrowUp")
    await search.press("Enter")
    await expect(picker).not_to_have_attribute("data-model", "openai/variant")


async def test_the_first_message_mounts_nothing_anew(tab: Tab, cue: Cues) -> None:
    """The page of a new chat becomes that of the stored one: the field is the same, with the cursor in it."""
    await tab.open()
    await tab.composer.evaluate("field => { field.mark = 'the same'; }")
    await tab.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.ends()
    assert await tab.composer.evaluate("field => field.mark") == "the same"
    await expect(tab.composer).to_be_focused()
