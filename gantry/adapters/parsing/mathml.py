"""Formulas of pages, books and OpenDocument (MathML) as a line of text: ``v^2/170``, like those of Office files."""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from gantry.adapters.parsing.office.formulas import ROOTS, grouped, operand

_MAX_DEPTH = 100
_UNSEEN = str.maketrans(
    dict.fromkeys("\u2061\u2062\u2063\u2064")
)  # what stands between letters and is not shown
_LEFT_OUT = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts"})
_SUMS = "∑∏∐∫∬∭∮⋃⋂⨁⨂"
_ABOVE = {
    "^": "\u0302", "ˆ": "\u0302", "¯": "\u0305", "‾": "\u0305", "―": "\u0305", "_": "\u0305", "~": "\u0303", "˜": "\u0303",
    "→": "\u20d7", "⃗": "\u20d7", "˙": "\u0307", ".": "\u0307", "¨": "\u0308",
}  # fmt: skip


def said(formula: Any) -> str:
    """Return a formula as its author typed it, if the file says so, else as it is shown."""
    typed = [each for each in formula.iter() if _local(each) == "annotation" and (each.text or "").strip()]
    return " ".join((typed[0].text if typed else _linear(formula, 0)).split())


def is_formula(element: Any) -> bool:
    """Whether an element is a whole formula."""
    return _local(element) == "math"


def _local(element: Any) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _linear(element: Any, depth: int) -> str:
    name = _local(element)
    if name in _LEFT_OUT or depth > _MAX_DEPTH:
        return ""
    if name == "mspace":
        return " "
    if name == "semantics":
        return _linear(element[0], depth + 1) if len(element) else ""
    if name in {"mtr", "mlabeledtr"}:
        return ", ".join(_linear(cell, depth + 1).strip() for cell in element if _local(cell) == "mtd")
    parts = [_linear(each, depth + 1) for each in element if isinstance(each.tag, str)]
    told = _TOLD.get(name)
    if told is not None:
        return told(element, [part.strip() for part in parts])
    return "".join(parts) or (element.text or "").translate(_UNSEEN).strip()


def _part(parts: list[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


def _fraction(element: Any, parts: list[str]) -> str:
    line = "¦" if (element.get("linethickness") or "").startswith("0") else "/"
    return f"{operand(_part(parts, 0))}{line}{operand(_part(parts, 1))}"


def _scripted(_element: Any, parts: list[str], sub: int = 1, sup: int = 2) -> str:
    base = _part(parts, 0)
    text = grouped(base) + _scripts(_part(parts, sub), _part(parts, sup))
    return f"{text} " if base and base in _SUMS else text


def _scripts(sub: str, sup: str) -> str:
    return (f"_{grouped(sub)}" if sub else "") + (f"^{grouped(sup)}" if sup else "")


def _above(_element: Any, parts: list[str]) -> str:
    base, sign = _part(parts, 0), _part(parts, 1)
    mark = _ABOVE.get(sign, sign)
    if len(base) == 1 and mark and all(map(unicodedata.combining, mark)):
        return base + mark
    return grouped(base) + _scripts("", sign)


def _root(_element: Any, parts: list[str]) -> str:
    base, degree = _part(parts, 0), _part(parts, 1)
    return f"{ROOTS[degree]}({base})" if degree in ROOTS else f"√[{degree}]({base})"


def _fenced(element: Any, parts: list[str]) -> str:
    begin, end = element.get("open", "("), element.get("close", ")")
    return f"{begin}{(element.get('separators', ',').strip()[:1] or ' ').join(parts)}{end}"


_TOLD: dict[str, Callable[[Any, list[str]], str]] = {
    "mfrac": _fraction,
    "msup": partial(_scripted, sub=2, sup=1),
    **dict.fromkeys(("msub", "munder", "msubsup", "munderover"), _scripted),
    "mover": _above,
    "msqrt": lambda _element, parts: f"√({''.join(parts)})",
    "mroot": _root,
    "mfenced": _fenced,
    "mtable": lambda _element, parts: f"[{'; '.join(parts)}]",
}
