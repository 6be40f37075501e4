"""Laying out for export: words stay words, and no formula is lost."""

import pytest

from gantry.adapters.exporting.fragments import fragment
from gantry.adapters.exporting.typeset import pdf


@pytest.mark.parametrize("title", ["MONOPOLY", "Which FONTS?", "TITLE", '" + panic() + "', "#panic()"])
def test_every_title_can_be_laid_out(title: str) -> None:
    """None is taken for a part of the page that it stands on."""
    assert pdf(title, "about", []).startswith(b"%PDF-")


def test_a_numbered_formula_is_drawn() -> None:
    """Its number in brackets behind it takes nothing of it away."""
    assert "<mi>E</mi>" in fragment(r"\[ E = m \] (1)")
