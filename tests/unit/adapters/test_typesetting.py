"""Laying out for export: words stay words, and no formula is lost."""

import pytest

from gantry.adapters.exporting.fragments import fragment
from gantry.adapters.exporting.typeset import blocks, pdf
from gantry.domain.exported_text import Reading


@pytest.mark.parametrize("title", ["MONOPOLY", "Which FONTS?", "TITLE", '" + panic() + "', "#panic()"])
def test_every_title_can_be_laid_out(title: str) -> None:
    """None is taken for a part of the page that it stands on."""
    assert pdf(Reading("en", title, "about", [])).startswith(b"%PDF-")


@pytest.mark.filterwarnings("ignore:path is deprecated")  # as the library of formulas opens its font
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"\[ E = m \] (1)", ["(1)"]),
        (r"\[ E = m \] where *m* is mass.", ["where <em>m</em> is mass."]),
        (r"It is \[ E = m \] and \[ m = E \].", ["It is ", " and ", "."]),
        ("\\[\nE\n=\nm\n\\]\nAfter it.", ["After it."]),
    ],
)
def test_what_stands_beside_a_formula_is_there(text: str, words: list[str]) -> None:
    """The formula is drawn, in HTML and in PDF, and every word around it is kept."""
    made = fragment(text)
    assert made.count("<mi>E</mi>") == text.count("E")
    assert all(each in made for each in words)
    assert "image(bytes(" in blocks(text)


def test_formulas_lead_nowhere() -> None:
    """Addresses in them are left out: nobody has looked at those."""
    assert "javascript" not in fragment(r"$\href{javascript:alert(1)}{x}$")
