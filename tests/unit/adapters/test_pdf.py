"""PDF: forms and comments once, running heads and feet, short pages, text without meaning, scans.

Text recognition is not installed here; ``integration/adapters/test_scans.py`` has it.
"""

from pathlib import Path

import pytest

from gantry.adapters.parsing import pdf, pdf_outline
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Section
from tests.parts import documents, pdfs


@pytest.fixture(autouse=True)
def _without_recognition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))


def pages(content: bytes) -> list[str]:
    """Return the text of each page that has any."""
    return [each.text.strip() for each in pdf.read(content, ParsingLimits()) if isinstance(each, Section)]


_LABELS = [(60, 705, "Name of the tenant"), (60, 665, "Rent"), (290, 625, "Pets allowed"), (60, 585, "Town")]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (pdfs.field("Tx", "tenant", 700, "/V (Ada Berger)"), "Name of the tenant Ada Berger"),
        (pdfs.field("Tx", "f1[0]", 660, "/V <FEFF00390030003000A020AC>"), "Rent 900\xa0€"),
        (pdfs.field("Tx", "a.remark", 100, "/V (By hand)"), "remark: By hand"),
        (pdfs.field("Tx", "Text1", 100, "/V (By hand)"), "By hand"),
        (pdfs.field("Tx", "Text1", 100, "/TU (Your wish) /V (By\rhand)"), "Your wish: By\nhand"),
        (pdfs.field("Ch", "town", 580, "/Ff 131072 /Opt [(Rome) (Oulu)] /V (Oulu)"), "Town Oulu"),
        (pdfs.field("Ch", "town", 580, "/Ff 131072 /Opt [[(r) (Rome)] [(o) (Oulu)]] /V (o)"), "Town Oulu"),
        (
            pdfs.field("Ch", "town", 580, "/Ff 2097152 /Opt [(Rome) (Oulu) (Lima)] /V [(Rome) (Lima)]"),
            "Town Rome, Lima",
        ),
        (
            "/Subtype /Widget /FT /Btn /T (pets) /Rect [260 620 280 640] /F 4 /V /Yes /AS /Yes /AP << /N << /Yes 5 0 R /Off 5 0 R >> >>",
            "[x] Pets allowed",
        ),
        (
            "/Subtype /Widget /FT /Btn /Ff 49152 /T (way) /Rect [260 90 280 110] /F 4 /V /Express /AS /Express /AP << /N << /Express 5 0 R /Off 5 0 R >> >>",
            "way: Express",
        ),
    ],
)
def test_values_of_a_form_stand_beside_their_labels(field: str, expected: str) -> None:
    """Text, choices and ticks; by the field's name where no label is near."""
    (text,) = pages(pdfs.noted(_LABELS, [field]))
    assert expected in text
    assert all(text.count(label) == 1 for _x, _y, label in _LABELS)


@pytest.mark.parametrize(
    "field",
    [
        pdfs.field("Tx", "pin", 100, "/Ff 8192 /V (hushhush)"),
        pdfs.field("Tx", "empty", 100, ""),
        pdfs.field("Tx", "hidden", 100, "/V (hushhush)").replace("/F 4", "/F 2"),
        pdfs.field("Btn", "push", 100, "/Ff 65536 /MK << /CA (hushhush) >>"),
        "/Subtype /Widget /FT /Btn /T (no) /Rect [260 90 280 110] /F 4 /V /Off /AS /Off /AP << /N << /Yes 5 0 R /Off 5 0 R >> >>",
        "/Subtype /Link /Rect [0 0 9 9] /Contents (hushhush)",
        "/Subtype /Popup /Rect [0 0 9 9] /Contents (hushhush)",
    ],
)
def test_what_nobody_sees_or_filled_in_is_left_out(field: str) -> None:
    """Passwords, hidden and empty fields, buttons."""
    (text,) = pages(pdfs.noted(_LABELS, [field]))
    assert text == "\n".join(label for _x, _y, label in _LABELS)


