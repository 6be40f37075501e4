"""Paragraphs of OpenDocument: spaces as they are counted, notes and boxes beside them, nothing that was deleted."""

import re
from collections.abc import Callable, Iterable

from gantry.adapters.parsing import mathml
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, child, name_of, value

_SPACES = re.compile(r"[ \t\r\n]+")
_LEFT_OUT = frozenset(
    {"text:tracked-changes", "text:ruby-text", "text:hidden-text", "text:note-citation", "office:event-listeners", "text:number"}
)  # fmt: skip
_MARKS = str.maketrans({"\u2011": "-", "\u00ad": None})
_MAX_SPACES = 100


class Paragraphs:
    """Reads one paragraph after the other.

    Args:
        is_hidden: Tells of a style whether its text is not shown.
        blocks: Returns the lines of what a box or a note holds.
    """

    def __init__(
        self,
        archive: Archive,
        is_hidden: Callable[[str], bool],
        blocks: Callable[[Element], Iterable[str]],
    ) -> None:
        self._archive = archive
        self._is_hidden = is_hidden
        self._blocks = blocks
        self._aside: list[str] = []

    def of(self, paragraph: Element) -> str:
        """Return the text of a paragraph or heading."""
        parts: list[str] = []
        if not self._is_hidden(value(paragraph, "style-name")):
            self._walk(paragraph, parts)
        return "".join(parts).translate(_MARKS).strip()

    def aside(self) -> list[str]:
        """Return the lines of notes and boxes of the paragraphs so far, once."""
        found, self._aside = self._aside, []
        return found

    def _walk(self, element: Element, parts: list[str]) -> None:
        self._say(element.text, parts)
        for each in element:
            if name_of(each) not in _LEFT_OUT:
                self._tell(name_of(each), each, parts)
            self._say(each.tail, parts)

    @staticmethod
    def _say(text: str | None, parts: list[str]) -> None:
        if text:
            parts.append(_SPACES.sub(" ", text))

    def _tell(self, name: str, element: Element, parts: list[str]) -> None:
        if name == "text:s":
            parts.append(" " * min(to_int(value(element, "c")) or 1, _MAX_SPACES))
        elif name == "text:tab":
            parts.append("\t")
        elif name == "text:line-break":
            parts.append("\n")
        elif name == "text:note":
            kind = "Endnote" if value(element, "note-class") == "endnote" else "Footnote"
            self._keep(kind, child(element, "text:note-body"))
        elif name == "office:annotation":
            self._keep(_author(element), element)
        elif name == "draw:object":
            parts.append(self._formula(element))
        elif name in {"text:p", "text:h", "text:list", "table:table"}:
            self._keep("", element.getparent(), only=element)
        elif name != "text:span" or not self._is_hidden(value(element, "style-name")):
            self._walk(element, parts)

    def _keep(self, mark: str, holder: Element | None, only: Element | None = None) -> None:
        """Keep the lines of a note or a box."""
        if holder is None:
            return
        held = self.aside()
        lines = [line for line in self._blocks(holder if only is None else [only]) if line.strip()]
        if mark and lines:
            lines[0] = f"{mark}: {lines[0]}"
        self._aside = [*held, *lines, *self.aside()]

    def _formula(self, element: Element) -> str:
        """Return the formula of an object, which has a part of its own or stands in it."""
        part = f"{value(element, 'href').removeprefix('./').rstrip('/')}/content.xml"
        root = self._archive.tree(part, with_doctype=True) if part in self._archive else element
        found = next((each for each in root.iter() if mathml.is_formula(each)), None)
        return mathml.said(found) if found is not None else ""


def _author(annotation: Element) -> str:
    author = child(annotation, "dc:creator")
    return f"Comment by {author.text}" if author is not None and author.text else "Comment"
