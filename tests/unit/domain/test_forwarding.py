"""What a proxy does not pass on shows when a page's origin is compared with what arrives."""

import pytest

from gantry.domain.forwarding import (
    ADDRESS,
    HOST,
    PORT,
    PROTO,
    UNTRUSTED,
    Gap,
    gap_in_address,
    gap_in_host,
    gap_in_scheme,
)
from gantry.domain.hosts import own_origins


@pytest.mark.parametrize(
    ("origin", "host", "gap"),
    [
        ("https://chat.example.com", "chat.example.com", None),
        ("https://chat.example.com", "chat.example.com:443", None),
        ("http://nas.local:3000", "nas.local:3000", None),
        ("https://chat.example.com", "127.0.0.1:3000", HOST),
        ("https://chat.example.com", "gantry", HOST),
        ("https://chat.example.com:8443", "chat.example.com", PORT),
        ("http://nas.local:8080", "nas.local", PORT),
        ("https://[::1", "chat.example.com", HOST),
        ("https://chat.example.com:x", "chat.example.com", HOST),
        ("null", "chat.example.com", HOST),
    ],
)
def test_what_became_of_the_host(origin: str, host: str, gap: Gap | None) -> None:
    """A replaced name is told from a lost port."""
    assert gap_in_host(origin, host) is gap


@pytest.mark.parametrize(
    ("origin", "scheme", "told", "gap"),
    [
        ("https://chat.example.com", "https", True, None),
        ("https://chat.example.com", "wss", False, None),
        ("http://chat.example.com", "http", False, None),
        ("https://chat.example.com", "http", False, PROTO),
        ("https://chat.example.com", "ws", True, UNTRUSTED),
    ],
)
def test_https_that_nobody_told_of(origin: str, scheme: str, told: bool, gap: Gap | None) -> None:
    """A proxy that says nothing is told from one that is not believed."""
    assert gap_in_scheme(origin, scheme, told=told) is gap


@pytest.mark.parametrize(
    ("origin", "scheme", "headers", "gap"),
    [
        ("http://nas.local:3000", "http", [], None),
        ("http://nas.local:3000", "http", ["x-forwarded-proto"], ADDRESS),
        ("https://chat.example.com", "http", [], ADDRESS),
        ("https://chat.example.com", "wss", ["x-forwarded-proto"], ADDRESS),
        ("https://chat.example.com", "https", ["x-forwarded-proto", "x-forwarded-for"], None),
        ("https://chat.example.com", "http", ["forwarded"], None),
    ],
)
def test_addresses_that_nobody_told_of(origin: str, scheme: str, headers: list[str], gap: Gap | None) -> None:
    """They are missed where something else shows that there is a proxy."""
    assert gap_in_address(origin, scheme, headers) is gap


def test_every_gap_names_its_header_and_a_way_out() -> None:
    """The sentence is for who reads the page, the advice for who runs the proxy."""
    for gap in (HOST, PORT, PROTO, ADDRESS):
        assert gap.header in f"{gap.sentence} {gap.advice}"
        assert "proxy_set_header" in gap.advice
    assert "TRUSTED_PROXIES" in UNTRUSTED.advice


@pytest.mark.parametrize(
    ("named", "origins"),
    [
        (["chat.example.com", " Other.Example "], {"https://chat.example.com", "https://other.example"}),
        (["https://chat.example.com:443/"], {"https://chat.example.com"}),
        (
            ["http://nas.local:8080", "chat.example.com:8443"],
            {"http://nas.local:8080", "https://chat.example.com:8443"},
        ),
        (["*", "*.example.com", "", "localhost", "127.0.0.1", "http://localhost:3000"], set()),
    ],
)
def test_origins_the_operator_has_named(named: list[str], origins: set[str]) -> None:
    """Patterns, and this machine, where other programs have pages too, name none."""
    assert own_origins(named) == origins
