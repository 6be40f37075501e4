"""What a chat is set to, personas, and the prompts behind a slash."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.scripts import Cues
from tests.e2e.test_accessibility import axe_faults
from tests.parts.app import Person
from tests.parts.browser import PHONE, Tab, Visits, becomes
from tests.parts.llm_server import Script

PIRATE: dict[str, Any] = {
    "name": "Pirate",
    "description": "Speaks of the sea.",
    "parameters": {"system_prompt": "Answer as a pirate would.", "temperature": 0.5},
    "questions": ["Where is the treasure?", "How do I tie a bowline?"],
}


async def add(person: Person, kind: str, **values: Any) -> str:
    """Make a persona or a prompt as a program does; returns its id."""
    made = await person.rest.post(f"/api/v1/{kind}", json=values)
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def choose(tab: Tab, name: str) -> None:
    """Give the chat another persona."""
    await tab.page.get_by_test_id("persona-picker").click()
    await tab.page.get_by_role("option", name=re.compile(f"^{name}")).click()


def settings(tab: Tab) -> tuple[Locator, Locator]:
    """Return the button and the dialog."""
    return tab.page.get_by_test_id("chat-settings"), tab.page.get_by_test_id("chat-settings-dialog")


async def set_up(tab: Tab) -> None:
    """Set a system prompt, a temperature and a stop word."""
    button, dialog = settings(tab)
    await button.click()
    await expect(dialog.get_by_label("System prompt")).to_be_focused()
    await dialog.get_by_label("System prompt").fill("Answer in verse.")
    await dialog.get_by_label("Temperature").fill("0.25")
    await dialog.get_by_label("Stop words").fill("END\n\\n\\n")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    await expect(button).to_have_attribute("aria-label", "Chat settings, changed")


async def test_a_new_chat_is_asked_as_it_is_set(tab: Tab, cue: Cues) -> None:
    """What is set before the first message holds for it, shows, survives a reload, and can be taken back."""
    await tab.open()
    await set_up(tab)
    button, dialog = settings(tab)
    await expect(button).to_be_focused()
    verse = cue(Script("Roses."))
    await tab.ask(f"Hello {verse}")
    await tab.ends()
    body = (await verse.request()).body
    assert body["messages"][0]["content"].startswith("Answer in verse.")
    assert (body["temperature"], body["stop"]) == (0.25, ["END", "\n\n"])
    assert "seed" not in body
    await tab.reload()
    await expect(button).to_have_attribute("aria-label", "Chat settings, changed")
    await button.click()
    await expect(dialog.get_by_label("Temperature")).to_have_value("0.25")
    await expect(dialog.get_by_label("Stop words")).to_have_value("END\n\\n\\n")
    await dialog.get_by_role("button", name="Use defaults").click()
    await expect(button).to_have_attribute("aria-label", "Chat settings")
    plain = cue(Script("Plainly."))
    await tab.ask(f"Again {plain}")
    await tab.ends(answers=2)
    assert "temperature" not in (await plain.request()).body


async def test_settings_belong_to_their_chat(tab: Tab, person: Person, cue: Cues) -> None:
    """Another chat shows its own; Esc changes nothing, and what is out of range is not taken."""
    first, second = await person.conversation("One"), await person.conversation("Two")
    await tab.open(f"/c/{first}")
    await set_up(tab)
    button, dialog = settings(tab)
    await tab.page.get_by_role("link", name="Two").click()
    await tab.at(f"/c/{second}")
    await expect(button).to_have_attribute("aria-label", "Chat settings")
    await button.click()
    await expect(dialog.get_by_label("Temperature")).to_have_value("")
    await dialog.get_by_label("Temperature").fill("3")
    await dialog.get_by_role("button", name="Save").click()
    assert not await dialog.get_by_label("Temperature").evaluate("field => field.validity.valid")
    await expect(dialog).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    stored = (await person.rest.get(f"/api/v1/conversations/{second}")).json()["parameters"]
    assert stored["temperature"] is None


async def test_settings_on_a_phone(phone: Tab) -> None:
    """The dialog fits the screen, and its last field can be reached."""
    await phone.open()
    await set_up(phone)
    button, dialog = settings(phone)
    await button.click()
    box = await dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    await dialog.get_by_role("button", name="Save").scroll_into_view_if_needed()
    await expect(dialog.get_by_role("button", name="Save")).to_be_in_viewport()


async def test_ux_24_instructions_count_in_the_gauge(tab: Tab, person: Person, cue: Cues) -> None:
    """A system prompt shows in the gauge before it is sent, and goes from it when it is taken away."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.', prompt_tokens=50))}")
    await tab.open(f"/c/{conversation}")
    button, dialog = settings(tab)
    await button.click()
    await dialog.get_by_label("System prompt").fill("word " * 3500)
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    gauge = tab.page.get_by_test_id("context-gauge")
    if await gauge.count():  # the model tells its context

        async def used() -> int:
            label = await gauge.get_attribute("aria-label") or "0"
            return int(label.split(" ")[0])

        await becomes(used, lambda percent: percent > 40)


