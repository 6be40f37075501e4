"""Errors that a server reports inside a stream that began well, by any name."""

from collections.abc import Mapping
from typing import Any

from gantry.adapters.http.server_words import Words

_FINE = ("200", "ok", "success")  # codes of no error


class BrokenAnswer(Exception):
    """The stream is not what the dialect says; carries the payload's beginning."""


class ReportedError(Exception):
    """The server reported an error inside a stream that began well; ``error`` is its JSON value."""

    def __init__(self, error: Any) -> None:
        super().__init__("The server reported an error.")
        self.error = error


class EndedEarly(Exception):
    """The server ended the answer with a reason that means a failure, which is the message."""


def says_something(error: Any) -> bool:
    """Whether an ``error`` is one: some send the field empty, or with code 0, with every piece."""
    if not isinstance(error, dict):
        return bool(error)
    return any(value and str(value).lower() not in _FINE for value in error.values())


def named_error(value: Any) -> Any:
    """Return the error of an event that is called one: its ``error`` where it has one."""
    return value if isinstance(value, dict | list) else {"message": str(value)}


def is_error(event: Mapping[str, Any]) -> bool:
    """Whether an event without choices and without ``error`` is an error all the same."""
    kinds = (
        event.get("object"),
        event.get("type"),
        event.get("event"),
        event.get("status"),
        event.get("level"),
    )
    if "error" in kinds or event.get("success") is False:
        return True
    outcome = event.get("base_resp")  # MiniMax
    if isinstance(outcome, dict) and outcome.get("status_code"):
        return True
    words = Words.of(event)
    if words.status is not None:
        return True
    told = any(
        isinstance(event.get(name), str | list | dict) and event[name]
        for name in ("message", "detail", "msg", "error_msg", "errors")
    )
    codes = (event.get("code"), event.get("error_code"), event.get("error_type"))
    coded = any(code and str(code).lower() not in _FINE for code in codes)
    told_alone = "detail" in event and not any(
        isinstance(kind, str) for kind in kinds
    )  # else: signs of life tell, too
    return told and (coded or told_alone)
