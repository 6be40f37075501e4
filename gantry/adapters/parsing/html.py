"""Web pages: what a reader sees, under its headings."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import html as lxml_html
from lxml.etree import ParserError

from gantry.adapters.parsing import html_nodes
from gantry.adapters.parsing.decoding import read_text
from gantry.adapters.parsing.html_nodes import BLANK, MARK, SPACE, TAB
from gantry.adapters.parsing.plain import path_of
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingLimits, Progress, Section

_PIECE = 8000
_MARK = re.compile(MARK + r"\s*")  # before a paragraph in an item
_LEAST_TITLE = 3
_MENUS = frozenset({"nav", "header", "footer", "aside"})
_MOST_MENUS = 40  # of one page that are compared with each other


def read(source: Source, limits: ParsingLimits, *, titled: bool = True) -> Iterator[Section | Progress]:
    """Yield the text of a page, a section for each heading; with its title where *titled*."""
    text = read_text(source)
    yield Progress(0, len(text))
    # Without "huge" the parser leaves out what is nested more deeply than 256 elements.
    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        tree = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except ParserError:
        return
    yield from _sections(tree, _title(tree) if titled else "")
    yield Progress(len(text), len(text))


def _sections(tree: Any, title: str) -> Iterator[Section]:
    trail: list[tuple[int, str]] = []
    held, length = [title, "\n"], 0
    for level, told in _walk(tree):
        if level:
            yield from _told(held, trail)
            heading = _plain(told).rstrip(" ¶#")
            trail = [*(step for step in trail if step[0] < level), (level, " ".join(heading.split()))]
            held, length = [heading, "\n"], 0
        else:
            held.append(told)
            length += len(told)
            if told == "\n" and length > _PIECE:
                yield from _told(held, trail)
                held, length = [], 0
    yield from _told(held, trail)


def _title(tree: Any) -> str:
    """Return the page's title where no heading says it."""
    title = " ".join((tree.findtext(".//head/title") or "").split())
    headings = (" ".join(each.text_content().split()) for each in tree.iter("h1", "h2"))
    return "" if len(title) < _LEAST_TITLE or any(each and each in title for each in headings) else title


def _told(held: list[str], trail: list[tuple[int, str]]) -> Iterator[Section]:
    lines = (" ".join(line.split()) for line in _MARK.sub(" ", "".join(held)).split("\n"))
    text = _plain("\n".join(line for line in lines if line.strip(" |")))
    if text.strip():
        yield Section(text, heading=path_of(trail))


def _plain(text: str) -> str:
    return text.replace(SPACE, " ").replace(TAB, "\t").replace(BLANK, "").replace("\xad", "")


def _walk(tree: Any) -> Iterator[tuple[int, str]]:
    """Yield texts in reading order, headings with their level; no recursion, pages may be nested deeply."""
    menus: list[str] = []
    stack: list[tuple[str, Any, bool]] = [("open", tree, False)]
    while stack:
        what, node, kept = stack.pop()
        if what == "text":
            yield 0, node
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or html_nodes.is_hidden(node, tag) or _is_again(node, tag, menus):
            continue
        if tag in html_nodes.HEADINGS:
            yield html_nodes.HEADINGS[tag], _inline(node)
            continue
        if tag == "tr" and html_nodes.is_plain_row(node):
            cells = [" ".join(_inline(cell).split()) for cell in node if html_nodes.is_cell(cell)]
            yield 0, "\n" + " | ".join(cells)
            yield 0, "\n"
            continue
        stack.extend(_opened(node, tag, kept))


def _opened(node: Any, tag: str, kept: bool) -> Iterator[tuple[str, Any, bool]]:
    """Return what is in an element, last first."""
    kept = kept or html_nodes.keeps_lines(node, tag)
    is_block = tag in html_nodes.BLOCKS or tag in {"td", "th"}
    if tag == "ol":
        html_nodes.number_items(node)
    elif tag == "figure":
        html_nodes.caption_once(node)
    if is_block:
        yield "text", "\n", kept
    said = html_nodes.said_instead(node, tag)
    if said is None:
        for child in reversed(node):
            if child.tail:
                yield "text", html_nodes.text_of(child.tail, kept=kept), kept
            yield "open", child, kept
        text = node.text or ""
        if kept and is_block:
            text = text.removeprefix("\n")
        yield "text", html_nodes.text_of(text, kept=kept), kept
    else:
        yield "text", said, kept
    if is_block:
        yield "text", "\n" + (html_nodes.mark_of(node) if tag == "li" else ""), kept


def _inline(node: Any) -> str:
    """Return the text of an element in one line."""
    parts: list[str] = []
    stack: list[tuple[str, Any, bool]] = list(_opened(node, "span", kept=False))
    while stack:
        what, each, kept = stack.pop()
        if what == "text":
            parts.append(each)
        elif isinstance(each.tag, str) and not html_nodes.is_hidden(each, each.tag):
            stack.extend(_opened(each, each.tag, kept))
    return " ".join("".join(parts).replace("\n", " ").split())


def _is_again(node: Any, tag: str, menus: list[str]) -> bool:
    """Whether a menu stood on the page already, as for small screens or at its end."""
    if tag not in _MENUS or len(menus) >= _MOST_MENUS or next(node.iterancestors(*_MENUS), None) is not None:
        return False
    text = " ".join(node.text_content().split())
    again = bool(text) and text in menus
    menus.append(text)
    return again
