"""The reader's place: it follows while it is at the end, and is never taken from a reader who has left it."""

import pytest
from playwright.async_api import expect

from tests.e2e.scripts import Cues, counted, streamed
from tests.parts.app import Person
from tests.parts.browser import Tab, becomes
from tests.parts.llm_server import Script

NEAR_END_PX = 60


async def _tall(tab: Tab, cue: Cues, person: Person) -> None:
    """Open a conversation that is taller than the window."""
    conversation = await person.ask(f"Long {cue(Script(counted(600, first=5000)))}")
    await tab.open(f"/c/{conversation}")
    await becomes(tab.distance, lambda px: px <= 2)


async def _top(tab: Tab) -> float:
    return await tab.transcript.evaluate("view => view.scrollTop")


async def _wheel_up(tab: Tab, pixels: int) -> None:
    await tab.transcript.hover()
    await tab.page.mouse.wheel(0, -pixels)
    await becomes(tab.distance, lambda px: px >= pixels - 2)


async def test_ux_29_view_follows_while_pinned(tab: Tab, cue: Cues, person: Person) -> None:
    """A reader at the end stays at the end while text comes, without a gap at any time (UX 29)."""
    await _tall(tab, cue, person)
    await tab.ask(f"Count {cue(streamed(300, 60))}")
    await tab.shows("w0010")
    gaps = await tab.transcript.evaluate("""async view => {
        const gaps = [];
        while (document.querySelector('[data-status="streaming"]')) {
            await new Promise(done => requestAnimationFrame(() => setTimeout(done)));  // after paint
            gaps.push(view.scrollHeight - view.scrollTop - view.clientHeight);
        }
        return gaps;
    }""")
    assert len(gaps) > 10
    assert max(gaps) <= NEAR_END_PX
    await becomes(tab.distance, lambda px: px <= 2)


async def test_ux_33_wheel_up_unpins_and_finishing_does_not_move(tab: Tab, cue: Cues, person: Person) -> None:
    """Scrolling up lets go at once; neither new text nor the end of the answer moves the reader then (UX 30, 33)."""
    await _tall(tab, cue, person)
    await tab.ask(f"Count {cue(streamed(200, 60))}")
    await tab.shows("w0030")
    await _wheel_up(tab, 400)
    place = await _top(tab)
    await tab.shows("w0150")
    assert abs(await _top(tab) - place) <= 1
    await tab.ends()
    await expect(tab.action("Copy")).to_be_visible()
    assert abs(await _top(tab) - place) <= 1


async def test_ux_32_jump_to_latest(tab: Tab, cue: Cues, person: Person) -> None:
    """The button "Jump to latest" comes past 200 px, goes within 60, leads to the end and pins again (UX 32)."""
    await _tall(tab, cue, person)
    await expect(tab.jump).to_have_count(0)
    await _wheel_up(tab, 150)
    await expect(tab.jump).to_have_count(0)
    await _wheel_up(tab, 250)
    await expect(tab.jump).to_be_visible()
    await tab.page.mouse.wheel(0, 300)
    await becomes(tab.distance, lambda px: px <= 110)
    await expect(tab.jump).to_be_visible()
    await tab.page.mouse.wheel(0, 50)
    await expect(tab.jump).to_have_count(0)
    await _wheel_up(tab, 400)
    await tab.jump.click()
    await becomes(tab.distance, lambda px: px <= 2)
    await expect(tab.jump).to_have_count(0)
    await tab.ask(f"Count {cue(streamed(100, 100))}")
    await tab.ends(answers=2)
    assert await tab.distance() <= NEAR_END_PX


async def test_ux_29_scrolling_down_to_the_end_pins_again(tab: Tab, cue: Cues, person: Person) -> None:
    """Who scrolls back to the end follows again."""
    await _tall(tab, cue, person)
    await tab.ask(f"Count {cue(streamed(250, 50))}")
    await tab.shows("w0020")
    await _wheel_up(tab, 300)
    await tab.transcript.hover()
    await tab.page.mouse.wheel(0, 5000)
    await becomes(tab.distance, lambda px: px <= NEAR_END_PX)
    await tab.ends()
    assert await tab.distance() <= NEAR_END_PX


@pytest.mark.parametrize("focus", ["text", "message field"])
async def test_ux_30_page_up_unpins(tab: Tab, cue: Cues, person: Person, focus: str) -> None:
    """PageUp lets go like the wheel does, also while the message field has the focus (UX 30)."""
    await _tall(tab, cue, person)
    await tab.ask(f"Count {cue(streamed(200, 60))}")
    await tab.shows("w0020")
    await (tab.transcript if focus == "text" else tab.composer).focus()
    await tab.page.keyboard.press("PageUp")
    await becomes(tab.distance, lambda px: px > 200)
    await tab.ends()
    assert await tab.distance() > 200


