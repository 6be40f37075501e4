"""Formulas of pages and OpenDocument as a line of text, like those of Word files."""

import pytest

from tests.parts.reading import text
from tests.parts.samples import open_document

pytestmark = pytest.mark.unit

_NAMES = "xmlns='http://www.w3.org/1998/Math/MathML'"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("<mfrac><msup><mi>v</mi><mn>2</mn></msup><mn>90</mn></mfrac>", "v^2/90"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msub><mi>x</mi><mi>i</mi></msub>", "∑_i^n x_i"),
        ("<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt><mroot><mi>c</mi><mn>3</mn></mroot>", "√(a+b)∛(c)"),
        ("<mover><mi>x</mi><mo>^</mo></mover><mover><mi>y</mi><mi>z</mi></mover>", "x\u0302y^z"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced><mphantom><mi>q</mi></mphantom>", "(a,b)"),
        ("<mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd><mtd>4</mtd></mtr></mtable>", "[1, 2; 3, 4]"),
        ("<semantics><mi>x</mi><annotation encoding='StarMath 5.0'>x over 2</annotation></semantics>", "x over 2"),
        ("<mrow>" * 150 + "<mi>x</mi>" + "</mrow>" * 150 + "<mi>y</mi>", "y"),
    ],
)  # fmt: skip
def test_a_formula_is_a_line_of_text(formula: str, expected: str) -> None:
    """In a page, and in an OpenDocument text."""
    whole = f"<math {_NAMES}>{formula}</math>"
    assert text(f"<html><body><p>so {whole}</p></body></html>".encode()).strip() == f"so {expected}"
    inside = f"<text:p>so <draw:frame><draw:object>{whole}</draw:object></draw:frame></text:p>"
    assert text(open_document("text", inside)) == f"so {expected}"
