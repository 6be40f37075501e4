"""What rules learn from a message, and what they must not."""

import pytest

from gantry.domain.learning import entity_key, facts_in, names_in, names_of


@pytest.mark.parametrize(
    ("said", "learned"),
    [
        ("My name is Ada Lovelace.", "Is called Ada Lovelace."),
        ("Hi! I live in New York now.", "Lives in New York."),
        ("I've just moved to Porto, and love it.", "Lives in Porto."),
        ("I work at Acme Corp as an engineer.", "Works at Acme Corp."),
        ("I'm a nurse in a small town.", "Works as a nurse."),
        ("my daughter is called Mia", "Has a daughter called Mia."),
        ("My dog, Rex, is ill.", "Has a dog called Rex."),
        ("I'm allergic to peanuts because of my genes.", "Is allergic to peanuts."),
        ("I am vegan.", "Is vegan."),
        ("My birthday is 3 May.", "Has a birthday on 3 May."),
        ("My favourite colour is green.", "Favourite colour: green."),
        ("Please remember that my car is at Bob's garage.", "Their car is at Bob's garage."),
    ],
)
def test_plain_statements_are_learned(said: str, learned: str) -> None:
    """In the third person, without what is said about them."""
    assert learned in [fact.text for fact in facts_in(said)]


@pytest.mark.parametrize(
    "said",
    [
        "Do I live in Rome?",
        "I don't live in Rome.",
        "If I live in Rome, what then?",
        "Imagine I live in Rome.",
        'She said "I live in Rome."',
        "```\nI live in Rome.\n```",
        "> I live in Rome.",
        "Translate: I live in Rome.",
        "I live in Rome. " * 300,
    ],
)
def test_questions_negations_quotations_and_material_teach_nothing(said: str) -> None:
    """Few facts, but sound ones."""
    assert facts_in(said) == []


def test_names_are_words_with_capitals_inside_sentences() -> None:
    """Not the first word of one, not days, not code."""
    assert names_in("On Monday we met Maria Silva at Café Luso. Then `Foo Bar` said I should go.") == [
        "Maria Silva",
        "Café Luso",
    ]
    assert entity_key("  Maria   SILVA ") == "maria silva"


@pytest.mark.parametrize(
    ("fact", "names"),
    [
        ("Has a sister called Beatrix.", ["Beatrix"]),
        ("Knows Amalia.", ["Amalia"]),
        ("Likes cats.", []),
        ("Acme builds bicycles in Porto.", ["Acme", "Porto"]),
        ("Beatrix Potter wrote it.", ["Beatrix Potter"]),
    ],
)
def test_names_of_a_fact(fact: str, names: list[str]) -> None:
    """What the person does is no name; who does something is."""
    assert names_of(fact) == names
