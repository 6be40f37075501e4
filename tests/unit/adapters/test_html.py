"""Web pages as people see them: code, tables, lists, pictures, formulas; nothing twice, nothing hidden."""

import time

import pytest

from gantry.adapters.parsing import html
from gantry.domain.parsing import ParsingLimits, Section


def read(body: str, encoding: str = "utf-8") -> str:
    """Return the text of a page."""
    sections = html.read(body.encode(encoding), ParsingLimits())
    return "\n".join(each.text for each in sections if isinstance(each, Section))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<pre>\n<code># one\nmake  it\n\n\tgo</code></pre>", "# one\nmake  it\n\n\tgo"),
        ("<pre><span class=k>if</span> x:\n    <b>y</b></pre>", "if x:\n    y"),
        ("<pre><span>a</span>\n<span>b\nc</span></pre>", "a\nb\nc"),
        ("<pre>a<br>b</pre>", "a\nb"),
        ("<div style='color: red; white-space: pre-wrap'>a\n b</div>", "a\n b"),
        ("<textarea>a\nb</textarea>", "a\nb"),
        ("<p>one\ntwo<br>three</p>", "one two\nthree"),
        ("<p>a <b>b</b>c</p>\n<p>d</p>", "a bc\nd"),
        ("<ol><li>One<li>Two<li value=7>Seven<li>Eight</ol>", "1. One\n2. Two\n7. Seven\n8. Eight"),
        ("<ol type=a start=2><li><p>Two</p></ol>", "b. Two"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\nTwo"),
        ("<table><tr><th>Plant<th>Water<tr><td><p>Rose</p><td><div>4 <b>l</b></div></table>", "Plant | Water\nRose | 4 l"),
        ("<table><tr><td>a<td><td>c</table>", "a | | c"),
        ("<table><tr><td><table><tr><td>x<td>y</table><td>z</table>", "x | y\nz"),
        ("<p>A <img src=x alt='red  rose'> here<img src=y alt=''></p>", "A red rose here"),
        ("<figure><img alt='A rose'><figcaption>A rose in May</figcaption></figure>", "A rose in May"),
        ("<p>10<sup>6</sup> m<sup>2</sup>, the 4<sup>th</sup></p>", "10⁶ m², the 4th"),
        ("<p>so <math><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation></math></p>", "so x^2"),
        ("<p>so <math><mi>x</mi><mo>+</mo><mn>1</mn></math></p>", "so x+1"),
        ("<ol><li><p>One</p><p>more</p></li></ol>", "1. One\nmore"),
        ("<p>Ten<a role=doc-noteref href='#n'>1</a> euros</p><p>Net.<a role=doc-backlink href='#r'>↩</a></p>", "Ten¹ euros\nNet."),
        ("<p>Do\u00adnau\u00a0weg</p>", "Donau weg"),
        ("<p>Name <input value=Ada> <input type=hidden value=secret> <select><option>no<option selected>yes</select></p>", "Name Ada yes"),
        ("<svg><title>hidden</title><text>Sales</text><path d='M0'/></svg>", "Sales"),
        ("<h1>Garden<a href='#g'>¶</a></h1><p>x</p>", "Garden\nx"),
        ("<title>My plot</title><h2>Roses</h2><p>x</p>", "My plot\nRoses\nx"),
        ("<title>Roses - My plot</title><h1>Roses</h1><p>x</p>", "Roses\nx"),
    ],
)  # fmt: skip
def test_what_is_seen_is_read(body: str, expected: str) -> None:
    """Line ends where they mean something, one space where they do not."""
    assert read(body).rstrip() == expected


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>x</p>", "<p style='margin: 0;DISPLAY : none'>x</p>", "<p style='visibility:hidden'>x</p>", "<p aria-hidden=true>x</p>",
        "<script>x</script>", "<style>x</style>", "<template>x</template>", "<noscript>x</noscript>", "<dialog>x</dialog>", "<!-- x -->",
        "<table><tr><td hidden>x</td></tr></table>", "<h2><span hidden>x</span></h2>",
    ],
)  # fmt: skip
def test_what_is_hidden_is_left_out(hidden: str) -> None:
    """However it is hidden in the page itself."""
    assert read(f"<p>a</p>{hidden}<p>b</p>") == "a\nb"


def test_a_menu_is_read_once() -> None:
    """Pages hold it again for small screens and at their end."""
    menu = "<nav><a>Home</a> <a>Shop</a></nav>"
    page = f"<header>{menu}</header><p>Roses</p>{menu}<footer><p>By Ada</p></footer>"
    assert read(page) == "Home Shop\nRoses\nBy Ada"


@pytest.mark.parametrize("encoding", ["cp1254", "iso-8859-9", "utf-8", "utf-16"])
def test_a_page_is_read_in_the_encoding_it_says(encoding: str) -> None:
    """Turkish differs from Western by six letters."""
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={encoding}"></head><p>Çağrı Şahin öder</p>'
    assert read(page, encoding) == "Çağrı Şahin öder"


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 1000 + "x",
        "<ol>" + "<li>x" * 10_000 + "</ol>",
        "<nav>" * 1000 + "x",
        "<table><tr><td>" * 300 + "x",
        "<figure>" + "<img alt=y>" * 20_000 + "<figcaption>x</figcaption></figure>",
        "<pre>" + "<b>x</b>\n" * 10_000,
    ],
)
def test_no_page_takes_long(body: str) -> None:
    """Nesting, long lists and many pictures."""
    started = time.perf_counter()
    assert "x" in read(body)
    assert time.perf_counter() - started < 10
