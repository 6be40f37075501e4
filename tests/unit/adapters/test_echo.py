"""Telling repeated prefixes from new text."""

import pytest

from gantry.adapters.openai.echo import EchoFilter

PREFIX = "It was a dark and stormy night"


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize(
    ("said", "new"),
    [
        (PREFIX + "; the rain fell", "; the rain fell"),
        ("; the rain fell", "; the rain fell"),
        ("It was a dark horse", "It was a dark horse"),
        ("It was a", "It was a"),
        (PREFIX + PREFIX, PREFIX),
    ],
)
def test_only_a_whole_repeated_prefix_is_dropped(said: str, new: str, size: int) -> None:
    """A repetition of all of the prefix goes, once; anything less is new text."""
    echo = EchoFilter(PREFIX)
    heard = [echo.feed(said[at : at + size]) for at in range(0, len(said), size)]
    assert "".join(heard) + echo.flush() == new


def test_short_prefix_is_never_dropped() -> None:
    """After "1" a model may well say "1" again."""
    assert EchoFilter("1").feed("1") == "1"
