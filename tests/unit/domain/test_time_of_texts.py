"""What is done with any text takes time by its length, not by its square: a person, a model or an export can write anything."""

import time

import pytest

from gantry.domain.chat import title_from_prompt
from gantry.domain.citations import cited_numbers
from gantry.domain.english.learning import names_in
from gantry.domain.errors import Invalid
from gantry.domain.followups import leans_on_before
from gantry.domain.prompts import filled
from gantry.domain.summaries import summarised
from gantry.domain.words import asked, content_terms, counting, terms

LENGTH = 200_000
PLENTY = 5.0  # seconds; by its square each of these would take minutes
TEXTS = {
    "openers": "*a " * (LENGTH // 3),
    "one line of code": "_0x1a2b=" * (LENGTH // 8),
    "a list that is none": "-" + " " * LENGTH,
    "a question and blanks": "؟" + " " * LENGTH + "x",
    "formulas": r"\(" * (LENGTH // 2),
    "displayed formulas": r"\[x " * (LENGTH // 4),
    "ticks": " ".join("`" * count for count in range(1, 600)),
    "a word": "y" * LENGTH,
    "brackets": "[1" * (LENGTH // 2),
    "fences": "```\n" * (LENGTH // 4),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_takes_long(text: str) -> None:
    """Titles, references, follow-ups, names, words and summaries of a message as long as one may be."""
    begun = time.process_time()
    title_from_prompt(text)
    cited_numbers(text, {1})
    leans_on_before(text)
    names_in(text)
    content_terms(text)
    counting(text[:4000]).count(text)
    summarised([(True, text)])
    assert time.process_time() - begun < PLENTY


def test_a_title_still_has_no_marks() -> None:
    """Pairs are taken off where they can be seen; what is far behind is not looked at."""
    assert title_from_prompt("# **Water** the `beds`" + " now" * 20_000).startswith("Water the beds now now")


def test_references_stand_outside_of_formulas() -> None:
    """Also where one is never closed; a span of code ends at its own ticks."""
    assert cited_numbers(r"So \(x [1] y\) and \( z [2]", {1, 2}) == {2}
    assert cited_numbers("Use `a[1]` as `` b[2] ` `` says [3]", {1, 2, 3}) == {3}
    assert cited_numbers("As said [1]", set()) == set()


def test_a_question_in_arabic_leans_on_the_one_before() -> None:
    """Its mark ends a clause, as others do."""
    assert leans_on_before("والثاني؟")
    assert leans_on_before("شكرا؟ والثاني؟ ")


def test_a_prompt_is_not_filled_beyond_a_message() -> None:
    """One variable may stand in it a thousand times."""
    content = "{{a}}" * 4000
    assert filled(content, {"a": "b"}) == "b" * 4000
    with pytest.raises(Invalid, match="longer than"):
        filled(content, {"a": "b" * 1000})


def test_long_words_are_found_and_not_kept() -> None:
    """A word that is longer than any has the same terms in a text and in a question."""
    word = "z" * 300 + "ing"
    assert terms(word) == ["z" * 64]
    assert "z" * 64 in asked(word)[0].terms
    assert counting(word).count(f"so {word} it is") == {word: 1}
    long = ("ab" * 36) + "ings"  # as it was indexed before words were cut
    assert terms(long) == [("ab" * 36)[:64]]
