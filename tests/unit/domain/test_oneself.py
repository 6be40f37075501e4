"""Who asks about themselves."""

import pytest

from gantry.domain.oneself import about_oneself


@pytest.mark.parametrize(
    ("question", "oneself"),
    [
        ("What did I say of my garden?", True),
        ("Did Ben call Min or Mia?", False),
        ("Wann habe ich den Zahnarzt?", True),
        ("Wann hat der Zahnarzt auf?", False),
        ("¿Dónde están mis llaves?", True),
        ("Où est mon passeport ?", True),
        ("Benim pasaportum nerede?", True),
        ("Где мой паспорт?", True),
        ("Где паспорт?", False),
        ("我的护照在哪里？", True),
        ("护照在哪里？", False),
        ("私の鍵はどこですか", True),
        ("내 여권은 어디에 있나요?", True),
        ("내일 날씨는 어때요?", False),
        ("หนังสือเดินทางของฉันอยู่ที่ไหน", True),
        ("أين مفتاح بيتي أنا؟", True),
    ],
)
def test_a_question_names_who_asks_it(question: str, oneself: bool) -> None:
    """In the words of its language; a name of another language is none."""
    assert about_oneself(question) is oneself
