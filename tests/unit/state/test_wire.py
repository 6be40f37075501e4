"""What is believed of a browser's messages."""

from typing import Any

import pytest

from gantry.state.first_steps import STORED
from gantry.state.wire import headers_of, page_of, payload_of

(HIDDEN,) = STORED

ROOT = "reflex___state____state"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"pathname": "/c/[id]", "asPath": "/c/1?q=2", "query": {"id": "1", "q": "2"}},
            {"pathname": "/c/[id]", "asPath": "/c/1?q=2", "query": {"id": "1", "q": "2"}},
        ),
        (
            {"pathname": "/", "asPath": "/?q=" + "x" * 3_000, "query": {"q": "x" * 3_000}},
            {"pathname": "/", "asPath": "/", "query": {}},
        ),
        (
            {"pathname": "/" + "x" * 3_000, "asPath": 7, "query": ["q"]},
            {"pathname": "", "asPath": "", "query": {}},
        ),
        (
            {"query": {str(n): "" for n in range(1_000)}, "token": "t", "sid": "s"},
            {"pathname": "", "asPath": "", "query": {}},
        ),
        (
            {"pathname": "/", "asPath": "https://elsewhere", "query": {"a": {"b": "c"}}},
            {"pathname": "/", "asPath": "", "query": {}},
        ),
        ("/login", {"pathname": "", "asPath": "", "query": {}}),
        (None, {"pathname": "", "asPath": "", "query": {}}),
    ],
)
def test_a_page_is_where_it_is(given: Any, kept: dict[str, Any]) -> None:
    """Address and query are kept, as long as they are an address and a query."""
    assert page_of(given) == kept


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("set_is_hydrated", {"value": True}, {"value": True}),
        ("set_is_hydrated", {"value": "x" * 900}, None),
        ("set_is_hydrated", {"value": 1}, None),
        ("set_is_hydrated", {"value": True, "more": 1}, None),
        ("hydrate_and_load", {"hashes": ["a", "b"], "vars": {"x": 1}}, {"hashes": ["a", "b"]}),
        ("hydrate_and_load", {"vars": {HIDDEN: "yes", "other": "yes"}}, {"vars": {HIDDEN: "yes"}}),
        ("hydrate_and_load", {"vars": {HIDDEN: "x" * 900}}, {}),
        ("hydrate_and_load", {"vars": {HIDDEN: ["yes"]}}, {}),
        ("hydrate_and_load", {"hashes": "x" * 900}, {}),
        ("hydrate_and_load", {"hashes": ["x" * 900]}, {}),
        ("hydrate_and_load", ["hashes"], {}),
        (
            "handle_frontend_exception",
            {"info": "i" * 9_000, "more": 1},
            {"info": "i" * 4_000, "component_stack": ""},
        ),
        ("update_vars_internal", {"vars": {"x": 1}}, {"vars": {}}),
    ],
)
def test_reflexs_own_events_carry_what_pages_send(name: str, given: Any, kept: Any) -> None:
    """What no page of ours sends is left out, or the event is refused; our own handlers check for themselves."""
    assert payload_of(f"{ROOT}.{name}", given) == kept
    if isinstance(given, dict):
        assert payload_of(f"gantry___state___chat____chat_state.{name}", given) == given


def test_headers_are_whence_it_comes() -> None:
    """Of a handshake the origin, the host and the session are kept."""
    given = {
        "host": "chat.example.com",
        "origin": "https://chat.example.com",
        "cookie": "theme=dark; __Host-gantry_session=s",
        "x-forwarded-for": "203.0.113.9",
        "authorization": "Basic x",
        "user-agent": "x" * 9_000,
    }
    assert headers_of(given) == {
        "host": "chat.example.com",
        "origin": "https://chat.example.com",
        "cookie": "gantry_session=s",
    }
    assert headers_of({"cookie": "theme=dark"}) == {}
