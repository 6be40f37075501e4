"""Markdown as Typst, and Typst as PDF.

A person's words come into Typst only as literals of text: nothing they write is read as its language.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

import typst
from markdown_it.tree import SyntaxTreeNode

from gantry.adapters.exporting.markup import FORMULAS, MAX_FORMULA_CHARACTERS, is_web, reader
from gantry.domain.exported_text import Part, Reading

_PAGE = """
#set document(title: TITLE, author: "Gantry")
#set page(paper: "a4", margin: (x: 23mm, top: 22mm, bottom: 24mm), numbering: "1 / 1",
  footer: context { set text(8pt, fill: luma(90)); grid(columns: (1fr, auto), TITLE, counter(page).display("1 / 1", both: true)) })
#set text(font: FONTS, size: 10.5pt, lang: "LANGUAGE")
#set par(leading: 0.62em, spacing: 0.9em, justify: false)
#set heading(numbering: none)
#show heading.where(level: 1): set text(20pt)
#show heading.where(level: 2): it => block(above: 1.6em, below: 0.8em, width: 100%, stroke: (top: 0.5pt + luma(200)), inset: (top: 8pt), text(11pt, it.body))
#show heading.where(level: 3): set text(13pt)
#show heading.where(level: 4): set text(12pt)
#show heading.where(level: 5): set text(11pt)
#show heading.where(level: 6): set text(10.5pt)
#show link: set text(fill: rgb("#1f4fa3"))
#show raw: set text(font: MONO, dir: ltr)
#show raw.where(block: true): it => block(fill: luma(246), inset: 8pt, radius: 3pt, width: 100%, text(8.5pt, it))
#show raw.where(block: false): it => box(fill: luma(243), inset: (x: 2pt), outset: (y: 2.5pt), radius: 2pt, it)
#show quote.where(block: true): it => context {
  let is-rtl = text.dir == rtl or text.dir == auto and text.lang in ("ar", "fa", "he", "ur")
  let start = if is-rtl { "right" } else { "left" }
  block(stroke: ((start): 2pt + luma(190)), inset: ((start): 10pt, y: 2pt), it.body)
}
#set table(stroke: 0.5pt + luma(190), inset: 5pt)
#show table.cell.where(y: 0): strong
"""
_TEXT_FONTS = '("Libertinus Serif", "DejaVu Sans", "Noto Sans CJK SC", "Droid Sans Fallback")'
_CODE_FONTS = '("DejaVu Sans Mono", "Noto Sans CJK SC", "Droid Sans Fallback")'
_UNSAID = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONG = re.compile(r"\S{80}")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_-]{1,24}")
_ALIGNED = re.compile(r"text-align:(left|center|right)")
_RIGHT = {"R", "AL"}


def pdf(reading: Reading) -> bytes:
    """Return a conversation as a PDF; the direction of the page is that of its reader's language."""
    title = literal(reading.title)
    head = _PAGE.replace("FONTS", _TEXT_FONTS).replace("MONO", _CODE_FONTS)
    # The title last: what its words say is looked through no more.
    head = head.replace("LANGUAGE", reading.language[:2]).replace("TITLE", title)
    body = [f"#heading(level: 1, {{ {title} }})", f"#{_small(reading.about)}"]
    body += [f"#{{ {_part(part)} }}" for part in reading.parts]
    return typst.compile(f"{head}\n{chr(10).join(body)}\n".encode())


def literal(text: str) -> str:
    """Return *text* as a literal of Typst; what has no place to break gets one."""
    text = _LONG.sub(lambda run: f"{run[0]}\u200b", _UNSAID.sub("", text))
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{text}"'


def _part(part: Part) -> str:
    said = [f"heading(level: 2, {{ {literal(part.who)} }})", _small(part.about) if part.about else ""]
    said.append(blocks(part.text))
    said += [_small(line) for line in part.below]
    return "; ".join(filter(None, said))


def _small(text: str) -> str:
    return f"par({{ text(8.5pt, fill: luma(90), {literal(text)}) }})"


def blocks(markdown: str) -> str:
    """Return Markdown as expressions of Typst."""
    return _all(SyntaxTreeNode(reader().parse(markdown)).children)


def _all(nodes: Sequence[SyntaxTreeNode]) -> str:
    return "; ".join(filter(None, (_node(node) for node in nodes)))


def _inside(node: SyntaxTreeNode) -> str:
    return f"{{ {_all(node.children)} }}"


def _node(node: SyntaxTreeNode) -> str:
    if node.type in FORMULAS:
        return _formula(node)
    make = _MAKERS.get(node.type)
    return make(node) if make else _all(node.children)


def _paragraph(node: SyntaxTreeNode) -> str:
    return _turned(node, f"par({_inside(node)})")


