"""Finding the sentence that answers."""

from gantry.domain.passages import best_passage, search_words


def test_stop_words_are_not_searched_unless_there_is_nothing_else() -> None:
    """A question is reduced to the words that carry it."""
    assert search_words("What is the name of my dog?") == ["name", "dog"]
    assert search_words("Who are you?") == ["who", "are", "you"]
    assert search_words("?!") == []


def test_the_sentence_with_most_of_the_words_is_chosen() -> None:
    """The passage begins at the sentence that holds most of the words, endings aside."""
    text = "I live in Bern. My dogs are named Rex and Luna. They like walks."
    assert best_passage(text, ["name", "dog"]) == ("My dogs are named Rex and Luna. They like walks.", 2)


def test_a_passage_is_cut_at_a_word() -> None:
    """A long passage ends with an ellipsis after a whole word."""
    passage, _ = best_passage("dog " + "barking " * 100, ["dog"], max_characters=50)
    assert len(passage) <= 51
    assert passage.endswith("barking…")


def test_a_text_without_the_words_has_no_passage() -> None:
    """Nothing is quoted that does not match."""
    assert best_passage("Nothing here.", ["dog"]) == ("", 0)
