"""What counts as a word, in every language."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantry.domain.words import asked, counting, is_english, languages_of, porter_stem, stem, terms


def words(question: str) -> list[str]:
    return [one.word for one in asked(question)]


def found(text: str, question: str) -> bool:
    """Whether an index of *text* finds *question*, as the databases do."""
    return any(term in terms(text) for one in asked(question) for term in one.terms)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the name of my dog?", ["name", "dog"]),
        ("Who are you?", ["who", "are", "you"]),
        ("?!", []),
        ("dogs and a dog", ["dogs"]),
        ("Wo ist der Schlüssel?", ["schlüssel"]),
        ("Où sont les clés ?", ["clés"]),
        ("¿Dónde están las llaves?", ["llaves"]),
        ("Где лежат ключи?", ["лежат", "ключи"]),
        ("أين المفتاح؟", ["المفتاح"]),
        ("钥匙在哪里？", ["钥匙", "钥", "匙"]),
        ("鍵はどこですか", ["鍵"]),
        ("열쇠는 어디에 있나요?", ["열쇠"]),
        ("กุญแจอยู่ที่ไหน", ["กุญ", "ญแ", "แจ"]),
    ],
)
def test_the_words_of_a_question(question: str, wanted: list[str]) -> None:
    """Each once, without what every question of the language has, unless there is nothing else."""
    assert words(question) == wanted


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The studies were completed.", "study"),
        ("Die Rechnungen liegen in der Schublade und sind nicht bezahlt.", "Rechnung"),
        ("Die Häuser an der Straße sind alt.", "haus strasse"),
        ("Les chevaux sont dans le pré avec les vaches.", "vache"),
        ("Las canciones que más me gustan son estas.", "canción"),
        ("As faturas são para o escritório.", "fatura"),
        ("I bambini sono nella scuola con gli insegnanti.", "insegnante"),
        ("De fietsen staan in de schuur van het huis.", "fiets"),
        ("Nycklarna ligger på hyllan och det är bra.", "nyckel nycklar"),
        ("Avaimet ovat pöydällä ja minä olen kotona.", "avaimen avaimet"),
        ("Kitaplar rafta duruyor ve çok eski.", "kitap"),
        ("Książki są na półce i nie ma ich w domu.", "książka"),
        ("Договоры лежат в сейфе.", "договор"),
        ("Τα κλειδιά είναι στο συρτάρι.", "κλειδί"),
        ("किताबें अलमारी में हैं।", "किताब"),
        ("المعلمون في المدرسة.", "مدرسة"),
    ],
)
def test_other_forms_of_a_word_are_found(text: str, question: str) -> None:
    """Each language has its own endings, and a question of one word does not tell which."""
    assert found(text, question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("ＡＢＣ１２３型", "abc123"),
        ("ﾀﾞｳﾝﾛｰﾄﾞ", "ダウンロード"),
        ("RÉSUMÉ", "resume"),
        ("IŞIK", "ışık"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("Die Müller sind nicht da.", "mueller"),
        ("٢٠٢٤", "2024"),
        ("hy\u00adphen", "hyphen"),
        ("كِتَاب", "كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("Ёлка", "елка"),
        ("Đường", "duong"),
    ],
)
def test_letters_that_are_the_same_to_who_searches(text: str, question: str) -> None:
    """Full width, accents, capitals, vowel signs, digits of other scripts."""
    assert found(text, question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("护照在蓝色的盒子里", "护照"),
        ("他养了一只猫", "猫"),
        ("可以饲养大型犬", "养狗"),
        ("東京タワーの入場券", "東京"),
        ("スマートフォンケース", "ケース"),
        ("회의시간이 바뀌었습니다", "시간"),
        ("집에서 일합니다", "집은 어디예요"),
        ("บริษัทอยู่กรุงเทพ", "กรุงเทพ"),
        ("ຂ້ອຍຢູ່ວຽງຈັນ", "ວຽງຈັນ"),
        ("ខ្ញុំរស់នៅភ្នំពេញ", "ភ្នំពេញ"),
        ("ကျွန်တော်ရန်ကုန်မှာနေတယ်", "ရန်ကုန်"),
    ],
)
def test_words_are_found_inside_what_is_written_together(text: str, question: str) -> None:
    """Where no spaces stand, or only between groups of words."""
    assert found(text, question)


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("The keys are in the drawer of the desk.", ("english",)),
        ("Die Schlüssel sind in der Schublade, und das Fenster ist offen.", ("german",)),
        ("Les clés sont dans le tiroir et la porte est ouverte.", ("french",)),
        ("x = 3; y", ("english",)),
        ("Größe", ("german",)),
        (
            "Die Schlüssel sind in der Schublade. The keys are in the drawer of the desk, and that is all.",
            ("english", "german"),
        ),
        ("钥匙在抽屉里", ("english",)),
    ],
)
def test_a_texts_languages(text: str, languages: tuple[str, ...]) -> None:
    """Two where both have their part in it; the same every time."""
    assert set(languages_of(text)) == set(languages)


def test_a_text_in_two_languages_is_found_in_both() -> None:
    """By the endings of each."""
    text = "Die Verträge sind in der Mappe und nicht im Schrank. The studies are on the desk, and they were finished."
    assert found(text, "Vertrag")
    assert found(text, "study")


def test_english_words_are_found_by_no_other_languages_endings() -> None:
    """German would cut "layer" to "lay"."""
    assert not found("The hens lay eggs in the morning.", "layers")


@pytest.mark.parametrize(
    "text", ["a" * 500, "字" * 500, "क" + "\u0902" * 300, "\u0301\u0301", "\ud7ff" * 3, "😀 😀"]
)
def test_no_text_breaks_a_term(text: str) -> None:
    """A term has no spaces, quotes or signs that a query language reads, and a bounded length."""
    for term in (*terms(text), *(term for one in asked(text) for term in one.terms)):
        assert 0 < len(term) <= 64
        assert not set(term) & set(" '\"*:()|&!\\,")


def test_words_are_counted_in_the_language_of_the_text() -> None:
    """As the index would find them."""
    words = counting("Rechnung Hund", porter_stem)
    assert words.count("Die Rechnungen sind für die Hunde, nicht für die Katzen.") == {
        "rechnung": 1,
        "hund": 1,
    }
    assert counting("猫 电话", porter_stem).count("猫的电话和狗的电话") == {
        "猫": 1,
        "电话": 2,
        "电": 2,
        "话": 2,
    }


def test_what_is_found_of_a_question_counts_by_its_characters_where_there_are_no_spaces() -> None:
    """Pairs overlap: two that are found of a longer stretch are not two of many."""
    words = counting("逾期交租", porter_stem)
    assert words.covered(words.count("逾期每日加收滞纳金")) == 0.5
    words = counting("red dogs 猫")
    assert words.covered(words.count("A dog.")) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("I live in Oslo.", True),
        ("I speak German", True),
        ("My café is called Zoë's.", True),
        ("I met 田中 at the station with all of them.", True),
        ("Ich wohne in Oslo und bin oft in Bergen.", False),
        ("Vivo en Madrid con mi hermana.", False),
        ("Я живу в Москве.", False),
        ("我住在北京", False),
        ("서울에 살아요", False),
    ],
)
def test_what_rules_for_english_may_read(text: str, english: bool) -> None:
    """A name in another script makes no sentence another language."""
    assert is_english(text) is english


@pytest.mark.parametrize("endings", [porter_stem, stem])
@given(text=st.text())
def test_every_word_has_a_term(endings: Callable[[str], str], text: str) -> None:
    """Endings are cut, but never a whole word: the s of "it's" would be an empty term, which PostgreSQL refuses."""
    for written in ((), ("english",), ("german", "english")):
        assert all(terms(text, written, endings))
    assert all(term for one in asked(text, endings) for term in one.terms)


def test_the_s_behind_an_apostrophe_is_a_word() -> None:
    """Also where languages are mixed."""
    assert terms("my sister's") == ["my", "sister", "s"]
    assert "s" in terms("Die sister's sind nicht da, aber das ist für uns", ("german", "english"))
