"""The language of whoever raised the event being handled."""

from contextvars import ContextVar

from gantry.domain.errors import GantryError
from gantry.languages import ENGLISH, chosen, stored, translated

_language: ContextVar[str] = ContextVar("gantry_language", default=ENGLISH)


def speak(language: str, accepted: str) -> None:
    """Speak the account's *language* from now on in this event; empty: the browser's, which accepts *accepted*."""
    _language.set(chosen(language, accepted))


def said(text: str) -> str:
    """Return *text*, if it is a message, in the person's language."""
    return translated(text, _language.get())


def told(error: GantryError) -> str:
    """Return what *error* says and what to do about it, in the person's language."""
    return f"{said(error.public)} {said(error.advice)}".strip()


def spoken() -> str:
    """Return which language that is."""
    return _language.get()


def recalled(text: str) -> str:
    """Return *text*, which has been stored in English, in the person's language."""
    return stored.recalled(text, _language.get())
