"""What stands on the screen for what a model wrote: the page's own reading of markdown, run in Node without a browser."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.parts.app import ROOT

_SCRIPT = (ROOT / "tests/web/markdown.mjs").read_text()
_TICKS = "`" * 4


def _shown(*texts: str, live: bool = False) -> list[str]:
    """Return what each of *texts* becomes: HTML without the outermost element."""
    node = Path(sys.executable).parent / "node"
    done = subprocess.run(
        [node, "--input-type=module", "--eval", _SCRIPT],
        cwd=ROOT / ".web",
        input=json.dumps([{"text": text, "live": live} for text in texts]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    pages: list[str] = json.loads(done.stdout)
    return [re.sub(r"^<div[^>]*>|</div>$", "", page) for page in pages]


def _inline(tex: str) -> str:
    return f'<span class="math-inline">{tex}</span>'


def _displayed(tex: str) -> str:
    return f'<span class="math-display">{tex}</span>'


def _fenced(code: str, language: str = "") -> str:
    name = f' class="language-{language}"' if language else ""
    return f"<pre><code{name}>{code}\n</code></pre>"


_CASES: dict[str, tuple[str, str]] = {
    # Emphasis beside the punctuation of languages that put no blanks between words
    "bold, then Chinese": ("**警告：**不要打开。", "<p><strong>警告：</strong>不要打开。</p>"),
    "bold Japanese quotation": ("これは**「大事」**です。", "<p>これは<strong>「大事」</strong>です。</p>"),
    "bold Korean with brackets": ("**서울(수도)**은", "<p><strong>서울(수도)</strong>은</p>"),
    "address before a full stop": (
        "https://a.example/b。",
        '<p><a href="https://a.example/b">https://a.example/b</a>。</p>',
    ),
    # Line breaks
    "lines stay lines": ("Rua Nova 4\n1100 Lisboa", "<p>Rua Nova 4<br/>\n1100 Lisboa</p>"),
    "lines of a list": ("- a\n- b\n  c", "<ul>\n<li>a</li>\n<li>b<br/>\nc</li>\n</ul>"),
    "lines of code": ("```\na\nb\n```", _fenced("a\nb")),
    "a table": (
        "| a |\n|---|\n| `x` |",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td><code>x</code></td></tr></tbody></table>",
    ),
    # Tildes
    "ranges": ("3~4 days, 8~9 hours, ~50 %", "<p>3~4 days, 8~9 hours, ~50 %</p>"),
    "struck out": ("~~old~~", "<p><del>old</del></p>"),
    # Formulas and money
    "single dollars": (
        "$a_1$ and $b^2$ for $3 or $4.",
        f"<p>{_inline('a_1')} and {_inline('b^2')} for $3 or $4.</p>",
    ),
    "dollars in a Chinese sentence": ("其中$x$是", f"<p>其中{_inline('x')}是</p>"),
    "money and variables": ("US$5, $7-$8, $HOME and $PATH", "<p>US$5, $7-$8, $HOME and $PATH</p>"),
    "round brackets": (r"so \(a_b\)", f"<p>so {_inline('a_b')}</p>"),
    "square brackets over lines": (
        "by\n\\[\na\n- b\n\n+ c\n\\]\nit",
        "<p>by</p>" + _displayed("a\n- b\n\n+ c") + "<p>it</p>",
    ),
    "a path of variables": (
        "Add $BIN/x:$PATH or ${A}-${B}, not `$q$`",
        "<p>Add $BIN/x:$PATH or ${A}-${B}, not <code>$q$</code></p>",
    ),
    "dollars over lines": ("$$\\begin{x}\nq\n\\end{x}$$", _displayed("\\begin{x}\nq\n\\end{x}")),
    "never closed": ("$$ is a mark\n\n- a", "<p>$$ is a mark</p><ul>\n<li>a</li>\n</ul>"),
    # Code
    "a long fence": (
        f"{_TICKS}md\n```sh\nsed 's/\\(a\\)/$b$/'\n```\n\\[x\\] $$y$$ 1~2~3\n{_TICKS}",
        _fenced("```sh\nsed &#x27;s/\\(a\\)/$b$/&#x27;\n```\n\\[x\\] $$y$$ 1~2~3", "md"),
    ),
    "a fence of tildes": ("~~~\n$$\n\\[a\\] ```\n~~~", _fenced("$$\n\\[a\\] ```")),
    "indented code": ("a\n\n    $x$ \\(y\\) **z**", "<p>a</p>" + _fenced("$x$ \\(y\\) **z**")),
    "code with backticks in it": ("``\\(a\\) ` $b$``", "<p><code>\\(a\\) ` $b$</code></p>"),
    "a fence that never ends": ("```py\nx = '\\(1\\)'", _fenced("x = &#x27;\\(1\\)&#x27;", "py")),
    # Alerts, tags, references
    "an alert": (
        "> [!WARNING]\n> Hot.",
        '<blockquote class="alert warning"><p class="alert-title">Warning</p>\n<p>\nHot.</p>\n</blockquote>',
    ),
    "a quotation like one": ("> [!NOTE] no", "<blockquote>\n<p>[!NOTE] no</p>\n</blockquote>"),
    "tags": ("a<br>b <i>c</i>", "<p>a<br/>\nb &lt;i&gt;c&lt;/i&gt;</p>"),
    "a reference": ("So [2].", '<p>So <a href="#source-2">2</a>.</p>'),
    "an index": ("set a[2] and rows[1] to 0", "<p>set a[2] and rows[1] to 0</p>"),
}


@pytest.fixture(scope="module")
def pages(built: None) -> dict[str, str]:
    """Return what is shown for each case; all of them in one run of Node."""
    return dict(zip(_CASES, _shown(*(text for text, _ in _CASES.values())), strict=True))


@pytest.mark.parametrize("case", _CASES)
async def test_what_is_shown(pages: dict[str, str], case: str) -> None:
    """Each text is shown as its writer meant it, and code as it was written."""
    assert pages[case] == _CASES[case][1]


_WRITTEN = (
    "By $a_1$ we have **much** \\(\\vec{b}_{2}\\), so\n\n$$\nx = 1\n$$\n\nand\n\\[\ny\n\\]\nor `\\(z\\)` for $5.\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n"
)


async def test_half_a_text_is_shown_steadily(built: None) -> None:
    """While it is written, no half of a formula, a mark or a table is ever shown, and nothing that was shown goes."""
    pages = _shown(*(_WRITTEN[:end] for end in range(1, len(_WRITTEN) + 1)), live=True)
    counts: list[dict[str, Any]] = [
        {tag: page.count(f"<{tag}") for tag in ("p>", "code", "span", "strong", "table", "tr")}
        for page in pages
    ]
    for end, (page, before, now) in enumerate(zip(pages[1:], counts, counts[1:], strict=False), 2):
        at = f"after {_WRITTEN[max(0, end - 30) : end]!r}: {page}"
        words = re.sub(r"<(code|span)[^>]*>[^<]*</\1>|<[^>]+>", "", page)
        assert not re.search(r"\$(?!5)|\\|\*|\||_", words), at
        assert all(now[tag] >= before[tag] for tag in now), at
    assert counts[-1] == {"p>": 3, "code": 1, "span": 4, "strong": 1, "table": 1, "tr": 2}
