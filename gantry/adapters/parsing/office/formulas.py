"""Formulas of Office files (OMML) as a line of text: ``v^2/170``, ``√(a^2+b^2)``, ``∑_(i=1)^n i``."""

import re
from collections.abc import Callable

from gantry.adapters.parsing.office.xml import Element, child, child_value, name_of

_ONE = re.compile(r"[^\W_]+(?:[.,]\d+)?|.", re.DOTALL)
_SCRIPTED = re.compile(r"(?:[^\W_]+(?:[.,]\d+)?|.)(?:[_^](?:[^\W_]+|\([^()]*\)))*", re.DOTALL)
ROOTS = {"2": "√", "3": "∛", "4": "∜"}
_BRACKETS = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖", "⌊": "⌋", "⌈": "⌉"}


def linear(element: Element) -> str:
    """Return what an element of a formula says."""
    told = _TOLD.get(name_of(element))
    if told is not None:
        return told(element)
    return "".join(linear(each) for each in element if not name_of(each).endswith("Pr"))


def _of(element: Element, name: str) -> str:
    found = child(element, name)
    return linear(found).strip() if found is not None else ""


def grouped(text: str) -> str:
    """Put brackets around what is more than one thing."""
    return text if not text or _ONE.fullmatch(text) or _is_bracketed(text) else f"({text})"


def operand(text: str) -> str:
    """The same beside a fraction's line, which is weaker than a power."""
    return text if _SCRIPTED.fullmatch(text) else grouped(text)


def _is_bracketed(text: str) -> bool:
    closing = {"(": ")", "[": "]"}.get(text[0])
    if closing is None or text[-1] != closing:
        return False
    depth = 0
    for index, each in enumerate(text):
        depth += (each == text[0]) - (each == closing)
        if depth == 0:
            return index == len(text) - 1
    return False


def _text(element: Element) -> str:
    return "".join(each.text or "" for each in element if name_of(each) in {"m:t", "w:t"})


def _fraction(element: Element) -> str:
    kind = child_value(element, "m:fPr", "m:type")
    over, under = operand(_of(element, "m:num")), operand(_of(element, "m:den"))
    return f"{over}¦{under}" if kind == "noBar" else f"{over}/{under}"


def _script(element: Element) -> str:
    sub, sup = _of(element, "m:sub"), _of(element, "m:sup")
    return grouped(_of(element, "m:e")) + _scripts(sub, sup)


def _scripts(sub: str, sup: str) -> str:
    return (f"_{grouped(sub)}" if sub else "") + (f"^{grouped(sup)}" if sup else "")


def _before(element: Element) -> str:
    return f"{_scripts(_of(element, 'm:sub'), _of(element, 'm:sup'))} {grouped(_of(element, 'm:e'))}"


def _root(element: Element) -> str:
    degree, inner = _of(element, "m:deg") or "2", _of(element, "m:e")
    return f"{ROOTS[degree]}({inner})" if degree in ROOTS else f"√[{degree}]({inner})"


def _sum(element: Element) -> str:
    sign = child_value(element, "m:naryPr", "m:chr")
    limits = _scripts(_of(element, "m:sub"), _of(element, "m:sup"))
    return f"{'∫' if sign is None else sign}{limits} {_of(element, 'm:e')}"


def _delimited(element: Element) -> str:
    begin = child_value(element, "m:dPr", "m:begChr")
    end = child_value(element, "m:dPr", "m:endChr")
    between = child_value(element, "m:dPr", "m:sepChr")
    begin, end = "(" if begin is None else begin, ")" if end is None else end
    inner = ("|" if between is None else between).join(
        linear(each).strip() for each in element if name_of(each) == "m:e"
    )
    # A matrix brings brackets of its own.
    if begin in {"(", "["} and _BRACKETS[begin] == end and inner.startswith("[") and _is_bracketed(inner):
        return inner
    return f"{begin}{inner}{end}"


def _matrix(element: Element) -> str:
    rows = (
        ", ".join(linear(cell).strip() for cell in row if name_of(cell) == "m:e")
        for row in element
        if name_of(row) == "m:mr"
    )
    return f"[{'; '.join(rows)}]"


def _lines(element: Element) -> str:
    lines = (linear(each).replace("&", "").strip() for each in element if name_of(each) == "m:e")
    return "; ".join(lines)


def _function(element: Element) -> str:
    name, of = _of(element, "m:fName"), _of(element, "m:e")
    return f"{name}{of}" if of.startswith(("(", "[")) else f"{name} {of}"


def _limit(element: Element) -> str:
    mark = "_" if name_of(element) == "m:limLow" else "^"
    return f"{_of(element, 'm:e')}{mark}{grouped(_of(element, 'm:lim'))}"


def _accent(element: Element) -> str:
    sign = child_value(element, "m:accPr", "m:chr")
    return _of(element, "m:e") + ("\u0302" if sign is None else sign)


def _bar(element: Element) -> str:
    above = child_value(element, "m:barPr", "m:pos") == "top"
    inner = _of(element, "m:e")
    return inner + ("\u0305" if above else "\u0332") if len(inner) == 1 else f"‾({inner})"


_TOLD: dict[str, Callable[[Element], str]] = {
    "m:r": _text,
    "w:r": _text,
    "w:del": lambda _element: "",
    "w:moveFrom": lambda _element: "",
    "m:f": _fraction,
    "m:sSup": _script,
    "m:sSub": _script,
    "m:sSubSup": _script,
    "m:sPre": _before,
    "m:rad": _root,
    "m:nary": _sum,
    "m:d": _delimited,
    "m:m": _matrix,
    "m:eqArr": _lines,
    "m:func": _function,
    "m:limLow": _limit,
    "m:limUpp": _limit,
    "m:acc": _accent,
    "m:bar": _bar,
}
