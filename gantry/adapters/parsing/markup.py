"""Telling a web page by how it begins, in one pass: what comes in may be made to make patterns slow."""

import re

_TAG = re.compile(r"<(!doctype\s+)?([a-z][a-z0-9]{0,9})[\s>/]", re.IGNORECASE)
_PAGE = frozenset({"html", "head", "body"})
_PARTS = "title meta link style script base div p table ul ol h1 h2 h3 span font center pre form"
_PART = _PAGE | frozenset(_PARTS.split())


def is_page(text: str) -> bool:
    """Whether *text* begins as a whole page does."""
    match = _TAG.match(text, _begin(text))
    return bool(match) and match[2].lower() in (_PAGE if not match[1] else {"html"})


def is_part(text: str) -> bool:
    """Whether *text* begins like a page, or like a part of one: what a program or a mail leaves of it."""
    match = _TAG.match(text, _begin(text))
    return bool(match) and match[2].lower() in _PART and "</" in text


def _begin(text: str) -> int:
    """Return where the first thing begins that is no space, comment or ``<?xml … ?>``."""
    place = 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        for begins, ends in (("<!--", "-->"), ("<?", ">")):
            if text.startswith(begins, place):
                end = text.find(ends, place + len(begins))
                if end < 0:
                    return len(text)
                place = end + len(ends)
                break
        else:
            return place
