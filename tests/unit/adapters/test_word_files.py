"""What is in a Word file is in its text, once, whoever wrote it."""

import time

import pytest

from tests.parts.reading import sections
from tests.parts.reading import text as read
from tests.parts.word import STRICT, paragraph, table, text, word

pytestmark = pytest.mark.unit


def level(number: int, way: str, label: str, more: str = "") -> str:
    """Return a level of a list."""
    return f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{way}"/>{more}<w:lvlText w:val="{label}"/></w:lvl>'


def lists(*levels: str, more: str = "") -> str:
    """Return two lists of the same make; *more* is said of the second one."""
    return (
        f'<w:abstractNum w:abstractNumId="7">{"".join(levels)}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="7"/>{more}</w:num>'
    )


def numbered(*steps: tuple[int, int]) -> tuple[str, ...]:
    """Return paragraphs with (list, level) each, called A, B, C and so on."""
    return tuple(paragraph(chr(65 + index), number=step) for index, step in enumerate(steps))


RESTART = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'


@pytest.mark.parametrize(
    ("numbering", "steps", "expected"),
    [
        (
            lists(level(0, "decimal", "%1."), level(1, "decimal", "%1.%2")),
            [(1, 0), (1, 1), (1, 1), (1, 0), (1, 1)],
            "1. A|1.1 B|1.2 C|2. D|2.1 E",
        ),
        (
            lists(level(0, "upperRoman", "Article %1"), level(1, "lowerLetter", "(%2)")),
            [(1, 0)] * 3 + [(1, 1)] * 2,
            "Article I A|Article II B|Article III C|(a) D|(b) E",
        ),
        (
            lists(level(0, "upperRoman", "%1"), level(1, "decimal", "%1.%2", "<w:isLgl/>")),
            [(1, 0), (1, 0), (1, 1)],
            "I A|II B|2.1 C",
        ),
        (lists(level(0, "decimal", "%1)")), [(1, 0), (1, 0), (2, 0)], "1) A|2) B|3) C"),
        (
            lists(level(0, "decimal", "%1)"), more=RESTART),
            [(1, 0), (1, 0), (2, 0), (2, 0)],
            "1) A|2) B|5) C|6) D",
        ),
        (
            lists(level(0, "decimal", "%1"), level(1, "decimal", "%2", '<w:lvlRestart w:val="0"/>')),
            [(1, 0), (1, 1), (1, 0), (1, 1)],
            "1 A|1 B|2 C|2 D",
        ),
        (lists(level(0, "bullet", "\uf0b7")), [(1, 0), (1, 0)], "• A|• B"),
        (lists(level(0, "chineseCounting", "第%1条")), [(1, 0)] * 11, "第十一条 K"),
        (lists(level(0, "decimalZero", "%1")), [(1, 0), (0, 0)], "01 A|B"),
    ],
)
def test_paragraphs_have_their_numbers(numbering: str, steps: list[tuple[int, int]], expected: str) -> None:
    """Numbers are counted as Word counts them: by level, with restarts, in every way of writing them."""
    told = read(word(*numbered(*steps), numbering=numbering)).split("\n")
    assert told[-len(expected.split("|")) :] == expected.split("|")


def test_headings_are_numbered_by_their_style() -> None:
    """The list hangs on the style, its level on the list; styles inherit from others."""
    styles = (
        '<w:style w:styleId="Kop1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="Kop2"><w:name w:val="heading 2"/><w:basedOn w:val="Kop1"/></w:style>'
        '<w:style w:styleId="Own"><w:name w:val="House heading"/><w:basedOn w:val="Kop2"/></w:style>'
    )
    levels = [
        level(number, "decimal", label, f'<w:pStyle w:val="Kop{number + 1}"/>')
        for number, label in enumerate(("%1", "%1.%2"))
    ]
    body = [
        paragraph("Terms", "Kop1"),
        paragraph("Price", "Kop2"),
        paragraph("Sixty euros."),
        paragraph("Parts", "Kop2"),
    ]
    found = sections(word(*body, paragraph("Tools", "Own"), styles=styles, numbering=lists(*levels)))
    assert [each.heading for each in found][:3] == ["1 Terms", "1 Terms › 1.1 Price", "1 Terms › 1.2 Parts"]
    assert "1.1 Price\nSixty euros." in found[1].text
    assert found[3].heading.startswith("1 Terms › ")


