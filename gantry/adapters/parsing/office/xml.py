"""XML of strangers: no entities, no DTD, no network; names with short prefixes, whichever edition of a standard wrote them."""

from collections.abc import Collection, Iterator
from typing import Any

from lxml.etree import XMLParser, iterparse, parse

from gantry.domain.parsing import ParsingFailed, ParsingFault

Element = Any  # lxml has no types

_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "huge_tree": False,  # libxml2 then ends at a depth of 256 and at texts of 10 MB
}
_OOXML = {
    "w": ("wordprocessingml/2006/main", "wordprocessingml/main"),
    "m": ("officeDocument/2006/math", "officeDocument/math"),
    "a": ("drawingml/2006/main", "drawingml/main"),
    "p": ("presentationml/2006/main", "presentationml/main"),
    "s": ("spreadsheetml/2006/main", "spreadsheetml/main"),
    "c": ("drawingml/2006/chart", "drawingml/chart"),
    "dgm": ("drawingml/2006/diagram", "drawingml/diagram"),
    "xdr": ("drawingml/2006/spreadsheetDrawing", "drawingml/spreadsheetDrawing"),
}
_PREFIXES = {
    f"{base}{ending}": prefix
    for prefix, endings in _OOXML.items()
    for base, ending in zip(
        ("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/"), endings, strict=True
    )
} | {
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "urn:schemas-microsoft-com:vml": "v",
    "http://schemas.microsoft.com/office/powerpoint/2018/8/main": "p188",
    "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments": "tc",
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0": "presentation",
    "http://purl.org/dc/elements/1.1/": "dc",
}


class _Names(dict[str, str]):
    def __missing__(self, tag: str) -> str:
        namespace, closed, name = tag.rpartition("}")
        prefix = _PREFIXES.get(namespace[1:], "?") if closed else ""
        self[tag] = short = f"{prefix}:{name}" if prefix else name
        return short


_NAMES = _Names()


def name_of(element: Element) -> str:
    """Return ``w:p`` and the like; ``?:…`` for what no reader knows."""
    tag = element.tag
    return _NAMES[tag] if isinstance(tag, str) else ""


def value(element: Element, name: str, default: str = "") -> str:
    """Return an attribute by its name, in whatever namespace."""
    for key, found in element.items():
        if key == name or key.endswith(f"}}{name}"):
            return str(found)
    return default


def child(element: Element, *path: str) -> Element | None:
    """Return the first of each name down the path, or None."""
    for wanted in path:
        for each in element:
            if name_of(each) == wanted:
                element = each
                break
        else:
            return None
    return element


def child_value(element: Element, *path: str, of: str = "val") -> str | None:
    """Return an attribute of the element at the end of the path; None where there is none."""
    found = child(element, *path)
    return None if found is None else value(found, of)


def is_on(element: Element | None, name: str) -> bool:
    """Whether *element* has a switch such as ``w:vanish`` that is not turned off."""
    found = child(element, name) if element is not None else None
    return found is not None and value(found, "val", "true").lower() not in {"0", "false", "off"}


def tree(file: Any, *, with_doctype: bool = False) -> Element:
    """Return the root of a small document."""
    root = parse(file, XMLParser(**_SAFE)).getroot()
    if not with_doctype:
        _refuse_doctype(root)
    return root


def _refuse_doctype(element: Element) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise ParsingFailed(ParsingFault.BROKEN)


def starts(file: Any) -> Iterator[Element]:
    """Yield elements as they begin, the first one first."""
    for _event, element in iterparse(file, events=("start",), **_SAFE):
        _refuse_doctype(element)
        yield element


def units(file: Any, wanted: Collection[str], apart_from: Collection[str] = ()) -> Iterator[Element]:
    """Yield each outermost element of the *wanted* names as soon as it is whole, and let go of it then.

    ``starts`` has looked for a DTD. However long the document, one of them is in memory. Inside *apart_from* none is looked for.
    """
    inside: Element | None = None
    tags = [tag for name in (*wanted, *apart_from) for tag in _tags(name)]
    for event, element in iterparse(file, events=("start", "end"), tag=tags, **_SAFE):
        if inside is None:
            if event == "start":
                inside = element
        elif element is inside and event == "end":
            inside = None
            if name_of(element) in wanted:
                yield element
            _let_go(element)


def _tags(name: str) -> Iterator[str]:
    """Yield the full names that a short one stands for."""
    prefix, _, local = name.partition(":")
    for namespace, short in _PREFIXES.items():
        if short == prefix:
            yield f"{{{namespace}}}{local}"


def _let_go(element: Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
