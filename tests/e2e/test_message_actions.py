"""What can be done with a message: out of the way until it is wanted, in reach of a mouse, a keyboard and a finger."""

import re

from playwright.async_api import Locator, expect

from tests.e2e.scripts import Cues
from tests.parts.app import Person
from tests.parts.browser import Tab
from tests.parts.llm_server import Script


async def _twice(person: Person, cue: Cues) -> str:
    """Have two questions answered; return the conversation."""
    conversation = await person.ask(f"First {cue(Script('One.'))}")
    return await person.ask(f"Second {cue(Script('Two.'))}", conversation)


def _row(message: Locator) -> Locator:
    return message.get_by_role("group", name="Message actions")


async def _offers(tab: Tab, message: Locator, *names: str) -> None:
    """The row of actions can be seen, and has all of *names*."""
    await expect(_row(message)).to_have_css("opacity", "1")
    for name in names:
        await expect(tab.action(name, message)).to_be_visible()


ANSWER = ("Copy", "Good answer", "Bad answer", "Retry")
QUESTION = ("Copy", "Edit")


async def test_ux_40_actions_on_hover_and_focus(tab: Tab, cue: Cues, person: Person) -> None:
    """Copy, retry, edit and rate come with the mouse or the focus; the last answer always shows them (UX 40)."""
    await tab.open(f"/c/{await _twice(person, cue)}")
    first = tab.answers.first
    away = tab.page.mouse.move
    await away(5, 5)
    await _offers(tab, tab.answer, *ANSWER)
    for message, names in ((first, ANSWER), (tab.questions.first, QUESTION)):
        await expect(_row(message)).to_have_css("opacity", "0")
        await message.hover()
        await _offers(tab, message, *names)
        await away(5, 5)
        await expect(_row(message)).to_have_css("opacity", "0")
        await tab.action(names[0], message).focus()
        await _offers(tab, message, *names)
        await tab.composer.focus()
        await expect(_row(message)).to_have_css("opacity", "0")


async def test_ux_40_actions_on_a_tap(phone: Tab, cue: Cues, person: Person) -> None:
    """On a phone a tap on a message brings its actions, which work; the last answer always shows them (UX 40)."""
    await phone.open(f"/c/{await _twice(person, cue)}")
    await _offers(phone, phone.answer, *ANSWER)
    for message, names in ((phone.answers.first, ANSWER), (phone.questions.first, QUESTION)):
        await expect(_row(message)).to_have_css("opacity", "0")
        await message.tap(position={"x": 5, "y": 5})
        await _offers(phone, message, *names)
    await phone.action("Edit", phone.questions.first).tap()
    await expect(phone.page.get_by_test_id("edit")).to_have_value(re.compile("^First"))
