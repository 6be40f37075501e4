"""CSV in words: separators, quotation marks, what stands before and after a table, and names of columns."""

import itertools
import time

import pytest

from gantry.adapters.parsing import delimited, tables


def told(text: str) -> list[str]:
    """Return the lines that are said of CSV."""
    rows = delimited.rows_of(text)
    assert rows is not None
    parts = itertools.groupby(tables.each(rows), key=lambda row: row[0])
    return [line for _number, part in parts for line in tables.told(row for _, row in part)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Name,Ort\nAda,Rom\n", ["Name: Ada; Ort: Rom"], id="comma"),
        pytest.param(
            "Ware;Preis\nNagel;1,50\nDübel;0,75\n",
            ["Ware: Nagel; Preis: 1,50", "Ware: Dübel; Preis: 0,75"],
            id="decimal-commas",
        ),
        pytest.param("1,5;2,5\n3,5;4,5\n", ["1,5; 2,5", "3,5; 4,5"], id="decimal-commas-alone"),
        pytest.param("city\tcount\nRome, Italy\t3\n", ["city: Rome, Italy; count: 3"], id="tabs"),
        pytest.param("a|b\n1|2\n", ["a: 1; b: 2"], id="pipes"),
        pytest.param("sep=;\nItem;Shelf\nHinge;B4\n", ["Item: Hinge; Shelf: B4"], id="sep"),
        pytest.param('"sep=|"\nItem|Shelf\nHinge|B4\n', ["Item: Hinge; Shelf: B4"], id="sep-in-quotes"),
        pytest.param("sep=\t\nItem\tShelf\nHinge\tB4\n", ["Item: Hinge; Shelf: B4"], id="sep-tab"),
        pytest.param(
            'id, text\n1, "a, b"\n2, "c"\n', ["id: 1; text: a, b", "id: 2; text: c"], id="space-before-quotes"
        ),
        pytest.param('id,text\n1,"x ""y"", z"\n', ['id: 1; text: x "y", z'], id="doubled"),
        pytest.param('id,text\n1,"x \\"y\\", z"\n', ['id: 1; text: x "y", z'], id="backslash"),
        pytest.param(
            'id,text\n1,"first\nsecond, third"\n2,b\n',
            ["id: 1; text: first\nsecond, third", "id: 2; text: b"],
            id="line-end-inside",
        ),
        pytest.param(
            'id,size\n1,"3 inch\n2,4\n3,5\n',
            ['id: 1; size: "3 inch', "id: 2; size: 4", "id: 3; size: 5"],
            id="never-closed",
        ),
        pytest.param('id,size\n1,5" wide\n2,4\n', ['id: 1; size: 5" wide', "id: 2; size: 4"], id="inches"),
        pytest.param(
            "Plant,Bed,Litres\nRose,North,4\nTulip,East,2\n\nTool,Room,Price\nSpade,Shed,30\n",
            [
                "Plant: Rose; Bed: North; Litres: 4",
                "Plant: Tulip; Bed: East; Litres: 2",
                "Tool: Spade; Room: Shed; Price: 30",
            ],
            id="two-tables",
        ),
        pytest.param("n,a,a,\nx,1,2,3\n", ["n: x; a: 1; a: 2; 3"], id="same-and-empty-names"),
        pytest.param(",a,b\n0,1,2\n1,3,4\n", ["0; a: 1; b: 2", "1; a: 3; b: 4"], id="numbered-rows"),
        pytest.param(
            "a,b\n1,2\n3\n4,5,6\n7,8\n9,8\n9,9\n",
            ["a: 1; b: 2", "a: 3", "a: 4; b: 5; 6", "a: 7; b: 8", "a: 9; b: 8", "a: 9; b: 9"],
            id="ragged",
        ),
        pytest.param(
            "Day;Payee;Sum\n1.2.;W;3\n2.2.;B;4\n3.2.;C;5\nTotal;12\n",
            [
                "Day: 1.2.; Payee: W; Sum: 3",
                "Day: 2.2.; Payee: B; Sum: 4",
                "Day: 3.2.; Payee: C; Sum: 5",
                "Total: 12",
            ],
            id="short-total",
        ),
        pytest.param(
            "Day;Sum\n1.2.;3\n2.2.;4\n\nPrinted by Ada\n",
            ["Day: 1.2.; Sum: 3", "Day: 2.2.; Sum: 4", "Printed by Ada"],
            id="remark-after",
        ),
        pytest.param("name,city\n", ["name, city"], id="names-alone"),
    ],
)
def test_rows_are_said_with_their_names(text: str, expected: list[str]) -> None:
    """Whatever separates, quotes or is missing."""
    assert told(text) == expected


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("Owner;Ada\nMonth;May\n\n", ["Owner: Ada", "Month: May"]),
        ("Owner;Ada;\nMonth;May;\n;;\n", ["Owner: Ada", "Month: May"]),
        ("Statement of May\nAll sums in euros\n", ["Statement of May", "All sums in euros"]),
        (
            "Bank\nOwner;Ada\nFrom;1 May\nTo;2 May\nKind;Giro\n",
            ["Bank", "Owner: Ada", "From: 1 May", "To: 2 May", "Kind: Giro"],
        ),
        ("# of May\n# made; by; hand\n", ["# of May", "# made; by; hand"]),
    ],
)
def test_what_stands_before_the_table_is_no_header(before: str, said: list[str]) -> None:
    """Titles, accounts and periods are said as they stand."""
    table = "Day;Payee;Sum\n1.5.;Water;-80,00\n2.5.;Bread;-3,20\n3.5.;Wages;900,00\n"
    assert told(before + table) == [
        *said,
        "Day: 1.5.; Payee: Water; Sum: -80,00",
        "Day: 2.5.; Payee: Bread; Sum: -3,20",
        "Day: 3.5.; Payee: Wages; Sum: 900,00",
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ["17,Ada Berger,Rome", "18,Bo Lind,Oulu"],
        ["Ada Berger,Rome", "Bo Lind,Oulu"],
        ["ada@example.org,Ada,Rome", "bo@example.org,Bo,Oulu"],
        ["2024-05-01,Rent,-80.5", "2024-05-02,Bread,-3.2"],
        ["A-17,Nail,Shelf", "B-18,Screw,Box"],
        ["3,4.5,-1", "7,1.5,2"],
        ["Rome,5 %", "Oulu,7 %"],
    ],
)
def test_where_no_row_names_the_columns_there_are_values_alone(rows: list[str]) -> None:
    """The first row is like the others."""
    assert told("\n".join(rows)) == [row.replace(",", "; ") for row in rows]


