"""Two presses before the server has answered the first: each does what stood there, once, where it was pressed."""

import asyncio
from typing import Any

from playwright.async_api import Locator, expect

from tests.e2e.scripts import Cues
from tests.parts.app import PASSWORD, Person
from tests.parts.browser import SlowLine, Tab, Visits, becomes
from tests.parts.llm_server import Script, ScriptedServer

PRESSES = "buttons => buttons.forEach(button => button.form && button.matches('[type=submit]') ? button.form.requestSubmit() : button.click())"


async def press(tab: Tab, *buttons: Locator) -> None:
    """Press *buttons* in one go: the page hears of no answer in between."""
    await tab.page.evaluate(PRESSES, [await button.element_handle() for button in buttons])


def row_menu(tab: Tab, conversation: str) -> Locator:
    row = tab.sidebar.get_by_role("listitem").filter(has=tab.page.locator(f'[data-id="{conversation}"]'))
    return row.get_by_test_id("conversation-menu")


def entry(tab: Tab, name: str) -> Locator:
    return tab.page.locator("#row-menu").get_by_role("menuitem", name=name, exact=True)


async def stored(person: Person, conversation: str) -> dict[str, Any]:
    return (await person.rest.get(f"/api/v1/conversations/{conversation}")).json()


async def test_a_switch_pressed_twice_is_switched_once(tab: Tab, person: Person) -> None:
    """Both presses say what was to be seen: off."""
    await tab.open("/settings/memory")
    switch = tab.page.get_by_test_id("memory-switch")
    await press(tab, switch, switch)
    await expect(switch).to_have_attribute("aria-checked", "false")

    async def enabled() -> bool:
        return (await person.rest.get("/api/v1/memory/settings")).json()["enabled"]

    await becomes(enabled, False)
    await tab.page.get_by_label("Something to remember").fill("Is allergic to peanuts.")
    await tab.page.get_by_role("button", name="Remember", exact=True).click()
    await expect(tab.page.get_by_test_id("fact")).to_have_count(1)  # what was pressed before is done
    await expect(switch).to_have_attribute("aria-checked", "false")


async def _compare(tab: Tab) -> None:
    await tab.page.get_by_test_id("compare-models").click()
    await tab.page.get_by_role("option", name="variant").click()
    await expect(tab.page.get_by_test_id("asked-beside")).to_be_visible()


async def test_a_model_taken_out_is_not_asked(tab: Tab, cue: Cues) -> None:
    """Neither by a message sent in the same breath, nor because the button was pressed twice."""
    await tab.open()
    without = tab.page.get_by_role("button", name="Ask without variant")
    await _compare(tab)
    await press(tab, without, without)
    await expect(without).to_have_count(0)
    await tab.composer.fill("Draft")
    await _compare(tab)
    await tab.composer.fill(f"Hello {cue(Script(text='One.'))}")
    await press(tab, without, tab.send_button)
    await tab.shows("One.")
    await expect(tab.page.get_by_test_id("column")).to_have_count(0)
    await tab.conversation()


async def test_a_model_added_is_asked(tab: Tab) -> None:
    """Also by a message sent before the page shows it."""
    await tab.open()
    await tab.composer.fill("Which soil?")
    await tab.page.get_by_test_id("compare-models").click()
    await press(tab, tab.page.get_by_role("option", name="variant"), tab.send_button)
    await expect(tab.page.get_by_test_id("column")).to_have_count(2)
    await tab.conversation()


async def test_what_is_chosen_after_the_first_message_is_kept(tab: Tab, cue: Cues, person: Person) -> None:
    """The page still shows a new conversation then; the choice is for what it becomes."""
    await tab.open()
    page = tab.page
    await tab.composer.fill(f"Hello {cue(Script(text='Hello.'))}")
    await press(
        tab,
        tab.send_button,
        page.get_by_label("Use memory in this chat"),
        page.locator("#documents-panel").get_by_label("No documents"),
        page.get_by_role("option", name="variant", include_hidden=True),
    )
    conversation = await tab.conversation()
    await tab.ends()
    await expect(page.get_by_test_id("memory")).to_have_text("No memory")
    await expect(page.get_by_test_id("scope")).to_have_text("No documents")
    await expect(page.get_by_test_id("model-picker")).to_contain_text("variant")
    await expect(tab.notices).to_have_count(0)
    kept = await stored(person, conversation)
    assert not kept["remembered"]
    assert kept["scope"]["kind"] == "none"
    assert kept["model"].endswith("variant")


