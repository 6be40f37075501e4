"""Which tab a websocket belongs to."""

from uuid import UUID

import pytest

from gantry.domain.cookies import session_cookie
from gantry.state.connections import LocalConnections, bound_token

TOKEN = "b3c49b3c-957b-4e27-c0aa-9dcf214cbf97"


def test_a_stolen_token_is_worthless() -> None:
    """The state of a tab is named by its token and the session together: neither is enough alone."""
    own = bound_token(TOKEN, "session of Ada")
    assert own == bound_token(TOKEN, "session of Ada")
    assert own not in {TOKEN, bound_token(TOKEN, None), bound_token(TOKEN, "session of Bob")}
    assert bound_token(own, "session of Bob") != own


def test_bound_tokens_look_like_reflexs() -> None:
    """A bound token is a UUID, version 4, as Reflex's own are."""
    assert UUID(bound_token(TOKEN, "s")).version == 4
    assert UUID(bound_token("", None)).version == 4


@pytest.mark.parametrize(
    ("cookies", "session"),
    [
        ("gantry_session=abc", "abc"),
        ("theme=dark; gantry_session=abc; odd=[;]", "abc"),
        ('gantry_session="abc"', "abc"),
        ("gantry_session=", None),
        ("not_gantry_session=abc", None),
        ("gantry_session=tossed; __Host-gantry_session=abc", "abc"),
        ("__Host-gantry_session=abc; gantry_session=tossed", "abc"),
        ("__Host-gantry_session=", None),
        ("", None),
    ],
)
def test_the_session_is_found_among_cookies(cookies: str, session: str | None) -> None:
    """The session is read from the Cookie header whatever other applications have put there."""
    assert session_cookie(cookies) == session


async def test_a_page_that_reconnects_takes_its_state_back() -> None:
    """A reconnecting page gets its state even while its dead connection is still known, and keeps it when that ends."""
    connections = LocalConnections()
    assert await connections.claim("tab", "old", take_over=False)
    assert await connections.claim("tab", "new", take_over=True)
    assert connections.token_to_socket["tab"].sid == "new"
    assert "old" not in connections.sid_to_token
    await connections.disconnect_token("tab", "old")
    assert connections.token_to_socket["tab"].sid == "new"
    await connections.disconnect_token("tab", "new")
    assert not connections.token_to_socket
    assert not connections.sid_to_token


async def test_a_duplicated_tab_does_not_take_over() -> None:
    """A new page with the token of a living connection is told to use another one."""
    connections = LocalConnections()
    assert await connections.claim("tab", "first", take_over=False)
    assert not await connections.claim("tab", "second", take_over=False)
    assert connections.sid_to_token == {"first": "tab"}
