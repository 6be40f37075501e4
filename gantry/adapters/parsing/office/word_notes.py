"""Footnotes, endnotes and comments of a Word file, told after the paragraph that names them."""

from collections.abc import Callable, Iterable

from gantry.adapters.parsing.office.xml import Element, name_of, value

_KINDS = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}
_NO_NOTES = {"separator", "continuationSeparator", "continuationNotice"}


class Notes:
    """Each is told once.

    Args:
        roots: The parts ``footnotes``, ``endnotes`` and ``comments``; None where there is none.
        blocks: Returns the lines of one.
    """

    def __init__(self, roots: dict[str, Element | None], blocks: Callable[[Element], Iterable[str]]) -> None:
        self._blocks = blocks
        self._notes: dict[tuple[str, str], Element] = {}
        for part, root in roots.items():
            for each in root if root is not None else ():
                if name_of(each) == f"w:{_KINDS[part]}" and value(each, "type") not in _NO_NOTES:
                    self._notes[_KINDS[part], value(each, "id")] = each

    def told(self, references: Iterable[tuple[str, str]]) -> list[str]:
        """Return the lines of the notes that are named, without those that were told before."""
        lines: list[str] = []
        for reference in references:
            note = self._notes.pop(reference, None)
            if note is not None:
                lines += self._lines(reference[0], note)
        return lines

    def rest(self) -> list[str]:
        """Return the comments that no place in the text names."""
        left = [key for key in self._notes if key[0] == "comment"]
        return self.told(left)

    def _lines(self, kind: str, note: Element) -> list[str]:
        lines = [line for line in self._blocks(note) if line.strip()]
        author = value(note, "author") if kind == "comment" else ""
        name = f"{kind.capitalize()} by {author}" if author else kind.capitalize()
        return [f"{name}: {lines[0]}", *lines[1:]] if lines else []
