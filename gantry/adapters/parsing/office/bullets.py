"""Paragraphs of a slide with the numbers that stand before them."""

from collections.abc import Iterator

from gantry.adapters.parsing.office import drawing
from gantry.adapters.parsing.office.counting import counted
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, child, name_of, value

_WAYS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_ENDS = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}


class Bullets:
    """Counts within one text body, each level by itself."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def lines(self, body: Element) -> Iterator[str]:
        """Yield the paragraphs that are not empty."""
        for each in body:
            if name_of(each) != "a:p":
                continue
            text = drawing.paragraph(each)
            if text:
                yield f"{self._label(each)} {text}".strip()

    def _label(self, paragraph: Element) -> str:
        properties = child(paragraph, "a:pPr")
        level = (to_int(value(properties, "lvl")) or 0) if properties is not None else 0
        numbered = child(properties, "a:buAutoNum") if properties is not None else None
        for deeper in [each for each in self._counts if each > level or (each == level and numbered is None)]:
            del self._counts[deeper]
        if numbered is None:
            return ""
        start = to_int(value(numbered, "startAt")) or 1
        self._counts[level] = self._counts.get(level, start - 1) + 1
        kind = value(numbered, "type")
        way = next((told for name, told in _WAYS.items() if kind.startswith(name)), "decimal")
        form = next((told for name, told in _ENDS.items() if kind.endswith(name)), "{}.")
        return form.format(counted(self._counts[level], way))