async def test_a_persona_is_made_changed_copied_and_deleted(tab: Tab, person: Person) -> None:
    """All by hand; deleting asks by name."""
    await tab.open("/personas")
    await tab.page.get_by_test_id("new-persona").click()
    dialog = tab.page.get_by_test_id("persona-dialog")
    await dialog.get_by_label("Name").fill("Gardener")
    await dialog.get_by_label("System prompt").fill("You know gardens.")
    await dialog.get_by_label("Model").select_option("openai/scripted")
    await dialog.get_by_label("Documents", exact=True).select_option("none")
    await dialog.get_by_label("First questions").fill("What grows in the shade?\nWhen do I prune?")
    await dialog.get_by_role("button", name="Save").click()
    rows = tab.page.get_by_test_id("persona")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Gardener")
    await expect(rows).to_contain_text("no documents")
    actions = tab.page.get_by_role("button", name="Actions for Gardener", exact=True)
    await tab.menu(actions, "Use for new chats")
    await expect(rows).to_contain_text("Default")
    await tab.menu(actions, "Duplicate")
    await expect(rows).to_have_count(2)
    await rows.get_by_role("button", name="Gardener (copy)", exact=True).click()
    await expect(dialog.get_by_label("First questions")).to_have_value(
        "What grows in the shade?\nWhen do I prune?"
    )
    await dialog.get_by_label("Name").fill("Forester")
    await dialog.get_by_role("button", name="Save").click()
    await expect(rows.nth(1)).to_contain_text("Forester")
    await tab.menu(tab.page.get_by_role("button", name="Actions for Forester"), "Delete")
    await expect(tab.page.get_by_role("heading", name="Delete Forester?")).to_be_visible()
    await tab.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(rows).to_have_count(1)
    stored = (await person.rest.get("/api/v1/personas")).json()["personas"]
    assert [(each["name"], each["default"], each["model"]) for each in stored] == [
        ("Gardener", True, "openai/scripted")
    ]


async def test_personas_go_from_one_account_to_another(
    tab: Tab, visits: Any, person: Person, other: Person, tmp_path: Any
) -> None:
    """As a file; a second time it adds nothing, and a wrong one says what is wrong with it."""
    await add(person, "personas", **PIRATE)
    await tab.open("/personas")
    async with tab.page.expect_download() as started:
        await tab.page.get_by_role("link", name="Export all").click()
    file = tmp_path / "personas.json"
    await (await started.value).save_as(file)
    assert json.loads(file.read_text())["personas"][0]["name"] == "Pirate"
    theirs = await visits.tab(other, "/personas")
    await theirs.page.get_by_test_id("import-personas").set_input_files(file)
    await expect(theirs.page.get_by_test_id("persona")).to_contain_text("Pirate")
    await theirs.page.get_by_test_id("import-personas").set_input_files(file)
    await expect(theirs.page.get_by_test_id("persona-import")).to_contain_text("is already here")
    await theirs.page.get_by_role("button", name="Remove personas.json").click()
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    visits.faults.allow_status(422)
    await theirs.page.get_by_test_id("import-personas").set_input_files(wrong)
    await expect(theirs.page.get_by_test_id("persona-import")).to_contain_text("not a file of personas")
    await expect(theirs.page.get_by_test_id("persona")).to_have_count(1)