@pytest.mark.parametrize(
    "header",
    [
        "id,name,x",
        "First Name,Last Name,Home Town",
        "Country,2019,2020",
        "Artikel,Lager,Bestand",
        "col_a,col_b,col_c",
    ],
)
def test_a_row_of_names_is_known(header: str) -> None:
    """By what stands below it, by words that are names, or because figures have years above them."""
    assert told(f"{header}\nPeru,1,2\nChile,5,6\n")[0] == "; ".join(
        f"{name}: {value}" for name, value in zip(header.split(","), ("Peru", "1", "2"), strict=True)
    )


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ada, I am well and hope you are too.\nYours, Bo, who thinks of you every day.\n",
        "We met in May, and it rained.\nThen, after lunch, the sun came out, so we walked.\n\nIt was late.\n",
        "Hello, world.\n",
        "just a line\n",
        "one\ntwo\nthree\n",
        "",
    ],
)
def test_prose_stays_prose(text: str) -> None:
    """A file may be called a table and be a letter."""
    assert delimited.rows_of(text) is None


def test_the_whole_file_decides() -> None:
    """The first doubled quotation mark may come late."""
    rows = "".join(f'"{n}","plain words of {n}","{n % 5}"\n' for n in range(2000))
    text = f'"id","words","stars"\n{rows}"2000","she said ""no, never"" again","1"\n'
    assert told(text)[-1] == 'id: 2000; words: she said "no, never" again; stars: 1'


def test_quotation_marks_that_stay_open_take_no_time() -> None:
    """Each is looked at for so many lines, not to the end of the file."""
    text = "id,size\n" + '1,"3 inch\n' * 20_000
    started = time.perf_counter()
    assert len(told(text)) == 20_000
    assert time.perf_counter() - started < 20
