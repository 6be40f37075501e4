"""The style sheet of an RTF file: which styles are headings."""

import re

_HEADING = re.compile(r"^(?:heading|title)\s*(\d*)$", re.IGNORECASE)


class Styles:
    """Takes the style sheet as it comes."""

    def __init__(self) -> None:
        self._levels: dict[int, int] = {}
        self._style = 0
        self._outline: int | None = None
        self._name = ""

    def define(self, word: str, number: int | None) -> None:
        """Take a control word."""
        if word == "s":
            self._style, self._outline, self._name = number or 0, None, ""
        elif word == "outlinelevel" and number is not None and 0 <= number < 9:
            self._outline = number + 1

    def name(self, text: str) -> None:
        """Take a piece of a name; a semicolon ends it."""
        self._name = (self._name + text)[-200:]
        if not self._name.endswith(";"):
            return
        named = _HEADING.match(self._name[:-1].strip())
        level = int(named[1] or 0) if named else self._outline
        if level is not None:
            self._levels[self._style] = level
        self._style, self._outline, self._name = 0, None, ""

    def level(self, style: int) -> int | None:
        """Return the level of a heading, None for other styles."""
        return self._levels.get(style)