def test_a_tick_behind_its_label_stands_there() -> None:
    """Where nothing stands behind the box."""
    tick = "/Subtype /Widget /FT /Btn /T (ok) /Rect [400 620 420 640] /F 4 /V /Yes /AS /Yes /AP << /N << /Yes 5 0 R /Off 5 0 R >> >>"
    assert pages(pdfs.noted(_LABELS, [tick]))[0].split("\n")[2] == "Pets allowed [x]"


def test_a_value_is_read_once() -> None:
    """Also where the page draws it as well, and where a field stands in two places."""
    lines = [*_LABELS, (262, 705, "Ada Berger")]
    field = pdfs.field("Tx", "tenant", 700, "/V (Ada Berger)")
    note = pdfs.comment("FreeText", "Moved in May.", 400)
    (text,) = pages(pdfs.noted(lines, [field, note, note, pdfs.comment("Popup", "Moved in May.")]))
    assert text.count("Ada Berger") == 1
    assert text.count("Moved in May.") == 1


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (pdfs.comment("FreeText", "Move it to July."), "Move it to July."),
        (pdfs.comment("Text", "Is this so?", rest="/T (Ada)"), "Ada: Is this so?"),
        (
            pdfs.comment("Highlight", "Check the sum", rest="/QuadPoints [60 320 200 320 60 300 200 300]"),
            "Check the sum",
        ),
        (pdfs.comment("StrikeOut", "Not any more"), "Not any more"),
        (pdfs.comment("Stamp", "Paid"), "Paid"),
        ("/Subtype /FreeText /Rect [60 300 300 340] /F 4 /RC (<body><p>Rich words</p></body>)", "Rich words"),
    ],
)
def test_comments_are_read(note: str, expected: str) -> None:
    """On the page and beside it, with who wrote them."""
    (text,) = pages(pdfs.noted(_LABELS, [note]))
    assert text.endswith(f"\n{expected}")


_BODY = "\n".join(f"Line {line} speaks of {{0}} and {{1}}." for line in "abcde")


def _body(number: int) -> str:
    return _BODY.format("roses" * number, "x" * number)


@pytest.mark.parametrize(
    ("top", "bottom", "kept"),
    [
        ("The garden", "Page {0} of 9", ["The garden"]),
        ("The garden - {0}", "For members", ["The garden - 1", "For members"]),
        ("{1}", "", []),
        ("- {0} -", "Seite {1}", []),
        ("The garden | {0}", "Kept until 2031", ["The garden | 1", "Kept until 2031"]),
    ],
)
def test_running_heads_and_feet_are_read_once(top: str, bottom: str, kept: list[str]) -> None:
    """What says more than the page's number stays where it stands first."""
    told = pages(
        documents.pdf([f"{top}\n{_body(n)}\n{bottom}".format(n, n + 40).strip() for n in range(1, 10)])
    )
    assert [line for page in told for line in page.split("\n") if not line.startswith("Line ")] == kept
    assert len(told) == 9


@pytest.mark.parametrize(
    "page",
    [
        "Invoice {0}\nHours: {1}\nWork of {2}\nAt the roof\nAt the door\nTotal: {1}.40 euros\nPayable until {0} June",
        "Ticket 100{0}\nRow 3 seat 1{0}\nDoors open at 19:30",
        "Hello world",
        "Member {0}\nAda{2}\nRome",
        "{0} apples\nKept in the cellar {2}\nin the dark\nand cold\nuntil spring\n{1} pears",
    ],
)
def test_lines_that_only_look_alike_stay(page: str) -> None:
    """A changing sum is no foot, a counted title no head; short pages keep what they have in common."""
    wanted = [page.format(n, n * n + 7, "x" * n) for n in range(1, 7)]
    assert [text.split("\n") for text in pages(documents.pdf(wanted))] == [
        text.split("\n") for text in wanted
    ]


def test_two_pages_keep_everything() -> None:
    """They show no pattern."""
    wanted = [f"The garden\n{_body(n)}\nPage {n}" for n in (1, 2)]
    assert pages(documents.pdf(wanted)) == wanted


@pytest.mark.parametrize("text", ["Wifi: tulip", "7", "Ja"])
def test_a_short_page_is_text(text: str) -> None:
    """A label, a number, a word."""
    assert pages(documents.pdf([text])) == [text]