async def test_the_page_stays_where_the_person_has_gone(tab: Tab, cue: Cues, person: Person) -> None:
    """Of a first message, a fork and a deletion, when another conversation was opened before the server had answered."""
    other = await person.ask(f"Other {cue(Script(text='Other.'))}")
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open()
    row = tab.sidebar.locator(f'[data-id="{other}"]')
    await tab.composer.fill(f"Sent {cue(Script(text='Sent.'))}")
    line.hold()
    await tab.composer.press("Enter")
    await row.click()
    line.let_go()
    await expect(tab.rows).to_have_count(2)
    await expect(tab.answer).to_contain_text("Other.")
    await tab.at(f"/c/{other}")
    await expect(tab.composer).to_have_value("")

    mine = next(each["id"] for each in await person.conversations() if each["id"] != other)
    await tab.open(f"/c/{mine}")
    await tab.ends()
    await press(tab, tab.action("Fork from here"), tab.action("Fork from here"), row)
    await expect(tab.rows).to_have_count(3)  # one fork, however often it was pressed
    await expect(tab.answer).to_contain_text("Other.")
    await tab.at(f"/c/{other}")
    assert len(await person.conversations()) == 3

    await tab.open(f"/c/{mine}")
    await row_menu(tab, mine).click()
    await press(tab, entry(tab, "Delete"), row)
    await expect(tab.notices).to_have_count(1)
    await expect(tab.answer).to_contain_text("Other.")
    await tab.at(f"/c/{other}")


async def test_notices_go_each_by_itself(tab: Tab, person: Person) -> None:
    """One pressed after another stay away, and a double click takes one thing back."""
    ids = [await person.conversation(f"Talk {number}") for number in range(3)]
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open()
    for each in ids[:2]:
        await row_menu(tab, each).click()
        await entry(tab, "Delete").click()
    undo = tab.notices.get_by_role("button", name="Undo")
    await expect(undo).to_have_count(2)
    await undo.first.dblclick()
    await expect(tab.rows).to_have_count(2)
    await expect(undo).to_have_count(1)
    await row_menu(tab, ids[2]).click()
    await entry(tab, "Delete").click()
    await expect(undo).to_have_count(2)
    line.hold()
    await undo.first.click()
    await undo.first.click()
    await expect(tab.notices).to_have_count(0)
    line.let_go()
    await expect(tab.rows).to_have_count(3)


async def test_the_archive_deletes_what_was_pressed(tab: Tab, person: Person) -> None:
    """A double click deletes one, and says so once; the focus goes to the next."""
    ids = [await person.conversation(f"Talk {number}") for number in range(3)]
    for each in ids:
        assert (await person.rest.patch(f"/api/v1/conversations/{each}", json={"archived": True})).is_success
    await tab.open("/archived")
    rows = tab.page.get_by_test_id("archived")
    await rows.nth(0).get_by_role("button", name="Delete").dblclick()
    await expect(rows).to_have_count(2)
    delete = rows.nth(0).get_by_role("button", name="Delete")
    await press(tab, delete, delete)
    await expect(rows).to_have_count(1)
    await expect(tab.notices).to_have_count(2)
    await expect(tab.notices.filter(has_text="Untitled")).to_have_count(0)
    assert await tab.page.evaluate("document.activeElement.closest('[data-testid=archived]') !== null")


async def test_tags_are_those_that_the_conversation_has(tab: Tab, person: Person) -> None:
    """Not those of the moment when its menu was opened."""
    conversation = await person.conversation("Talk")
    await tab.open()
    await row_menu(tab, conversation).click()
    tagged = await person.rest.patch(f"/api/v1/conversations/{conversation}", json={"tags": ["garden"]})
    assert tagged.is_success
    await entry(tab, "Tags").click()
    dialog = tab.page.get_by_test_id("ask-tags")
    await expect(dialog.get_by_label("Tags")).to_have_value("garden")
    await dialog.get_by_label("Tags").fill("kitchen")
    await person.rest.patch(f"/api/v1/conversations/{conversation}", json={"tags": ["garden", "cellar"]})
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    listed = (await person.conversations())[0]
    assert sorted(listed["tags"]) == ["cellar", "kitchen"]


