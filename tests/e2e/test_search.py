"""The search over everything."""

import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, expect

from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.models import Conversation, Message
from gantry.repositories.database import Database
from tests.e2e.scripts import Cues
from tests.parts.app import Person, RunningApp
from tests.parts.browser import PHONE, Tab, Visits
from tests.parts.llm_server import Script, ScriptedServer

MARKED = """() => [...(CSS.highlights.get("found") ?? [])].map(
    range => range.startContainer.data.slice(range.startOffset, range.endOffset)
)"""


async def kept(
    app: RunningApp, person: Person, texts: Sequence[str], *, title: str = "Notes", branch: str = ""
) -> tuple[str, list[str]]:
    """Store a conversation, question and answer in turn; *branch* is another answer to the first question, off screen."""
    owner, now = UUID(person.id), utc_now()
    async with Database(app.settings["DATABASE_URL"]) as database, database.begin() as tx:
        thread = Conversation(account_id=owner, title=title, created_at=now, updated_at=now, seen_at=now)
        await tx.chat.add_conversation(thread)
        rows: list[Message] = []
        for n, text in enumerate(texts):
            rows.append(_message(thread, rows[-1] if rows else None, text, n))
        if branch:
            rows.append(_message(thread, rows[0], branch, 1))
        await tx.chat.add_messages(rows)
        thread.active_leaf_id = rows[len(texts) - 1].id
    return str(thread.id), [str(row.id) for row in rows]


def _message(thread: Conversation, above: Message | None, text: str, depth: int) -> Message:
    return Message(
        conversation_id=thread.id,
        account_id=thread.account_id,
        parent_id=above.id if above else None,
        depth=depth,
        role=MessageRole.ASSISTANT if depth % 2 else MessageRole.USER,
        model="openai/scripted" if depth % 2 else None,
        content=text,
        created_at=thread.created_at + timedelta(seconds=depth),
    )


async def open_search(tab: Tab) -> Locator:
    """Open the search by its key; return its field."""
    await tab.page.keyboard.press("Control+k")
    field = tab.page.get_by_test_id("search-input")
    await expect(field).to_be_focused()
    return field


async def active(tab: Tab) -> str:
    """Return what the active option says, as a screen reader is told."""
    field = tab.page.get_by_test_id("search-input")
    return await field.evaluate(
        'field => document.getElementById(field.getAttribute("aria-activedescendant"))?.innerText ?? ""'
    )


async def narrow(tab: Tab, filter_: str, choice: str) -> None:
    """Choose something of one of the search's filters."""
    await tab.page.get_by_test_id("search").get_by_label(filter_, exact=True).select_option(choice)


def hits(tab: Tab) -> Locator:
    """Return what is found."""
    return tab.page.get_by_test_id("search-hit")


async def test_ux_57_search_by_keys(app: RunningApp, tab: Tab, person: Person) -> None:
    """Ctrl+K opens it; what is typed is found as it is typed; arrows, Home, End, Enter and Esc work; Tab stays in it."""
    await kept(app, person, ["Where is the heron?", "The heron stands in the reeds."], title="Birds")
    await tab.open()
    await tab.composer.focus()
    field = await open_search(tab)
    await expect(field).to_have_attribute("role", "combobox")
    await expect(tab.page.get_by_role("option", name="Birds")).to_be_visible()
    await field.press_sequentially("hero")
    await expect(hits(tab)).to_have_count(2)
    await expect(hits(tab).first.locator("mark")).to_have_text("heron")
    first = await active(tab)
    assert "heron" in first
    await field.press("ArrowDown")
    assert await active(tab) != first
    await field.press("ArrowUp")
    assert await active(tab) == first
    await field.press("End")
    last = await active(tab)
    assert last != first
    await field.press("Home")
    assert await active(tab) == first
    for _ in range(6):
        await tab.page.keyboard.press("Tab")
        assert await tab.page.evaluate(
            'document.activeElement.closest("dialog") !== null || document.activeElement === document.body'
        )
    await field.focus()
    await field.press("Escape")
    await expect(field).to_have_count(0)
    await expect(tab.composer).to_be_focused()
    field = await open_search(tab)
    await expect(field).to_have_value("")
    await field.fill("reeds")
    await expect(hits(tab)).to_have_count(1)
    await field.press("Enter")
    await tab.at(re.compile(r"/c/[0-9a-f-]{36}\?m=[0-9a-f-]{36}$"))
    await expect(field).to_have_count(0)


