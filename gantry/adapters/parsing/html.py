"""Web pages: what a reader sees, under its headings."""

from collections.abc import Iterator
from typing import Any

from lxml import html as lxml_html
from lxml.etree import ParserError

from gantry.adapters.parsing.decoding import read_text
from gantry.adapters.parsing.plain import path_of
from gantry.domain.parsing import ParsingLimits, Progress, Section

_HIDDEN = {
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "object",
    "head",
    "button",
    "select",
}
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "tr", "blockquote", "pre", "figure", "figcaption", "hr", "address", "details", "summary", "body",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PIECE = 8000


def read(path: str, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of a page, a section for each heading."""
    text = read_text(path)
    yield Progress(0, len(text))
    try:
        tree = lxml_html.document_fromstring(text.encode(), parser=lxml_html.HTMLParser(encoding="utf-8"))
    except ParserError:
        return
    yield from _sections(tree)
    yield Progress(len(text), len(text))


def _sections(tree: Any) -> Iterator[Section]:
    trail: list[tuple[int, str]] = []
    held: list[str] = []
    for kind, told in _walk(tree):
        if isinstance(kind, int):
            yield from _told(held, trail)
            trail = [*(step for step in trail if step[0] < kind), (kind, " ".join(told.split()))]
            held = [told.strip(), "\n"]
        else:
            held.append(told)
            if told == "\n" and sum(map(len, held)) > _PIECE:
                yield from _told(held, trail)
                held = []
    yield from _told(held, trail)


def _told(held: list[str], trail: list[tuple[int, str]]) -> Iterator[Section]:
    lines = (" ".join(line.split()) for line in "".join(held).split("\n"))
    text = "\n".join(line for line in lines if line.strip(" |"))
    if text:
        yield Section(text, heading=path_of(trail))


def _walk(tree: Any) -> Iterator[tuple[int | None, str]]:
    """Yield texts in reading order, headings with their level; no recursion, pages may be nested deeply."""
    stack: list[tuple[str, Any]] = [("open", tree)]
    while stack:
        what, node = stack.pop()
        if what == "text":
            yield None, node
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _HIDDEN or node.get("hidden") is not None or node.get("aria-hidden") == "true":
            continue
        if tag in _HEADINGS:
            yield _HEADINGS[tag], node.text_content()
            continue
        after: list[tuple[str, Any]] = []
        if tag in _BLOCKS or tag == "br":
            yield None, "\n"
            after.append(("text", "\n"))
        elif tag in {"td", "th"}:
            after.append(("text", " | "))
        inner: list[tuple[str, Any]] = (
            [("text", node.text.replace("\n", " ") if tag != "pre" else node.text)] if node.text else []
        )
        for child in node:
            inner.append(("open", child))
            if child.tail:
                inner.append(("text", child.tail if tag == "pre" else child.tail.replace("\n", " ")))
        stack.extend(reversed([*inner, *after]))
