"""Slides of PowerPoint and OpenDocument: in their order, with title, notes, tables and charts."""

import pytest

from gantry.adapters.parsing import sniffing
from tests.parts.reading import sections, text
from tests.parts.samples import open_document, pptx, shape, slide

pytestmark = pytest.mark.unit


def test_slides_are_pages_under_their_titles() -> None:
    """They come as they are shown, not as their parts are called; what stands on each slide is told once."""
    content = pptx(
        slide(shape("Garden", kind="ctrTitle"), shape("Roses need sun."), shape("Club", kind="ftr")),
        slide(shape("Water", kind="title"), shape("Club", kind="ftr"), shape("7", kind="sldNum")),
        slide(shape("Seldom.", kind="body"), more='show="0"'),
    )
    assert sniffing.sniff(content, "a.pptx").paged
    assert [(each.page, each.heading, each.text) for each in sections(content)] == [
        (1, "Garden", "Garden\nRoses need sun.\nClub"),
        (2, "Water", "Water"),
        (3, "", "Seldom."),
    ]


TABLE = (
    "<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Rose</a:t></a:r></a:p></a:txBody>"
    "</a:tc><a:tc><a:txBody><a:p><a:r><a:t>4</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic>"
    "</p:graphicFrame>"
)
TWICE = (
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice>{0}</mc:Choice>'
    "<mc:Fallback>{0}</mc:Fallback></mc:AlternateContent>"
)
NUMBERED = '<a:p><a:pPr lvl="{}"><a:buAutoNum type="{}"/></a:pPr><a:r><a:t>{}</a:t></a:r></a:p>'.format


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (TABLE, "Rose | 4"),
        (f"<p:grpSp><p:grpSpPr/>{shape('Inside.')}<p:grpSp>{shape('Deeper.')}</p:grpSp></p:grpSp>", "Inside.\nDeeper."),
        (
            TWICE.format(shape("Once.")),
            "Once.",
        ),
        (shape("<a:p><a:r><a:t>One</a:t></a:r><a:br/><a:fld><a:t>two</a:t></a:fld></a:p>"), "One\ntwo"),
        (
            shape(
                NUMBERED(0, "arabicPeriod", "A"),
                NUMBERED(1, "alphaLcParenR", "B"),
                NUMBERED(1, "alphaLcParenR", "C"),
                NUMBERED(0, "arabicPeriod", "D"),
                "E",
            ),
            "1. A\na) B\nb) C\n2. D\nE",
        ),
    ],
)  # fmt: skip
def test_what_stands_on_a_slide_is_read(inside: str, expected: str) -> None:
    """Tables, groups, breaks and numbers; of two ways to say the same, one."""
    assert text(pptx(slide(inside))) == expected


def test_notes_comments_and_charts_belong_to_their_slide() -> None:
    """What the speaker wrote below, what others said of it, and the figures behind a chart."""
    frame = '<p:graphicFrame><a:graphic><a:graphicData><c:chart r:id="c1"/></a:graphicData></a:graphic></p:graphicFrame>'

    def points(name: str, *values: str) -> str:
        return f"<c:{name}>{''.join(f'<c:pt><c:v>{value}</c:v></c:pt>' for value in values)}</c:{name}>"

    series = points("tx", "Litres") + points("cat", "May", "June") + points("val", "4", "5")
    chart = slide(f"<c:ser>{series}</c:ser>").replace("sld", "chartSpace")
    content = pptx(
        slide(shape("Water", kind="title"), frame),
        beside={
            "ppt/charts/chart1.xml": chart,
            "ppt/notesSlides/n.xml": slide(shape("Say hello.", kind="body"), shape("3", kind="sldNum")),
            "ppt/comments/c.xml": slide("<p:cm><p:text>Too long?</p:text></p:cm>"),
        },
        related={
            "ppt/slides/slide1.xml": {
                "c1": ("chart", "../charts/chart1.xml"),
                "n1": ("notesSlide", "../notesSlides/n.xml"),
                "m1": ("comments", "../comments/c.xml"),
            }
        },
    )
    assert text(content) == "Water\nLitres: May 4; June 5\nNotes: Say hello.\nComment: Too long?"


def test_open_slides_are_pages_too() -> None:
    """LibreOffice's slides have their titles and notes; the number of the page is none of them."""

    def frame(said: str, kind: str = "") -> str:
        named = f"presentation:class='{kind}'" if kind else ""
        return f"<draw:frame {named}><draw:text-box><text:p>{said}</text:p></draw:text-box></draw:frame>"

    notes = (
        f"<presentation:notes>{frame('Say hello.', 'notes')}{frame('2', 'page-number')}</presentation:notes>"
    )
    content = open_document(
        "presentation",
        f"<draw:page>{frame('Roses need sun.')}{frame('Garden', 'title')}</draw:page>"
        f"<draw:page>{frame('Water')}{notes}</draw:page>",
    )
    assert [(each.page, each.heading, each.text) for each in sections(content)] == [
        (1, "Garden", "Garden\nRoses need sun."),
        (2, "", "Water\nNotes: Say hello."),
    ]
