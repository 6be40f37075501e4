"""Formulas of Office files as a line of text."""

import pytest

from tests.parts.reading import text as read
from tests.parts.word import STRICT, TRANSITIONAL, paragraph, text, word

pytestmark = pytest.mark.unit


def el(name: str, *inside: str, value: str = "") -> str:
    """Return an element of a formula."""
    told = f' m:val="{value}"' if value else ' m:val=""' if name.endswith("Chr") else ""
    return f"<m:{name}{told}>{''.join(inside)}</m:{name}>"


def r(said: str) -> str:
    """Return a run of a formula."""
    return el("r", el("t", said))


def e(*inside: str) -> str:
    """Return what an element is about."""
    return el("e", *inside)


SQUARE = el("sSup", e(r("v")), el("sup", r("2")))
MATRIX = el("m", el("mr", e(r("1")), e(r("2"))), el("mr", e(r("3")), e(r("4"))))
CASES = el("dPr", el("begChr", value="{"), el("endChr"))


@pytest.mark.parametrize("edition", [TRANSITIONAL, STRICT])
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (el("f", el("num", SQUARE), el("den", r("170"))), "v^2/170"),
        (el("f", el("num", r("a+b")), el("den", r("2c"))), "(a+b)/2c"),
        (el("f", el("num", r("(a)(b)")), el("den", r("c"))), "((a)(b))/c"),
        (el("sSub", e(r("x")), el("sub", r("i+1"))), "x_(i+1)"),
        (el("sSubSup", e(r("x")), el("sub", r("i")), el("sup", r("2"))), "x_i^2"),
        (el("rad", el("deg"), e(SQUARE, r("+1"))), "√(v^2+1)"),
        (el("rad", el("deg", r("3")), e(r("x"))), "∛(x)"),
        (
            el(
                "nary",
                el("naryPr", el("chr", value="∑")),
                el("sub", r("i=1")),
                el("sup", r("n")),
                e(SQUARE),
            ),
            "∑_(i=1)^n v^2",
        ),
        (el("nary", el("sub", r("0")), el("sup", r("1")), e(r("f"))), "∫_0^1 f"),
        (MATRIX, "[1, 2; 3, 4]"),
        (el("d", e(MATRIX)), "[1, 2; 3, 4]"),
        (el("func", el("fName", el("limLow", e(r("lim")), el("lim", r("x→0")))), e(r("g"))), "lim_(x→0) g"),
        (el("d", CASES, e(el("eqArr", e(r("a")), e(r("b"))))), "{a; b"),
        (el("acc", e(r("x"))), "x\u0302"),
        (el("oMathPara", el("oMath", r("E=m"), SQUARE)), "E=mv^2"),
    ],
)
def test_a_formula_is_a_line_of_text(formula: str, expected: str, edition: str) -> None:
    """Fractions, powers, roots, sums and matrices can be read, and stand in their sentence."""
    body = paragraph(f"{text('It is ')}{el('oMath', formula)}{text(' here.')}")
    assert read(word(body, edition=edition)) == f"It is {expected} here."