async def test_chat_settings_are_those_of_the_chat_they_were_opened_for(
    tab: Tab, cue: Cues, person: Person
) -> None:
    """They close when another conversation comes on screen."""
    mine = await person.ask(f"Mine {cue(Script(text='Mine.'))}")
    other = await person.ask(f"Other {cue(Script(text='Other.'))}")
    await tab.open(f"/c/{mine}")
    await press(tab, tab.page.get_by_test_id("chat-settings"), tab.sidebar.locator(f'[data-id="{other}"]'))
    await expect(tab.answer).to_contain_text("Other.")
    await expect(tab.page.get_by_test_id("chat-settings-dialog")).to_have_count(0)


async def test_one_link_is_made(tab: Tab, cue: Cues, person: Person) -> None:
    """However often the button was pressed; the dialog says what the link is to."""
    mine = await person.conversation("Of gardens")
    await person.send(mine, f"Mine {cue(Script(text='Mine.'))}")
    await tab.open()
    await row_menu(tab, mine).click()
    await entry(tab, "Share").click()
    await expect(tab.page.get_by_role("heading", name="Share “Of gardens”")).to_be_visible()
    make = tab.page.get_by_test_id("create-link")
    await press(tab, make, make)
    await expect(tab.page.get_by_test_id("share-address")).to_be_visible()
    await expect(tab.page.get_by_test_id("share-row")).to_have_count(1)
    assert len((await person.rest.get("/api/v1/shares")).json()) == 1


async def test_a_prompt_chosen_by_enter_twice_is_not_sent(tab: Tab, cue: Cues, person: Person) -> None:
    """Nor put into another conversation that was opened meanwhile."""
    other = await person.ask(f"Other {cue(Script(text='Other.'))}")
    await person.rest.post("/api/v1/prompts", json={"name": "greet", "content": "Good morning."})
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open()
    await tab.composer.press_sequentially("/gre")
    await expect(tab.page.get_by_role("option", name="greet")).to_be_visible()
    line.hold()
    await tab.composer.press("Enter")
    await tab.composer.press("Enter")
    line.let_go()
    await expect(tab.composer).to_have_value("Good morning.")
    await expect(tab.questions).to_have_count(0)

    await tab.composer.fill("")
    await tab.composer.press_sequentially("/gre")
    line.hold()
    await tab.composer.press("Enter")
    await tab.sidebar.locator(f'[data-id="{other}"]').click()
    line.let_go()
    await expect(tab.answer).to_contain_text("Other.")
    await expect(tab.composer).to_have_value("")
    await tab.page.get_by_test_id("new-chat").click()
    await expect(tab.composer).to_have_value("Good morning.")


async def test_a_form_is_about_what_was_opened_last(tab: Tab, person: Person) -> None:
    """In all of its fields; and a question about what it names."""
    for name, kind in (("Anna", "all"), ("Berta", "none")):
        made = await person.rest.post("/api/v1/personas", json={"name": name, "scope": {"kind": kind}})
        assert made.status_code == 201, made.text
    await tab.open("/personas")
    cards = tab.page.get_by_test_id("persona")
    anna, berta = cards.filter(has_text="Anna"), cards.filter(has_text="Berta")
    await press(tab, anna.get_by_role("button").first, berta.get_by_role("button").first)
    await expect(tab.page.locator("#persona-name")).to_have_value("Berta")
    await expect(tab.page.locator("#persona-documents")).to_have_value("none")
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.get_by_test_id("persona-dialog")).to_have_count(0)

    await tab.menu(anna.get_by_role("button", name="Actions for Anna"), "Delete")
    asked = tab.page.get_by_test_id("persona-delete")
    await expect(asked).to_contain_text("Delete Anna?")
    delete = berta.get_by_role("menuitem", name="Delete", include_hidden=True)
    await press(tab, delete, asked.get_by_role("button", name="Delete"))
    await expect(asked).to_contain_text("Delete Berta?")  # nothing is done that was not asked
    await expect(cards).to_have_count(2)
    await asked.get_by_role("button", name="Delete").click()
    await expect(cards).to_have_count(1)
    await expect(cards).to_contain_text("Anna")


