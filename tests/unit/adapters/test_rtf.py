"""RTF: the text that is seen, none of the codes."""

import pytest

from tests.parts.reading import sections, text

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (rb"Caf\'e9 \b bold\b0  end.", "Café bold end."),
        (rb"\uc1 \u-3913? Hinge", "• Hinge"),
        (rb"\uc1 plan\u173?ting\'ad, 555\u8209?01", "planting, 555-01"),
        (rb"\uc1 \u8220?Hi\u8221? \u-10179?\u-8704?", "“Hi” 😀"),
        (rb"\uc2 a\u20013\'d6\'d0b", "a中b"),
        (rb"{\fonttbl{\f0\fcharset204 A;}{\f1\fcharset0 A;}}\f0 \'cf\'f0\'e8\f1 caf\'e9", "Приcafé"),
        (rb"{\fonttbl{\f0\fcharset128 M;}}\f0\'93\'fa\'96\'7b", "日本"),
        (rb"{\fonttbl{\f0\fcharset2 Symbol;}}\f0 a\f1  rays", "α rays"),
        (rb"Sixty{\super\chftn}{\footnote\pard {\super\chftn} Ninety in leap years.} euros.", "Sixty euros.\nFootnote: Ninety in leap years."),
        (rb"Seen.{\v Unseen.}\v more\v0 Back.", "Seen.Back."),
        (rb"Due {\deleted May}{\revised June}", "Due June"),
        (rb"\trowd\intbl Plant\cell 4\par 5\cell\row\pard After", "Plant | 4 5\nAfter"),
        (rb'See {\field{\*\fldinst HYPERLINK "x"}{\fldrslt the site}}.', "See the site."),
        (rb"A{\pict\pngblip 8950}{\*\shppict{\pict 8950}}B{\*\themedata 1234}", "AB"),
        (rb"A{\pict\bin4 {}{}}B", "AB"),
        (rb"{\listtext\pard 1.\tab}First\par{\listtext 2.\tab}Second", "1.\tFirst\n2.\tSecond"),
        (rb"555\_0147 check\-in \{x\} \\ a\~b\line c\emdash", "555-0147 checkin {x} \\ a b\nc—"),
        (rb"{\upr{A?}{\*\ud{A\u937?}}}", "AΩ"),
        (rb"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt Entry is free.\par}}{\shprslt Entry is free.}}Poster.", "Poster.\nEntry is free."),
        (rb"{\header\pard Club\par}{\footer\pard Page 3\par}Body.", "Club\nBody.\nPage 3"),
        (rb"{\info{\title T}{\author X}}Body.", "Body."),
        (b"one \r\ntwo\\\nthree", "one two\nthree"),
        (rb"unclosed {group", "unclosed group"),
    ],
)  # fmt: skip
def test_an_rtf_file_says_what_is_seen(inside: bytes, expected: str) -> None:
    """Characters of every code page, notes and boxes once, nothing hidden, deleted or meant for programs."""
    assert text(rb"{\rtf1\ansi\ansicpg1252 " + inside + rb"\par}", "a.doc") == expected


def test_headings_of_rtf_lead_the_way() -> None:
    """They are styles, or say their level."""
    content = (
        rb"{\rtf1\ansi{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Kop;}{\s2 heading 2;}}\pard\s1 Terms\par"
        rb"\pard\s2 Price\par\pard Sixty.\par\pard\outlinelevel1 Parts\par\pard None.\par}"
    )
    assert [each.heading for each in sections(content)] == ["Terms", "Terms › Price", "Terms › Parts"]
