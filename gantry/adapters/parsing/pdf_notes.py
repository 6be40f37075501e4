"""What people put into a PDF: the values of forms, and comments. Neither is in the text of its pages."""

import ctypes
import re
from collections.abc import Callable
from typing import Any

import pypdfium2
from pypdfium2 import raw

_MOST = 5000  # of one page
_LONGEST = 200_000  # bytes of one
_HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN
_PASSWORD = 1 << 13
_SILENT = frozenset({raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_WIDGET})
_TAGS = re.compile(r"<[^<>]*>")
_MADE_BY_PROGRAM = re.compile(r"[\[\]]|^\w*\d+$|^untitled|^undefined", re.IGNORECASE)
_CHOICES = frozenset({raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX})
_TICKED = frozenset({raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON})
_NO_WORD = frozenset({"", "yes", "on", "true", "1", "0", "off", "x", "ja", "oui", "checked"})


class Notes:
    """Reads forms and comments of one document; each is told once, where it stands first."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        """Open the form, if there is one. To be done before a page is opened."""
        self._form: Any = None
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
            self._form = document.formenv
        self._told: set[tuple[str, str]] = set()

    def added(self, page: pypdfium2.PdfPage, words: pypdfium2.PdfTextPage, text: str) -> str:
        """Return the text of a page with its values beside their labels, and its comments below."""
        count = min(raw.FPDFPage_GetAnnotCount(page), _MOST)
        for number in range(count):
            note = raw.FPDFPage_GetAnnot(page, number)
            if not note:
                continue
            try:
                text = self._with(note, words, text)
            finally:
                raw.FPDFPage_CloseAnnot(note)
        return text

    def _with(self, note: Any, words: pypdfium2.PdfTextPage, text: str) -> str:
        if raw.FPDFAnnot_GetFlags(note) & _HIDDEN:
            return text
        kind = raw.FPDFAnnot_GetSubtype(note)
        if kind == raw.FPDF_ANNOT_WIDGET and self._form:
            return self._with_value(note, words, text)
        if kind in _SILENT:
            return text
        said = _comment(note)
        if not said or _is_drawn(said, note, words) or ("", said) in self._told:
            return text
        self._told.add(("", said))
        author = "" if kind == raw.FPDF_ANNOT_FREETEXT else _string(note, b"T")
        return (
            f"{text.rstrip()}\n{author}: {said}"
            if author and author not in said
            else f"{text.rstrip()}\n{said}"
        )

    def _with_value(self, note: Any, words: pypdfium2.PdfTextPage, text: str) -> str:
        kind = raw.FPDFAnnot_GetFormFieldType(self._form, note)
        name = self._field(raw.FPDFAnnot_GetFormFieldName, note)
        value = self._value(note, kind)
        if not value or (name, value) in self._told or _is_drawn(value, note, words):
            return text
        self._told.add((name, value))
        label = self._field(raw.FPDFAnnot_GetFormFieldAlternateName, note)
        if not label and not _MADE_BY_PROGRAM.search(name):
            label = name.rpartition(".")[2]
        if kind in _TICKED:
            beside = _beside(note, words, after=True)
            if beside:
                placed = _placed(text, beside, lambda line: line.replace(beside, f"[x] {beside}", 1))
                if placed:
                    return (
                        placed
                        if value == "[x]" or value in beside
                        else f"{placed.rstrip()}\n{label or name}: {value}"
                    )
            before = _beside(note, words, after=False) if not beside and value == "[x]" else ""
            placed = _placed(text, before, lambda line: f"{line} [x]") if before else ""
            return placed or f"{text.rstrip()}\n{label or name}: {value}"
        beside = _beside(note, words, after=False)
        placed = _placed(text, beside, lambda line: f"{line} {value}") if beside else ""
        return placed or f"{text.rstrip()}\n{label}: {value}".replace("\n: ", "\n")

    def _value(self, note: Any, kind: int) -> str:
        if kind in _TICKED:
            if not raw.FPDFAnnot_IsChecked(self._form, note):
                return ""
            said = self._field(raw.FPDFAnnot_GetFormFieldExportValue, note)
            return "[x]" if said.lower() in _NO_WORD or said.isdecimal() else said
        if kind in _CHOICES:
            chosen = [
                self._option(note, number)
                for number in range(min(raw.FPDFAnnot_GetOptionCount(self._form, note), _MOST))
                if raw.FPDFAnnot_IsOptionSelected(self._form, note, number)
            ]
            return ", ".join(filter(None, chosen)) or self._field(raw.FPDFAnnot_GetFormFieldValue, note)
        if (
            kind != raw.FPDF_FORMFIELD_TEXTFIELD
            or raw.FPDFAnnot_GetFormFieldFlags(self._form, note) & _PASSWORD
        ):
            return ""
        return self._field(raw.FPDFAnnot_GetFormFieldValue, note)

    def _field(self, read: Callable[..., int], note: Any) -> str:
        return _read(lambda buffer, length: read(self._form, note, buffer, length))

    def _option(self, note: Any, number: int) -> str:
        return _read(
            lambda buffer, length: raw.FPDFAnnot_GetOptionLabel(self._form, note, number, buffer, length)
        )


def _read(call: Callable[[Any, int], int]) -> str:
    """Read a string of PDFium, which is asked for its length in bytes first."""
    length = min(call(None, 0), _LONGEST)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    call(buffer, length)
    said = bytes(buffer)[: length - 2].decode("utf-16-le", "replace")
    return said.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _string(note: Any, key: bytes) -> str:
    return _read(lambda buffer, length: raw.FPDFAnnot_GetStringValue(note, key, buffer, length))


def _comment(note: Any) -> str:
    return _string(note, b"Contents") or " ".join(_TAGS.sub(" ", _string(note, b"RC")).split())


def _rectangle(note: Any) -> tuple[float, float, float, float] | None:
    """Return left, bottom, right and top."""
    box = raw.FS_RECTF()
    if not raw.FPDFAnnot_GetRect(note, box):
        return None
    return (
        min(box.left, box.right),
        min(box.bottom, box.top),
        max(box.left, box.right),
        max(box.bottom, box.top),
    )


def _is_drawn(said: str, note: Any, words: pypdfium2.PdfTextPage) -> bool:
    """Whether the page itself says the same at that place."""
    box = _rectangle(note)
    if box is None:
        return False
    left, bottom, right, top = box
    there = words.get_text_bounded(left - 3, bottom - 3, right + 3, top + 3)
    return "".join(said.split()) in "".join(there.split())


def _beside(note: Any, words: pypdfium2.PdfTextPage, *, after: bool) -> str:
    """Return the words on the line of a field: those before it, or those after it."""
    box = _rectangle(note)
    if box is None:
        return ""
    left, bottom, right, top = box
    around = (right, bottom, right + 250, top) if after else (max(0.0, left - 400), bottom, left, top)
    lines = [line.strip() for line in words.get_text_bounded(*around).splitlines() if line.strip()]
    return (lines[0] if after else lines[-1]) if lines else ""


def _placed(text: str, label: str, change: Callable[[str], str]) -> str:
    """Change the one line that a label stands in; empty where there is none, or several."""
    lines = text.split("\n")
    found = [index for index, line in enumerate(lines) if label in line]
    if len(found) != 1:
        return ""
    lines[found[0]] = change(lines[found[0]])
    return "\n".join(lines)
