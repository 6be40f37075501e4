"""An answer belongs to the server: whatever happens to tabs, networks and processes, it comes, whole and once."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.e2e.scripts import Cue, Cues, counted, streamed, words_of
from tests.parts.app import Person, RunningApp
from tests.parts.browser import Cable, Tab, Visits
from tests.parts.llm_server import Script


async def _is_whole(tab: Tab, person: Person, words: int) -> None:
    """The open tab and the database have the same whole answer, once."""
    await tab.ends(answers=1)
    await expect(tab.questions).to_have_count(1)
    assert await tab.words() == words_of(counted(words))
    stored = await person.messages(await tab.conversation())
    assert [(each["role"], each["status"]) for each in stored] == [
        ("user", "complete"),
        ("assistant", "complete"),
    ]
    assert stored[-1]["content"] == "".join(counted(words))


async def _only_grows(tab: Tab, words: int) -> None:
    """While the answer is written, what is on screen is always a beginning of it."""
    wanted = " ".join(words_of(counted(words)))
    while await tab.answer.get_attribute("data-status") == "streaming":
        shown = " ".join(await tab.words())
        assert wanted.startswith(shown), f"doubled or lost: …{shown[-60:]}"
        await asyncio.sleep(0.05)


async def test_ux_36_reload_in_mid_answer(tab: Tab, cue: Cues, person: Person) -> None:
    """Reloading in mid-answer shows the same text, which then goes on; nothing is doubled, asked or lost (UX 36)."""
    script = cue(streamed(80, 20))
    await tab.open()
    await tab.ask(f"Count {script}")
    await tab.shows("w0015")
    before = await tab.words()
    await tab.reload()
    await tab.shows(before[-1])
    await expect(tab.stop_button).to_be_visible()
    await _only_grows(tab, 80)
    await _is_whole(tab, person, 80)
    assert len(script.requests) == 1


async def test_tab_closed_in_mid_answer(tab: Tab, cue: Cues, person: Person, visits: Visits) -> None:
    """With nobody looking the answer is finished; opened later, it is complete."""
    script = cue(streamed(60, 25))
    await tab.open()
    await tab.ask(f"Count {script}")
    await tab.shows("w0003")
    conversation = await tab.conversation()
    await tab.page.close()
    [_, answer] = await person.messages(conversation)
    assert answer["status"] == "streaming"
    await person.settled(conversation, answer["id"])
    later = await visits.tab(person, f"/c/{conversation}")
    await _is_whole(later, person, 60)
    assert len(script.requests) == 1


async def test_ux_37_two_devices_live(tab: Tab, cue: Cues, person: Person, visits: Visits) -> None:
    """A second device with the conversation open shows question and answer as they come, and can stop it (UX 37)."""
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    await tab.open(f"/c/{conversation}")
    second = await visits.tab(person, f"/c/{conversation}")
    script = cue(streamed(300, 20))
    await tab.ask(f"Count {script}")
    await expect(second.questions).to_have_count(2)
    await second.shows("w0005")
    await expect(second.answer).to_have_attribute("data-status", "streaming")
    await expect(second.stop_button).to_be_visible()
    await second.stop_button.click()
    await tab.ends("stopped", answers=2)
    await second.ends("stopped", answers=2)
    assert await tab.words() == await second.words()


async def test_ux_37_new_conversation_appears_in_another_tab(
    tab: Tab, cue: Cues, person: Person, visits: Visits
) -> None:
    """A conversation begun elsewhere appears in the sidebar of every open tab, without a reload (UX 4, 37)."""
    second = await visits.tab(person, "/settings")
    await tab.open()
    await tab.ask(f"Hello there {cue(Script('Hello.'))}")
    await expect(second.rows).to_have_text([re.compile("Hello there")])
    await second.rows.first.click()
    await second.ends()
    assert await second.words() == ["Hello."]


@pytest.mark.parametrize("way", ["cable", "browser"])
async def test_ux_38_network_lost_and_back(visits: Visits, cue: Cues, person: Person, way: str) -> None:
    """Losing the network shows a quiet banner; it comes back by itself, with the whole text once (UX 38)."""
    visits.faults.allow_network_away()
    script = cue(streamed(100, 20))
    async with Cable(person.app) as cable:
        tab = await visits.tab(person)
        tab.url = cable.url
        await tab.open()
        await tab.ask(f"Count {script}")
        await tab.shows("w0010")
        await (cable.cut() if way == "cable" else tab.page.context.set_offline(True))
        await expect(tab.banner).to_contain_text("Connection lost")
        await (asyncio.sleep(0, cable.mend()) if way == "cable" else tab.page.context.set_offline(False))
        await expect(tab.banner).to_contain_text("Back online")
        await _only_grows(tab, 100)
        await _is_whole(tab, person, 100)
        await expect(tab.banner).to_be_empty()
        assert len(script.requests) == 1


async def test_ux_38_answer_that_ended_while_away(visits: Visits, cue: Cues, person: Person) -> None:
    """An answer that ends while the network is away is whole when it comes back, and the page can go on."""
    visits.faults.allow_network_away()
    async with Cable(person.app) as cable:
        tab = await visits.tab(person)
        tab.url = cable.url
        await tab.open()
        await tab.ask(f"Count {cue(streamed(60, 25))}")
        await tab.shows("w0005")
        conversation = await tab.conversation()
        await cable.cut()
        await person.settled(conversation, (await person.messages(conversation))[-1]["id"])
        cable.mend()
        await _is_whole(tab, person, 60)
        await tab.ask(f"Next {cue(Script('Here again.'))}")
        await tab.ends(answers=2)
        assert await tab.words() == ["Here", "again."]


async def test_ux_18_question_sent_while_away(visits: Visits, cue: Cues, person: Person) -> None:
    """A question asked while the network is away is not lost: it is sent once, when it is back (UX 18)."""
    visits.faults.allow_network_away()
    async with Cable(person.app) as cable:
        tab = await visits.tab(person)
        tab.url = cable.url
        conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
        await tab.open(f"/c/{conversation}")
        await cable.cut()
        await expect(tab.banner).to_contain_text("Connection lost")
        script = cue(Script("Not lost."))
        await tab.ask(f"Lost? {script}", accepted=False)
        await expect(
            tab.page.get_by_text("Not sent. It will be sent when you are back online.")
        ).to_be_visible()
        await expect(tab.composer).to_have_value(f"Lost? {script}")
        cable.mend()
        await tab.ends(answers=2)
        await tab.shows("Not lost.")
        await expect(tab.composer).to_have_value("")
        assert len(await person.messages(conversation)) == 4


async def _crash(tab: Tab, app: RunningApp, script: Cue, way: str) -> None:
    """Have the server die or stop in mid-answer, and come back."""
    await tab.open()
    await tab.ask(f"Count {script}")
    await tab.shows("w0015")
    await (app.kill() if way == "kill" else app.stop())
    await expect(tab.banner).to_contain_text("Connection lost")
    assert (await tab.words())[:15] == words_of(counted(15)), "what was on screen has gone"
    await app.start()


@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_server_dies_in_mid_answer(own_app: RunningApp, visits: Visits, cue: Cues, way: str) -> None:
    """The server is killed, or stopped, in mid-answer: started again, the open tab by itself ends with all of it."""
    visits.faults.allow_network_away()
    visits.faults.allow_status(502, 503)
    person = await own_app.set_up()
    tab = await visits.tab(person)
    script = cue(streamed(80, 20))
    await _crash(tab, own_app, script, way)
    await _is_whole(tab, person, 80)
    await expect(tab.banner).to_be_empty()
    assert len(script.requests) == 2
    await tab.ask(f"Still there? {cue(Script('Yes.'))}")
    await tab.ends(answers=2)
    assert await tab.words() == ["Yes."]


async def test_page_outlives_a_restart(own_app: RunningApp, visits: Visits, cue: Cues) -> None:
    """A page left open over a restart of the server goes on as if nothing had been: same conversation, draft kept."""
    visits.faults.allow_network_away()
    person = await own_app.set_up()
    tab = await visits.tab(person, "/")
    await tab.ask(f"Before {cue(Script('Before.'))}")
    await tab.ends()
    conversation = await tab.conversation()
    await tab.composer.fill("Half a thought")
    await own_app.stop()
    await own_app.start()
    await expect(tab.banner).to_be_empty()
    await expect(tab.composer).to_have_value("Half a thought")
    await tab.ask(f"After {cue(Script('After.'))}")
    await tab.ends(answers=2)
    assert await tab.words() == ["After."]
    assert await tab.conversation() == conversation
    assert len(await person.messages(conversation)) == 4


DOUBLE_ENTER = """field => {
    const press = () => field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
    press();
    press();
}"""


@pytest.mark.parametrize("place", ["new", "existing"])
@pytest.mark.parametrize("way", ["enter", "click"])
async def test_ux_16_double_send_is_one_question(
    tab: Tab, cue: Cues, person: Person, way: str, place: str
) -> None:
    """A double Enter or a double click on Send asks once (UX 16)."""
    asked = 1 if place == "existing" else 0
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}") if asked else ""
    await tab.open(f"/c/{conversation}" if asked else "/")
    script = cue(streamed(20, 20))
    await tab.composer.fill(f"Once {script}")
    await (
        tab.composer.evaluate(DOUBLE_ENTER)
        if way == "enter"
        else tab.send_button.dblclick(no_wait_after=True)
    )
    await tab.ends(answers=asked + 1)
    await expect(tab.questions).to_have_count(asked + 1)
    assert len(await person.messages(await tab.conversation())) == 2 * asked + 2
    assert len(await person.conversations()) == 1
    assert len(script.requests) == 1


async def test_leaving_and_coming_back_in_mid_answer(tab: Tab, cue: Cues, person: Person) -> None:
    """Looking at another conversation while one is answered disturbs neither; coming back shows the text go on."""
    elsewhere = await person.ask(f"Elsewhere {cue(Script('Something else.'))}")
    script = cue(streamed(100, 20))
    await tab.open()
    await tab.ask(f"Count {script}")
    await tab.shows("w0005")
    conversation = await tab.conversation()
    await tab.page.locator(f'[data-id="{elsewhere}"]').click()
    await tab.at(f"/c/{elsewhere}")
    await expect(tab.answer).to_contain_text("Something else.")
    await expect(tab.stop_button).to_have_count(0)
    await tab.page.locator(f'[data-id="{conversation}"]').click()
    await tab.at(f"/c/{conversation}")
    await tab.shows("w0015")
    await _only_grows(tab, 100)
    await _is_whole(tab, person, 100)
    assert len(script.requests) == 1


WATCH_MESSAGES = """new MutationObserver(() => {
    window.seenMessages = Math.max(
        window.seenMessages ?? 0, document.querySelectorAll("[data-testid=message]").length);
}).observe(document, {childList: true, subtree: true});"""


async def test_new_page_shows_nothing_of_the_last_conversation(tab: Tab, cue: Cues) -> None:
    """Loading ``/`` in a tab that showed a conversation is a new one from the first moment on."""
    await tab.open()
    await tab.ask(f"First {cue(Script('First.'))}")
    await tab.ends()
    await tab.page.add_init_script(WATCH_MESSAGES)
    await tab.open("/")
    await expect(tab.page.get_by_role("button", name="Explain")).to_be_visible()
    assert await tab.page.evaluate("window.seenMessages") == 0


async def test_two_conversations_at_once(tab: Tab, cue: Cues, person: Person, visits: Visits) -> None:
    """Two answers of one person stream side by side, and their texts never mix."""
    second = await visits.another_tab(tab.page.context)
    await tab.open()
    await second.open()
    await tab.ask(f"Low {cue(Script(counted(50), tokens_per_second=25))}")
    await second.ask(f"High {cue(Script(counted(50, first=5000), tokens_per_second=25))}")
    await tab.ends()
    await second.ends()
    assert await tab.words() == words_of(counted(50))
    assert await second.words() == words_of(counted(50, first=5000))


async def test_duplicated_tab_is_a_tab_of_its_own(tab: Tab, cue: Cues, visits: Visits) -> None:
    """A tab opened by duplicating another one (same storage) does not take the first one's place."""
    await tab.open()
    await tab.ask(f"First {cue(Script('First.'))}")
    await tab.ends()
    token = await tab.page.evaluate("sessionStorage.getItem('token')")
    second = await visits.another_tab(tab.page.context)
    await second.page.add_init_script(f"sessionStorage.token ??= {token!r}")
    await second.open("/")
    await second.ask(f"Second {cue(Script('Second.'))}")
    await second.ends()
    await tab.ask(f"Third {cue(Script('Third.'))}")
    await tab.ends(answers=2)
    assert await tab.words() == ["Third."]
    assert await second.words() == ["Second."]
    await expect(second.questions).to_have_count(1)
