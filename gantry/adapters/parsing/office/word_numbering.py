"""The numbers before headings and paragraphs of a Word file, which are counted and not written in it."""

import re
from dataclasses import dataclass, field

from gantry.adapters.parsing.office.counting import counted
from gantry.adapters.parsing.office.word_styles import Styles, to_int
from gantry.adapters.parsing.office.xml import Element, child_value, is_on, name_of, value

_PLACE = re.compile(r"%([1-9])")
_BULLET = "•"


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    way: str
    text: str  # with %1 for the number of the first level
    restart: int | None  # after which level counting begins again; 0 is never
    decimal: bool  # whatever the way of the levels above
    style: str


@dataclass(slots=True)
class _Abstract:
    levels: dict[int, _Level]
    elsewhere: str  # the style whose list this one is
    counts: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _List:
    abstract: str
    starts: dict[int, int]
    levels: dict[int, _Level]


class Numbering:
    """Counts as the document is read from beginning to end."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._abstracts: dict[str, _Abstract] = {}
        self._lists: dict[str, _List] = {}
        self._begun: set[tuple[str, int]] = set()
        for each in root if root is not None else ():
            if name_of(each) == "w:abstractNum":
                self._abstracts[value(each, "abstractNumId")] = _Abstract(
                    _levels(each), child_value(each, "w:numStyleLink") or ""
                )
            elif name_of(each) == "w:num":
                self._lists[value(each, "numId")] = _list(each)

    def label(self, style: str, direct: tuple[str | None, int | None]) -> str:
        """Return what stands before the next paragraph of this style; empty for one without a number."""
        styled_list, styled_level = self._styles.number(style)
        list_id = direct[0] if direct[0] is not None else styled_list
        if list_id is None or list_id == "0":
            return ""
        found = self._resolved(list_id)
        if found is None:
            return ""
        level = direct[1]
        if level is None and direct[0] is None:
            level = self._level_of_style(found, style, styled_level)
        return self._count(list_id, found, level or 0)

    def _resolved(self, list_id: str) -> _Abstract | None:
        for _ in range(3):
            known = self._lists.get(list_id)
            abstract = self._abstracts.get(known.abstract) if known else None
            if abstract is None or not abstract.elsewhere:
                return abstract
            list_id = self._styles.number(abstract.elsewhere)[0] or ""
        return None

    def _level_of_style(self, found: _Abstract, style: str, styled: int | None) -> int:
        named = next(
            (level for level, each in found.levels.items() if each.style and each.style == style), None
        )
        return named if named is not None else styled or 0

    def _count(self, list_id: str, found: _Abstract, level: int) -> str:
        own = self._lists[list_id]
        levels = found.levels | own.levels
        here = levels.get(level)
        if here is None:
            return ""
        counts = found.counts
        if level in own.starts and (list_id, level) not in self._begun:
            self._begun.add((list_id, level))
            counts[level] = own.starts[level]
        else:
            counts[level] = counts.get(level, here.start - 1) + 1
        for deeper in [each for each in counts if each > level]:
            told = levels.get(deeper)
            if told is None or told.restart is None or level < told.restart:
                del counts[deeper]
        if here.way == "bullet":
            return _BULLET
        return _PLACE.sub(lambda place: _number(int(place[1]) - 1, counts, levels, here), here.text).strip()


def _number(level: int, counts: dict[int, int], levels: dict[int, _Level], here: _Level) -> str:
    told = levels.get(level)
    if told is None:
        return ""
    number = counts.setdefault(level, told.start)
    return counted(number, "decimal" if here.decimal else told.way)


def _levels(element: Element) -> dict[int, _Level]:
    return {to_int(value(each, "ilvl")) or 0: _level(each) for each in element if name_of(each) == "w:lvl"}


def _level(element: Element) -> _Level:
    start = to_int(child_value(element, "w:start"))
    way = child_value(element, "w:numFmt") or "decimal"
    return _Level(
        start=start if start is not None else 0,
        way=way,
        text=child_value(element, "w:lvlText") or "",
        restart=to_int(child_value(element, "w:lvlRestart")),
        decimal=is_on(element, "w:isLgl"),
        style=child_value(element, "w:pStyle") or "",
    )


def _list(element: Element) -> _List:
    starts: dict[int, int] = {}
    levels: dict[int, _Level] = {}
    for each in element:
        if name_of(each) != "w:lvlOverride":
            continue
        level = to_int(value(each, "ilvl")) or 0
        start = to_int(child_value(each, "w:startOverride"))
        if start is not None:
            starts[level] = start
        levels |= _levels(each)
    return _List(child_value(element, "w:abstractNumId") or "", starts, levels)
