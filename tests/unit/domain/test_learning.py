"""What rules learn from a message, and what they must not."""

import pytest

from gantry.domain.english.learning import entity_key, facts_in, names_in, names_of
from gantry.domain.english.own_words import sets_a_role


@pytest.mark.parametrize(
    ("said", "learned"),
    [
        ("My name is Ada Lovelace.", "Name: Ada Lovelace"),
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
        ("I live in Oslo and work as a nurse. Any ideas for a weekend?", "Works as a nurse."),
        ("I live in Oslo, which coat do I need?", "Lives in Oslo."),
        ("I'm from Cork - what could I cook?", "Is from Cork."),
        ("Hello there,\nI live in Oslo.", "Lives in Oslo."),
        ("What if I take the train? I live in Oslo.", "Lives in Oslo."),
        ("From now on answer briefly. I live in Oslo.", "Lives in Oslo."),
        ("I’m vegan", "Is vegan."),
        ("I work as a nurse: long shifts. Any tips?", "Works as a nurse."),
        ("Something about me: I live in Oslo", "Lives in Oslo."),
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
        "Fix the grammar of this:\n\nHi, I'm Tom. I work at Acme as a plumber.",
        "Can you proofread my letter? I live in Rome. My wife is called Zelda.",
        "Rewrite this in plain English: I am from Rome. I work at Acme.",
        "Dear Ms Lind,\nI live in Rome. I work at Acme.\nKind regards,\nTom",
        "Hi Zoe,\n\nI work at Acme now.",
        "From: Tom\nSubject: move\nI live in Rome.",
        "Tom: I live in Rome.\nZoe: I work at Acme.",
        "[10:31] Tom: I live in Rome.\n[10:32] Zoe: My dog is called Rex.",
        "You are a travel agent. I live in Rome.",
        "Act as my doctor. I am allergic to nuts.",
        "Let's role-play. My name is Ragnar.",
        "Write a poem. I live in Rome.",
        "Continue the story. My name is Ragnar. I live in Rome.",
        "My name is Ragnar. I live in Rome. Turn it into a short story.",
        "The song goes “I live in Rome.\nMy wife is called Zelda.” Who sings it?",
        "He said 'I live in Rome' to her.",
        "My neighbour told me I live in Rome.",
        "Summarise the following. I work at Acme.",
        "Here is my bio. I work at Acme. I live in Rome.",
        "This is what she wrote:\nI live in Rome.",
        "What does this say: I live in Rome",
        "Translate this for me: I live in Rome.",
        "Persona: I'm a teacher in Rome.",
        "// I work at Acme",
        "# I live in Rome\nprint(1)",
        "name = My name is Zed",
        "<p>I live in Rome</p>",
        "2026-01-02 10:00 the guest said I live in Rome",
        "<tom> I live in Rome",
        "Hi Tom, I moved to Rome. See you! Anna",
        "Use this test data. I live in Rome.",
        "We are looking for a nurse. I work at Acme.",
        "As a user, I have two kids.",
        "Given I live in Rome\nWhen I order\nThen I pay",
        "- I live in Rome\n- I live in Oslo\nWhich is right?",
        "Can you make it more formal? I live in Rome.",
        "Chapter 1. My name is Ragnar.",
        "A friend sent me this. I am allergic to nuts.",
        "From the diary of my aunt. I live in Rome now.",
        "You are Hector. I live in Rome.",
        "Assuming I am a nurse, I live in Rome.",
        "I dreamed that I live in Rome.",
        "When I live in Rome, what do I need?",
    ],
)
def test_questions_negations_quotations_and_material_teach_nothing(said: str) -> None:
    """Few facts, but sound ones."""
    assert facts_in(said) == []


def test_what_is_said_before_pasted_text_is_learned() -> None:
    """Only what follows the colon is material."""
    said = "I live in Rome. What does this mean:\nI work at Acme."
    assert [fact.text for fact in facts_in(said)] == ["Lives in Rome."]
    assert [fact.text for fact in facts_in("Some things to know about me:\nI live in Rome.")] == [
        "Lives in Rome."
    ]


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("You are a dragon and I am a knight.", True),
        ("Let's play chess.", True),
        ("Pretend that it is 1850.", True),
        ("How are you?", False),
        ("You are right, thank you.", False),
        ("You're the best!", False),
    ],
)
def test_a_role_is_told_from_a_remark(said: str, role: bool) -> None:
    """What is said after it is said by a character."""
    assert sets_a_role(said) == role


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


@pytest.mark.parametrize(
    "text",
    [
        "Ich wohne in Köln und mein Hund heißt Bello. Am Wochenende fahre ich mit dem Auto nach Aachen.",
        "Der Film I Love Paris hat meiner Mutter und mir im Kino am Bahnhof gefallen.",
        "Vivo en Sevilla con mi hermana Carmen y trabajo como enfermera.",
        "Me gusta el café, y mi jefe se llama Raúl.",
        "J'habite à Lyon, et ma sœur s'appelle Zoé.",
        "Benim adım Ayşe ve İzmir'de yaşıyorum.",
        "Меня зовут Анна, я живу в Казани.",
        "我叫李明，住在成都，我喜欢喝茶。",
        "私の名前は田中で、大阪に住んでいます。I like の曲が好きです。",
        "제 이름은 민수이고 부산에 살아요.",
        "ผมชื่อสมชายและอาศัยอยู่ที่เชียงใหม่",
        "اسمي ليلى وأعيش في القاهرة.",
    ],
)
def test_other_languages_teach_nothing(text: str) -> None:
    """The rules know English alone: rather no fact than nonsense."""
    assert facts_in(text) == []


def test_german_nouns_are_no_names() -> None:
    """They begin with capitals as names do."""
    assert names_in("Wir fahren mit dem Auto und der Bahn zur Oma.") == []
    assert names_in("Vamos a Sevilla con Carmen.") == ["Sevilla", "Carmen"]
