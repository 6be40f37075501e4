"""Which messages are about what was asked before them."""

import pytest

from gantry.domain.followups import leans_on_before


@pytest.mark.parametrize(
    "message",
    [
        "and the third one?",
        "And children?",
        "in June?",
        "why?",
        "Why is that?",
        "What about the garage?",
        "Tell me more about it.",
        "Make it longer.",
        "Who signed it?",
        "When does she leave?",
        "Thanks! And what about the other one?",
        "Und wie hoch ist sie?",
        "Et la caution ?",
        "¿Y en junio?",
        "多少钱？",
    ],
)
def test_follow_ups_lean_on_the_question_before(message: str) -> None:
    """They point back, go on, or are no whole question."""
    assert leans_on_before(message)


@pytest.mark.parametrize(
    "message",
    [
        "Thanks, that helps a lot!",
        "ok",
        "Good morning",
        "Who painted Guernica?",
        "What is 12 times 9?",
        "Tell me a riddle.",
        "Write a poem on snow.",
        "How do I peel a mango?",
        "Danke schön!",
        "ありがとう",
        "Is it true that the harbour master burned the ledger in the winter storm?",
    ],
)
def test_other_messages_stand_by_themselves(message: str) -> None:
    """Thanks and tasks have nothing to do with what was asked before; a long question needs nothing of it."""
    assert not leans_on_before(message)