async def test_ux_57_actions_and_recent_conversations(tab: Tab, person: Person) -> None:
    """An empty field offers what was used last and what can be done; both are found by words, and done by Enter."""
    conversation = await person.conversation("Sourdough")
    await tab.open("/settings")
    field = await open_search(tab)
    await field.fill("sourd")
    await expect(tab.page.get_by_role("option", name="Sourdough").first).to_be_visible()
    await field.press("Enter")
    await tab.at(f"/c/{conversation}")
    field = await open_search(tab)
    await field.fill("dark")
    listed = tab.page.get_by_role("listbox").get_by_role("option")
    await expect(listed).to_have_text(["Dark theme"])
    await field.press("Enter")
    await expect(tab.page.locator("html")).to_have_class(re.compile("dark"))
    field = await open_search(tab)
    await field.fill("temporary")
    await field.press("Enter")
    await tab.at("/?temporary=1")
    await expect(tab.page.get_by_test_id("temporary")).to_be_visible()


async def test_ux_57_filters(app: RunningApp, tab: Tab, person: Person) -> None:
    """What is found is narrowed to one's own words, to a time, or to a model."""
    await kept(app, person, ["A question about moss.", "An answer about moss."])
    await tab.open()
    field = await open_search(tab)
    await field.fill("moss")
    await expect(hits(tab)).to_have_count(2)
    await narrow(tab, "Who", "user")
    await expect(hits(tab)).to_have_count(1)
    await expect(hits(tab)).to_contain_text("question")
    await narrow(tab, "When", "7")
    await expect(hits(tab)).to_have_count(1)
    await narrow(tab, "Who", "assistant")
    await expect(hits(tab)).to_contain_text("scripted")


async def test_ux_57_filters_of_folders_and_personas(app: RunningApp, tab: Tab, person: Person) -> None:
    """They are offered where there are any; what stands elsewhere is not found."""
    conversation, _ids = await kept(app, person, ["Lichen on the north side."])
    await kept(app, person, ["Lichen on the roof."])
    made = await person.rest.post("/api/v1/folders", json={"name": "Garden"})
    assert made.status_code == 201, made.text
    moved = {"folder_id": made.json()["id"]}
    changed = await person.rest.patch(f"/api/v1/conversations/{conversation}", json=moved)
    assert changed.status_code == 200, changed.text
    await tab.open()
    field = await open_search(tab)
    await field.fill("lichen")
    await expect(hits(tab)).to_have_count(2)
    await narrow(tab, "Folder", "Garden")
    await expect(hits(tab)).to_have_count(1)
    await expect(hits(tab)).to_contain_text("north")
    await expect(tab.page.get_by_test_id("search").get_by_label("Persona")).to_have_count(0)


async def test_ux_57_search_on_a_phone(app: RunningApp, phone: Tab, person: Person) -> None:
    """The button in the drawer opens it over the whole screen; a hit closes both."""
    await kept(app, person, ["Where is the kingfisher?", "By the old mill."])
    await phone.open()
    await phone.page.get_by_role("button", name="Sidebar", exact=True).click()
    await phone.page.get_by_test_id("search-open").click()
    sheet = await phone.page.get_by_test_id("search").bounding_box()
    assert sheet
    assert (sheet["x"], sheet["y"], sheet["width"], sheet["height"]) == (0, 0, 390, 844)
    await phone.page.get_by_test_id("search-input").fill("kingf")
    await hits(phone).first.click()
    await phone.at(re.compile(r"/c/.*\?m="))
    await expect(phone.page.locator('[data-sidebar-state="drawer"]')).to_have_count(0)
    await expect(phone.questions.first).to_be_in_viewport()


@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, PHONE | {"color_scheme": "dark"}], ids=["light", "dark phone"]
)
async def test_ux_57_axe_finds_nothing_in_it(
    app: RunningApp, visits: Visits, person: Person, look: dict[str, Any]
) -> None:
    """Neither before anything is typed, nor in what is found, nor where nothing is."""
    await kept(app, person, ["Where is the osprey?", "Above the **lake**."], title="Osprey")
    tab = await visits.tab(person, "/settings", **look)
    field = await open_search(tab)
    await expect(tab.page.get_by_role("option", name="Osprey")).to_be_visible()
    for query, found in (("", 0), ("osp", 1), ("zzz", 0)):
        await field.fill(query)
        await expect(hits(tab)).to_have_count(found)
        report = await Axe().run(tab.page, options={"resultTypes": ["violations"]})
        assert not report.violations_count, report.generate_report()
        width = await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0


