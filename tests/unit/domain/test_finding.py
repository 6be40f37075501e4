"""What a query asks for while it is typed, and what is shown of a text."""

import re

import pytest

from gantry.domain.finding import Finder, Segment, excerpt, pattern, segments, sought


def shown(query: str, text: str) -> str:
    """Return the excerpt of *text* with what is marked in brackets."""
    cut: tuple[Segment, ...] = excerpt(text, Finder(sought(query)).marks(text))
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in cut)


def test_the_last_word_may_go_on() -> None:
    """Unless a blank or a sign stands after it, or it is a word that every text has."""
    assert sought("green kay").typed == "kay"
    assert [one.word for one in sought("green kay").words] == ["green"]
    assert sought("green kayak ").typed == ""
    assert len(sought("green kayak?").words) == 2
    assert sought("Žluť").typed == "zlut"
    assert sought("kayak with").typed == ""
    assert sought("with").typed == "with"
    assert not sought(" - ").words
    assert sought("护照").typed == ""


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("run", "Running, runs, RAN, prune.", "[Running], [runs], RAN, prune."),
        ("muller", "Herr Müller kam.", "Herr [Müller] kam."),
        ("studie", "She studies and is studying.", "She [studies] and is [studying]."),
        ("蓝色盒子", "放在蓝色的蓝色盒子里", "放在[蓝色]的[蓝色盒子]里"),
        ("자전거", "자전거를 탔다", "[자전거]를 탔다"),
        ("จำนวน", "มีจำนวนมาก", "มี[จำนวน]มาก"),
        ("kayak kay", "Kayak", "[Kayak]"),
        ("zebra", "A horse.", "A horse."),
    ],
)
def test_what_is_marked(query: str, text: str, marked: str) -> None:
    """Words in their forms, whole; characters of scripts without spaces."""
    assert shown(query, text) == marked


def test_an_excerpt_is_where_most_is_found() -> None:
    """Cut at a word, with signs that something is left out; signs of Markdown are left out too."""
    text = "A kayak. " + "Nothing here. " * 40 + "The **green** `kayak` of 2 * 3 metres. " + "Nothing. " * 40
    found = shown("green kayak", text)
    assert found.startswith("…")
    assert found.endswith("…")
    assert "The [green] [kayak] of 2 * 3 metres." in found
    assert len(found) < 220
    assert shown("zebra", "# Title\n\n- one\n- two | three") == "Title one two three"


def test_a_text_that_holds_more_in_less_is_better() -> None:
    """Twice is better than once, short than long, two words than one twice."""
    finder = Finder(sought("green kayak "))

    def score(text: str) -> float:
        return finder.score(text, finder.marks(text))

    assert score("green kayak") > score("kayak kayak") > score("kayak here") > score("kayak " + "so " * 900)


def test_the_pattern_matches_what_is_marked_and_no_part_of_a_word() -> None:
    """It is for JavaScript; the letters of Python's are near enough to see it."""
    text = "Run, running, pruned: run."
    made = pattern(text, Finder(sought("run ")).marks(text)).replace(r"[\p{L}\p{N}\p{M}]", r"\w")
    assert re.findall(made, text) == ["Run", "running", "run"]
    assert pattern(text, []) == ""
    assert segments("plain", []) == (Segment("plain"),)
