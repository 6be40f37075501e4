"""Laying out for export: words stay words, and no formula is lost."""

import pytest
from pypdfium2 import PdfDocument

from gantry.adapters.exporting.fragments import fragment
from gantry.adapters.exporting.typeset import blocks, pdf
from gantry.domain.exported_text import Part, Reading


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


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "text", ["- word", "1. word", "> word", "## word", "| word | other |\n|---|---|\n| 1 | 2 |"]
)
def test_english_stands_at_the_left_whoever_reads_it(language: str, text: str) -> None:
    """Lists with their marks, quotations, headings and tables run as their own letters do, also on an Arabic page."""
    made = pdf(Reading(language, "1", "2", [Part("user", "3", "", text)]))
    with PdfDocument(made) as document:
        page = document[0]
        words = page.get_textpage()
        letters = words.get_text_range()
        places = [at for at, letter in enumerate(letters) if letter == "•"] + [letters.index("word")]
        assert all(words.get_charbox(at)[0] < page.get_width() / 3 for at in places)


@pytest.mark.parametrize(
    ("language", "text", "is_right"),
    [
        ("en", "> word", False),
        ("ar", "> word", False),
        ("ar", "> كلمة", True),
        ("en", "> كلمة", True),
        ("ar", "> 12", True),
        ("de", "> 12", False),
    ],
)
def test_the_bar_of_a_quotation_stands_where_its_lines_begin(
    language: str, text: str, is_right: bool
) -> None:
    """At the right of Arabic; what has no letters begins where the page does."""
    made = pdf(Reading(language, "1", "", [Part("user", "3", "", text)]))
    with PdfDocument(made) as document:
        page = document[0].render(scale=2, grayscale=True).to_pil()
    width, height = page.size
    upright = [
        at for at in range(width) if sum(page.getpixel((at, row)) == 190 for row in range(height)) >= 15
    ]
    assert upright
    assert all((at > width / 2) == is_right for at in upright)
