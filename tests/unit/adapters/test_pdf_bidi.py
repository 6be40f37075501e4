"""Arabic and Hebrew of a PDF: read as they are seen, from the right, whatever the order in the file."""

import random

import pytest

from gantry.adapters.parsing import pdf_bidi

pytestmark = pytest.mark.unit

_MIRRORED = str.maketrans("()", ")(")


def placed(runs: list[str], seed: int) -> list[pdf_bidi.Placed]:
    """Return a line of runs, which are read one after the other, with words and letters in any order.

    Runs of Latin letters and digits stand from left to right. Alef stands in the place of a lam before it.
    """
    seen = "".join(
        run if run[0].isascii() and run[0].isalnum() else run[::-1].translate(_MIRRORED)
        for run in reversed(runs)
    )
    words: list[list[pdf_bidi.Placed]] = [[]]
    for number, letter in enumerate(seen):
        place = 6.0 * (number + (letter in "اآ" and seen[number + 1 : number + 2] == "ل"))
        if letter == " ":
            words.append([])
        else:
            words[-1].append((letter, (place, 100.0, place + 5.0, 110.0)))
    dice = random.Random(seed)
    for each in words:
        dice.shuffle(each)
    dice.shuffle(words)
    return [letter for word in words for letter in [*word, (" ", (0.0, 0.0, 0.0, 0.0))]][:-1]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (["שלום"], "שלום"),
        (["המחיר ", "4,200", " אירו לחודש"], "המחיר 4,200 אירו לחודש"),
        (["תאריך ", "12/05/2026"], "תאריך 12/05/2026"),
        (["מחיר (כולל מים)"], "מחיר (כולל מים)"),
        (["כתובת ", "Birch Lane 12"], "כתובת Birch Lane 12"),
        (["أربعة آلاف يورو", "."], "أربعة آلاف يورو."),
        ([".", "أربعة يورو"], "أربعة يورو."),
        (["ﺳﻼﻡ"], "سلام"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_line_is_read_from_the_right(runs: list[str], expected: str, seed: int) -> None:
    """Numbers and Latin words in it from the left; lam before alef; shapes of letters as the letters they are."""
    assert pdf_bidi.line_of(placed(runs, seed), turned=True) == expected


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_vowel_signs_follow_their_letters(order: list[int]) -> None:
    """They stand above or below them, and have a place of their own in the file."""
    letters: list[pdf_bidi.Placed] = [
        ("ש", (20.0, 0.0, 25.0, 10.0)),
        ("ל", (10.0, 0.0, 15.0, 10.0)),
        ("\u05b8", (21.0, 0.0, 23.0, 2.0)),
    ]
    assert pdf_bidi.line_of([letters[number] for number in order], turned=False) == "ש\u05b8ל"


def test_letters_below_each_other_stay() -> None:
    """Turned pages are left as they come."""
    assert (
        pdf_bidi.line_of(
            [(letter, (0.0, 50.0 * n, 5.0, 50.0 * n + 9)) for n, letter in enumerate("שלום")], turned=True
        )
        == "שלום"
    )


def test_words_of_a_page_that_is_read_from_the_left_stand_in_its_lines() -> None:
    """The line begins on the left."""
    seen = "The word " + "שלום"[::-1] + " is a greeting"
    letters: list[pdf_bidi.Placed] = [
        (letter, (6.0 * n, 0.0, 6.0 * n + 5, 9.0)) for n, letter in enumerate(seen)
    ]
    assert pdf_bidi.line_of(letters, turned=False) == "The word שלום is a greeting"