async def test_ux_30_selecting_upward_unpins(tab: Tab, cue: Cues, person: Person) -> None:
    """A selection made upward lets go too: the text under the pointer must not move (UX 30)."""
    await _tall(tab, cue, person)
    await tab.ask(f"Count {cue(streamed(200, 60))}")
    await tab.shows("w0050")
    await tab.page.evaluate("""() => {
        const lines = [...document.querySelectorAll('[data-last="true"] .markdown p')];
        const [from, to] = [lines[2].firstChild, lines[0].firstChild];
        getSelection().setBaseAndExtent(from, 3, to, 1);
    }""")
    place = await _top(tab)
    await tab.ends()
    assert abs(await _top(tab) - place) <= 30


async def test_ux_31_changing_the_layout_does_not_unpin(tab: Tab, cue: Cues, person: Person) -> None:
    """Resizing the window or folding the sidebar keeps a pinned reader at the end (UX 31)."""
    await _tall(tab, cue, person)
    for width, height in ((700, 500), (1280, 800), (900, 300)):
        await tab.page.set_viewport_size({"width": width, "height": height})
        await becomes(tab.distance, lambda px: px <= 2)
    await tab.page.set_viewport_size({"width": 1280, "height": 800})
    await tab.page.keyboard.press("Control+b")
    await becomes(tab.distance, lambda px: px <= 2)
    await tab.ask(f"More {cue(streamed(60, 100))}")
    await tab.ends(answers=2)
    assert await tab.distance() <= NEAR_END_PX


async def test_sending_goes_to_the_end(tab: Tab, cue: Cues, person: Person) -> None:
    """Who sends a message wants to see it: the view goes to the end from wherever it was."""
    await _tall(tab, cue, person)
    await _wheel_up(tab, 600)
    await tab.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.ends(answers=2)
    await expect(tab.questions.last).to_be_in_viewport()
    await becomes(tab.distance, lambda px: px <= NEAR_END_PX)


async def test_earlier_messages_come_while_scrolling(tab: Tab, cue: Cues, person: Person) -> None:
    """A long conversation opens at its end; scrolling up loads what came before and keeps the reader's place."""
    conversation = await person.conversation("Long")
    script = cue(Script(counted(40)))
    for number in range(24):
        await person.ask(f"Question {number:02} {script}", conversation)
    await tab.open(f"/c/{conversation}")
    await expect(tab.questions.last).to_contain_text("Question 23")
    await expect(tab.questions.last).to_be_in_viewport()
    assert await tab.messages.count() < 48
    moved = await tab.transcript.evaluate("""async view => {
        const first = () => view.querySelector("[data-testid=message]").dataset.message;
        const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
        const oldest = first();
        view.scrollTop = 300;
        await frame();
        const edge = view.getBoundingClientRect().top;
        const held = [...view.querySelectorAll("[data-testid=message]")]
            .find(message => message.getBoundingClientRect().bottom > edge);
        const place = held.getBoundingClientRect().top;
        const give_up = performance.now() + 8000;
        while (first() === oldest && performance.now() < give_up) await frame();
        for (let i = 0; i < 5; i++) await frame();
        return [first() !== oldest, held.getBoundingClientRect().top - place];
    }""")
    assert moved[0], "nothing was loaded"
    assert abs(moved[1]) <= 2, f"the reader was moved by {moved[1]} px"

    async def scrolled() -> int:
        await tab.transcript.evaluate("view => view.scrollTop = 0")
        return await tab.messages.count()

    await becomes(scrolled, 48)
    await expect(tab.questions.first).to_contain_text("Question 00")
    texts = await tab.questions.all_inner_texts()
    assert [text[:11] for text in texts] == [f"Question {number:02}" for number in range(24)]


async def test_ux_30_touch_scrolls_and_unpins(phone: Tab, cue: Cues, person: Person) -> None:
    """On a phone, a swipe down (towards what came before) lets go of the end (UX 30)."""
    await _tall(phone, cue, person)
    await phone.composer.fill(f"Count {cue(streamed(200, 60))}")
    await phone.send_button.tap()
    await phone.shows("w0020")
    devtools = await phone.page.context.new_cdp_session(phone.page)
    for kind, y in (
        ("touchStart", 250),
        *(("touchMove", y) for y in range(260, 560, 20)),
        ("touchEnd", None),
    ):
        points = [] if y is None else [{"x": 195, "y": y}]
        await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await phone.transcript.evaluate("""async view => {
        for (let before = NaN; before !== view.scrollTop; ) {  // a swipe goes on by itself for a while
            before = view.scrollTop;
            await new Promise(done => setTimeout(done, 250));
        }
    }""")
    place = await _top(phone)
    await phone.ends()
    assert await phone.distance() > 200
    assert abs(await _top(phone) - place) <= 1