async def test_a_chat_begins_with_a_persona(tab: Tab, person: Person, cue: Cues) -> None:
    """Its first questions stand where suggestions were; it can be changed in the chat."""
    await add(person, "personas", **PIRATE)
    await add(person, "personas", name="Cook", parameters={"system_prompt": "You cook."})
    await tab.open()
    await choose(tab, "Pirate")
    picker = tab.page.get_by_test_id("persona-picker")
    await expect(picker).to_have_attribute("aria-label", "Persona: Pirate")
    await expect(tab.page.get_by_test_id("welcome-persona")).to_have_text("Pirate: Speaks of the sea.")
    await expect(tab.page.get_by_test_id("suggestion")).to_have_text(PIRATE["questions"])
    await tab.page.get_by_test_id("suggestion").first.click()
    await expect(tab.composer).to_have_value("Where is the treasure?")
    asked = cue(Script("Arr."))
    await tab.ask(f"Where is it? {asked}")
    await tab.ends()
    body = (await asked.request()).body
    assert body["messages"][0]["content"].startswith("Answer as a pirate would.")
    assert body["temperature"] == 0.5
    await tab.reload()
    await expect(picker).to_have_attribute("aria-label", "Persona: Pirate")
    await choose(tab, "Cook")
    await expect(picker).to_have_attribute("aria-label", "Persona: Cook")
    again = cue(Script("Soup."))
    await tab.ask(f"And now? {again}")
    await tab.ends(answers=2)
    body = (await again.request()).body
    assert body["messages"][0]["content"].startswith("You cook.")
    assert "temperature" not in body


async def test_new_chats_begin_with_the_default_persona(tab: Tab, person: Person) -> None:
    """Also the next one, after another was chosen; "No persona" takes it away from one chat."""
    pirate = await add(person, "personas", **PIRATE)
    await person.rest.put(f"/api/v1/personas/{pirate}/default", json={"default": True})
    conversation = await person.conversation("Earlier")
    await tab.open()
    picker = tab.page.get_by_test_id("persona-picker")
    await expect(picker).to_have_attribute("aria-label", "Persona: Pirate")
    await choose(tab, "No persona")
    await expect(picker).to_have_attribute("aria-label", "Persona: none")
    await expect(tab.page.get_by_test_id("suggestion")).not_to_have_text(PIRATE["questions"])
    await tab.page.get_by_role("link", name="Earlier").click()
    await tab.at(f"/c/{conversation}")
    await expect(tab.page.get_by_test_id("chat-title")).to_have_text("Earlier")
    await tab.page.get_by_test_id("new-chat").click()
    await expect(picker).to_have_attribute("aria-label", "Persona: Pirate")


async def test_prompts_behind_a_slash(tab: Tab, person: Person) -> None:
    """Filtered as one types, chosen by keys; Esc leaves the text as it is, and other text is no question for prompts."""
    await add(person, "prompts", name="summarise", content="Summarise this:\n")
    await add(person, "prompts", name="translate", content="Translate this:\n")
    await tab.open()
    options = tab.page.get_by_role("option")
    await tab.composer.press_sequentially("/")
    await expect(options).to_have_text([re.compile("^summarise"), re.compile("^translate")])
    await tab.composer.press_sequentially("trans")
    await expect(options).to_have_count(1)
    await tab.page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await expect(tab.composer).to_have_value("/trans")
    await tab.composer.fill("/")
    await expect(options).to_have_count(2)
    await tab.page.keyboard.press("ArrowDown")
    active = await tab.composer.get_attribute("aria-activedescendant")
    await expect(tab.page.locator(f"#{active}")).to_contain_text("translate")
    await tab.page.keyboard.press("Enter")
    await expect(tab.composer).to_have_value("Translate this:")
    await expect(tab.composer).to_be_focused()
    await expect(options).to_have_count(0)
    for text in ("/usr/bin is a folder", "a /trans", "/trans\nlate"):
        await tab.composer.fill(text)
        await expect(options).to_have_count(0)
    await expect(tab.messages).to_have_count(0)


async def test_a_slash_typed_before_the_page_knows_the_prompts(tab: Tab, person: Person) -> None:
    """They are offered as soon as they are there, without another key."""
    await add(person, "prompts", name="summarise", content="Summarise this:")
    await add(person, "prompts", name="translate", content="Translate this:")
    await tab.page.goto(tab.url)
    await tab.composer.press_sequentially("/tr")
    await expect(tab.page.get_by_role("option")).to_have_text([re.compile("^translate")])
    await tab.page.keyboard.press("Enter")
    await expect(tab.composer).to_have_value("Translate this:")


async def test_a_prompt_asks_for_its_variables(tab: Tab, person: Person) -> None:
    """One field each; what is left empty stays as it is written, and nothing comes back with a reload."""
    await add(
        person,
        "prompts",
        name="translate",
        content="Translate into {{language}} for {{reader}}: {{language}}!",
    )
    await tab.open()
    await tab.composer.press_sequentially("/tr")
    await expect(tab.page.get_by_role("option")).to_have_count(1)
    await tab.page.keyboard.press("Enter")
    dialog = tab.page.get_by_test_id("prompt-variables")
    await expect(dialog.get_by_label("language")).to_be_focused()
    await dialog.get_by_label("language").fill("Norwegian")
    await dialog.get_by_role("button", name="Insert").click()
    await expect(tab.composer).to_have_value("Translate into Norwegian for {{reader}}: Norwegian!")
    await expect(tab.composer).to_be_focused()
    await tab.composer.fill("something else")
    await tab.reload()
    await expect(tab.composer).to_have_value("something else")


