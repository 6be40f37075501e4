"""References in answers."""

import pytest

from gantry.domain.citations import cited_numbers, without_unknown


@pytest.mark.parametrize(
    ("text", "cited", "kept"),
    [
        ("It was built in 1931 [1].", {1}, "It was built in 1931 [1]."),
        ("Both say so [1, 2].", {1, 2}, "Both say so [1, 2]."),
        ("One does [2; 9].", {2}, "One does [2]."),
        ("Nobody said so [7].", set(), "Nobody said so."),
        ("Twice [1][2], and [8][2].", {1, 2}, "Twice [1][2], and[2]."),
        ("`list[7]` and\n```\nx[9]\n```\nend [1]", {1}, "`list[7]` and\n```\nx[9]\n```\nend [1]"),
        ("A [7](https://example.org) link", set(), "A [7](https://example.org) link"),
        ("```\nopen[9]", set(), "```\nopen[9]"),
        ("In 2024 [2024] nothing", set(), "In 2024 [2024] nothing"),
        ("Between [0, 9] it grows", set(), "Between [0, 9] it grows"),
        ("A probability in [0, 1] and a[0] [2]", {2}, "A probability in [0, 1] and a[0] [2]"),
        (r"$\sqrt[3]{27} = x[3]$ [1]", {1}, r"$\sqrt[3]{27} = x[3]$ [1]"),
        ("It cost $5 [1], then $6 [9].", {1}, "It cost $5 [1], then $6."),
        (r"\(a[7] + b[8]\), and $$c[9]$$", set(), r"\(a[7] + b[8]\), and $$c[9]$$"),
    ],
)
def test_references_are_checked_against_what_was_given(text: str, cited: set[int], kept: str) -> None:
    """Numbers that were not given are dropped; code and links are left alone."""
    assert cited_numbers(text, {1, 2}) == cited
    assert without_unknown(text, {1, 2}) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Amalia kept it [1], says everybody [2][3].", "Amalia kept it, says everybody."),
        ("Sorted it is [1, 2, 3]; `list[1]` is 2.", "Sorted it is [1, 2, 3]; `list[1]` is 2."),
        ("Add a[1] and f(x)[2].", "Add a[1] and f(x)[2]."),
        (
            "As Knuth says [1] and others [3].\n\n[1] D. Knuth",
            "As Knuth says [1] and others.\n\n[1] D. Knuth",
        ),
    ],
)
def test_with_nothing_given_references_are_dropped_and_lists_stay(text: str, kept: str) -> None:
    """An answer that had no sources refers to none."""
    assert without_unknown(text, ()) == kept
