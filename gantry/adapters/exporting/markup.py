"""Markdown as conversations have it: CommonMark with tables, strikethrough and formulas; HTML in it is text."""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

FORMULAS = ("math_inline", "math_inline_double", "math_block")
MAX_FORMULA_CHARACTERS = 2000
MAX_HIGHLIGHTED_CHARACTERS = 50_000


@cache
def reader() -> MarkdownIt:
    """Return the parser; making it costs more than most messages."""
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.use(texmath_plugin, delimiters="brackets")
    # Its own rules for formulas apart drop what stands behind them on their line, and know of none within one.
    made.block.ruler.disable("math_block_eqno")
    made.block.ruler.at("math_block", _apart)
    made.inline.ruler.before("escape", "math_inline_double", _within)
    return made.use(
        dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True
    )


def _apart(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    r"""Take ``\[…\]`` that begins a line and has nothing behind it."""
    start = state.bMarks[first] + state.tShift[first]
    close = state.src.find(r"\]", start + 2, state.eMarks[end - 1])
    if not state.src.startswith(r"\[", start) or close < 0:
        return False
    last = next(line for line in range(first, end) if close < state.eMarks[line])
    if state.src[close + 2 : state.eMarks[last]].strip():
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.block, token.map, token.content = True, [first, last + 1], state.src[start + 2 : close]
        state.line = last + 1
    return True


def _within(state: StateInline, silent: bool) -> bool:
    r"""Take ``\[…\]`` anywhere in a line."""
    close = state.src.find(r"\]", state.pos + 2, state.posMax)
    if not state.src.startswith(r"\[", state.pos) or close < 0:
        return False
    if not silent:
        state.push("math_inline_double", "math", 0).content = state.src[state.pos + 2 : close]
    state.pos = close + 2
    return True


def is_web(address: str) -> bool:
    """Whether an address may be a link outside of Gantry."""
    return address.lower().startswith(("https://", "http://", "mailto:"))
