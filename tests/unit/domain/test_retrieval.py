"""How what two searches find becomes one order."""

from uuid import UUID

import pytest

from gantry.domain.retrieval import (
    DOCUMENTS,
    MEMORY,
    best_first,
    coverage,
    fused,
    how_wished,
    mingled,
    occurrences,
    okapi,
    trusting,
    who_spoke,
    with_neighbours,
)

A, B, C, D = (UUID(int=n) for n in (1, 2, 3, 4))


def test_what_both_searches_find_comes_first() -> None:
    """Each search counts relative to its best: their scales differ."""
    assert best_first(fused({A: 12.0, B: 11.0}, {B: 0.8, C: 0.7}, DOCUMENTS))[0] == B


@pytest.mark.parametrize(
    ("words", "meaning", "order"),
    [({A: 3.0, B: 9.0}, {}, [B, A]), ({}, {A: 0.2, B: 0.5}, [B, A]), ({}, {}, [])],
    ids=["only words answered", "only meaning answered", "nothing was found"],
)
def test_one_search_alone_keeps_its_order(
    words: dict[UUID, float], meaning: dict[UUID, float], order: list[UUID]
) -> None:
    """Scores stay between 0 and 1."""
    scores = fused(words, meaning, DOCUMENTS)
    assert list(best_first(scores)) == order
    assert all(0 <= score <= 1 for score in scores.values())


def test_words_count_more_where_one_row_holds_most_of_them() -> None:
    """Where the question's words are spread over many rows, meaning decides."""
    words, meaning = {A: 9.0, B: 5.0}, {B: 0.8, A: 0.55}
    assert best_first(fused(words, meaning, trusting(DOCUMENTS, 1.0))) == [A, B]
    assert best_first(fused(words, meaning, trusting(DOCUMENTS, 0.1))) == [B, A]


def test_a_neighbour_shares_its_score() -> None:
    """What is found is often found twice, side by side."""
    scores = with_neighbours({A: 1.0, B: 0.2, C: 0.3}, {B: [A]}, 0.2)
    assert best_first(scores) == [A, B, C]


def test_coverage_counts_words_not_endings() -> None:
    """Stop words do not count; a word counts once, in whatever field it stands."""

    def share(question: str, *fields: str) -> float:
        return coverage(question, [occurrences(question, text, MEMORY) for text in fields], MEMORY)

    assert share("Which dogs were walking?", "A dog.", "A dog walks.") == 1.0
    assert share("Which dogs were walking?", "A dog.", "") == 0.5
    assert share("the of and", "anything") == 0.0


def test_the_persons_own_words_count_more_where_they_ask_about_themselves() -> None:
    """And less where somebody else is named."""
    assert who_spoke("Where do I live?", "user", MEMORY) > who_spoke("Where is Rome?", "user", MEMORY)
    assert who_spoke("What did Maria say?", "Maria", MEMORY) > who_spoke("What did Ann say?", "Maria", MEMORY)


def test_who_asks_what_was_answered_is_not_given_their_own_words_first() -> None:
    """Asked what was recommended, or for a summary, the answers count as much as the person's own messages."""
    assert who_spoke("Which of my routes did you recommend?", "user", MEMORY) == 0
    assert who_spoke("Can you summarize my search for a flat?", "user", MEMORY) == 0
    assert who_spoke("Which of my routes is shorter?", "user", MEMORY) > 0


def test_wishes_hold_for_requests_only() -> None:
    """Instructions and preferences are remembered where something is asked for, not where the past is."""
    wish, preference = "Always cite the source.", "For walks I prefer the river, it is shaded."
    assert how_wished("Suggest a walk for Sunday", wish, 0.5, MEMORY) > 0
    assert how_wished("Suggest a walk for Sunday", preference, 0.5, MEMORY) > 0
    assert how_wished("Where did I walk in May?", wish, 0.5, MEMORY) == 0
    assert how_wished("Suggest a walk for Sunday", "The river is shaded.", 0.5, MEMORY) == 0


def test_an_instruction_counts_more_where_it_is_about_what_is_asked() -> None:
    """Always citing sources is more to the point in a question about sources; without vectors it counts a little."""
    near, far, unknown = (
        how_wished("Which sources are there?", "Always cite sources.", n, MEMORY) for n in (0.9, 0.4, 0)
    )
    assert near > far > unknown > 0


def test_occurrences_are_words_with_any_ending() -> None:
    """Not parts of other words. Documents know more endings than what people say."""
    text = "A dog, two DOGS; a hotdog and a dogma."
    assert (
        occurrences("Which dogs?", text, MEMORY) == {"dogs": 2} == occurrences("Which dogs?", text, DOCUMENTS)
    )
    text = "Studies of studying, in a studio; a day, days; relativity, and hoping."
    asked = {"study": 2, "days": 2, "relative": 1, "hope": 1}
    for word, times in asked.items():
        assert list(occurrences(f"Which {word}?", text, DOCUMENTS).values()) == [times], word


def test_rare_words_count_more_and_long_texts_less() -> None:
    """What a word is worth is told by the rows themselves."""
    common = {"dog": 1}
    rows = {A: [(common | {"harbour": 1}, 50)], B: [(common, 50)], C: [(common, 500)], D: [({}, 50)]}
    scores = okapi(rows, [1.0])
    assert best_first(scores) == [A, B, C]
    assert scores[A] > 2 * scores[B]


def test_a_words_field_weighs() -> None:
    """A name beside a text counts more than the same word in the texts around it."""
    rows = {A: [({}, 9), ({}, 9), ({"maria": 1}, 9)], B: [({}, 9), ({"maria": 1}, 9), ({}, 9)]}
    assert best_first(okapi(rows, [1.0, 2.0, 0.5])) == [B, A]


def test_scores_by_words_are_mingled_relative_to_their_best() -> None:
    """Where one of them is not wanted, or found nothing, the other keeps its order."""
    assert best_first(mingled({A: 9.0, B: 8.0}, {B: 0.2, C: 0.02}, DOCUMENTS)) == [B, A, C]
    assert best_first(mingled({A: 9.0, B: 8.0}, {B: 0.2}, MEMORY)) == [A, B]
    assert best_first(mingled({A: 9.0, B: 8.0}, {}, DOCUMENTS)) == [A, B]
