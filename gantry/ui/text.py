"""What the interface says, in the reader's language: ``_("Send")`` is a Var that the browser looks up when it draws."""

from typing import Any

import reflex as rx
from reflex.vars import StringVar

from gantry.ui.browser import function

Text = str | rx.Var[str]
"""What is shown: a message, or what a person or program wrote."""


def _(text: str, /, **values: Any) -> StringVar[str]:
    """Mark *text* to be translated; each of *values* goes to the place in braces that has its name."""
    return function("_", "text.js").call(text, values).to(str) if values else _plain(text)


def plural(one: str, many: str, /, *, count: Any, **values: Any) -> StringVar[str]:
    """Mark a text that depends on the number *count*, which goes to ``{count}``."""
    return function("plural", "text.js").call(one, many, {"count": count, **values}).to(str)


def ltr(value: str) -> StringVar[str]:
    """Return *value*, an address, such that it is read from left to right in a sentence of any language."""
    return rx.Var.create("\u2066") + rx.Var.create(value) + "\u2069"


def around(text: StringVar[str], place: str, component: rx.Component) -> rx.Component:
    """Lay out *text*, a message, with *component* at the place in braces called *place*."""
    parts = text.split("{" + place + "}")
    return rx.fragment(parts[0], component, parts[1])


def _plain(text: str) -> StringVar[str]:
    return function("_", "text.js").call(text).to(str)