async def test_prompts_on_a_phone(phone: Tab, person: Person) -> None:
    """A tap chooses; the list fits the screen."""
    await add(person, "prompts", name="summarise", content="Summarise this:")
    await phone.open()
    await phone.composer.tap()
    await phone.composer.press_sequentially("/sum")
    option = phone.page.get_by_role("option")
    await expect(option).to_be_in_viewport()
    box = await option.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 400
    await option.tap()
    await expect(phone.composer).to_have_value("Summarise this:")


@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
async def test_axe_finds_nothing_in_lists_and_dialogs(
    visits: Visits, person: Person, look: dict[str, Any]
) -> None:
    """With something in the lists, and with each dialog open."""
    await add(person, "personas", **PIRATE)
    await add(person, "prompts", name="translate", content="Translate into {{language}}:")
    tab = await visits.tab(person, "/personas", **look)
    await expect(tab.page.get_by_test_id("persona")).to_have_count(1)
    faults = [await axe_faults(tab.page)]
    for path, opener, dialog in (
        ("/personas", "new-persona", "persona-dialog"),
        ("/personas/prompts", "new-prompt", "prompt-dialog"),
        ("/", "chat-settings", "chat-settings-dialog"),
    ):
        await tab.open(path)
        await tab.page.get_by_test_id(opener).click()
        await expect(tab.page.get_by_test_id(dialog)).to_be_visible()
        faults.append(await axe_faults(tab.page))
        await tab.page.keyboard.press("Escape")
    await choose(tab, "Pirate")
    await tab.composer.press_sequentially("/")
    await expect(tab.page.get_by_role("option")).to_have_count(1)
    faults.append(await axe_faults(tab.page))
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_test_id("prompt-variables")).to_be_visible()
    faults.append(await axe_faults(tab.page))
    assert "".join(faults) == ""


async def test_prompts_are_managed(tab: Tab, person: Person) -> None:
    """Made, changed and deleted by hand; a taken name is said, and another page offers what is new."""
    await add(person, "prompts", name="summarise", content="Summarise this:")
    await tab.open("/personas")
    await tab.page.get_by_role("link", name="Prompts", exact=True).click()
    await tab.page.get_by_test_id("new-prompt").click()
    dialog = tab.page.get_by_test_id("prompt-dialog")
    await dialog.get_by_label("Name").fill("summarise")
    await dialog.get_by_label("Text").fill("In {{number}} sentences:")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("already exists")
    await dialog.get_by_label("Name").fill("shorten")
    await dialog.get_by_role("button", name="Save").click()
    rows = tab.page.get_by_test_id("prompt")
    await expect(rows).to_have_count(2)
    await tab.menu(tab.page.get_by_role("button", name="Actions for summarise"), "Delete")
    await tab.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(rows).to_have_text([re.compile("^shorten")])


async def test_a_persona_reads_several_collections(tab: Tab, person: Person) -> None:
    """They are ticked in the form, kept, and shown again."""
    for name in ("Harbour", "Garden", "Kitchen"):
        assert (await person.rest.post("/api/v1/collections", json={"name": name})).status_code == 201
    await tab.open("/personas")
    await tab.page.get_by_test_id("new-persona").click()
    dialog = tab.page.get_by_test_id("persona-dialog")
    await dialog.get_by_label("Name").fill("Clerk")
    await expect(dialog.get_by_role("checkbox", name="Garden")).to_be_hidden()
    await dialog.get_by_label("Documents", exact=True).select_option("some")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Choose at least one collection.")
    for name in ("Harbour", "Garden"):
        await dialog.get_by_role("checkbox", name=name).click()
        await expect(dialog.get_by_role("checkbox", name=name)).to_be_checked()
    await dialog.get_by_role("button", name="Save").click()
    await expect(tab.page.get_by_test_id("persona")).to_contain_text("some documents")
    (stored,) = (await person.rest.get("/api/v1/personas")).json()["personas"]
    assert len(stored["scope"]["collections"]) == 2
    await tab.page.get_by_role("button", name="Clerk", exact=True).click()
    await expect(dialog.get_by_role("checkbox", name="Garden")).to_be_checked()
    await expect(dialog.get_by_role("checkbox", name="Kitchen")).not_to_be_checked()
