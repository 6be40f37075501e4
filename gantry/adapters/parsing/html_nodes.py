"""What single elements of a page say: hidden ones nothing, pictures their description, formulas their source."""

import re
from typing import Any

from gantry.adapters.parsing import mathml

# Stand for white space that is to stay while other white space is made one; no text holds these (they are no characters).
SPACE, TAB, BLANK = "\ufdd0", "\ufdd1", "\ufdd2"
MARK = "\ufdd3"  # stands after the number of an item
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset({
    "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "tr", "caption", "blockquote", "pre", "figure", "figcaption", "hr", "br", "address", "details", "summary",
    "body", "fieldset", "legend", "form", "textarea", "listing", "xmp", "text", "option", "center", "dialog",
})  # fmt: skip
_HIDDEN = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "head", "button", "defs", "desc", "metadata",
    "datalist", "annotation", "annotation-xml", "rp", "title",
})  # fmt: skip
_UNSEEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_KEEPING = re.compile(r"(?:^|;)\s*white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_RAISED = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_IS_RAISED = re.compile(r"\s*[0-9+\-−()n]{1,8}\s*")
_NOTE, _BACK = "doc-noteref", "doc-backlink"  # as books name them
_FIELDS = frozenset({"text", "email", "tel", "url", "number", "date", "time", "month", "search", ""})
_NO_ROW = frozenset({"table", "pre", "ul", "ol", "dl", *HEADINGS})
_CAPTION = 2000
_STYLE_LENGTH = 2000


def is_hidden(node: Any, tag: str) -> bool:
    """Whether a reader does not see an element."""
    if tag in _HIDDEN or node.get("aria-hidden") == "true" or (tag == "dialog" and node.get("open") is None):
        return True
    if node.get("role") == _BACK:
        return True
    hidden = node.get("hidden")
    if hidden is not None and hidden != "until-found":
        return True
    style = node.get("style")
    return bool(style) and bool(_UNSEEN.search(style[:_STYLE_LENGTH]))


def keeps_lines(node: Any, tag: str) -> bool:
    """Whether white space in an element stays as it is: code, poems."""
    if tag in {"pre", "textarea", "listing", "xmp"}:
        return True
    style = node.get("style")
    return bool(style) and bool(_KEEPING.search(style[:_STYLE_LENGTH]))


def text_of(text: str, *, kept: bool) -> str:
    """Return a text with the white space that is to stay marked."""
    if not kept:
        return text.replace("\n", " ")
    return text.replace(" ", SPACE).replace("\t", TAB).replace("\n", f"{BLANK}\n")


def said_instead(node: Any, tag: str) -> str | None:
    """Return what stands for what is in an element; None where that is read itself."""
    if tag in {"img", "area"}:
        return f" {' '.join(node.get('alt').split())} " if node.get("alt") else ""
    if tag == "input":
        kind = (node.get("type") or "").lower()
        value = node.get("alt") if kind == "image" else node.get("value") if kind in _FIELDS else ""
        return f" {value or ''} "
    if tag == "select":
        return "".join(
            f" {each.text_content()} " for each in node.iter("option") if each.get("selected") is not None
        )
    if mathml.is_formula(node):
        return f" {mathml.said(node)} "
    if tag == "sup" or (tag == "a" and _NOTE in {node.get("role"), f"doc-{node.get('epub:type')}"}):
        text = node.text_content()
        return text.strip().translate(_RAISED) if _IS_RAISED.fullmatch(text) else None
    return None


def caption_once(figure: Any) -> None:
    """Take from the pictures of a figure the descriptions that its caption says as well."""
    caption = figure.find(".//figcaption")
    if caption is not None:
        told = " ".join(caption.text_content().split())[:_CAPTION]
        for picture in figure.iter("img"):
            if " ".join((picture.get("alt") or "").split()) in told:
                picture.set("alt", "")


def number_items(items: Any) -> None:
    """Write into the items of a numbered list which number each has."""
    try:
        number = int((items.get("start") or "1")[:9])
        for item in items.iterchildren("li"):
            number = int((item.get("value") or str(number))[:9])
            item.set("value", str(number))
            number += 1
    except ValueError:
        return


def mark_of(item: Any) -> str:
    """Return the number that stands before an item of a numbered list."""
    parent = item.getparent()
    value = item.get("value") or ""
    if parent is None or parent.tag != "ol" or not value.isdecimal():
        return ""
    kind = (parent.get("type") or "1")[:1]
    if kind in "aA" and 1 <= int(value) <= 26:
        return f"{chr(ord(kind) + int(value) - 1)}.{MARK}"
    return f"{value}.{MARK}"


def is_plain_row(row: Any) -> bool:
    """Whether a row of a table is one line: no page is laid out with it, and no list stands in it."""
    return not any(each.tag in _NO_ROW for each in row.iter() if each is not row)


def is_cell(node: Any) -> bool:
    """Whether an element is a cell that is seen."""
    return node.tag in {"td", "th"} and not is_hidden(node, node.tag)
