"""Fitting a conversation into a model's context."""

import pytest

from gantry.domain.catalog import ChatTurn
from gantry.domain.prompt import assemble, prompt_budget, turn_tokens
from gantry.domain.tokens import estimate_tokens


def talk(pairs: int, words: int = 50) -> list[ChatTurn]:
    turns = []
    for n in range(pairs):
        turns += [
            ChatTurn("user", f"question {n} " + "word " * words),
            ChatTurn("assistant", f"answer {n} " + "word " * words),
        ]
    return [*turns, ChatTurn("user", "and now?")]


def test_a_short_conversation_is_sent_whole() -> None:
    """Nothing is left out while everything fits."""
    prompt = assemble(talk(3), system="Be kind.", budget_tokens=10_000)
    assert [turn.role for turn in prompt.turns] == ["system", *["user", "assistant"] * 3, "user"]
    assert prompt.left_out == 0


def test_the_oldest_turns_go_first_and_are_counted() -> None:
    """A long conversation is cut from its beginning, within the budget, beginning with a question."""
    history = talk(40)
    prompt = assemble(history, system="Be kind.", budget_tokens=1000, earlier=5)
    assert prompt.tokens <= 1000
    assert sum(turn_tokens(turn) for turn in prompt.turns) == prompt.tokens
    assert prompt.turns[0].role == "system"
    assert prompt.turns[1].role == "user"
    assert prompt.turns[-1] == history[-1]
    assert prompt.left_out == 5 + len(history) - (len(prompt.turns) - 1)


def test_the_question_is_always_sent() -> None:
    """A question longer than the budget is sent all the same: the server decides."""
    prompt = assemble([ChatTurn("user", "word " * 5000)], system="", budget_tokens=100)
    assert len(prompt.turns) == 1


@pytest.mark.parametrize(
    ("context", "least", "most"), [(None, 4096, 8192), (2048, 1500, 1600), (131072, 120000, 131072)]
)
def test_room_is_kept_for_the_answer(context: int | None, least: int, most: int) -> None:
    """A prompt never takes the whole context."""
    assert least <= prompt_budget(context) < most


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 10, 100, 160),
        ("Съешь же ещё этих мягких французских булок. " * 10, 130, 300),
        ("人工智能可以帮助人们更快地学习。" * 10, 120, 220),
        ("", 0, 0),
    ],
)
def test_estimates_lean_high_in_every_script(text: str, least: int, most: int) -> None:
    """An estimate is near what common tokenizers make of Latin, Cyrillic and Chinese text."""
    assert least <= estimate_tokens(text) <= most