async def test_a_form_sent_twice_makes_one(tab: Tab, person: Person) -> None:
    """A persona, a token, a folder."""
    page = tab.page
    await person.conversation("Talk")
    await tab.open("/personas")
    await page.get_by_test_id("new-persona").click()
    await page.locator("#persona-name").fill("Anna")
    save = page.get_by_test_id("persona-dialog").get_by_role("button", name="Save")
    await press(tab, save, save)
    await expect(page.get_by_test_id("persona-dialog")).to_have_count(0)
    await page.get_by_test_id("new-folder").click()
    await page.locator("#order-name").fill("Garden")
    save = page.get_by_test_id("ask-name").get_by_role("button", name="Save")
    await press(tab, save, save)
    await expect(page.get_by_test_id("folder")).to_have_count(1)
    assert len((await person.rest.get("/api/v1/personas")).json()["personas"]) == 1
    assert len((await person.rest.get("/api/v1/folders")).json()) == 1

    await tab.open("/settings")
    await page.get_by_test_id("create-token").click()
    dialog = page.get_by_test_id("token-dialog")
    await dialog.get_by_label("Name").fill("Backup")
    save = dialog.locator("button[type=submit]")
    await press(tab, save, save)
    await expect(page.get_by_test_id("secret-dialog")).to_be_visible()
    assert len((await person.rest.get("/api/v1/me/tokens")).json()["tokens"]) == 1


async def test_what_is_chosen_shows_at_once(tab: Tab, person: Person) -> None:
    """Boxes, choices and lists do not jump back until the server has answered, and take a second press as it is meant."""
    ids = [await person.conversation(f"Talk {number}") for number in range(2)]
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open("/settings")
    page = tab.page
    line.hold()
    time = page.get_by_role("checkbox", name="Time")
    await time.uncheck()
    await page.get_by_role("radio", name="Compact").check()
    model = page.get_by_role("combobox", name="Default model")
    variant = await model.get_by_role("option", name="variant").get_attribute("value")
    await model.select_option(variant)
    await expect(time).not_to_be_checked()
    await time.check()
    await expect(model).to_have_value(variant or "")
    line.let_go()
    await expect(tab.notices).to_contain_text("New chats will use this model.")
    await expect(time).to_be_checked()
    await expect(page.get_by_role("radio", name="Compact")).to_be_checked()

    await row_menu(tab, ids[0]).click()
    await entry(tab, "Select").click()
    boxes = tab.page.get_by_test_id("pick").get_by_role("checkbox")
    await expect(boxes).to_have_count(2)
    line.hold()
    await boxes.first.click()
    await expect(boxes.first).to_be_checked()
    await boxes.first.click()
    await expect(boxes.first).not_to_be_checked()
    line.let_go()
    await expect(tab.page.get_by_test_id("selection")).to_contain_text("1 selected")


async def test_a_double_click_asks_once(tab: Tab, cue: Cues) -> None:
    """On Retry: one further answer, and no complaint."""
    await tab.open()
    await tab.ask(f"Hello {cue(Script(text='Hello.'))}")
    await tab.ends()
    await tab.action("Retry").dblclick()
    await expect(tab.answer.get_by_test_id("branches")).to_contain_text("2 / 2")
    await tab.ends()
    await expect(tab.notices).to_have_count(0)


async def test_names_and_judgements_show_at_once(tab: Tab, cue: Cues, person: Person) -> None:
    """And the name in another conversation, or a judgement of another answer, is its own."""
    mine = await person.ask(f"Mine {cue(Script(text='Mine.'))}")
    other = await person.ask(f"Other {cue(Script(text='Other.'))}")
    for each in (mine, other):
        await person.rest.patch(f"/api/v1/conversations/{each}", json={"title": "Talk"})
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open(f"/c/{mine}")
    await tab.ends()
    title, row = tab.page.get_by_test_id("chat-title"), tab.sidebar.locator(f'[data-id="{mine}"]')
    good, bad = tab.action("Good answer"), tab.action("Bad answer")
    line.hold()
    await title.click()
    await tab.page.get_by_label("New name").fill("Garden")
    await tab.page.keyboard.press("Enter")
    await expect(title).to_have_text("Garden")
    await expect(row).to_contain_text("Garden")
    await good.click()
    await expect(good).to_have_attribute("aria-pressed", "true")
    await good.click()
    await expect(good).to_have_attribute("aria-pressed", "false")
    await bad.click()
    line.let_go()
    await tab.sidebar.locator(f'[data-id="{other}"]').click()
    await expect(tab.answer).to_contain_text("Other.")
    await expect(title).to_have_text("Talk")
    await expect(bad).to_have_attribute("aria-pressed", "false")
    await row.click()
    await expect(tab.answer).to_contain_text("Mine.")
    await expect(title).to_have_text("Garden")
    await expect(bad).to_have_attribute("aria-pressed", "true")
    assert (await stored(person, mine))["title"] == "Garden"


