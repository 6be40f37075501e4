"""What the styles of a Word file say: which are headings, which are numbered, which are hidden."""

import re
from dataclasses import dataclass

from gantry.adapters.parsing.office.xml import Element, child, child_value, is_on, name_of, value

_HEADING = re.compile(r"^(?:heading|title)\s*(\d*)$", re.IGNORECASE)
_MAX_STEPS = 20  # from a style to what it is based on


@dataclass(frozen=True, slots=True)
class Style:
    """One style, without what it is based on. ``number`` is (list, level), each None where it is not said."""

    based_on: str
    level: int | None
    number: tuple[str | None, int | None]
    hidden: bool


class Styles:
    """Looked up by id; what a style does not say, the one below it does."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, Style] = {}
        for each in root if root is not None else ():
            if name_of(each) == "w:style":
                self._styles[value(each, "styleId")] = _style(each)

    def _chain(self, id_: str) -> list[Style]:
        found: list[Style] = []
        while (style := self._styles.get(id_)) is not None and len(found) < _MAX_STEPS:
            found.append(style)
            id_ = style.based_on
        return found

    def level(self, id_: str) -> int | None:
        """Return the level of a heading (0 is the title), None for other text."""
        return next((each.level for each in self._chain(id_) if each.level is not None), None)

    def number(self, id_: str) -> tuple[str | None, int | None]:
        """Return the list a style belongs to, and its level there."""
        chain = self._chain(id_)
        list_id = next((each.number[0] for each in chain if each.number[0] is not None), None)
        return list_id, next((each.number[1] for each in chain if each.number[1] is not None), None)

    def hidden(self, id_: str) -> bool:
        """Whether text of this style is not shown."""
        return any(each.hidden for each in self._chain(id_))


def number_of(properties: Element | None) -> tuple[str | None, int | None]:
    """Return the list and the level that a ``w:pPr`` names."""
    told = child(properties, "w:numPr") if properties is not None else None
    if told is None:
        return None, None
    return child_value(told, "w:numId"), to_int(child_value(told, "w:ilvl"))


def outline_level(properties: Element | None) -> int | None:
    """Return the level of a heading that a ``w:pPr`` names; 9 is Word's word for none."""
    level = to_int(child_value(properties, "w:outlineLvl")) if properties is not None else None
    return level + 1 if level is not None and 0 <= level < 9 else None


def to_int(text: str | None) -> int | None:
    """Return a whole number, None for what is none."""
    try:
        return int(text) if text is not None and len(text) < 10 else None
    except ValueError:
        return None


def _style(element: Element) -> Style:
    named = _HEADING.match(child_value(element, "w:name") or "")
    properties = child(element, "w:pPr")
    return Style(
        based_on=child_value(element, "w:basedOn") or "",
        level=int(named[1] or 0) if named else outline_level(properties),
        number=number_of(properties),
        hidden=is_on(child(element, "w:rPr"), "w:vanish"),
    )
