"""Whether what is kept has to do with a message."""

import pytest

from gantry.domain.relevance import (
    Evidence,
    asks_of_own,
    asks_of_whole,
    evidence,
    has_to_do,
    knows,
    names_documents,
    recalls,
    says_what,
)
from gantry.domain.words import asked as words_of
from gantry.domain.words import counting


def weighed(
    message: str,
    *rows: str,
    kept: int = 0,
    similarity: float | None = None,
    holders: dict[str, int] | None = None,
) -> Evidence:
    """Return what speaks for the words of a message among *rows* of words."""
    wanted = says_what(words_of(message, alone=False))
    held = [counting(message).count(row) for row in rows]
    return evidence(wanted, held, holders=holders or {}, kept=kept, similarity=similarity)


@pytest.mark.parametrize("kept", [1, 30, 1000, 100_000])
def test_near_and_worded_alike_is_given(kept: int) -> None:
    """However little or much is kept."""
    assert has_to_do(weighed("boiler pressure", "the boiler pressure is low", kept=kept, similarity=0.6))
    assert has_to_do(weighed("boiler pressure", "the boiler pressure is low", kept=kept))
    assert has_to_do(weighed("rent", "the rent is due", kept=kept))


@pytest.mark.parametrize("kept", [1, 30, 1000, 100_000])
def test_far_and_without_a_word_is_not(kept: int) -> None:
    """Something is always the nearest."""
    assert not has_to_do(weighed("limerick turtle", "the boiler", kept=kept, similarity=0.2))
    assert not has_to_do(weighed("limerick turtle", "the boiler", kept=kept))
    assert not has_to_do(weighed("", kept=kept, similarity=0.2))


def test_meaning_decides_where_no_word_is_shared() -> None:
    """Question and documents may be in different languages."""
    assert has_to_do(weighed("miete", "the rent is due", kept=40, similarity=0.6))


def test_cosines_are_taken_only_of_who_knows_the_language() -> None:
    """MiniLM takes all Chinese texts for alike; of other models it is not known what a cosine means."""
    assert knows("minilm-int8", "Wie hoch ist die Miete?")
    assert not knows("minilm-int8", "写一首短诗")
    assert knows("multilingual-e5-small", "写一首短诗")
    assert not knows("another", "How high is the rent?")


def test_among_more_rows_more_is_needed() -> None:
    """The nearest of a hundred thousand is nearer by chance than the nearest of three."""
    assert has_to_do(Evidence(0.4, words=2, rows=3))
    assert not has_to_do(Evidence(0.4, words=2, rows=3000))


@pytest.mark.parametrize(
    "message",
    ["thanks a lot", "great thanks", "good morning", "i don t understand", "sounds good", "try again"],
)
def test_words_of_talk_say_nothing_of_a_subject(message: str) -> None:
    """Even where a text holds every one of them."""
    assert not has_to_do(weighed(message, f"{message} said the baker", kept=500, similarity=0.3))


def test_a_sum_is_not_found_by_its_numbers() -> None:
    """Every number stands somewhere."""
    assert weighed("17 23", "17 of 23 were sold", kept=500).whole == 0


def test_a_word_that_stands_everywhere_is_no_sign() -> None:
    """Of two words that one text holds, one must be rare; a single one must be rarer."""
    often = {"people": 800, "city": 700}
    assert not has_to_do(weighed("people city", "people of the city", kept=1000, holders=often))
    assert has_to_do(weighed("people heliotrope", "people with heliotrope", kept=1000, holders=often))
    assert not has_to_do(weighed("city", "the city", kept=1000, holders=often))


def test_less_is_enough_where_documents_were_chosen() -> None:
    """But a message without a subject gets nothing there either."""
    found = weighed(
        "deadline report budget", "the budget", kept=1000, similarity=0.2, holders={"budget": 300}
    )
    assert not has_to_do(found)
    assert has_to_do(found, lean=True)
    assert not has_to_do(weighed("thanks", "the budget", kept=10, similarity=0.1), lean=True)


@pytest.mark.parametrize(
    "message",
    [
        "Summarize my document",
        "What do these reports say?",
        "what is in the attachment",
        "Fasse mein Dokument zusammen",
        "Résume ce document",
        "Resume mis documentos",
        "总结我的文档",
        "page 149",
        "Was steht auf Seite 12?",
        "第3页讲了什么",
    ],
)
def test_documents_are_asked_for_by_name(message: str) -> None:
    """In the commonest ways of some languages."""
    assert names_documents(message)


@pytest.mark.parametrize(
    "message",
    ["Document this function", "How do I open a file in Python?", "Write a report on whales", "Thanks!"],
)
def test_other_talk_of_files_is_not_about_the_persons(message: str) -> None:
    """Tasks about files in general are no questions to the documents."""
    assert not names_documents(message)


def test_a_text_as_a_whole_is_asked_for() -> None:
    """No part of it holds such a question's words."""
    for message in (
        "Summarize this",
        "What are the key points?",
        "What do my notes say?",
        "Fasse das zusammen",
        "总结一下",
    ):
        assert asks_of_whole(message)
    assert not asks_of_whole("Who signed the contract?")


def test_questions_to_memory_are_known() -> None:
    """What was said, and what is the person's own."""
    assert recalls("Remind me what I said about the garden")
    assert recalls("Which tyres did you recommend?")
    assert recalls("What have we decided on the roof?")
    assert not recalls("When did the war end?")
    assert asks_of_own("When are we moving?")
    assert not asks_of_own("Who wrote Hamlet?")
    assert not asks_of_own("My pleasure.")


@pytest.mark.parametrize(
    ("message", "text", "given"),
    [
        ("逾期交租有什么后果？", "租金每月五日前支付，逾期每日加收滞纳金。", True),
        ("可以种花吗？", "阳台上可以种植小型植物。", True),
        ("谢谢", "谢谢您选择我们的服务，感谢支持。", False),
        ("早上好", "早上八点开门，晚上十点关门。", False),
        ("写一首关于下雨的短诗", "下单后一周内发货，短信通知。", False),
        ("讲个笑话", "本店讲究个人卫生，谢绝外带。", False),
    ],
)
def test_without_spaces_half_of_the_characters_are_enough(message: str, text: str, given: bool) -> None:
    """One pair at least, or one character of a single word of two."""
    assert has_to_do(weighed(message, text, kept=12)) is given
