"""Sheets of Excel and OpenDocument: each row says what its cells mean, with the values that are shown."""

import io
import zipfile

import pytest

from gantry.adapters.parsing.office.number_formats import shown
from tests.parts.old_sheets import xls
from tests.parts.reading import sections, text
from tests.parts.samples import cells, open_document, xlsx
from tests.parts.word import STRICT, TRANSITIONAL, archive

pytestmark = pytest.mark.unit

HEADER = {"A": "Plant", "B": "Litres"}
SUM = "<c><f>SUM(B2)</f></c>"


@pytest.mark.parametrize(
    ("number", "form", "expected"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (12.0, "General", "12"),
        (0.153, "0%", "15%"),
        (0.153, "0.0%", "15.3%"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (-3, "0.0", "-3.0"),
        (1234.5, '#,##0.00\\ "€"', "1,234.50 €"),
        (1234.5, "[$€-407]#,##0", "€1,235"),
        (2.5, "0.##", "2.5"),
        (7, "000", "007"),
        (5550147, "000-0000", "555-0147"),
        (1234567, '0.0,,"M"', "1.2M"),
        (12345, "0.00E+00", "1.23E+04"),
        (0, '0;-0;"none"', "none"),
        (3, '[>=2]"many";"few"', "many"),
        (45413, "yyyy-mm-dd", "2024-05-01"),
        (45413, "d. mmmm yyyy", "1. May 2024"),
        (45413.5625, "dd/mm/yy hh:mm", "01/05/24 13:30"),
        (45413.5625, "h:mm AM/PM", "1:30 PM"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (45413, '[$-409]ddd"," mmm d', "Wed, May 1"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (-1, "yyyy-mm-dd", "-1"),
        (5, '"Room "0', "Room 5"),
    ],
)
def test_numbers_are_shown_as_the_sheet_shows_them(number: float, form: str, expected: str) -> None:
    """Dates, percent, money and digits, by the format of the cell."""
    assert shown(number, form) == expected


def test_a_date_since_1904_is_the_same_day() -> None:
    """Files of old Macs count from another day."""
    assert shown(43951, "yyyy-mm-dd", since_1904=True) == "2024-05-01"


def test_cells_of_every_kind_say_what_is_shown() -> None:
    """Shared and own strings, runs, numbers by their format, truth, errors, formulas calculated or not."""
    content = xlsx(
        {
            "Sheet": cells(
                {
                    1: {"A": "Kind", "B": "Amount"},
                    2: {"A": '<c t="s"><v>1</v></c>', "B": '<c s="1"><v>0.25</v></c>'},
                    3: {"A": '<c t="s"><v>0</v></c>', "B": '<c s="2"><v>45413</v></c>'},
                    4: {"A": '<c t="b"><v>1</v></c>', "B": "<c><f>1+1</f><v>2</v></c>"},
                    5: {"A": '<c t="e"><v>#DIV/0!</v></c>', "B": SUM},
                    6: {"A": '<c t="str"><f>x</f><v>word</v></c>', "B": '<c s="3"><v>9.5</v></c>'},
                }
            )
        },
        strings="<si><r><t>Two </t></r><r><t>runs</t></r><rPh><t>no</t></rPh></si><si><t>Plain</t></si>",
        formats='<numFmt numFmtId="164" formatCode="0.00&quot; kg&quot;"/>',
        styles='<xf/><xf numFmtId="9"/><xf numFmtId="14"/><xf numFmtId="164"/>',
    )
    assert text(content).split("\n") == [
        "Kind: Plain; Amount: 25%",
        "Kind: Two runs; Amount: 2024-05-01",
        "Kind: TRUE; Amount: 2",
        "Kind: #DIV/0!; Amount: =SUM(B2)",
        "Kind: word; Amount: 9.50 kg",
    ]


def test_line_ends_within_a_cell_are_no_signs() -> None:
    """Excel writes what XML cannot hold by its number; a number of sixteen digits is told in full."""
    content = xlsx(
        {
            "Sheet": cells(
                {
                    1: {"A": "Plant", "B": "Code"},
                    2: {"A": "Rose_x000D_\nred_x005F_x000D_", "B": number("4.2345678901234E+15")},
                }
            )
        }
    )
    assert text(content) == "Plant: Rose red_x000D_; Code: 4234567890123400"


def number(value: str) -> str:
    """Return a cell that holds a number."""
    return f"<c><v>{value}</v></c>"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (cells({1: HEADER, 2: {"A": "Rose", "B": number("4")}}), "Plant: Rose; Litres: 4"),
        (
            cells({1: {"A": "Garden of 2026"}, 3: HEADER, 4: {"A": "Rose", "B": number("4")}}),
            "Garden of 2026\nPlant: Rose; Litres: 4",
        ),
        (
            cells(
                {
                    1: HEADER,
                    2: {"A": "Rose", "B": number("4")},
                    5: {"A": "Tool", "B": "Price"},
                    6: {"A": "Spade", "B": number("30")},
                }
            ),
            "Plant: Rose; Litres: 4\nTool: Spade; Price: 30",
        ),
        (
            cells(
                {
                    1: HEADER,
                    2: {"A": "Rose", "B": number("4")},
                    4: {"A": "Tulip", "B": number("2")},
                }
            ),
            "Plant: Rose; Litres: 4\nPlant: Tulip; Litres: 2",
        ),
        (
            cells({1: {"A": "Bed", "B": "Litres"}, 2: {"A": "North", "B": number("4")}, 3: {"B": number("5")}})
            + '<mergeCells><mergeCell ref="A2:A3"/></mergeCells>',
            "Bed: North; Litres: 4\nBed: North; Litres: 5",
        ),
        (cells({1: {"B": "Note"}}), "Note"),
    ],
)  # fmt: skip
def test_rows_have_the_names_of_their_columns(inside: str, expected: str) -> None:
    """Titles above, tables below each other, gaps, and cells that stand beside several rows."""
    assert text(xlsx({"Sheet": inside})) == expected


def test_sheets_are_headings_and_hidden_ones_say_so() -> None:
    """Comments on cells stand with their sheet."""
    content = xlsx(
        {"Plants": cells({1: HEADER, 2: {"A": "Rose", "B": number("4")}}), "Codes": cells({1: {"A": "x"}})},
        state={"Codes": "hidden"},
        beside={
            "xl/comments1.xml": f'<comments xmlns="{TRANSITIONAL}/spreadsheetml/2006/main"><commentList><comment ref="B2"><text>'
            "<r><t>Or five?</t></r></text></comment></commentList></comments>"
        },
        related={"xl/worksheets/sheet1.xml": {"c1": ("comments", "../comments1.xml")}},
    )
    assert [(each.heading, each.text) for each in sections(content)] == [
        ("Plants", "Plant: Rose; Litres: 4"),
        ("Plants", "Comment on B2: Or five?"),
        ("Codes (hidden)", "x"),
    ]


def test_strict_sheets_are_read() -> None:
    """The other edition of the standard has other names for the same."""
    content = xlsx({"Sheet": cells({1: HEADER, 2: {"A": "Rose", "B": number("4")}})})
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = {name: packed.read(name).decode() for name in packed.namelist()}
    strict = {
        name: inside.replace(
            f"{TRANSITIONAL}/spreadsheetml/2006/main", f"{STRICT}/spreadsheetml/main"
        ).replace(f"{TRANSITIONAL}/officeDocument/2006", f"{STRICT}/officeDocument")
        for name, inside in members.items()
    }
    assert text(archive(strict)) == "Plant: Rose; Litres: 4"


def test_a_far_cell_costs_nothing() -> None:
    """The last cell of the largest sheet there can be is one row."""
    far = '<sheetData><row r="1048576"><c r="XFD1048576"><v>4</v></c></row></sheetData>'
    content = xlsx({"Sheet": far})
    assert text(content) == "4"


def test_open_sheets_show_their_values() -> None:
    """Values as LibreOffice shows them; cells and rows to the end of the sheet are not repeated to it."""
    cell = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>".format
    row = "<table:table-row {}>{}</table:table-row>".format
    rows = [
        row("", cell("", "Bed") + cell("", "Litres")),
        row(
            "",
            cell("table:number-rows-spanned='2' office:value-type='string'", "North")
            + cell("office:value-type='float'", "4,5"),
        ),
        row("", "<table:covered-table-cell/>" + cell("office:value-type='float'", "5,0")),
        row(
            "table:number-rows-repeated='1048000'",
            "<table:table-cell table:number-columns-repeated='16384'/>",
        ),
    ]
    content = open_document("spreadsheet", f"<table:table table:name='Beds'>{''.join(rows)}</table:table>")
    assert [(each.heading, each.text) for each in sections(content)] == [
        ("Beds", "Bed: North; Litres: 4,5\nBed: North; Litres: 5,0")
    ]


def test_sheets_from_before_2007_are_read() -> None:
    """With the same values, merged cells and hidden sheets."""
    rows = (
        "Building: Lighthouse; Keeper: The lighthouse keeper was called Amalia.; Since: 2024-05-01; Share: 25%",
        "Building: Lighthouse; Keeper: Bruno; Since: 1. May 2025; Share: 50.0%",
    )
    found = [(each.heading, each.text) for each in sections(xls())]
    assert found == [("Harbor", "\n".join(rows)), ("Codes (hidden)", "x")]


def test_comments_on_cells_of_opendocument_are_no_values() -> None:
    """They stand below the table, with the cell that they are on."""
    head = "".join(
        f"<table:table-cell><text:p>{each}</text:p></table:table-cell>" for each in ("Plant", "Water")
    )
    noted = "<table:table-cell><office:annotation><text:p>Or five?</text:p></office:annotation><text:p>4 l</text:p></table:table-cell>"
    rows = (head, f"<table:table-cell><text:p>Rose</text:p></table:table-cell>{noted}")
    inside = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    content = open_document("spreadsheet", f"<table:table table:name='Beds'>{inside}</table:table>")
    assert text(content).split("\n") == ["Plant: Rose; Water: 4 l", "Comment on B2: Or five?"]
