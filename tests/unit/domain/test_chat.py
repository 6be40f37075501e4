"""Titles."""

import pytest

from gantry.domain.chat import cleaned_title, title_from_prompt


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("how do I boil an egg?", "How do I boil an egg?"),
        ("\n\n# Plan for **Sunday**\nmore", "Plan for Sunday"),
        ("```python\nprint(1)\n```\nwhat does this do", "What does this do"),
        ("```\nonly code\n```", "Only code"),
        ("…!?", "New conversation"),
        ("äpfel und birnen", "Äpfel und birnen"),
        (
            "please explain the difference between a process and a thread in an operating system",
            "Please explain the difference between a process and a…",
        ),
        ("x" * 200, "X" + "x" * 59 + "…"),
    ],
)
def test_a_title_is_made_from_the_first_words(prompt: str, title: str) -> None:
    """A title is the first line with words, without marks, cut at a word."""
    assert title_from_prompt(prompt) == title


def test_a_typed_title_is_one_short_line() -> None:
    """Line breaks and runs of blanks in a typed title become single blanks, and it is cut to what is stored."""
    assert cleaned_title("  my\n long   title ") == "my long title"
    assert len(cleaned_title("x" * 500)) == 120
