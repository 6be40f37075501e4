"""Telling thinking from answers."""

import pytest

from gantry.adapters.openai.thinking import Piece, ThinkSplitter
from gantry.domain.catalog import ReasoningDelta, Recast, TextDelta


def told(pieces: list[str]) -> list[Piece]:
    splitter = ThinkSplitter()
    found: list[Piece] = []
    for piece in pieces:
        if splitter.settled and splitter.passes(piece):  # as the reader of answers does
            found.append(TextDelta(piece))
        else:
            found += splitter.feed(piece)
    return found + splitter.flush()


def split(pieces: list[str]) -> tuple[str, str]:
    thought = answer = ""
    for piece in told(pieces):
        match piece:
            case Recast(text, reasoning):
                thought, answer = reasoning, text
            case ReasoningDelta(text):
                assert text
                thought += text
            case TextDelta(text):
                assert text
                answer += text
    return thought, answer


def cut(stream: str, size: int) -> list[str]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


OPENED = [
    ("<think>Hm.</think>Yes.", "Hm.", "Yes."),
    ("\n<think>\nHm.\n</think>\n\nYes.", "Hm.", "Yes."),
    ("<think>\n\n</think>\n\nYes.", "", "Yes."),
    ("<think>a < b </ c</think>d</think>", "a < b </ c", "d</think>"),
    ("<think>never ends </th", "never ends </th", ""),
    ("<Think>Hm.</THINK>Yes.", "Hm.", "Yes."),
    ("<thinking>Hm.</thinking>Yes.", "Hm.", "Yes."),
    ("<thought>\nHm.\n</thought>\nYes.", "Hm.", "Yes."),
    ("[THINK]Hm.[/THINK]Yes.", "Hm.", "Yes."),
    ("◁think▷Hm.◁/think▷Yes.", "Hm.", "Yes."),
    ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Hm.", "Yes."),
    ("<|channel|>final<|message|>Yes.", "", "Yes."),
    ("<|START_THINKING|>Hm.<|END_THINKING|>Yes.", "Hm.", "Yes."),
    ("<|inner_prefix|>Hm.<|inner_suffix|>Yes.", "Hm.", "Yes."),
    ("<think>One.</think>\n<think>Two.</think>\nYes.", "One.Two.", "Yes."),
    ("<think>Like\n```\n</think>\n```\nso.</think>Yes.", "Like\n```\n</think>\n```\nso.", "Yes."),
    ("<think>A fence ``` is\n```\nopen.\n</think>\n\nYes.", "A fence ``` is\n```\nopen.", "Yes."),
    ("<thinker> is no mark", "", "<thinker> is no mark"),
    ("  indented <think>late</think>", "", "  indented <think>late</think>"),
    ("<th", "", "<th"),
    ("Yes.", "", "Yes."),
    ("", "", ""),
]  # fmt: skip
ONLY_CLOSED = [
    ("They ask.\nI know.\n</think>\n\nThe mill.", "They ask.\nI know.", "The mill."),
    ("They ask. I know.</think>The mill.", "They ask. I know.", "The mill."),
    ("They ask </think>\nThe mill.", "They ask", "The mill."),
    ("They ask </think>", "They ask", ""),
    ("They ask[/THINK]The mill.", "They ask", "The mill."),
    ("They ask.</thinking>\nThe mill.", "They ask.", "The mill."),
    ("</think>\n\nThe mill.", "", "The mill."),
    ("Say `x`.\n```\ncode\n```\n</think>\nThe mill.", "Say `x`.\n```\ncode\n```", "The mill."),
    ("Thought.\n</think>\nUse `</think>`.\n</think>\n", "Thought.", "Use `</think>`.\n</think>\n"),
]
NAMED = [
    "Close it with `</think>` at the end.",
    "```xml\n<a>\n</think>\n```\nThat is all.",
    "~~~~\n~~~\n</think>\n~~~~\n",
    "- a list\n  ```\n  </think>\n  ```\n",
    "Models write <think> first and </think>\nlast.",
    "They end with </think> and go on.",
    'The mark "</think>" ends it.',
    "A list [a, b] and x > y, <b>bold</b>, [link](x).",
]


@pytest.mark.parametrize(("stream", "thought", "answer"), OPENED + ONLY_CLOSED)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_thinking_is_split_wherever_it_is_cut(stream: str, thought: str, answer: str, size: int) -> None:
    """Marks of all families count at the beginning; a closing mark alone counts wherever it is none of the text."""
    assert split(cut(stream, size)) == (thought, answer)


@pytest.mark.parametrize("stream", NAMED)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_marks_that_are_text_stay_text(stream: str, size: int) -> None:
    """A mark in code, in quotes, in a sentence, or with its opening one before it is part of the answer."""
    assert split(cut(stream, size)) == ("", stream)


def test_server_that_tells_thoughts_apart_is_believed() -> None:
    """Where thoughts have a field of their own, a closing mark is text."""
    splitter = ThinkSplitter()
    splitter.trust()
    assert splitter.feed("Yes.\n</think>\n") == [TextDelta("Yes.\n</think>\n")]


def test_answer_without_marks_is_not_held_back() -> None:
    """The first word of an ordinary answer comes at once."""
    splitter = ThinkSplitter()
    assert splitter.feed("Hello") == [TextDelta("Hello")]
    assert splitter.settled


def test_thought_is_not_held_back() -> None:
    """Thinking comes piece by piece, less only what may belong to the closing mark."""
    splitter = ThinkSplitter()
    assert splitter.feed("<think>one two") == [ReasoningDelta("one two")]
    assert splitter.feed(" <") == []
    assert splitter.feed(" three") == [ReasoningDelta(" < three")]


def test_many_marks_in_an_answer_cost_little() -> None:
    """An answer full of marks is looked through a bounded number of times."""
    assert split(["`</think>` "] * 20_000) == ("", "`</think>` " * 20_000)
