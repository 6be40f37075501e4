"""What is said to people: English text that can still be said in another language.

``_`` marks it, ``plural`` marks what depends on a number. The result is the English text, for logs and programs; ``gantry.languages`` says it in
another language, where it is shown.
"""

import re
from collections.abc import Mapping
from typing import Any, Self

#: The languages of the interface, and what each calls itself.
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "ar": "العربية"}
_PLACE = re.compile(r"\{(\w+)\}")


class Message(str):
    """An English text that knows what it was made of.

    Attributes:
        msgid: Its name in the catalogues: the English text with its places.
        plural: The same for more than one, where it depends on ``values["count"]``.
        values: What goes to its places.
    """

    __slots__ = ("msgid", "plural", "values")
    msgid: str
    plural: str
    values: Mapping[str, Any]

    def __new__(cls, msgid: str, values: Mapping[str, Any], plural: str = "") -> Self:
        """Return the message in English."""
        form = plural if plural and values["count"] != 1 else msgid
        made = super().__new__(cls, filled(form, values, _in_english))
        made.msgid, made.plural, made.values = msgid, plural, values
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, Any], str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what a copy is made of."""
        return self.msgid, self.values, self.plural


def _(text: str, /, **values: Any) -> Message:
    """Mark *text* to be translated; each of *values* goes to the place in braces that has its name."""
    return Message(text, values)


def plural(one: str, many: str, /, *, count: int, **values: Any) -> Message:
    """Mark a text that depends on *count*, which goes to ``{count}``."""
    return Message(one, {"count": count, **values}, many)


def filled(text: str, values: Mapping[str, Any], written: Any = str) -> str:
    """Return *text* with *values* at their places, each as *written* writes it."""
    if not values:
        return text
    return _PLACE.sub(lambda place: written(values[place[1]]) if place[1] in values else place[0], text)


def _in_english(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
