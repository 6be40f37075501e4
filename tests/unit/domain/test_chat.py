"""Titles."""

import pytest

from gantry.domain.chat import cleaned_title, title_from_prompt


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("how do I boil an egg?", "How do I boil an egg?"),
        ("\n\n# Plan for **Sunday**\nmore", "Plan for Sunday"),
        ("```python\nprint(1)\n```\nwhat does this do", "What does this do"),
        ("```\nonly code\n```", "only code"),
        ("~~~~ sh\nls -l\n~~~~", "ls -l"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("```python", ""),
        (
            "why does my_list.sort_by fail in snake_case_code",
            "Why does my_list.sort_by fail in snake_case_code",
        ),
        ("what is `a_b` and _this_ and __init__.py?", "What is a_b and this and __init__.py?"),
        ("_really_ *very* ***odd***", "Really very odd"),
        ("2 * 3 * 4 is what?", "2 * 3 * 4 is what?"),
        ("https://example.org/a_b_c what is this", "https://example.org/a_b_c what is this"),
        ("example.org is slow", "example.org is slow"),
        ("iPhone or not", "iPhone or not"),
        ("don't do this", "Don't do this"),
        ("- buy milk", "Buy milk"),
        ("-5 degrees: what to wear?", "-5 degrees: what to wear?"),
        ("> quoted words", "Quoted words"),
        ("1. first step", "First step"),
        ("…!?", ""),
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
