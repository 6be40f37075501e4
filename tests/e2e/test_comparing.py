"""Answers of several models side by side, and one of them kept."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.scripts import counted
from tests.e2e.test_accessibility import axe_faults
from tests.parts.app import Person
from tests.parts.browser import ANSWER_MS, PHONE, Tab, Visits
from tests.parts.llm_server import Script, ScriptedServer

SLOW = Script(counted(600), tokens_per_second=30)
BOX = "element => { const box = element.getBoundingClientRect(); return [box.left, box.top, box.width]; }"


@pytest.fixture
def plays(llm: ScriptedServer) -> Iterator[dict[str, Script]]:
    """Yield what each model plays, by its name."""
    names = ("scripted", "variant")
    yield llm.scripts
    for name in names:
        llm.scripts.pop(name, None)


def columns(tab: Tab) -> Locator:
    return tab.page.get_by_test_id("column")


def column(tab: Tab, model: str) -> Locator:
    return columns(tab).filter(has=tab.page.get_by_role("heading", name=model, exact=True))


async def _settled(tab: Tab, model: str, status: str = "complete") -> None:
    await expect(column(tab, model)).to_have_attribute("data-status", status, timeout=ANSWER_MS)
    await expect(column(tab, model).locator(".answer[aria-busy]")).to_have_count(0)


async def _compared(tab: Tab) -> str:
    """Choose the other model by keyboard and ask both; returns the conversation."""
    await tab.page.get_by_test_id("compare-models").focus()
    await tab.page.keyboard.press("Enter")
    search = tab.page.get_by_role("combobox", name="Search models")
    await search.focus()  # which a phone does not do by itself
    await search.press_sequentially("vari")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_test_id("asked-beside").get_by_role("listitem")).to_have_text(
        ["scripted", "variant"]
    )
    await tab.composer.fill("Which soil?")
    await tab.send_button.focus()
    await tab.page.keyboard.press("Enter")
    await expect(columns(tab)).to_have_count(2)
    return await tab.conversation()


async def test_two_models_answer_side_by_side_and_one_is_kept(
    tab: Tab, person: Person, plays: dict[str, Script]
) -> None:
    """By keyboard: both stream, one is stopped alone, a reload changes nothing, and the chat goes on with the kept one."""
    plays["scripted"] = SLOW
    plays["variant"] = Script(text="Clay keeps **water** best.", tokens_per_second=60)
    await tab.open()
    conversation = await _compared(tab)
    await expect(tab.page.get_by_test_id("asked-beside")).to_have_count(0)
    await _settled(tab, "variant")
    await expect(column(tab, "variant").locator("strong")).to_have_text("water")
    await expect(column(tab, "variant").locator(".usage")).to_contain_text("tokens")
    boxes = [await each.evaluate(BOX) for each in await columns(tab).all()]
    assert boxes[0][1] == boxes[1][1], boxes
    assert boxes[0][0] + boxes[0][2] < boxes[1][0], boxes
    await expect(column(tab, "scripted")).to_contain_text("w0020", timeout=ANSWER_MS)
    await expect(column(tab, "scripted")).to_contain_text("Goes on from here")
    await column(tab, "scripted").get_by_role("button", name="Stop scripted").press("Enter")
    await _settled(tab, "scripted", "stopped")
    assert not (faults := await axe_faults(tab.page)), faults
    await tab.reload()
    await expect(columns(tab)).to_have_count(2)
    await expect(column(tab, "scripted")).to_contain_text("You stopped this answer.")
    await column(tab, "variant").get_by_role("button", name="Keep this answer: variant").press("Enter")
    await expect(columns(tab)).to_have_count(0)
    await expect(tab.answer).to_contain_text("Clay keeps water best.")
    await expect(tab.answer.get_by_test_id("branches")).to_contain_text("2 / 2")
    await expect(tab.composer).to_be_focused()
    await expect(tab.page.get_by_test_id("model-picker")).to_have_attribute("data-model", "openai/variant")
    await tab.ask("And in summer?")
    await tab.ends(answers=2)
    assert [each["model"] for each in await person.messages(conversation)][-1] == "openai/variant"
    await tab.action("Previous version", tab.answers.first).press("Enter")
    await expect(tab.answer).to_contain_text("w0020")
    await expect(columns(tab)).to_have_count(0)


async def test_a_failed_answer_is_tried_again_beside_the_other(
    tab: Tab, visits: Visits, plays: dict[str, Script]
) -> None:
    """Each has its own error with a next step; Esc stops what is still written; the next question decides."""
    plays["scripted"] = SLOW
    plays["variant"] = Script(status=500, body={"error": {"message": "out of memory"}})
    await tab.open()
    await _compared(tab)
    failed = column(tab, "variant")
    await expect(failed.get_by_role("alert")).to_contain_text("out of memory", timeout=ANSWER_MS)
    await expect(failed.get_by_test_id("keep")).to_have_count(0)
    plays["variant"] = Script(text="Clay, now that I am well.")
    await failed.get_by_role("button", name="Retry").click()
    await _settled(tab, "variant")
    await expect(column(tab, "variant")).to_contain_text("now that I am well")
    await expect(column(tab, "scripted")).to_have_attribute("data-status", "streaming")
    await tab.page.keyboard.press("Escape")
    await _settled(tab, "scripted", "stopped")
    plays["scripted"] = Script(text="It was decided.")
    await tab.composer.fill("And in summer?")
    await tab.composer.press("Enter")
    await expect(columns(tab)).to_have_count(0)
    await tab.ends(answers=2)
    await expect(tab.answers.first).to_contain_text("w0001")
    await expect(tab.answers.first.get_by_test_id("branches")).to_contain_text("1 / 3")


async def test_each_answer_is_judged_and_explained_beside_the_other(
    tab: Tab, person: Person, plays: dict[str, Script]
) -> None:
    """Without keeping one: an answer is copied and judged, and the panel shows what its model was sent."""
    plays["scripted"], plays["variant"] = Script(text="Sand."), Script(text="Clay.")
    await tab.open()
    await _compared(tab)
    for model in ("scripted", "variant"):
        await _settled(tab, model)
    good = column(tab, "variant").get_by_role("button", name="Good answer")
    await good.click()
    await expect(good).to_have_attribute("aria-pressed", "true")
    await expect(column(tab, "scripted").get_by_role("button", name="Good answer")).to_have_attribute(
        "aria-pressed", "false"
    )
    await column(tab, "scripted").get_by_role("button", name="View prompt").click()
    await expect(tab.page.get_by_test_id("sources-panel")).to_contain_text("Which soil?")
    await tab.page.keyboard.press("Escape")
    await tab.reload()
    await expect(good).to_have_attribute("aria-pressed", "true")
    await column(tab, "variant").get_by_test_id("keep").click()
    await expect(columns(tab)).to_have_count(0)
    await expect(tab.answer.get_by_role("button", name="Good answer")).to_have_attribute(
        "aria-pressed", "true"
    )


async def test_other_tabs_show_the_comparison(
    visits: Visits, person: Person, plays: dict[str, Script]
) -> None:
    """What one tab asks and keeps, another shows, while the answers stream and afterwards."""
    plays["scripted"] = plays["variant"] = Script(counted(120), tokens_per_second=40)
    first = await visits.tab(person, "/")
    conversation = await _compared(first)
    second = await visits.tab(person, f"/c/{conversation}")
    await expect(columns(second)).to_have_count(2)
    for tab in (first, second):
        for model in ("scripted", "variant"):
            await _settled(tab, model)
            await expect(column(tab, model)).to_contain_text("w0119")
    await column(second, "variant").get_by_test_id("keep").click()
    for tab in (second, first):
        await expect(columns(tab)).to_have_count(0)
        await expect(tab.answer.get_by_test_id("branches")).to_contain_text("2 / 2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_comparison_fits_on_a_phone(
    visits: Visits, person: Person, plays: dict[str, Script], scheme: Any
) -> None:
    """On a phone the answers stand in a row to swipe; nothing else scrolls sideways, and axe finds nothing."""
    plays["scripted"], plays["variant"] = Script(text="Sand."), Script(counted(40))
    phone = await visits.tab(person, "/", **PHONE, color_scheme=scheme)
    await _compared(phone)
    for model in ("scripted", "variant"):
        await _settled(phone, model)
    row = phone.page.get_by_role("group", name="Answers of several models")
    assert await row.evaluate("row => row.scrollWidth > row.clientWidth")
    assert await phone.transcript.evaluate("view => view.scrollWidth <= view.clientWidth")
    assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not (faults := await axe_faults(phone.page)), faults
    keep = column(phone, "variant").get_by_test_id("keep")
    await keep.scroll_into_view_if_needed()
    await keep.tap()
    await expect(phone.answer).to_contain_text("w0039")


async def test_up_to_four_models_are_chosen(tab: Tab) -> None:
    """A model is taken out again where it was added, or in the list; alone it is asked as ever."""
    await tab.open()
    asked = tab.page.get_by_test_id("asked-beside")
    for way in ("Ask without variant", ""):
        await tab.page.get_by_test_id("compare-models").click()
        await tab.page.get_by_role("option", name=re.compile("variant")).click()
        await expect(asked).to_be_visible()
        if way:
            await asked.get_by_role("button", name=way).click()
        else:
            await asked.get_by_role("button", name="Add").click()
            option = tab.page.get_by_role("option", name=re.compile("variant"))
            await expect(option).to_have_attribute("aria-selected", "true")
            await option.click()
        await expect(asked).to_have_count(0)
    await tab.ask("One answer?")
    await tab.ends(answers=1)
