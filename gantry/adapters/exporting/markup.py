"""Markdown as conversations have it: CommonMark with tables, strikethrough and formulas; HTML in it is text."""

from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

FORMULAS = ("math_inline", "math_inline_double", "math_block")
MAX_FORMULA_CHARACTERS = 2000
MAX_HIGHLIGHTED_CHARACTERS = 50_000


@cache
def reader() -> MarkdownIt:
    """Return the parser; making it costs more than most messages."""
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    # A numbered formula is a kind of its own there, with names of its own: as any other it is drawn.
    return made.use(texmath_plugin, delimiters="brackets").disable("math_block_eqno")


def is_web(address: str) -> bool:
    """Whether an address may be a link outside of Gantry."""
    return address.lower().startswith(("https://", "http://", "mailto:"))
