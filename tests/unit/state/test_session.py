"""Who is signed in, what they are told, and what a hostile page gets."""

from typing import Literal
from uuid import uuid4

import pytest
import reflex as rx

from gantry.domain.errors import AlreadyAnswering, NotFound
from gantry.state.session import MAX_NOTICES, NoticeState, SessionState, guarded, notify, uuid_of
from tests.unit.state.stage import ADA, FakeAccounts, tab


class Probe(rx.State):
    """Handlers as any page might have them."""

    seen: list[str] = []

    @rx.event
    @guarded
    async def take(self, text: str, times: int = 1, how: Literal["up", "down"] = "up"):
        """Note what came."""
        self.seen = [*self.seen, f"{text}{times}{how}"]

    @rx.event
    @guarded
    async def refuse(self):
        """Fail as a service does."""
        raise AlreadyAnswering

    @rx.event
    @guarded
    async def fail(self):
        """Fail as nobody has foreseen."""
        raise RuntimeError("secret")

    @rx.event
    @guarded
    async def fail_midway(self):
        """Fail so after a first step."""
        yield
        raise RuntimeError("secret")

    @rx.event
    @guarded
    async def fill_in(self, form: dict[str, str]):
        """Note what came in a form."""
        self.seen = [*self.seen, *form.values()]


def target(outcome: object) -> str:
    """Return where a redirect leads."""
    assert isinstance(outcome, rx.event.EventSpec)
    return next(str(value) for name, value in outcome.args if str(name) == "path").strip('"')


async def test_load_shows_who_is_here() -> None:
    """Opening a page fills in the person from the cookie."""
    async with tab() as page:
        state = await page.of(SessionState)
        await state.load()
        assert (state.id, state.name, state.email) == (str(ADA.id), "Ada", "ada@example.org")
        assert state.is_admin


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("http://localhost/", "http:/login"),
        ("http://localhost/c/7", "http:/login?next=/c/7"),
        ("http://localhost/c/7?m=1&n=2", "http:/login?next=/c/7%3Fm%3D1%26n%3D2"),
    ],
)
async def test_an_ended_session_leads_to_the_login_page_and_back(url: str, there: str) -> None:
    """Somebody who is not signed in is led to the login page, which knows the way back."""
    async with tab(accounts=FakeAccounts(who=None), url=url) as page:
        state = await page.of(SessionState)
        assert target(await state.load()) == there


async def test_without_accounts_the_set_up_page_comes_first() -> None:
    """While there is no account, every page leads to the set-up page."""
    async with tab(accounts=FakeAccounts(who=None, empty=True)) as page:
        state = await page.of(SessionState)
        assert target(await state.load()) == "http:/setup"
        assert target(await state.enter()) == "/setup"
        assert await state.begin() is None


async def test_the_login_page_is_left_by_those_signed_in() -> None:
    """The login and set-up pages send away people who have nothing to do there."""
    async with tab() as page:
        state = await page.of(SessionState)
        assert target(await state.enter()) == "/"
        assert target(await state.begin()) == "/login"


async def test_arguments_of_the_right_types_arrive() -> None:
    """A well-formed call reaches the handler, with its defaults."""
    async with tab() as page:
        state = await page.of(Probe)
        await state.take("a")
        await state.take("b", times=2, how="down")
        assert state.seen == ["a1up", "b2down"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": 1},
        {"text": None},
        {"text": ["a"]},
        {"text": "a", "times": "2"},
        {"text": "a", "times": True},
        {"text": "a", "how": "sideways"},
        {"text": "a", "more": 1},
        {},
    ],
)
async def test_a_hostile_call_is_a_notice(arguments: dict[str, object]) -> None:
    """A call with other arguments than annotated changes nothing and shows a notice."""
    async with tab() as page:
        state = await page.of(Probe)
        assert await state.take(**arguments) is None
        assert state.seen == []
        assert [each.kind for each in await page.notices()] == ["error"]


async def test_a_refusal_is_shown_in_its_own_words() -> None:
    """What a service refuses is shown with its advice."""
    async with tab() as page:
        await (await page.of(Probe)).refuse()
        shown = (await page.notices())[0]
        assert shown.text == "An answer is still being written in this conversation."
        assert shown.advice == "Wait for it to end, or stop it."


async def test_an_unforeseen_failure_is_a_notice_and_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever a handler raises, the person is told that something went wrong, and only the log tells what."""
    async with tab() as page:
        state = await page.of(Probe)
        assert await state.fail() is None
        [shown] = await page.notices()
        assert (shown.kind, shown.text) == ("error", "Something went wrong in Gantry.")
        assert "secret" not in shown.advice
    [line] = caplog.records
    assert line.getMessage() == "event.failed"
    assert line.exc_info


async def test_a_failure_midway_is_a_notice_too() -> None:
    """A handler with several steps may fail at any of them."""
    async with tab() as page:
        async for _ in (await page.of(Probe)).fail_midway():
            pass
        assert [each.text for each in await page.notices()] == ["Something went wrong in Gantry."]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a\ud800b", "a\ufffdb"), ("\udc00", "\ufffd"), ("😀 é", "😀 é"), ("a\0b", "ab")],
)
async def test_what_no_database_can_keep_is_taken_out(sent: str, kept: str) -> None:
    """Half surrogate pairs and NUL, which JSON can carry, do not get past the door; all else does."""
    async with tab() as page:
        state = await page.of(Probe)
        await state.take(sent)
        await state.fill_in({"name": sent})
        assert state.seen == [f"{kept}1up", kept]


async def test_the_same_notice_is_shown_once() -> None:
    """Repeating a notice renews it instead of stacking it; the stack is bounded."""
    async with tab() as page:
        state = await page.of(Probe)
        for text in ("one", "two", "one", *"abcdef"):
            await notify(state, text)
        shown = await page.notices()
        assert len(shown) == MAX_NOTICES
        assert len({each.text for each in shown}) == MAX_NOTICES


async def test_a_notice_is_dismissed() -> None:
    """Dismissing takes away the one meant, and an unknown one changes nothing."""
    async with tab() as page:
        state = await page.of(NoticeState)
        await notify(state, "one")
        await notify(state, "two")
        await state.dismiss("unknown")
        await state.dismiss(state.notices[0].id)
        assert [each.text for each in state.notices] == ["two"]


async def test_a_theme_is_kept() -> None:
    """Choosing a theme stores it; one that does not exist is refused."""
    accounts = FakeAccounts()
    async with tab(accounts=accounts) as page:
        state = await page.of(SessionState)
        await state.choose_theme("dark")
        assert state.theme == "dark"
        await state.choose_theme("neon")
        assert accounts.calls == [("update_profile", {"theme": "dark"})]


def test_what_is_no_id_does_not_exist() -> None:
    """Something that is not an id at all looks like an id that is not there."""
    for kind in ("item", "document", "collection"):
        with pytest.raises(NotFound):
            uuid_of("../etc/passwd", kind)


def test_an_id_is_no_longer_than_ids_are() -> None:
    """Dashes and braces count for nothing, but not without end: what is called an id is kept by some states."""
    one = uuid4()
    assert uuid_of(f"{{{str(one).upper()}}}") == one
    with pytest.raises(NotFound):
        uuid_of("-" * 100_000 + one.hex)
