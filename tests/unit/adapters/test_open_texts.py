"""Texts of LibreOffice and others: what is in them, once."""

import pytest

from tests.parts.reading import sections, text
from tests.parts.samples import open_document

pytestmark = pytest.mark.unit

NUMBERED = (
    "<text:list-style style:name='L'>"
    "<text:list-level-style-number text:level='1' style:num-format='1' style:num-suffix='.'/>"
    "<text:list-level-style-number text:level='2' style:num-format='a' style:num-suffix=')' text:start-value='2'/>"
    "</text:list-style>"
    "<text:list-style style:name='B'><text:list-level-style-bullet text:level='1' text:bullet-char='-'/></text:list-style>"
    "<style:style style:name='Gone'><style:text-properties text:display='none'/></style:style>"
)
OUTLINE = (
    "<office:styles><text:outline-style>"
    "<text:outline-level-style text:level='1' style:num-format='1'/>"
    "<text:outline-level-style text:level='2' style:num-format='1' text:display-levels='2'/>"
    "</text:outline-style></office:styles><office:master-styles><style:master-page>"
    "<style:header><text:p>Rowing club</text:p></style:header><style:footer><text:p>Founded 1931</text:p></style:footer>"
    "</style:master-page></office:master-styles>"
)


def item(inside: str) -> str:
    """Return an item of a list."""
    return f"<text:list-item>{inside}</text:list-item>"


def p(inside: str) -> str:
    """Return a paragraph."""
    return f"<text:p>{inside}</text:p>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (p("Two<text:s text:c='2'/>spaces,<text:tab/>a tab<text:line-break/>and  a\n line."), "Two  spaces,\ta tab\nand a line."),
        (
            p("Sixty euros<text:note text:note-class='footnote'><text:note-citation>1</text:note-citation><text:note-body>"
              f"{p('Ninety in leap years.')}</text:note-body></text:note> a year."),
            "Sixty euros a year.\nFootnote: Ninety in leap years.",
        ),
        (f"<text:tracked-changes><text:deletion>{p('Deleted.')}</text:deletion></text:tracked-changes>{p('Kept.')}", "Kept."),
        (p("Seen.<text:span text:style-name='Gone'>Unseen.</text:span>"), "Seen."),
        (p("Blue<office:annotation xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:creator>Ada</dc:creator>"
           f"<dc:date>2026</dc:date>{p('Red?')}</office:annotation>."), "Blue.\nComment by Ada: Red?"),
        (p(f"Poster.<draw:frame><draw:text-box>{p('Entry is free.')}</draw:text-box></draw:frame>"), "Poster.\nEntry is free."),
        (
            "<text:list text:style-name='L'>" + item(p("A")) + item(p("B") + "<text:list>" + item(p("x")) + item(p("y")) + "</text:list>")
            + item(p("C") + p("more")) + "</text:list>",
            "1. A\n2. B\nb) x\nc) y\n3. C\nmore",
        ),
        ("<text:list text:style-name='B'>" + item(p("A")) + "</text:list>", "• A"),
        (
            "<table:table><table:table-row><table:table-cell>" + p("Rose") + "</table:table-cell><table:table-cell>"
            + p("4") + p("5") + "</table:table-cell></table:table-row></table:table>",
            "Rose | 4 5",
        ),
        (p("555\u20110147 check\u00adin"), "555-0147 checkin"),
    ],
)  # fmt: skip
def test_a_text_says_what_is_seen(body: str, expected: str) -> None:
    """Spaces, notes, boxes, lists with their numbers; nothing deleted or hidden."""
    assert text(open_document("text", body, NUMBERED)) == expected


def test_headings_are_numbered_and_edges_told_once() -> None:
    """Headings lead the way with their numbers; headers and footers stand at both ends."""
    body = "".join(
        [
            "<text:h text:outline-level='1'>Terms</text:h>",
            "<text:h text:outline-level='2'>Price</text:h>",
            p("Sixty euros."),
            "<text:h text:outline-level='2'>Parts</text:h>",
        ]
    )
    assert [(each.heading, each.text) for each in sections(open_document("text", body, styles=OUTLINE))] == [
        ("", "Rowing club"),
        ("1 Terms", "1 Terms"),
        ("1 Terms › 1.1 Price", "1.1 Price\nSixty euros."),
        ("1 Terms › 1.2 Parts", "1.2 Parts"),
        ("", "Founded 1931"),
    ]