async def test_files_go_into_the_collection_that_was_pressed(tab: Tab, person: Person) -> None:
    """Also before the server has shown what is in it; a collection is deleted by its name."""
    await person.rest.post("/api/v1/collections", json={"name": "Harbour"})
    line = SlowLine()
    await line.lay(tab.page)
    await tab.open("/vault")
    harbour = tab.page.get_by_test_id("collection").filter(has_text="Harbour")
    line.hold()
    await harbour.click()
    await expect(harbour).to_have_attribute("aria-pressed", "true")
    file = {"name": "boats.txt", "mimeType": "text/plain", "buffer": b"Seven boats lie in the harbour."}
    async with tab.page.expect_response("**/api/v1/documents") as answer:
        await tab.page.get_by_test_id("upload").set_input_files(files=[file])  # pyright: ignore[reportArgumentType]
    await answer.value
    line.let_go()
    await expect(harbour).to_have_text("Harbour (1)")
    await tab.page.get_by_role("button", name="Delete collection").click()
    await expect(tab.page.get_by_role("heading", name="Delete the collection “Harbour”?")).to_be_visible()


async def test_the_focus_is_not_lost_with_a_row(tab: Tab, cue: Cues, person: Person) -> None:
    """Of links and of facts, by keyboard alone."""
    ids = [await person.ask(f"Talk {cue(Script(text='Talk.'))}") for _ in range(2)]
    for each in ids:
        made = await person.rest.post(f"/api/v1/conversations/{each}/shares", json={})
        assert made.is_success, made.text
    for fact in ("Is allergic to peanuts.", "Drinks green tea."):
        assert (await person.rest.post("/api/v1/memory", json={"content": fact})).is_success
    where = (
        "document.activeElement === document.body ? 'lost' : document.activeElement.outerHTML.slice(0, 300)"
    )
    await tab.open("/settings")
    rows = tab.page.get_by_test_id("share-row")
    await rows.first.get_by_role("button").focus()
    await tab.page.keyboard.press("Enter")
    await expect(rows).to_have_count(1)
    assert await tab.page.evaluate(where) != "lost"
    await tab.open("/settings/memory")
    facts = tab.page.get_by_test_id("fact")
    await facts.first.get_by_role("button").focus()
    await tab.page.keyboard.press("Enter")
    await tab.page.get_by_role("menuitem", name="Forget").focus()
    await tab.page.keyboard.press("Enter")
    await expect(facts).to_have_count(1)
    assert await tab.page.evaluate(where) != "lost"


async def _press_twice(tab: Tab, button: Locator, then: Locator) -> None:
    """Double-click slowly: the second press comes when *then* is there."""
    box = await button.bounding_box() or {}
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await tab.page.mouse.click(x, y)
    await expect(then).to_be_visible()
    await tab.page.mouse.move(x, y)
    await tab.page.mouse.down(click_count=2)
    await tab.page.mouse.up(click_count=2)


async def test_a_double_click_on_send_stops_nothing(tab: Tab, cue: Cues) -> None:
    """Stop stands where Send stood."""
    await tab.open()
    await tab.composer.fill(f"Hello {cue(Script(text='Hello, and welcome.', first_byte_delay=0.5))}")
    await _press_twice(tab, tab.send_button, tab.stop_button)
    await tab.ends("complete")
    await tab.shows("Hello, and welcome.")


async def test_a_double_click_takes_a_suggestion_once(tab: Tab) -> None:
    """A text that is offered is not put twice into the message."""
    await tab.open()
    suggestion = tab.page.get_by_test_id("suggestion").first
    await suggestion.dblclick()
    written = await tab.composer.input_value()
    assert written
    assert written.count(written[:20]) == 1


async def test_one_of_several_answers_is_kept_once(tab: Tab) -> None:
    """Pressing again says nothing."""
    await tab.open()
    await tab.composer.fill("Which soil?")
    await _compare(tab)
    await tab.composer.press("Enter")
    columns = tab.page.get_by_test_id("column")
    await expect(columns).to_have_count(2)
    for number in range(2):
        await expect(columns.nth(number)).to_have_attribute("data-status", "complete", timeout=20_000)
    keep = tab.page.get_by_test_id("keep").last
    await press(tab, keep, keep)
    await expect(tab.answer.get_by_test_id("branches")).to_contain_text("/ 2")
    await expect(columns).to_have_count(0)
    await expect(tab.notices).to_have_count(0)


