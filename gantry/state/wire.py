"""What is believed of a browser's messages, before Reflex keeps any of it.

A tab's state keeps where the page is, and the headers its websocket was opened with, for hours, whether or not anybody
has signed in. So both are cut to what a page needs.
"""

from collections.abc import Mapping
from typing import Any, cast

from gantry.domain.cookies import SESSION_COOKIE, session_cookie
from gantry.state.first_steps import STORED

MAX_ADDRESS_CHARACTERS = 2_000
_MAX_HASHES = 1_000
_MAX_HASH_CHARACTERS = 100
_MAX_REPORT_CHARACTERS = 4_000
_MAX_STORED_CHARACTERS = 20
_KEPT_HEADERS = ("host", "origin", "accept-language")


def page_of(given: object) -> dict[str, Any]:
    """Return the part of ``router_data`` that says where the page is: ``pathname``, ``query`` and ``asPath``."""
    told = _object(given)
    path, shown = _address(told.get("pathname")), _address(told.get("asPath"))
    pairs = _object(told.get("query")).items()
    kept = {name: value for name, value in pairs if isinstance(value, str)}
    room = MAX_ADDRESS_CHARACTERS
    if sum(len(name) + len(value) for name, value in kept.items()) > room or len(kept) > room // 10:
        kept = {}
    return {"pathname": path, "asPath": shown, "query": kept}


def _address(given: object) -> str:
    """Return an address inside this site; without its query when that is too long, nothing when it is none."""
    if not isinstance(given, str):
        return ""
    if len(given) > MAX_ADDRESS_CHARACTERS:
        given = given[:MAX_ADDRESS_CHARACTERS].partition("?")[0]
    return given if given.startswith("/") and len(given) < MAX_ADDRESS_CHARACTERS else ""


def payload_of(name: str, given: object) -> dict[str, Any] | None:
    """Return what an event carries; None when one of Reflex's own carries what no page of ours sends.

    Our own handlers check their arguments themselves (``session.guarded``).
    """
    told = _object(given)
    handler = name.rpartition(".")[2]
    match handler if name.startswith("reflex___") else "":
        case "set_is_hydrated":
            return told if list(told) == ["value"] and isinstance(told["value"], bool) else None
        case "hydrate" | "hydrate_and_load":
            hashes, kept = told.get("hashes"), _stored(told.get("vars"))
            return ({"hashes": hashes} if _are_hashes(hashes) else {}) | ({"vars": kept} if kept else {})
        case "handle_frontend_exception":
            return {
                key: str(told.get(key, ""))[:_MAX_REPORT_CHARACTERS] for key in ("info", "component_stack")
            }
        case "update_vars_internal" | "on_load_internal":
            return {"vars": _stored(told.get("vars"))} if handler == "update_vars_internal" else {}
        case _:
            return told


def _object(given: object) -> dict[str, Any]:
    """Return an object of JSON; an empty one in place of anything else."""
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


def _stored(given: object) -> dict[str, str]:
    """Return what the browser's storage holds of the fields that our states keep there, by their full names."""
    return {
        name: value
        for name, value in _object(given).items()
        if name in STORED and isinstance(value, str) and len(value) <= _MAX_STORED_CHARACTERS
    }


def _are_hashes(given: object) -> bool:
    if not isinstance(given, list):
        return False
    hashes = cast("list[Any]", given)
    return len(hashes) <= _MAX_HASHES and all(
        isinstance(each, str) and len(each) <= _MAX_HASH_CHARACTERS for each in hashes
    )


def headers_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a handshake that are needed: whence it came, and the session's cookie."""
    kept = {name: headers[name][:MAX_ADDRESS_CHARACTERS] for name in _KEPT_HEADERS if name in headers}
    session = session_cookie(headers.get("cookie", ""))
    return kept | ({"cookie": f"{SESSION_COOKIE}={session}"} if session else {})
