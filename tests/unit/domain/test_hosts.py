"""Which names this installation is reached by."""

import pytest

from gantry.domain.hosts import HostNames, is_loopback_name


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("chat.example.com", True),
        ("Chat.Example.com:8443", True),
        ("chat.example.com.", True),
        ("www.example.com", True),
        ("a.b.wild.example", True),
        ("wild.example", False),
        ("evil.example", False),
        ("chat.example.com.evil.example", False),
        ("evilchat.example.com", False),
        ("localhost:3000", True),
        ("app.localhost", True),
        ("127.0.0.1:3000", True),
        ("[::1]:3000", True),
        ("10.0.0.7:8000", True),
        ("nas", True),
        ("nas.local:3000", True),
        ("gantry.internal", True),
        ("", False),
        ("[", False),
        ("a b", False),
        ("localhost/@evil.example", True),
        ("evil.example/localhost", False),
        ("api.front.example", True),
        ("front.example", True),
    ],
)
def test_names_are_ours_when_named_or_nobody_elses(host: str, ours: bool) -> None:
    """Named ones, addresses, and names that only the own network can know; what another site calls itself is not."""
    names = HostNames(
        ["chat.example.com", "https://www.example.com:8443", " *.wild.example ", ""],
        ["https://app.front.example"],
    )
    assert names.includes(host) is ours
    assert names.includes(host) is ours, "asked again"


def test_any_name_may_be_allowed() -> None:
    """An asterisk switches the check off; a front end right below a public ending opens nothing beside it."""
    assert HostNames(["*"], []).includes("evil.example")
    names = HostNames([], ["https://front.example"])
    assert not names.includes("other.example")
    assert names.includes("api.front.example")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1:80", True),
        ("[::1]", True),
        ("nas", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_this_machine_has_few_names(host: str, loopback: bool) -> None:
    """What names this very machine."""
    assert is_loopback_name(host) is loopback
