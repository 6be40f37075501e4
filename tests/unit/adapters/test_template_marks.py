"""What a chat template puts around an answer."""

import pytest

from gantry.adapters.openai.template_marks import TemplateMarks


def told(text: str, size: int) -> str:
    marks = TemplateMarks()
    said = "".join(marks.feed(text[at : at + size]) for at in range(0, len(text), size))
    return said + marks.flush()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("Yes.<|im_end|>", "Yes."),
        ("Yes.</s>", "Yes."),
        ("Yes.\n<|eot_id|><|end_of_text|>\n", "Yes.\n"),
        ("<|START_RESPONSE|>Yes.<|END_RESPONSE|>", "Yes."),
        ("\n<|begin_of_solution|>\nYes.\n<|end_of_solution|>", "Yes.\n"),
        ("<|return|>", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_marks_of_the_template_go(sent: str, answer: str, size: int) -> None:
    """Marks before and after an answer are none of it, wherever the stream is cut."""
    assert told(sent, size) == answer


@pytest.mark.parametrize(
    "text",
    [
        "A turn ends with <|im_end|>",
        "Close it: `</s>`",
        "<|im_end|> ends a turn.",
        "Struck: <s>no</s> yes",
        "Was <s>12 €</s>",
        "a < b, and b <",
        "<b>bold</b> <|start|>",
        "  indented\n",
        "Yes.<|im_",
        " ",
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_all_else_is_the_answer(text: str, size: int) -> None:
    """What speaks about a mark, or only looks like one, stays as it was written."""
    assert told(text, size) == text


def test_words_are_not_held_back() -> None:
    """Only what may be the last mark waits for more."""
    marks = TemplateMarks()
    assert marks.feed("Yes") == "Yes"
    assert marks.feed(" <b>") == " <b>"
    assert marks.feed("<|im") == ""
    assert marks.feed("age|>") == "<|image|>"


def test_a_mark_without_end_is_neither_held_nor_read_again() -> None:
    """A model that is stuck repeats its mark; each is looked at among a few, not among all before it."""
    marks = TemplateMarks()
    said = "".join(marks.feed("<|im_end|>") for _ in range(20_000))
    assert len(said) > 150_000
    assert len(marks.held) <= 400