async def test_ux_58_a_hit_opens_its_conversation_at_the_message(
    app: RunningApp, tab: Tab, person: Person
) -> None:
    """Far up in a long conversation, in view, with the words marked; after a reload too; the newest are a press away."""
    texts = [f"Message {n} of many about the garden." for n in range(300)]
    texts[81] = "Well.\n\n" * 40 + "The **otters** sleep afloat; an otter holds hands.\n\n" + "Well.\n\n" * 40
    _conversation, ids = await kept(app, person, texts)
    await tab.open()
    field = await open_search(tab)
    await field.fill("otter slee")
    await hits(tab).first.click()
    message = tab.page.locator(f'[data-message="{ids[81]}"]')
    await expect(message.get_by_text("sleep afloat")).to_be_in_viewport()
    assert await _marks(tab) == ["otters", "sleep", "otter"]
    await expect(tab.page.locator(f'[data-message="{ids[80]}"]')).to_be_attached()
    await expect(tab.page.locator(f'[data-message="{ids[82]}"]')).to_be_attached()
    await tab.reload()
    await expect(message.get_by_text("sleep afloat")).to_be_in_viewport()
    await tab.page.get_by_test_id("newer-messages").click()
    await expect(tab.page.locator(f'[data-message="{ids[-1]}"]')).to_be_in_viewport()


async def test_ux_58_a_hit_on_another_branch(app: RunningApp, tab: Tab, person: Person) -> None:
    """The path through it comes on screen; so does a second hit of the conversation that is open, and the first again."""
    conversation, ids = await kept(
        app,
        person,
        ["Which bird?", "A heron.", "Which tree?", "A willow."],
        branch="A bittern, which booms at dusk.",
    )
    await tab.open(f"/c/{conversation}")
    await expect(tab.answers).to_have_count(2)
    field = await open_search(tab)
    await field.fill("bittern")
    await hits(tab).first.click()
    await expect(tab.page.locator(f'[data-message="{ids[-1]}"]')).to_be_in_viewport()
    assert await _marks(tab) == ["bittern"]
    field = await open_search(tab)
    await field.fill("willow")
    await hits(tab).first.click()
    await expect(tab.page.locator(f'[data-message="{ids[3]}"]')).to_be_in_viewport()
    assert await _marks(tab) == ["willow"]
    await expect(tab.page.locator(f'[data-message="{ids[-1]}"]')).to_have_count(0)


async def test_ux_53_without_the_model_server(browser: Browser, built: None, tmp_path: Path) -> None:
    """What was said can be read and searched while the model server is down."""
    async with AsyncExitStack() as exits:
        llm = ScriptedServer(models=("scripted", "variant"))
        await llm.__aenter__()
        app = await exits.enter_async_context(RunningApp(tmp_path, openai_base_url=llm.url))
        admin = await app.set_up()
        cue = Cues(llm)
        await admin.ask(f"Where do puffins nest {cue(Script('In burrows on the cliff.'))}")
        await llm.__aexit__(None, None, None)
        visits = Visits(browser, app)
        exits.push_async_callback(visits.close)
        tab = await visits.tab(admin, "/")
        field = await open_search(tab)
        await field.fill("burrow")
        await hits(tab).first.click()
        await expect(tab.answer).to_contain_text("In burrows on the cliff.")
        assert await _marks(tab) == ["burrows"]
        assert not visits.faults.left()


async def test_ux_62_the_list_of_shortcuts(tab: Tab, person: Person) -> None:
    """It opens by "?" outside of fields and from the search, whose key it names."""
    await tab.open("/settings")
    await tab.page.locator("h1").first.click()
    await tab.page.keyboard.press("?")
    shortcuts = tab.page.get_by_test_id("shortcuts")
    await expect(shortcuts).to_contain_text("Search")
    await tab.page.keyboard.press("Escape")
    await expect(shortcuts).to_have_count(0)
    field = await open_search(tab)
    await field.press("?")
    await expect(field).to_have_value("?")
    await field.fill("shortcuts")
    await field.press("Enter")
    await expect(shortcuts).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(shortcuts).to_have_count(0)


async def _marks(tab: Tab) -> list[str]:
    """Return what is marked, once anything is."""
    await tab.page.wait_for_function('() => CSS.highlights.get("found")?.size > 0')
    return await tab.page.evaluate(MARKED)


async def test_a_tag_narrows_the_search(app: RunningApp, tab: Tab, person: Person) -> None:
    """The palette offers the tags there are, and looks among the conversations that carry the chosen one."""
    tagged, _ = await kept(app, person, ["Where is the osprey?"], title="One")
    await kept(app, person, ["The osprey is here."], title="Two")
    await person.rest.patch(f"/api/v1/conversations/{tagged}", json={"tags": ["birds"]})
    await tab.open("/")
    field = await open_search(tab)
    await field.fill("osprey")
    await expect(hits(tab)).to_have_count(2)
    await tab.page.get_by_test_id("search").get_by_label("Tag").select_option("birds")
    await expect(hits(tab)).to_have_count(1)
    await expect(hits(tab)).to_contain_text("One")
