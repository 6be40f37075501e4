"""Writing a message: nothing typed is ever lost, and nothing is sent that was not meant to be."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.scripts import Cues, streamed
from tests.parts.app import Person
from tests.parts.browser import PHONE, Tab, Visits
from tests.parts.llm_server import Script


async def test_ux_12_enter_sends_and_shift_enter_breaks_the_line(tab: Tab, cue: Cues) -> None:
    """Enter sends, Shift+Enter starts a new line, and the lines stay lines (UX 12)."""
    await tab.open()
    await tab.composer.press_sequentially("one")
    await tab.composer.press("Shift+Enter")
    await tab.composer.press_sequentially(f"two {cue(Script('ok'))}")
    await expect(tab.composer).to_have_value(re.compile("^one\ntwo"))
    await tab.composer.press("Enter")
    await tab.ends()
    assert (await tab.questions.first.locator(".bubble").inner_text()).startswith("one\ntwo")
    await expect(tab.composer).to_have_value("")


async def test_ux_13_enter_that_ends_a_composition_does_not_send(tab: Tab) -> None:
    """While an input method composes a word, Enter belongs to it (UX 13)."""
    await tab.open()
    await tab.composer.click()
    devtools = await tab.page.context.new_cdp_session(tab.page)
    await devtools.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    await expect(tab.composer).to_have_value("にほん")
    await tab.page.keyboard.press("Enter")
    await devtools.send("Input.insertText", {"text": "日本"})
    await expect(tab.composer).to_have_value(re.compile("日本"))
    # Safari ends the composition before its Enter arrives, which is then told apart by its code alone.
    await tab.composer.evaluate(
        'field => field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", keyCode: 229, bubbles: true}))'
    )
    await expect(tab.page.locator("[data-pending]")).to_have_count(0)
    await expect(tab.questions).to_have_count(0)
    await tab.at("/")


async def test_ux_16_send_needs_something_to_send(tab: Tab) -> None:
    """Send is disabled while there is nothing but blanks, and Enter then does nothing (UX 16)."""
    await tab.open()
    await expect(tab.send_button).to_be_disabled()
    await tab.composer.fill("   \n ")
    await expect(tab.send_button).to_be_disabled()
    await tab.composer.press("Enter")
    await tab.composer.fill("x")
    await expect(tab.send_button).to_be_enabled()
    await expect(tab.questions).to_have_count(0)


async def test_a_suggestion_takes_nothing_away(tab: Tab) -> None:
    """It fills an empty composer, and comes behind what stands there already."""
    suggestion = tab.page.get_by_test_id("suggestion").first
    await tab.open()
    await suggestion.click()
    suggested = await tab.composer.input_value()
    assert suggested.startswith("Explain")
    await tab.composer.fill("For a beginner. ")
    await suggestion.click()
    await expect(tab.composer).to_have_value(f"For a beginner. {suggested}")


async def test_ux_14_composer_grows_and_then_scrolls(tab: Tab) -> None:
    """It grows with its text to about 200 px, then scrolls, and shrinks again (UX 14)."""
    await tab.open()
    one = (await tab.composer.bounding_box() or {})["height"]
    await tab.composer.fill("line\n" * 4)
    few = (await tab.composer.bounding_box() or {})["height"]
    await tab.composer.fill("line\n" * 60)
    many = (await tab.composer.bounding_box() or {})["height"]
    assert one < few < many <= 230
    assert await tab.composer.evaluate("field => field.scrollHeight > field.clientHeight")
    await tab.composer.fill("")
    assert (await tab.composer.bounding_box() or {})["height"] == one


async def test_ux_11_focus_on_a_desktop(tab: Tab, cue: Cues, person: Person) -> None:
    """On a desktop the composer has the focus at load, after switching conversation and for a new one (UX 11)."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.open()
    await expect(tab.composer).to_be_focused()
    await tab.rows.first.click()
    await tab.at(f"/c/{conversation}")
    await expect(tab.composer).to_be_focused()
    await tab.page.get_by_test_id("new-chat").click()
    await tab.at("/")
    await expect(tab.composer).to_be_focused()


async def test_ux_11_no_focus_on_touch(phone: Tab, cue: Cues, person: Person) -> None:
    """On touch the composer never takes the focus by itself: neither at load, nor for another conversation (UX 11)."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    for path in ("/", f"/c/{conversation}"):
        await phone.open(path)
        await expect(phone.composer).not_to_be_focused()
    await phone.open("/")
    await phone.page.get_by_role("button", name="Sidebar", exact=True).tap()
    await phone.rows.first.tap()
    await phone.shows("Hello.")
    await expect(phone.sidebar).not_to_be_in_viewport()
    await expect(phone.composer).not_to_be_focused()


async def test_ux_12_enter_breaks_the_line_on_touch(phone: Tab, cue: Cues, person: Person) -> None:
    """On touch Enter breaks the line; the button sends (UX 12)."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await phone.open(f"/c/{conversation}")
    await phone.composer.tap()
    await phone.composer.press_sequentially("one")
    await phone.composer.press("Enter")
    await phone.composer.press_sequentially(f"two {cue(Script('ok'))}")
    await expect(phone.composer).to_have_value(re.compile("^one\ntwo"))
    await expect(phone.questions).to_have_count(1)
    await phone.send_button.tap()
    await phone.ends(answers=2)