async def test_two_facts_sent_in_one_breath_are_both_remembered(tab: Tab) -> None:
    """Only the same one is passed over."""
    await tab.open("/settings/memory")
    await tab.page.evaluate(
        """facts => { for (const fact of facts) {
            const field = document.getElementById("new-fact");
            field.value = fact;
            field.form.requestSubmit();
        } }""",
        ["Plays the cello.", "Is allergic to peanuts."],
    )
    await expect(tab.page.get_by_test_id("fact")).to_have_count(2)


async def test_a_form_sent_twice_tells_what_came_of_the_first(tab: Tab, person: Person) -> None:
    """A fact that is remembered is not refused in the same breath, and who leaves gets their receipt."""
    await tab.open("/settings/memory")
    await tab.page.get_by_label("Something to remember").fill("Is allergic to peanuts.")
    remember = tab.page.get_by_role("button", name="Remember", exact=True)
    await press(tab, remember, remember)
    await expect(tab.notices).to_have_text(["Remembered."])
    await expect(tab.page.get_by_test_id("fact")).to_have_count(1)
    await tab.open("/settings")
    await tab.page.get_by_test_id("delete-account").click()
    await tab.page.locator("#deletion-password").fill(PASSWORD)
    leave = tab.page.get_by_test_id("deletion-confirm")
    await press(tab, leave, leave)
    await expect(tab.page.get_by_test_id("receipt")).to_be_visible()


async def test_a_server_is_told_of_in_its_own_form(
    visits: Visits, admin: Person, llm: ScriptedServer
) -> None:
    """What comes of a test whose form was closed is not said in the next one."""
    reached, told = asyncio.Event(), asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await told.wait()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as slow:
        tab = await visits.tab(admin, "/admin/models")
        dialog = tab.page.get_by_test_id("server-dialog")
        test, status = dialog.get_by_role("button", name="Test"), dialog.get_by_role("status")
        for address in (f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/v1", llm.url):
            await tab.page.get_by_test_id("add-server").click()
            await dialog.get_by_label("Name", exact=True).fill("Some")
            await dialog.get_by_label("Address").fill(address)
            await test.click()
            if address != llm.url:
                await reached.wait()
                await tab.page.keyboard.press("Escape")
                await expect(dialog).to_have_count(0)
        await expect(status).to_contain_text("Connected")
        await status.evaluate("""status => {
            window.said = new Set();
            const listen = () => status.innerText && window.said.add(status.innerText.slice(0, 9));
            new MutationObserver(listen).observe(status, {childList: true, subtree: true, characterData: true});
        }""")
        told.set()
        for _ in range(2):  # by the second, what came of the first server has long been told
            await test.click()
            await expect(test).to_be_enabled()
            await expect(status).to_contain_text("Connected")
        assert await tab.page.evaluate("[...window.said]") == ["Connected"]


async def test_a_selection_is_deleted_once(tab: Tab, person: Person) -> None:
    """Pressed again, nothing is selected any more, and nobody is told that it is not there."""
    ids = [await person.conversation(f"Talk {number}") for number in range(2)]
    await tab.open()
    await row_menu(tab, ids[0]).click()
    await entry(tab, "Select").click()
    delete = tab.page.get_by_test_id("selection").get_by_role("button", name="Delete")
    await expect(delete).to_be_enabled()
    await press(tab, delete, delete)
    await expect(tab.rows).to_have_text(["Talk 1"])
    await expect(tab.notices).to_have_count(1)
    await expect(tab.notices).to_contain_text("Deleted 1 conversation.")


async def test_what_is_said_of_a_draft_stays_with_it(tab: Tab, cue: Cues, person: Person) -> None:
    """Neither the offer to make a file of it nor what is wrong with it goes along to another conversation."""
    other = await person.ask(f"Other {cue(Script(text='Other.'))}")
    await tab.open()
    await tab.composer.fill("x" * 200_001)
    await tab.composer.press("Enter")
    offer, note = tab.page.get_by_test_id("paste-offer"), tab.page.locator(".composer-note")
    await expect(offer).to_be_visible()
    await expect(note).to_contain_text("too long")
    await tab.sidebar.locator(f'[data-id="{other}"]').click()
    await expect(tab.answer).to_contain_text("Other.")
    await expect(offer).to_have_count(0)
    await expect(note).to_be_empty()
