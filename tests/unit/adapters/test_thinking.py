"""Telling thinking from answers, and repeated prefixes from new text."""

import pytest

from gantry.adapters.thinking import EchoFilter, ThinkSplitter
from gantry.domain.catalog import ReasoningDelta, TextDelta


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    deltas = [delta for piece in pieces for delta in splitter.feed(piece)] + splitter.flush()
    assert all(delta.text for delta in deltas)
    thought = "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))
    return thought, "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


CASES = [
    ("<think>Hm.</think>Yes.", "Hm.", "Yes."),
    ("\n<think>\nHm.\n</think>\n\nYes.", "Hm.", "Yes."),
    ("<think>\n\n</think>\n\nYes.", "", "Yes."),
    ("<think>a < b </ c</think>d</think>", "a < b </ c", "d</think>"),
    ("<think>never ends </th", "never ends </th", ""),
    ("<thinking> is no tag", "", "<thinking> is no tag"),
    ("  indented <think>late</think>", "", "  indented <think>late</think>"),
    ("<th", "", "<th"),
    ("Yes.", "", "Yes."),
    ("", "", ""),
]


@pytest.mark.parametrize(("stream", "thought", "answer"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_thinking_is_split_wherever_it_is_cut(stream: str, thought: str, answer: str, size: int) -> None:
    """Only a tag at the beginning counts, however the pieces are cut."""
    assert split([stream[at : at + size] for at in range(0, len(stream), size)]) == (thought, answer)


def test_answer_without_tags_is_not_held_back() -> None:
    """The first word of an ordinary answer comes at once."""
    splitter = ThinkSplitter()
    assert splitter.feed("Hello") == [TextDelta("Hello")]
    assert splitter.settled


def test_thought_is_not_held_back() -> None:
    """Thinking comes piece by piece, less only what may belong to the closing tag."""
    splitter = ThinkSplitter()
    assert splitter.feed("<think>one two") == [ReasoningDelta("one two")]
    assert splitter.feed(" <") == []
    assert splitter.feed(" three") == [ReasoningDelta(" < three")]


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