async def test_ux_17_draft_survives_reload_and_switching(tab: Tab, cue: Cues, person: Person) -> None:
    """Each conversation keeps its own draft, over a reload and a look elsewhere (UX 17)."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.open(f"/c/{conversation}")
    await tab.composer.fill("draft of the first")
    await tab.page.get_by_test_id("new-chat").click()
    await tab.at("/")
    await expect(tab.composer).to_have_value("")
    await tab.composer.fill("draft of a new one")
    await tab.reload()
    await expect(tab.composer).to_have_value("draft of a new one")
    await tab.rows.first.click()
    await tab.at(f"/c/{conversation}")
    await expect(tab.composer).to_have_value("draft of the first")


async def test_ux_52_draft_survives_signing_in_again(
    visits: Visits, person: Person, other: Person, cue: Cues
) -> None:
    """When the session ends, the person signs in again and finds page and draft; nobody else sees it (UX 17, 52)."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    tab = await visits.tab(person, f"/c/{conversation}")
    await tab.composer.fill("a private draft")
    await person.rest.delete("/api/v1/session")
    await tab.at(re.compile(rf"/login\?next=(/|%2F)c(/|%2F){conversation}$"))
    await tab.usable()
    await tab.sign_in(person)
    await tab.at(f"/c/{conversation}")
    await expect(tab.composer).to_have_value("a private draft")
    await tab.menu(tab.page.get_by_test_id("account-menu"), "Sign out")
    await tab.at("/login")
    await tab.usable()
    await tab.sign_in(other)
    await tab.at("/")
    await tab.usable()
    await expect(tab.composer).to_have_value("")


async def test_ux_15_typing_while_an_answer_streams(tab: Tab, cue: Cues) -> None:
    """While an answer streams typing goes on and loses no key; Enter then waits, and says so (UX 15)."""
    text = "The quick brown fox jumps over the lazy dog, again and again. " * 3
    await tab.open()
    await tab.ask(f"Count {cue(streamed(1000, 30))}")
    await tab.conversation()
    await tab.shows("w0003")
    await tab.page.keyboard.type(text)
    await expect(tab.composer).to_have_value(text)
    await expect(tab.answer).to_have_attribute("data-status", "streaming")
    await tab.composer.press("Enter")
    await expect(tab.page.locator(".composer-note")).to_contain_text("Wait for the answer")
    await tab.page.keyboard.press("Escape")
    await tab.ends("stopped")
    await expect(tab.composer).to_have_value(text)
    await expect(tab.composer).to_be_focused()
    await expect(tab.questions).to_have_count(1)


async def test_ux_18_what_is_typed_after_sending_stays(tab: Tab, cue: Cues) -> None:
    """The sent text goes when the server has it; what was typed behind it stays, also over the new address (UX 18)."""
    await tab.open()
    await tab.composer.fill(f"Question {cue(Script('ok', first_byte_delay=0.5))}")
    await tab.page.keyboard.press("Enter")
    await tab.page.keyboard.type(" and more", delay=2)
    await tab.ends()
    await tab.conversation()
    # The space goes when it is the end of the sent text, and stays when it came after that was stored.
    await expect(tab.composer).to_have_value(re.compile("^ ?and more$"))


async def test_ux_18_too_long_a_message_comes_back(tab: Tab) -> None:
    """A message over the limit is refused with a reason, and is still in the composer (UX 18)."""
    await tab.open()
    await tab.composer.fill("x" * 200_001)
    await tab.composer.press("Enter")
    await expect(tab.page.locator(".composer-note")).to_contain_text("200,001 characters, 200,000 at most")
    assert len(await tab.composer.input_value()) == 200_001
    await expect(tab.page.locator("[data-pending]")).to_have_count(0)
    await tab.at("/")


async def test_ux_22_arrow_up_edits_the_last_message(tab: Tab, cue: Cues) -> None:
    """Arrow-up in an empty composer opens the last message for editing; with text in it, it does not (UX 22)."""
    await tab.open()
    await tab.ask(f"First {cue(Script('ok'))}")
    await tab.ends()
    await tab.ask(f"Second {cue(Script('ok'))}")
    await tab.ends(answers=2)
    editor = tab.page.get_by_test_id("edit")
    await tab.composer.fill("text")
    await tab.composer.press("ArrowUp")
    await expect(editor).to_have_count(0)
    await tab.composer.fill("")
    await tab.composer.press("ArrowUp")
    await expect(editor).to_be_focused()
    await expect(editor).to_have_value(re.compile("^Second"))


@pytest.mark.parametrize(
    "text",
    [
        "  spaces around  ",
        "/c/…?a=b&c=<d>",
        "emoji 👩‍👩‍👧 and 日本語 and العربية",
        "'; drop table message; --",
    ],
)
async def test_text_arrives_as_it_was_typed(tab: Tab, cue: Cues, person: Person, text: str) -> None:
    """Whatever people type is stored, sent to the model and shown as it is, blanks behind it aside."""
    script = cue(Script("ok"))
    await tab.open()
    await tab.ask(f"{text} {script}")
    await tab.ends()
    await expect(tab.composer).to_have_value("")
    wanted = f"{text} {script}".rstrip()
    assert (await person.messages(await tab.conversation()))[0]["content"] == wanted
    assert (await script.request()).body["messages"][-1]["content"] == wanted
    await expect(tab.questions.first.locator(".bubble")).to_have_text(wanted)


async def test_ux_68_composer_stays_in_reach_on_a_small_screen(
    visits: Visits, person: Person, cue: Cues
) -> None:
    """With the on-screen keyboard taking half of a phone, the composer is still in view (UX 68)."""
    conversation = await person.ask(f"Long {cue(Script('word ' * 300))}")
    tab = await visits.tab(
        person, f"/c/{conversation}", **(PHONE | {"viewport": {"width": 390, "height": 420}})
    )
    await expect(tab.composer).to_be_in_viewport(ratio=1)
    await tab.composer.tap()
    await expect(tab.send_button).to_be_in_viewport(ratio=1)
