"""What a cell of an Excel sheet shows."""

import re
from collections.abc import Iterator

from gantry.adapters.parsing.office import number_formats
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.word_styles import to_int
from gantry.adapters.parsing.office.xml import Element, child, child_value, name_of, units, value

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Cells:
    """Knows the strings and the formats that the cells of a workbook share."""

    def __init__(self, archive: Archive, parts: dict[str, list[str]], workbook: Element) -> None:
        self._strings = [
            _string(each)
            for part in parts.get("sharedStrings", [])[:1]
            for each in units(archive.stream(part), {"s:si"})
        ]
        self._formats = [
            form for part in parts.get("styles", [])[:1] for form in _formats(archive.tree(part))
        ]
        self._since_1904 = child_value(workbook, "s:workbookPr", of="date1904") in {"1", "true"}

    def text(self, cell: Element) -> str:
        """Return what is shown; a formula that was never calculated is told as it is."""
        kind = value(cell, "t", "n")
        raw = formula = ""
        for each in cell:
            name = name_of(each)
            if name == "s:v":
                raw = each.text or ""
            elif name == "s:is":
                return _string(each)
            elif name == "s:f":
                formula = each.text or ""
        if kind == "s":
            index = to_int(raw)
            return self._strings[index] if index is not None and 0 <= index < len(self._strings) else ""
        if not raw:
            return f"={formula}" if formula and kind != "str" else ""
        if kind == "b":
            return "FALSE" if raw == "0" else "TRUE"
        if kind == "str":
            return _unescaped(raw)
        if kind != "n":
            return raw.removesuffix("T00:00:00") if kind == "d" else raw
        return self._number(raw, to_int(value(cell, "s")) or 0)

    def _number(self, raw: str, style: int) -> str:
        try:
            number = float(raw)
            form = self._formats[style] if style < len(self._formats) else "General"
            return number_formats.shown(number, form, since_1904=self._since_1904)
        except (ValueError, OverflowError):
            return raw


def _string(element: Element) -> str:
    """Return a text of several runs, without what tells how it is read aloud."""
    parts: list[str] = []
    for each in element:
        if name_of(each) == "s:t":
            parts.append(each.text or "")
        elif name_of(each) == "s:r":
            parts += [inner.text or "" for inner in each if name_of(inner) == "s:t"]
    return _unescaped("".join(parts)).strip()


def _unescaped(text: str) -> str:
    """Read signs that XML cannot hold, which Excel writes by their numbers: ``_x000D_`` is the end of a line."""
    return _ESCAPED.sub(_sign, text).replace("\r\n", "\n").replace("\r", "\n") if "_x" in text else text


def _sign(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16))
    return sign if sign.isprintable() or sign in "\t\r\n" else ""


def _formats(styles: Element) -> Iterator[str]:
    """Yield the number format of each style of cells."""
    own = child(styles, "s:numFmts")
    codes = {value(each, "numFmtId"): value(each, "formatCode") for each in (own if own is not None else ())}
    listed = child(styles, "s:cellXfs")
    for each in listed if listed is not None else ():
        number = value(each, "numFmtId", "0")
        yield codes.get(number) or number_formats.built_in(to_int(number) or 0)
