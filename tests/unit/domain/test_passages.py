"""Finding the sentence that answers."""

import pytest

from gantry.domain.passages import best_passage
from gantry.domain.words import asked


def test_a_passage_goes_on_while_it_fits() -> None:
    """The sentence with most words comes first, and what follows it is context."""
    text = "It rained. My dogs are named Rex and Luna. They like walks."
    assert best_passage(text, asked("name dog")) == ("My dogs are named Rex and Luna. They like walks.", 2)


def test_a_long_passage_is_cut_between_words() -> None:
    """With a sign that something is missing."""
    passage, _ = best_passage("dog " + "barking " * 100, asked("dog"), max_characters=50)
    assert len(passage) <= 51
    assert passage.endswith("barking…")


def test_nothing_found_is_an_empty_passage() -> None:
    """Rather than some sentence or other."""
    assert best_passage("Nothing here.", asked("dog")) == ("", 0)


@pytest.mark.parametrize(
    ("text", "question", "found"),
    [
        ("今天下雨。钥匙在抽屉里。明天晴。", "钥匙放在哪里？", "钥匙在抽屉里。 明天晴。"),
        ("昨日は雨でした。鍵は引き出しにあります。", "鍵はどこですか", "鍵は引き出しにあります。"),
        ("यह बारिश है। चाबी दराज में है।", "चाबी कहाँ है", "चाबी दराज में है।"),
        ("هل نمت؟ المفتاح في الدرج.", "أين المفتاح", "المفتاح في الدرج."),
    ],
    ids=["Chinese", "Japanese", "Hindi", "Arabic"],
)
def test_sentences_end_as_each_script_ends_them(text: str, question: str, found: str) -> None:
    """Also where no space follows the full stop."""
    assert best_passage(text, asked(question))[0] == found
