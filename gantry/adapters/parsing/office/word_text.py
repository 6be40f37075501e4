"""The text of one paragraph of a Word file as a reader sees it: what is deleted, moved away or hidden is not there."""

from collections.abc import Callable, Iterable

from gantry.adapters.parsing.office.formulas import linear
from gantry.adapters.parsing.office.symbols import symbol
from gantry.adapters.parsing.office.word_styles import Styles, to_int
from gantry.adapters.parsing.office.xml import Element, child, child_value, is_on, name_of, value

_SKIPPED = frozenset(
    {"w:del", "w:moveFrom", "w:sdtPr", "w:instrText", "w:delText", "w:delInstrText", "w:rt", "w:rubyPr", "w:rPr", "w:pPr"}
)  # fmt: skip
_SIGNS = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:br": "\n",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
    "w:softHyphen": "",
}
_MARKS = str.maketrans({"\u2011": "-", "\u00ad": None})  # hyphens that never break, and such as only may
_REFERENCES = {
    "w:footnoteReference": "footnote",
    "w:endnoteReference": "endnote",
    "w:commentReference": "comment",
}


class Text:
    """Reads paragraphs in their order: a field may begin in one and end in another.

    Args:
        styles: Which of them hide their text.
        blocks: Returns the lines of what a text box holds.
        pictured: Returns the lines of a chart or diagram.
    """

    def __init__(
        self,
        styles: Styles,
        blocks: Callable[[Element], Iterable[str]],
        pictured: Callable[[Element], list[str]],
    ) -> None:
        self._styles = styles
        self._blocks = blocks
        self._pictured = pictured
        self._fields: list[bool] = []  # of each that is open: whether its result has begun
        self._aside: list[str] = []
        self._references: list[tuple[str, str]] = []

    def of(self, paragraph: Element) -> str:
        """Return the text of a paragraph; ``aside`` then has what stands beside it."""
        parts: list[str] = []
        style = child_value(paragraph, "w:pPr", "w:pStyle")
        if not (style and self._styles.hidden(style)):
            self._walk(paragraph, parts)
        return "".join(parts)

    def aside(self) -> list[str]:
        """Return the lines of the text boxes, charts and diagrams of the paragraphs so far, once."""
        found, self._aside = self._aside, []
        return found

    def references(self) -> list[tuple[str, str]]:
        """Return the notes that the paragraphs so far name, as kind and id, once."""
        found, self._references = self._references, []
        return found

    def _walk(self, element: Element, parts: list[str]) -> None:
        for each in element:
            name = name_of(each)
            if name in _SKIPPED:
                continue
            if name == "w:r":
                if not self._is_hidden(each):
                    self._walk(each, parts)
            elif name == "w:fldChar":
                self._field(each, parts)
            elif all(self._fields):
                self._tell(name, each, parts)
            elif len(each):
                self._walk(each, parts)  # a field's end may be deep inside

    def _tell(self, name: str, element: Element, parts: list[str]) -> None:
        if name == "w:t":
            parts.append((element.text or "").translate(_MARKS))
        elif name in _SIGNS:
            parts.append(_SIGNS[name])
        elif name == "w:sym":
            parts.append(symbol(value(element, "font"), value(element, "char")))
        elif name in _REFERENCES:
            self._references.append((_REFERENCES[name], value(element, "id")))
        elif name == "m:oMath":
            parts.append(linear(element).strip())
        elif name == "w:txbxContent":
            self._box(element)
        elif name == "mc:AlternateContent":
            self._alternative(element, parts)
        elif name in {"c:chart", "dgm:relIds"}:
            self._aside += self._pictured(element)
        else:
            if name == "v:textpath":
                parts.append(value(element, "string"))
            self._walk(element, parts)

    def _box(self, element: Element) -> None:
        """Keep the lines of a text box; what they in turn have beside them comes with them."""
        held, kept = self.aside(), self.references()
        lines = list(self._blocks(element))
        self._aside = [*held, *lines]
        self._references = kept

    def _is_hidden(self, run: Element) -> bool:
        properties = child(run, "w:rPr")
        if properties is None:
            return False
        if child(properties, "w:vanish") is not None:
            return is_on(properties, "w:vanish")
        style = child_value(properties, "w:rStyle")
        return bool(style) and self._styles.hidden(style or "")

    def _field(self, element: Element, parts: list[str]) -> None:
        kind = value(element, "fldCharType")
        if kind == "begin":
            self._fields.append(False)
            form = child(element, "w:ffData")
            if form is not None:
                parts.append(_form(form))
        elif kind == "separate" and self._fields:
            self._fields[-1] = True
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _alternative(self, element: Element, parts: list[str]) -> None:
        """Read the first of several ways to say the same that says anything."""
        for branch in element:
            own: list[str] = []
            held, kept = len(self._aside), len(self._references)
            self._walk(branch, own)
            parts += own
            if "".join(own).strip() or len(self._aside) > held or len(self._references) > kept:
                return


def _form(data: Element) -> str:
    """Return what a field to be filled in shows where that is no text: a tick, or what was chosen."""
    box = child(data, "w:checkBox")
    if box is not None:
        told = "w:checked" if child(box, "w:checked") is not None else "w:default"
        return "☒" if is_on(box, told) else "☐"
    choices = child(data, "w:ddList")
    if choices is None:
        return ""
    entries = [value(each, "val") for each in choices if name_of(each) == "w:listEntry"]
    chosen = to_int(child_value(choices, "w:result")) or to_int(child_value(choices, "w:default")) or 0
    return entries[chosen] if 0 <= chosen < len(entries) else ""
