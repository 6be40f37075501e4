"""The list of conversations: what is asked for, what is sent, what stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from reflex.istate.data import SessionData

from gantry.state.chat import ChatState
from gantry.state.language import speak
from gantry.state.leading import LeadingState
from gantry.state.sidebar import PAGE, SPARE, SidebarState
from gantry.state.views.sidebar import flat
from tests.unit.state.stage import NOON, FakeChat, tab


async def test_a_page_opens_with_fifty() -> None:
    """The first load shows the newest fifty, and knows that there are more."""
    async with tab(chat=FakeChat.with_rows(120)) as page:
        state = await page.of(SidebarState)
        await state.load()
        assert len(flat(state.recent)) == PAGE
        assert flat(state.recent)[0].title == "Number 0"
        assert state.has_more
        assert state.loaded


async def test_a_short_list_is_whole() -> None:
    """With fewer than a page there is nothing more to load, and asking for more asks nobody."""
    chat = FakeChat.with_rows(3)
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        asked = chat.asked
        await state.more()
        assert not state.has_more
        assert chat.asked == asked


async def test_scrolling_reaches_the_end() -> None:
    """Asking for more adds the next rows until the last one, none twice, none left out."""
    async with tab(chat=FakeChat.with_rows(333)) as page:
        state = await page.of(SidebarState)
        await state.load()
        steps = 0
        while state.has_more:
            await state.more()
            steps += 1
        titles = [row.title for row in (*flat(state.recent), *flat(state.older))]
        assert titles == [f"Number {i}" for i in range(333)]
        assert steps <= 4  # each page is as long as the list so far


async def test_a_refresh_that_finds_nothing_sends_nothing() -> None:
    """When nothing has changed no variable is touched, so nothing travels."""
    async with tab(chat=FakeChat.with_rows(60)) as page:
        state = await page.of(SidebarState)
        await state.load()
        state._clean()
        await state.refresh()
        assert not state.dirty_vars


async def test_a_new_conversation_comes_on_top() -> None:
    """A refresh shows what is new above what was there, and leaves what was scrolled to alone."""
    chat = FakeChat.with_rows(120)
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        await state.more()
        older = flat(state.older)
        chat.all.append(chat.row("New", NOON + timedelta(minutes=1), answering=True))
        await state.refresh_one("x")
        assert flat(state.recent)[0].title == "New"
        assert flat(state.recent)[0].answering
        assert len(flat(state.recent)) == PAGE + 1
        assert flat(state.older) == older


async def test_an_older_one_that_is_answered_moves_up() -> None:
    """A conversation beyond the first page that gets an answer is shown among the recent ones."""
    chat = FakeChat.with_rows(120)
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        await state.more()
        chat.change(chat.all[80].conversation.id, updated_at=NOON + timedelta(minutes=5))
        await state.refresh()
        assert flat(state.recent)[0].title == "Number 80"


async def test_many_new_ones_start_the_list_anew() -> None:
    """More new rows than one refresh takes in: the list begins again, from the top."""
    chat = FakeChat.with_rows(60)
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        for i in range(SPARE + 30):
            chat.all.append(chat.row(f"New {i}", NOON + timedelta(minutes=i + 1)))
        await state.refresh()
        assert len(flat(state.recent)) == PAGE
        assert flat(state.recent)[0].title == f"New {SPARE + 29}"
        while state.has_more:
            await state.more()
        assert len(flat(state.recent)) + len(flat(state.older)) == 60 + SPARE + 30


async def test_pinning_moves_a_row_from_far_below() -> None:
    """Pinning a row that was scrolled to takes it out of its place and puts it on top."""
    chat = FakeChat.with_rows(120)
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        await state.more()
        row = flat(state.older)[20]
        await state.pin(row.id, True)
        assert [each.id for each in state.pinned] == [row.id]
        assert row.id not in {each.id for each in flat(state.older)}
        await state.pin(row.id, False)
        assert state.pinned == []
        assert row.id in {each.id for each in flat(state.older)}


async def test_renaming_a_row_far_below_shows() -> None:
    """A new name shows wherever the row is."""
    chat = FakeChat.with_rows(120)
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        await state.more()
        row = flat(state.older)[5]
        await (await page.of(ChatState)).rename("Another name", row.id)
        assert next(each.title for each in flat(state.older) if each.id == row.id) == "Another name"


async def test_deleting_can_be_undone() -> None:
    """Deleting takes the row away and offers Undo, which brings it back and takes the notice away."""
    async with tab(chat=FakeChat.with_rows(5)) as page:
        state = await page.of(SidebarState)
        await state.load()
        gone = flat(state.recent)[1].id
        assert await state.delete(gone) is None
        assert gone not in {row.id for row in flat(state.recent)}
        notice = (await page.notices())[0]
        assert (notice.text, notice.action) == ("Deleted “Number 1”.", "Undo")
        await state.act(notice.id, notice.action_id)
        assert gone in {row.id for row in flat(state.recent)}
        assert await page.notices() == []


async def test_a_deleted_conversation_without_a_title_is_told_in_the_readers_language() -> None:
    """What it is called in the list is what the notice calls it."""
    chat = FakeChat([FakeChat.row("", NOON)])
    async with tab(chat=chat) as page:
        state = await page.of(SidebarState)
        await state.load()
        speak("de", "")
        await state.delete(str(chat.all[0].conversation.id))
        assert "Ohne Titel" in (await page.notices())[0].text


async def test_deleting_the_open_conversation_leaves_it() -> None:
    """The page of a conversation that is deleted is left for a new one."""
    chat = FakeChat.with_rows(2)
    one = str(chat.all[0].conversation.id)
    async with tab(chat=chat, url=f"http://localhost/c/{one}") as page:
        state = await page.of(SidebarState)
        await state.load()
        await state.delete(one)
        leading = await page.of(LeadingState)
        assert (leading.away_from, leading.to) == (f"/c/{one}", "/")


@pytest.mark.parametrize("conversation", ["", "nonsense", "0198c0de-0000-7000-8000-000000000000"])
async def test_what_is_not_there_is_a_notice(conversation: str) -> None:
    """Acting on a conversation that is not there says so and changes nothing."""
    async with tab(chat=FakeChat.with_rows(2)) as page:
        state = await page.of(SidebarState)
        await state.load()
        await state.delete(conversation)
        assert len(flat(state.recent)) == 2
        assert [each.kind for each in await page.notices()] == ["error"]


async def test_a_reloaded_page_does_not_draw_a_very_long_list() -> None:
    """A new connection forgets what was scrolled to when it was a lot; going to another page does not."""
    async with tab(chat=FakeChat.with_rows(900)) as page:
        state = await page.of(SidebarState)
        await state.load()
        while state.has_more:
            await state.more()
        await state.load()
        assert len(flat(state.recent)) + len(flat(state.older)) == 900
        page.root.router = replace(page.root.router, session=SessionData(session_id="another"))
        await state.load()
        assert (len(flat(state.recent)), flat(state.older)) == (PAGE, [])
        assert state.has_more
