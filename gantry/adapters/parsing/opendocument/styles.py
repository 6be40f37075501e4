"""What the styles of an OpenDocument file say: how lists and headings are numbered, which text is hidden."""

from collections.abc import Iterable
from dataclasses import dataclass

from gantry.adapters.parsing.office.counting import counted
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, child, name_of, value

_WAYS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_NUMBERED = {"text:list-level-style-number", "text:outline-level-style"}


@dataclass(frozen=True, slots=True)
class _Level:
    way: str  # empty: no number
    before: str
    after: str
    shown: int  # how many levels, with those above
    start: int
    bullet: bool


class Styles:
    """Those of ``content.xml`` and of ``styles.xml`` together."""

    def __init__(self, roots: Iterable[Element]) -> None:
        self._lists: dict[str, dict[int, _Level]] = {}
        self._hidden: set[str] = set()
        self._unseen: set[str] = set()  # sheets
        self.outline: dict[int, _Level] = {}
        for root in roots:
            for each in root.iter():
                self._take(name_of(each), each)

    def _take(self, name: str, element: Element) -> None:
        if name == "text:list-style":
            self._lists[value(element, "name")] = _levels(element)
        elif name == "text:outline-style":
            self.outline = _levels(element)
        elif name == "style:style":
            own = value(element, "name")
            text, table = child(element, "style:text-properties"), child(element, "style:table-properties")
            if text is not None and value(text, "display") == "none":
                self._hidden.add(own)
            if table is not None and value(table, "display") == "false":
                self._unseen.add(own)

    def levels(self, list_style: str) -> dict[int, _Level]:
        """Return the levels of a list, from 1."""
        return self._lists.get(list_style, {})

    def is_hidden(self, style: str) -> bool:
        """Whether text of this style is not shown."""
        return style in self._hidden

    def is_hidden_sheet(self, style: str) -> bool:
        """Whether a sheet of this style is not shown."""
        return style in self._unseen


def _levels(element: Element) -> dict[int, _Level]:
    return {to_int(value(each, "level")) or 1: _level(each) for each in element if value(each, "level")}


def _level(element: Element) -> _Level:
    return _Level(
        way=_WAYS.get(value(element, "num-format"), "") if name_of(element) in _NUMBERED else "",
        before=value(element, "num-prefix"),
        after=value(element, "num-suffix"),
        shown=to_int(value(element, "display-levels")) or 1,
        start=to_int(value(element, "start-value")) or 1,
        bullet=name_of(element) == "text:list-level-style-bullet",
    )


class Counter:
    """Counts one list, or the headings."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def label(self, levels: dict[int, _Level], level: int, start: int | None = None) -> str:
        """Return what stands before the next item of a level."""
        here = levels.get(level)
        if here is None:
            return ""
        self._counts[level] = start if start is not None else self._counts.get(level, here.start - 1) + 1
        for deeper in [each for each in self._counts if each > level]:
            del self._counts[deeper]
        if here.bullet:
            return "•"
        if not here.way:
            return ""
        first = max(1, level - here.shown + 1)
        shown = [
            (levels[each], each) for each in range(first, level + 1) if each in levels and levels[each].way
        ]
        numbers = (counted(self._counts.setdefault(each, told.start), told.way) for told, each in shown)
        return f"{here.before}{'.'.join(numbers)}{here.after}".strip()
