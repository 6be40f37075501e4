"""Answers that were stored as HTML, as Markdown: what a reader saw, without scripts and without addresses that run something."""

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from markdownify import MarkdownConverter

from gantry.domain.text import storable

_MAX_HTML = 4_000_000
_UNSEEN = (
    "script", "style", "template", "noscript", "iframe", "object", "embed", "form", "button", "input", "svg", "head", "link", "meta",
)  # fmt: skip
_SAFE = ("http://", "https://", "mailto:")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_FORMULA = re.compile(r"(\$\$[^$]+\$\$|\$[^$\n]+\$)")
_LINES = re.compile(r"\n{3,}")


def markdown_of(html: str) -> str:
    """Return a piece of HTML as Markdown."""
    # In an element of its own: text that looks like an address or a path is not warned about.
    return markdown_in(BeautifulSoup(f"<div>{storable(html[:_MAX_HTML])}</div>", "lxml"))


def markdown_in(tree: Tag) -> str:
    """Return what an element of a page says as Markdown; the element is changed."""
    for unseen in tree.find_all(_UNSEEN):
        unseen.decompose()
    try:
        told = _Converter(heading_style="ATX", bullets="-", code_language_callback=_language).convert_soup(
            tree
        )
    except (
        RecursionError,
        ValueError,
    ):  # nested more deeply than any page that a person wrote, or with odd numbers
        told = tree.get_text("\n")
    return _LINES.sub("\n\n", told).strip()


class _Converter(MarkdownConverter):
    def escape(self, text: Any, parent_tags: Any) -> str:
        """Keep what the page shows as text from being read as Markdown or HTML; formulas stay as they are."""
        parts = _FORMULA.split(str(text or ""))
        for at in range(0, len(parts), 2):
            parts[at] = _TAG.sub(r"\\<", parts[at].replace("*", r"\*").replace("_", r"\_"))
        return "".join(parts)

    def convert_a(self, el: Any, text: str, parent_tags: Any) -> str:
        """Keep links that lead to a page; of others, what they say."""
        address = str(el.get("href") or "").strip()
        if not address.lower().startswith(_SAFE):
            return text
        return f"[{text}]({address.replace(' ', '%20')})" if text.strip() else ""

    def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
        """Name a picture; nothing is fetched for an answer."""
        told = " ".join(str(el.get("alt") or "").split())
        return f"*[Image{': ' if told else ''}{told}]*"


def _language(element: Any) -> str:
    """Return the language of a block of code, as pages name it in a class."""
    for each in (element, element.find("code")):
        for name in (each.get("class") or []) if each is not None else []:
            if name.startswith(("language-", "lang-")):
                return name.split("-", 1)[1]
    return ""