def _turned(node: SyntaxTreeNode, made: str) -> str:
    """Return *made* in the direction of its own letters."""
    direction = _direction(node)
    return f"{{ set text(dir: {direction}); {made} }}" if direction else made


def _direction(node: SyntaxTreeNode) -> str:
    """Return the direction of the first letter that has one; none: that of the page."""
    for child in node.walk():
        for letter in child.content if child.type == "text" else "":
            direction = unicodedata.bidirectional(letter)
            if direction == "L" or direction in _RIGHT:
                return "rtl" if direction in _RIGHT else "ltr"
    return ""


def _heading(node: SyntaxTreeNode) -> str:
    return _turned(node, f"heading(level: {min(int(node.tag[1]) + 2, 6)}, {_inside(node)})")


def _code(node: SyntaxTreeNode) -> str:
    language = _LANGUAGE.fullmatch((node.info or "").strip().split(" ")[0])
    lang = f', lang: "{language[0].lower()}"' if language else ""
    code = node.content.removesuffix("\n")
    return f"raw({literal(code)}, block: true{lang})"


def _list(node: SyntaxTreeNode) -> str:
    kind = "enum" if node.type == "ordered_list" else "list"
    items = ", ".join(f"{kind}.item({_inside(item)})" for item in node.children)
    start = f"start: {int(node.attrs.get('start', 1))}, " if kind == "enum" else ""
    return _turned(node, f"{kind}({start}{items})")  # its marks stand beside what they mark


def _table(node: SyntaxTreeNode) -> str:
    rows = [row for part in node.children for row in part.children]
    cells = ", ".join(_cell(cell) for row in rows[1:] for cell in row.children)
    head = ", ".join(_cell(cell) for cell in rows[0].children)
    columns = len(rows[0].children)
    return _turned(node, f"table(columns: {columns}, table.header({head}), {cells})")


def _cell(node: SyntaxTreeNode) -> str:
    aligned = _ALIGNED.search(str(node.attrs.get("style", "")))
    return f"table.cell(align: {aligned[1] if aligned else 'start'}, {_inside(node)})"


def _link(node: SyntaxTreeNode) -> str:
    address = str(node.attrs.get("href", ""))
    if not is_web(address):
        return _inside(node)
    return f"link({_verbatim(address)}, {_inside(node)})"


def _image(node: SyntaxTreeNode) -> str:
    address, words = str(node.attrs.get("src", "")), literal(node.content or "image")
    return f"link({_verbatim(address)}, {{ {words} }})" if is_web(address) else words


def _verbatim(text: str) -> str:
    """Return an address as a literal, without places to break."""
    return literal(text).replace("\u200b", "")


def _formula(node: SyntaxTreeNode) -> str:
    latex = node.content.strip()
    drawn = _drawn(latex, inline=node.type == "math_inline") if len(latex) <= MAX_FORMULA_CHARACTERS else None
    if drawn is None:
        return f"raw({literal(latex)})"
    svg, height, below = drawn
    picture = f'image(bytes({_verbatim(svg)}), format: "svg", height: {height:.2f}pt, alt: {literal(latex)})'
    if node.type == "math_inline":
        return f"box(baseline: {below:.2f}pt, {picture})"
    return f"align(center, block({picture}))"


def _drawn(latex: str, *, inline: bool) -> tuple[str, float, float] | None:
    """Return a formula as a drawing, how high it is, and how much of that is below the line; None: it cannot be drawn."""
    import ziamath  # noqa: PLC0415 - reads its font; most conversations have no formula

    try:
        made = ziamath.Latex(latex, size=10.5, inline=inline)  # pyright: ignore[reportPrivateImportUsage]
        _width, height = made.getsize()
        return made.svg(), height, -made.getyofst() if made.getyofst() < 0 else 0.0
    except Exception:  # noqa: BLE001 - whatever a library makes of a formula, it is shown as it was written
        return None


def _wrapped(function: str) -> Callable[[SyntaxTreeNode], str]:
    return lambda node: f"{function}({_inside(node)})"


_MAKERS: Mapping[str, Callable[[SyntaxTreeNode], str]] = {
    "text": lambda node: literal(node.content),
    "softbreak": lambda node: '" "',
    "hardbreak": lambda node: "linebreak()",
    "code_inline": lambda node: f"raw({literal(node.content)})",
    "em": _wrapped("emph"),
    "strong": _wrapped("strong"),
    "s": _wrapped("strike"),
    "paragraph": _paragraph,
    "heading": _heading,
    "fence": _code,
    "code_block": _code,
    "bullet_list": _list,
    "ordered_list": _list,
    "blockquote": lambda node: _turned(node, f"quote(block: true, {_inside(node)})"),
    "table": _table,
    "hr": lambda node: "line(length: 100%, stroke: 0.5pt + luma(190))",
    "link": _link,
    "image": _image,
}
