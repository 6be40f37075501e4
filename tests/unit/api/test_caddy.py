"""What Caddy is told about a build."""

import re

import pytest

from gantry.api.caddy import caddy_snippets, route_pattern

ROUTES = ["index", "c/[id]", "settings", "admin/[tab]", "login", "setup", "404"]


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", True),
        ("/login", True),
        ("/login/", True),
        ("/c/17", True),
        ("/admin/users", True),
        ("", False),
        ("/c", False),
        ("/c/", False),
        ("/c/17/18", False),
        ("/admin", False),
        ("/logins", False),
        ("/x/login", False),
        ("/404", False),
        ("//", False),
    ],
)
def test_which_paths_are_pages(path: str, page: bool) -> None:
    """Caddy answers the application's routes, and nothing else, with a page and 200."""
    assert bool(re.search(route_pattern(ROUTES), path)) is page


def test_the_snippets_depend_on_the_build_alone() -> None:
    """The same routes in another order give the same file, with the names the Caddyfile imports."""
    policy = "default-src 'self'"
    written = caddy_snippets(ROUTES, policy=policy)
    assert written == caddy_snippets(ROUTES[::-1], policy=policy)
    assert re.findall(r"^\((\w+)\) \{$", written, re.MULTILINE) == ["gantry_pages", "gantry_not_found"]
    assert written.count(f'header ?Content-Security-Policy "{policy}"') == 2
    assert written.count("{") == written.count("}")


def test_files_whose_type_caddy_may_not_know() -> None:
    """The manifest and the old icon have their types whatever the system's list says."""
    written = caddy_snippets(ROUTES, policy="default-src 'self'")
    assert "header @manifest Content-Type application/manifest+json" in written
    assert "header @icon Content-Type image/x-icon" in written


@pytest.mark.parametrize("route", ["files/[[...path]]", "[[id]]", "a b"])
def test_a_route_of_an_unknown_kind_stops_the_build(route: str) -> None:
    """A route that the pattern could only guess is refused."""
    with pytest.raises(ValueError, match="no Caddy matcher"):
        route_pattern([route])
