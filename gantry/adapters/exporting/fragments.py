"""Markdown as HTML: without scripts, without anything that is fetched, formulas as MathML."""

from collections.abc import Sequence
from functools import cache
from html import escape, unescape
from typing import Any
from xml.etree import ElementTree as ET

from latex2mathml.converter import convert_to_element
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from gantry.adapters.exporting.markup import (
    FORMULAS,
    MAX_FORMULA_CHARACTERS,
    MAX_HIGHLIGHTED_CHARACTERS,
    is_web,
    reader,
)

_DIRECTED = {"paragraph_open", "heading_open", "list_item_open", "th_open", "td_open", "blockquote_open"}


def fragment(markdown: str) -> str:
    """Return the HTML of a message."""
    environment: dict[str, Any] = {}
    return _renderer().render(reader().parse(markdown, environment), reader().options, environment)


@cache
def _renderer() -> RendererHTML:
    made = RendererHTML()
    rules: Any = made.rules  # it is said to take methods only
    rules |= {
        "fence": _code,
        "code_block": _code,
        "image": _image,
        "link_open": _link,
        **dict.fromkeys(FORMULAS, _formula),
        **dict.fromkeys(_DIRECTED, _directed),
    }
    return made


def _code(tokens: Sequence[Token], at: int, *_: object) -> str:
    token = tokens[at]
    language = token.info.strip().split(" ")[0]
    return f"<pre><code>{_highlighted(token.content, language)}</code></pre>\n"


def _highlighted(code: str, language: str) -> str:
    if language and len(code) <= MAX_HIGHLIGHTED_CHARACTERS:
        try:
            lexer = get_lexer_by_name(language, stripnl=False)
        except ClassNotFound:
            pass
        else:
            return highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip("\n") + "\n"
    return escape(code)


def _image(tokens: Sequence[Token], at: int, *_: object) -> str:
    """Return a link in the place of a picture: nothing is fetched by who only reads."""
    address, words = str(tokens[at].attrs.get("src", "")), escape(tokens[at].content or "image")
    if not is_web(address):
        return words
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{words}</a>'


def _link(tokens: Sequence[Token], at: int, *_: object) -> str:
    address = str(tokens[at].attrs.get("href", ""))
    return f'<a href="{escape(address)}" rel="noopener noreferrer">' if is_web(address) else "<a>"


def _directed(tokens: Sequence[Token], at: int, options: Any, environment: Any) -> str:
    tokens[at].attrSet("dir", "auto")
    return _renderer().renderToken(tokens, at, options, environment)


def _formula(tokens: Sequence[Token], at: int, *_: object) -> str:
    token = tokens[at]
    if len(token.content) <= MAX_FORMULA_CHARACTERS:
        try:
            display = "inline" if token.type == "math_inline" else "block"
            made = convert_to_element(token.content.strip(), display=display)
        except Exception:  # noqa: BLE001, S110 - whatever a library makes of a formula, it is shown as it was written
            pass
        else:
            for each in made.iter():  # its signs are written as HTML has them
                each.text = unescape(each.text or "")
                each.attrib.pop("href", None)
            return ET.tostring(made, encoding="unicode")
    return f"<code>{escape(token.content)}</code>"
