"""Rows as lines: the same for every database, and back without loss."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from gantry.domain.archive import ArchiveRefused, Kind, Layout
from gantry.domain.archive_rows import decode, encode

LAYOUT = Layout("thing", tuple(sorted((kind.value, kind) for kind in Kind)), ("uuid",))
VALUES = {
    "uuid": UUID("01a209db-2750-7036-a43e-f9a2cb13857e"),
    "text": 'Grüße "\\\n\u2028👩‍👧',
    "datetime": datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=UTC),
    "json": '{"b": 1.50, "a": [null, "ü"]}',
    "integer": 2**53 + 1,
    "float": 0.1,
    "boolean": True,
    "bytes": b"\x00\xff",
}


def test_a_row_is_a_line_with_sorted_names_and_plain_values() -> None:
    """The form is fixed: hashes of archives that exist depend on it."""
    expected = (
        '{"boolean":true,"bytes":"AP8=","datetime":"2026-03-29T01:00:00.000001Z","float":0.1,'
        '"integer":9007199254740993,"json":"{\\"a\\":[null,\\"ü\\"],\\"b\\":1.5}",'
        '"text":"Grüße \\"\\\\\\n\u2028👩‍👧","uuid":"01a209db-2750-7036-a43e-f9a2cb13857e"}'
    )
    assert encode(LAYOUT, VALUES).decode() == expected


def test_what_databases_give_differently_becomes_the_same() -> None:
    """SQLite gives naive moments and numbers for booleans, PostgreSQL the zone of its session."""
    other = VALUES | {
        "datetime": datetime(2026, 3, 29, 3, 0, 0, 1, tzinfo=timezone(timedelta(hours=2))),
        "boolean": 1,
        "json": '{"a":[null,"\\u00fc"],"b":1.5}',
    }
    naive = VALUES | {"datetime": datetime(2026, 3, 29, 1, 0, 0, 1)}  # noqa: DTZ001 - what SQLite gives
    assert encode(LAYOUT, VALUES) == encode(LAYOUT, other) == encode(LAYOUT, naive)


def test_a_line_becomes_the_row_again() -> None:
    """Every kind comes back, and so does having no value."""
    assert decode(LAYOUT, encode(LAYOUT, VALUES)) == VALUES | {"json": '{"a":[null,"ü"],"b":1.5}'}
    nothing = dict.fromkeys(VALUES)
    assert decode(LAYOUT, encode(LAYOUT, nothing)) == nothing


@pytest.mark.parametrize("number", ["inf", "-inf"])
def test_numbers_that_json_has_not(number: str) -> None:
    """Infinity is kept, and the line is still JSON."""
    line = encode(LAYOUT, VALUES | {"float": float(number)})
    assert decode(LAYOUT, line)["float"] == float(number)
    assert b"Infinity" not in line


def test_json_null_is_not_no_value() -> None:
    """A JSON column that holds null differs from one that holds nothing."""
    line = encode(LAYOUT, VALUES | {"json": "null"})
    assert decode(LAYOUT, line)["json"] == "null"


def test_half_a_surrogate_pair_survives() -> None:
    """What only an escape can hold stays an escape: every line is UTF-8."""
    line = encode(LAYOUT, VALUES | {"json": '"\\ud800 ü"'})
    assert decode(LAYOUT, line)["json"] == '"\\ud800 \\u00fc"'


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        encode(LAYOUT, VALUES).replace(b'"text"', b'"test"'),
        encode(LAYOUT, VALUES).replace(b"true", b"1"),
        encode(LAYOUT, VALUES).replace(b"9007199254740993", b"true"),
        encode(LAYOUT, VALUES).replace(b"01a209db", b"xxxxxxxx"),
        encode(LAYOUT, VALUES).replace(b"000001Z", b"000001+02:00"),
        encode(LAYOUT, VALUES).replace(b"AP8=", b"AP8"),
        b"[" * 100_000,
    ],
)
def test_what_is_no_row_is_refused(line: bytes) -> None:
    """A line of another form, or with a value of another kind, is refused with the table's name."""
    with pytest.raises(ArchiveRefused, match="row of thing"):
        decode(LAYOUT, line)