@pytest.mark.parametrize("stamp", ["", "{0}", "Scanned with CamScanner", "- {0} -"])
def test_a_scan_is_told(stamp: str) -> None:
    """Pictures fill the pages, and there is nothing but what the scanner's program wrote."""
    with pytest.raises(ParsingFailed) as refused:
        pages(pdfs.scanned(stamp))
    assert refused.value.fault is ParsingFault.SCANNED
    assert refused.value.public == "This file has no text, only images."
    assert "Tesseract" in (refused.value.advice or "")


def test_scanned_pages_among_others_are_left_out() -> None:
    """As the pictures of a text are."""
    scan = pdfs.Photo("The lighthouse keeper was called Amalia.")
    assert pages(pdfs.photographed(["Roses need sun.", scan])) == ["Roses need sun."]


def test_words_on_a_picture_are_text() -> None:
    """A poster is no scan."""
    assert pages(pdfs.scanned("Wifi: tulip", pages=1)) == ["Wifi: tulip"]


@pytest.mark.parametrize("count", [1, 5])
def test_text_without_meaning_is_told_from_text(count: int) -> None:
    """Numbers of a font's own are not put into the index."""
    with pytest.raises(ParsingFailed) as refused:
        pages(pdfs.unmapped("The deposit is four thousand euros, to be paid in May.", count))
    assert refused.value.fault is ParsingFault.NO_MEANING
    assert "OCR" in (refused.value.advice or "")
    assert "Tesseract" in (refused.value.advice or "")


@pytest.mark.parametrize(
    "text", ["The deposit is four thousand euros.", "Die Kaution beträgt für größere Räume 900."]
)
def test_text_is_recovered_where_its_numbers_have_the_usual_order(text: str) -> None:
    """As in fonts of which a program kept the numbers and left out the letters."""
    assert pages(pdfs.unmapped(text, usual=True)) == [text]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("The treas\ufffeurer", "The treasurer"),
        ("and the treas\ufffe7", "and the treas-\n7"),
        ("1990\ufffe2000", "1990-2000"),
        ("line 0471-\n332 is", "line 0471-332 is"),
        ("a 12-\nmonth lease", "a 12-month lease"),
        ("the up-to\ufffedate list", "the up-to-date list"),
        ("by e\ufffemail", "by e-mail"),
        ("Haus\ufffe\nund Gartentor", "Haus- und Gartentor"),
        ("https://example.org/a\ufffeb", "https://example.org/a-b"),
        ("Nord-Süd-Verbin\ufffedung", "Nord-Süd-Verbindung"),
        ("Garten\u00ad\nbau", "Gartenbau"),
        ("\uf0b7 Hinge\r\n\uf0fc Paid", "• Hinge\n✓ Paid"),
        ("縦\r\n書\r\nき\r\n。\r\nNext", "縦書き。\nNext"),
        ("月\r\n火\r\nNext", "月\n火\nNext"),
    ],
)
def test_line_ends_and_signs_are_those_of_a_text(raw: str, expected: str) -> None:
    """Hyphens at the ends of lines and pages, bullets of picture fonts, writing from top to bottom."""
    assert pdf._plain(raw) == expected


@pytest.mark.parametrize(
    ("text", "marks", "expected"),
    [
        ("end\nPlan\none\n2. Cost\ntwo", ["Plan", "Cost"], [("Old", "end"), ("Plan", "Plan\none"), ("Cost", "2. Cost\ntwo")]),
        ("1 Plan\none", ["Plan"], [("Plan", "1 Plan\none")]),
        ("one\ntwo", ["Plan", "Cost"], [("Cost", "one\ntwo")]),
        ("one\nCost\ntwo", ["Plan", "Cost"], [("Plan", "one"), ("Cost", "Cost\ntwo")]),
        ("one", [], [("Old", "one")]),
    ],
)  # fmt: skip
def test_a_page_is_divided_where_its_chapters_begin(
    text: str, marks: list[str], expected: list[tuple[str, str]]
) -> None:
    """What stands before the first one belongs to the chapter of the page before."""
    assert list(pdf_outline.divided(text, [(each, each) for each in marks], "Old")) == expected