def oval(inside: str) -> str:
    """Return a text box as Word writes it: for itself, and for its ancestors."""
    box = f"<w:txbxContent>{paragraph(inside)}</w:txbxContent>"
    return (
        "<w:r><mc:AlternateContent>"
        f'<mc:Choice Requires="wps"><wps:txbx>{box}</wps:txbx></mc:Choice>'
        f"<mc:Fallback><v:textbox>{box}</v:textbox></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )


def field(code: str, result: str) -> str:
    """Return a field with its code and its result."""
    marks = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")]
    return f"{marks[0]}{code}{marks[1]}{result}{marks[2]}"


CODE = "<w:r><w:instrText>PAGE</w:instrText></w:r>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (paragraph(text("Poster.") + oval("Entry is free.")), "Poster.\nEntry is free."),
        (paragraph("<w:r><w:t>555</w:t><w:noBreakHyphen/><w:t>0147</w:t></w:r>"), "555-0147"),
        (paragraph("<w:r><w:t>sun</w:t><w:softHyphen/><w:t>flower</w:t></w:r>"), "sunflower"),
        (
            paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", more="<w:tabs><w:tab/></w:tabs>"),
            "a\tb\nc",
        ),
        (paragraph('<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>' + text(" rays")), "α rays"),
        (paragraph('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>' + text(" paid")), "✓ paid"),
        (
            paragraph(f"{text('Due ')}<w:del>{text('May')}</w:del><w:ins>{text('June')}</w:ins>"),
            "Due June",
        ),
        (
            paragraph(f"<w:moveFrom>{text('Moved.')}</w:moveFrom>")
            + paragraph(f"<w:moveTo>{text('Moved.')}</w:moveTo>"),
            "Moved.",
        ),
        (
            paragraph("One ", more="<w:rPr><w:del/></w:rPr>") + paragraph("sentence."),
            "One sentence.",
        ),
        (paragraph(text("Seen.") + text("Unseen.", "<w:vanish/>")), "Seen."),
        (paragraph(text("Seen") + text(" too.", '<w:vanish w:val="0"/>')), "Seen too."),
        (paragraph(field(CODE, text("7"))), "7"),
        (paragraph(field(field(CODE, text("if")) + CODE, text("then"))), "then"),
        (paragraph(f'<w:fldSimple w:instr="DATE">{text("1 May")}</w:fldSimple>'), "1 May"),
        (paragraph(f'<w:hyperlink>{text("the ")}<w:smartTag>{text("mill")}</w:smartTag></w:hyperlink>'), "the mill"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Chosen.')}</w:sdtContent></w:sdt>", "Chosen."),
        (
            paragraph(f"<w:sdt><w:sdtPr><w:alias/></w:sdtPr><w:sdtContent>{text('In line.')}</w:sdtContent></w:sdt>"),
            "In line.",
        ),
        (table(("Plant", "Litres"), ("Rose", table(("a", "b"), ("c", "d")))), "Plant | Litres\nRose | a | b c | d"),
        (
            table(("x", "y")).replace("<w:tr>", "<w:tr><w:trPr><w:del/></w:trPr>") + paragraph("After."),
            "After.",
        ),
        (paragraph(f"<w:ruby><w:rt>{text('kan')}</w:rt><w:rubyBase>{text('漢')}</w:rubyBase></w:ruby>"), "漢"),
        (
            paragraph("<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>"
                      "</w:fldChar></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>" + text(" Yes")),
            "☒ Yes",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("edition", [None, STRICT])
def test_a_paragraph_says_what_is_seen(body: str, expected: str, edition: str | None) -> None:
    """What is shown, once; nothing that is hidden, deleted, moved away or a code. Strict files say the same."""
    assert read(word(body, **({"edition": edition} if edition else {}))) == expected


def test_notes_stand_with_what_they_belong_to() -> None:
    """Footnotes, endnotes and comments come after their paragraph or row; headers and footers once."""
    note = '<w:{0} w:id="{1}" {2}>{3}</w:{0}>'.format
    reference = '<w:r><w:{}Reference w:id="2"/></w:r>'.format
    content = word(
        paragraph(text("The fee is sixty euros") + reference("footnote") + text(".")),
        paragraph(text("Paid in May.") + reference("endnote")),
        table(("Boat", paragraph(text("blue") + reference("comment")))),
        paragraph("End."),
        footnotes=note("footnote", 0, 'w:type="separator"', paragraph("no"))
        + note("footnote", 2, "", paragraph("Ninety in leap years.")),
        endnotes=note("endnote", 2, "", paragraph("Or June.")),
        comments=note("comment", 2, 'w:author="Ada"', paragraph("Red?")),
        header1=paragraph("Rowing club"),
        header2=paragraph("Rowing club").join(("<w:hdr>", "</w:hdr>")),
        footer1=paragraph("Founded 1931"),
        footer2=paragraph("12"),
    )
    assert read(content).split("\n") == [
        "Rowing club",
        "The fee is sixty euros.",
        "Footnote: Ninety in leap years.",
        "Paid in May.",
        "Endnote: Or June.",
        "Boat | blue",
        "Comment by Ada: Red?",
        "End.",
        "Founded 1931",
    ]


@pytest.mark.parametrize("media_type", ["document", "template", "document.macroEnabled"])
@pytest.mark.parametrize("main", ["word/document.xml", "word/document2.xml", "content/text.xml"])
def test_the_main_part_is_found_wherever_it_lies(main: str, media_type: str) -> None:
    """Relations name it, in every kind of Word file; templates and files with macros are read as others."""
    assert read(word(paragraph("Found."), main=main, media_type=media_type)) == "Found."


def test_many_rows_take_time_in_proportion() -> None:
    """Hundreds of thousands of rows in a small file are read row by row: eight times as many take no more than about that."""

    def seconds(rows: int) -> float:
        content = word(table(*[("1", "2")] * rows))
        started = time.process_time()
        read(content)
        return time.process_time() - started

    assert seconds(24_000) < 8 * 3 * max(seconds(3_000), 0.05)
