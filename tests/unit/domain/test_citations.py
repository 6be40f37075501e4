"""References in answers."""

import pytest

from gantry.domain.citations import cited_numbers


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("It was built in 1931 [1].", {1}),
        ("Both say so [1, 2].", {1, 2}),
        ("One does [2; 9].", {2}),
        ("Nobody said so [7].", set()),
        ("Twice [1][2], and [8][2].", {1, 2}),
        ("`list[2]` and\n```\nx[2]\n```\nend [1]", {1}),
        ("````\n```\nx [2]\n```\n````\nend [1]", {1}),
        ("A [1](https://example.org) link", set()),
        ("```\nopen[1]", set()),
        ("In 2024 [2024] nothing", set()),
        ("Between [0, 2] it grows", set()),
        ("A probability in [0, 1] and a[0] [2]", {2}),
        (r"$\sqrt[2]{27} = x[2]$ [1]", {1}),
        ("It cost $5 [1], then $6 [9].", {1}),
        ("Set $HOME as he said [1] and lib:$PATH.", {1}),
        (r"\(a[1] + b[2]\), and $$c[1]$$", set()),
        ("其中$x [1]$是 [2]", {2}),
        ("``a` [1] ` b`` [2]", {2}),
        ("````md\n```\n[1]\n```\n````\n[2]", {2}),
        ("```\n```py [1]\n```\n[2]", {2}),
        ("Set a[1] to zero, then f(x)[2] = 3", set()),
        ("Read rows[1] and items[2] in turn", set()),
        ("It was built in 1931[1].", {1}),
        ("Both say so[1][2]", {1, 2}),
        ("桥建于一九三一年[1]。", {1}),
    ],
)
def test_references_are_those_that_were_given(text: str, cited: set[int]) -> None:
    """Numbers that were not given, code, links and indices refer to nothing."""
    assert cited_numbers(text, {1, 2}) == cited
