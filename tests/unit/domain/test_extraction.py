"""What of a model's reading is believed."""

import json
from collections.abc import Mapping

import pytest

from gantry.domain.extraction import Line, believed, transcript
from gantry.domain.memory import EntityKind

SAID = [
    "My sister Beatrix moved to Porto last week; she teaches physics.",
    "I’m allergic to walnuts, by the way!",
]


def answer(*facts: Mapping[str, object]) -> str:
    """Return what a model that keeps to the form would say."""
    return json.dumps({"facts": facts})


def test_a_fact_that_quotes_the_person_is_believed_with_its_relations() -> None:
    """Punctuation and capitals may differ; the number says which message was quoted."""
    raw = answer(
        {
            "fact": "has a sister Beatrix who teaches physics",
            "quote": "my sister beatrix moved to Porto",
            "slot": "",
            "relations": [
                {"subject": "the person", "predicate": "sister", "object": "Beatrix", "type": "person"},
                {"subject": "Beatrix", "predicate": "lives in", "object": "Porto", "type": "town"},
            ],
        },
        {"fact": "Is allergic to walnuts.", "quote": "I'm allergic to walnuts", "slot": "allergy"},
    )
    (sister, first), (walnuts, second) = believed(f"Here you are:\n```json\n{raw}\n```", SAID, [])
    assert (sister.text, first, second) == ("Has a sister Beatrix who teaches physics.", 0, 1)
    assert [(link.subject, link.name, link.kind) for link in sister.links] == [
        ("", "Beatrix", EntityKind.PERSON),
        ("Beatrix", "Porto", EntityKind.TOPIC),
    ]
    assert (walnuts.text, walnuts.slot) == ("Is allergic to walnuts.", "")


@pytest.mark.parametrize(
    "fact",
    [
        {"fact": "Lives in Rome.", "quote": "I live in Rome"},
        {"fact": "Is allergic to walnuts.", "quote": ""},
        {"fact": "Is allergic to walnuts."},
        {"fact": "", "quote": "I'm allergic to walnuts"},
        {"fact": "x" * 300, "quote": "I'm allergic to walnuts"},
    ],
    ids=["never said", "no quotation", "none at all", "no fact", "an essay"],
)
def test_what_the_person_did_not_say_is_not_believed(fact: Mapping[str, object]) -> None:
    """Models make things up."""
    assert not believed(answer(fact), SAID, [])


def test_what_is_known_is_not_learned_again_in_other_words() -> None:
    """Neither from memory nor from the same answer."""
    fact = {"fact": "Is allergic to walnuts.", "quote": "allergic to walnuts"}
    again = {"fact": "Allergic to walnuts", "quote": "allergic to walnuts"}
    assert not believed(answer(fact), SAID, ["Is allergic to: walnuts"])
    assert len(believed(answer(fact, again), SAID, [])) == 1


@pytest.mark.parametrize(
    "raw", ["", "No facts.", "{", "[]", '{"facts": "none"}', '{"facts": [1, null]}', "}{"]
)
def test_an_answer_out_of_form_teaches_nothing(raw: str) -> None:
    """And breaks nothing."""
    assert believed(raw, SAID, []) == []


def test_a_transcript_takes_whole_messages_while_they_fit() -> None:
    """The assistant's are cut; a single one that is too long is cut as well."""
    lines = [Line(True, "a" * 50), Line(False, "b" * 500), Line(True, "c" * 400)]
    text, count = transcript(lines, max_characters=200, other_characters=40)
    assert count == 2
    assert text == f"PERSON: {'a' * 50}\n\nASSISTANT: {'b' * 40}"
    assert transcript(lines[2:], max_characters=100, other_characters=40)[1] == 1
