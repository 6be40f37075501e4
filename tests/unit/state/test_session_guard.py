"""The session check before every event."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import reflex as rx
from reflex.event import Event
from reflex.state import State, StateUpdate

from gantry.domain.accounts import Actor, Role
from gantry.domain.errors import NotSignedIn
from gantry.runtime import installed
from gantry.state.guard import SessionGuard, actor

ADA = Actor(UUID(int=1), "ada@example.org", "Ada", Role.USER)
HYDRATE = "reflex___state____state.hydrate_and_load"
LOAD = "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"


class DraftState(rx.State):
    """A state with something private in it."""

    text: str = ""

    @rx.event
    def enter(self) -> None:
        """Run when the public page loads."""


class Accounts:
    """Knows one session."""

    empty = False

    async def authenticate(self, token: str | None) -> Actor:
        if token != "good":
            raise NotSignedIn
        return ADA

    async def needs_setup(self) -> bool:
        return self.empty


@pytest.fixture(autouse=True)
def accounts() -> Iterator[Accounts]:
    """Services of which only accounts are there."""
    accounts = Accounts()
    with installed(cast("Any", SimpleNamespace(accounts=accounts))):
        yield accounts


async def passed(
    name: str,
    *,
    cookie: str = "",
    page: str = "/c/[id]",
    address: str = "/c/17?q=1&x",
    state: State | None = None,
) -> StateUpdate | None:
    state = state or State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    headers = {"cookie": cookie, "origin": "https://chat.example"}
    state.router_data = {"pathname": page, "asPath": address, "headers": headers}
    events = {"/login": [DraftState.enter]}
    routes = {"/c/17": "/c/[id]"}
    app = SimpleNamespace(get_load_events=lambda route: events.get(route, []), router=routes.get)
    return await SessionGuard().preprocess(cast("Any", app), state, Event(name=name))


def destination(update: StateUpdate | None) -> str:
    assert update is not None
    [event] = update.events
    return event.payload["path"]


async def test_a_valid_session_passes() -> None:
    """With a valid session every event goes through, and its handler knows who acts."""
    assert await passed("any.event", cookie="gantry_session=good") is None
    assert actor() == ADA


@pytest.mark.parametrize("name", ["any.event", HYDRATE])
async def test_without_a_session_the_way_leads_to_the_login_page(name: str) -> None:
    """Without a session an event is stopped; the page is left for the login page, which knows the way back."""
    update = await passed(name, cookie="gantry_session=ended")
    assert destination(update) == "https:/login?next=/c/17%3Fq%3D1%26x"


async def test_an_address_that_is_none_of_ours_is_no_way_back() -> None:
    """Who leaves it by a link may be a moment ahead of what the browser says of its address."""
    update = await passed("any.event", cookie="gantry_session=ended", address="/no/such/page")
    assert destination(update) == "https:/login?next=/"
    with pytest.raises(NotSignedIn):
        actor()


async def test_an_empty_installation_leads_to_set_up(accounts: Accounts) -> None:
    """While there is no account, the way leads to the set-up page."""
    accounts.empty = True
    assert destination(await passed("any.event")) == "https:/setup"


async def test_public_pages_load() -> None:
    """The login page hydrates and runs what it runs on load."""
    assert await passed(HYDRATE, page="/login") is None
    assert await passed(LOAD, page="/login") is None
    assert await passed(f"{DraftState.get_full_name()}.enter", page="/login") is None
    assert await passed(f"{DraftState.get_full_name()}.other", page="/login") is not None


async def test_an_ended_session_leaves_nothing_to_read() -> None:
    """Who asks for the login page with an ended session gets an empty state, not what the session had on screen."""
    state = State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    draft = cast("DraftState", state.substates[DraftState.get_name()])
    draft.text = "private"
    assert await passed(HYDRATE, page="/login", cookie="gantry_session=ended", state=state) is None
    assert draft.text == ""
