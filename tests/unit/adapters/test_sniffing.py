"""What a file is by its content, for everything that is text."""

import time
from pathlib import Path

import pytest

from gantry.adapters.parsing import sniffing, structured
from gantry.domain.parsing import FileFormat, ParsingFailed, ParsingFault


def sniffed(folder: Path, name: str, raw: bytes) -> FileFormat:
    """Return the format of a file."""
    path = folder / "upload"
    path.write_bytes(raw)
    return sniffing.sniff(str(path), name).format


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("a.txt", "Größe\n".encode("utf-16-le"), FileFormat.TEXT),
        ("a.csv", "id;Größe\n1;2\n".encode("utf-32-be"), FileFormat.CSV),
        ("a.txt", b"Plain words\xff", FileFormat.TEXT),
        ("a.txt", "Größe und Höhe ".encode() * 40 + b"\xe4\xff", FileFormat.TEXT),
        ("a.txt", b"Plain\0 words of a page", FileFormat.TEXT),
        ("a.log", b"A log\nthat was being written\n" + bytes(4000), FileFormat.TEXT),
        ("a.txt", "Болт".encode("cp1251"), FileFormat.TEXT),
        (
            "a",
            b"\xef\xbb\xbf  <!-- made by hand --><?xml version='1.0'?>\n<!DOCTYPE  HTML><p>x</p>",
            FileFormat.HTML,
        ),
        ("a.xls", b"<table><tr><td>1</td></tr></table>", FileFormat.HTML),
        ("a", b"<meta charset=utf-8><p>x</p>", FileFormat.HTML),
        ("a.txt", b"<p>is a tag of HTML</p>", FileFormat.TEXT),
        ("a.svg", b"<!DOCTYPE svg><svg></svg>", FileFormat.TEXT),
        ("a.vue", b"<script>let a = 1</script>", FileFormat.CODE),
        ("a.md", b"<p align=center>Hello</p>\n\n# Title\n", FileFormat.MARKDOWN),
        ("a", b'{"a": [1, 2]}', FileFormat.JSON),
        ("a.md", b"A file begins with\n%PDF-1.7\nand so on.\n", FileFormat.MARKDOWN),
    ],
)
def test_text_is_told_by_what_it_holds(tmp_path: Path, name: str, raw: bytes, expected: FileFormat) -> None:
    """Also with a bad byte, with NULs, and in any encoding."""
    assert sniffed(tmp_path, name, raw) is expected


@pytest.mark.parametrize(
    "raw",
    [
        bytes(range(256)) * 20,
        b"\x01\x02\x03\x04",
        bytes(200),
        b"\x7fELF\x02\x01\x01" + bytes(300),
        bytes(range(0, 256, 7)) * 90,
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, raw: bytes) -> None:
    """Programs, data, nothing but NULs."""
    with pytest.raises(ParsingFailed) as refused:
        sniffed(tmp_path, "a.txt", raw)
    assert refused.value.fault is ParsingFault.UNSUPPORTED


@pytest.mark.parametrize(
    "raw",
    [
        b"<!---->" * 60 + b"x",
        b"<!-- -->\n" * 5000 + b"<",
        b"<?xml >" * 9000,
        b"<!--" * 16_000,
        b"<" * 65_000,
        b" " * 65_000 + b"<",
        b"<!doctype" + b" " * 65_000,
        b"<meta " * 10_000,
        b"<meta charset=" + b" " * 60_000,
        b"# coding" * 8000,
        b'"' * 65_000,
        b"[" * 65_000,
    ],
)
@pytest.mark.parametrize("name", ["a", "a.html", "a.json"])
def test_nothing_makes_it_slow(tmp_path: Path, raw: bytes, name: str) -> None:
    """The time grows with the length of the beginning, whatever stands in it."""
    started = time.perf_counter()
    assert sniffed(tmp_path, name, raw)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": {"b": 1.10, "c": [true, null, ""]}}', ["a.b: 1.10", "a.c 1: true"]),
        ('{"a": 1, "a": 2}', ["a: 1", "a: 2"]),
        ('[12345678901234567890.10, 1e400, "x"]', ["1: 12345678901234567890.10", "2: 1e400", "3: x"]),
        ('{"a": 1}\n\n{"a": "x\u2028y"}\n', ["a: 1", "a: x\u2028y"]),
        ("\n".join(['{"a": 1}'] * 10 + ["# oh"]), ["a: 1"] * 10 + ["# oh"]),
        ('"alone"', ["alone"]),
        ("[" * 500 + "1" + "]" * 500, [" ".join(["1"] * 500) + ": 1"]),
    ],
)
def test_json_is_said_as_it_is_written(text: str, expected: list[str]) -> None:
    """Figures keep their digits, names that stand twice their values; a line that is none stays."""
    values = structured.values_of(text)
    assert values is not None
    assert [line for value in values for line in value] == expected


@pytest.mark.parametrize("text", ['{"a": ', "[" * 100_000, "{}\nno\nno", "words"])
def test_what_is_no_json_is_said_to_be_none(text: str) -> None:
    """Broken, too deep, or something else."""
    assert structured.values_of(text) is None
