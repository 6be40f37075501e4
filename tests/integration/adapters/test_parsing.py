"""Reading files of every kind, and refusing the bad ones with a reason."""

import asyncio
import time
from contextlib import aclosing, suppress
from pathlib import Path

import psutil
import pytest

from gantry.adapters.parsing.process import ProcessParser
from gantry.domain.parsing import FileFormat, ParsingFailed, ParsingFault, ParsingLimits, Progress, Section
from tests.parts import documents


async def read(folder: Path, name: str, content: bytes, limits: ParsingLimits | None = None) -> list[Section]:
    """Return the sections of a file."""
    path = folder / "upload"
    path.write_bytes(content)
    parser = ProcessParser()
    kind = await parser.sniff(str(path), name)
    async with aclosing(parser.parse(str(path), kind, limits or ParsingLimits())) as told:
        return [each async for each in told if isinstance(each, Section)]


async def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    """Each page's text has its number, whatever the file is called."""
    sections = await read(tmp_path, "notes.txt", documents.pdf(["Roses need sun.", "Tulips need cold."]))
    assert [(each.page, each.text.strip()) for each in sections] == [
        (1, "Roses need sun."),
        (2, "Tulips need cold."),
    ]


async def test_a_pdf_with_something_before_it_is_one(tmp_path: Path) -> None:
    """What was sent before the file, and kept with it, does not matter."""
    content = b"Content-Type: application/pdf\r\n\r\n" + documents.pdf(
        ["Roses need sun, and tulips need cold."]
    )
    (section,) = await read(tmp_path, "mailed", content)
    assert section.text.strip() == "Roses need sun, and tulips need cold."


async def test_headers_that_stand_on_every_page_are_read_once(tmp_path: Path) -> None:
    """A running header with its page number is text of the first page alone; hyphens at line ends are joined."""
    pages = [
        f"Annual report - {n}\nConfidential\nThe num-\nber of item {n} is here.\nIt goes on {'x' * n}.\nEnd {'y' * n}\nLast {'z' * n}"
        for n in range(1, 8)
    ]
    sections = await read(tmp_path, "a.pdf", documents.pdf(pages))
    assert sections[0].text.startswith("Annual report - 1\nConfidential\n")
    assert all("Annual report" not in each.text and "Confidential" not in each.text for each in sections[1:])
    assert "The number of item 3 is here." in sections[2].text


async def test_a_word_file_keeps_headings_and_tables(tmp_path: Path) -> None:
    """Sections stand under their headings; a row of a table is one line."""
    content = documents.docx(
        [("Heading1", "Garden"), ("", "Roses need sun."), ("Heading2", "Water"), ("", "In the morning.")],
        rows=[("Plant", "Litres"), ("Rose", "4")],
    )
    sections = await read(tmp_path, "garden.docx", content)
    assert [each.heading for each in sections] == ["Garden", "Garden › Water"]
    assert "Rose | 4" in sections[-1].text


async def test_a_web_page_is_read_as_people_see_it(tmp_path: Path) -> None:
    """Scripts, styles and what is hidden are left out; headings lead the way."""
    sections = await read(tmp_path, "page", documents.HTML)
    text = "\n".join(each.text for each in sections)
    assert [each.heading for each in sections] == ["Garden", "Garden › Water"]
    assert "Roses need sun." in text
    assert "Rose | 4" in text
    assert not any(word in text for word in ("steal", "p{}", "menu"))


@pytest.mark.parametrize(
    ("name", "content", "expected", "heading"),
    [
        ("garden.md", documents.MARKDOWN, "In the morning.", "Garden › Water"),
        ("garden.csv", documents.CSV, "Pflanze: Äpfel; Liter: 12; Höhe: 3", ""),
        ("garden.json", documents.JSON, "garden.owner: Ada", ""),
        ("anything", documents.JSON, "tools 2: hoe", ""),
        ("lines.jsonl", b'{"a": 1}\n{"a": 2}\n', "a: 2", ""),
        ("greeting.txt", documents.UTF16, "Grüße aus dem Garten.", ""),
        ("water.py", documents.CODE, "    return plant.litres * 2", ""),
        ("broken.json", b'{"a": ', '{"a":', ""),
        ("people.csv", b"BMI,name\n21,Ada\n", "BMI: 21; name: Ada", ""),
        ("notes.txt", b"RIFF is a kind of container.", "RIFF is a kind of container.", ""),
        ("pdf.md", b"# Formats\n\nA PDF begins with `%PDF-1.7`.\n", "A PDF begins with", "Formats"),
        (
            "page.aspx",
            b"<html><body><form><p>Roses need sun.</p></form></body></html>",
            "Roses need sun.",
            "",
        ),
    ],
)
async def test_text_files_are_read(
    tmp_path: Path, name: str, content: bytes, expected: str, heading: str
) -> None:
    """Every kind of text says what stands in it, whatever its encoding."""
    sections = await read(tmp_path, name, content)
    assert any(expected in each.text for each in sections)
    assert sections[-1].heading == heading


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("locked.pdf", documents.encrypted_pdf(), ParsingFault.ENCRYPTED),
        ("broken.pdf", documents.broken_pdf(), ParsingFault.BROKEN),
        ("bomb.docx", documents.docx_bomb(), ParsingFault.TOO_LARGE),
        ("hostile.docx", documents.hostile_docx(), ParsingFault.BROKEN),
        ("some.zip", documents.unknown_archive(), ParsingFault.UNSUPPORTED),
        ("noise.txt", documents.BINARY, ParsingFault.UNSUPPORTED),
        ("empty.txt", b"", ParsingFault.EMPTY),
        ("blank.txt", b" \n\n", ParsingFault.EMPTY),
        ("half.docx", documents.docx([("", "x")])[:200], ParsingFault.BROKEN),
    ],
)
async def test_bad_files_are_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, fault: ParsingFault
) -> None:
    """What cannot be read says why, in a sentence with a next step."""
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, name, content)
    assert refused.value.fault is fault
    assert refused.value.public
    assert refused.value.advice


async def test_a_pdf_bomb_ends_its_reader_and_nothing_else(tmp_path: Path) -> None:
    """A page that inflates to gigabytes is given up, with its number, within the limits of the reader."""
    limits = ParsingLimits(memory_bytes=700_000_000, cpu_seconds=10, wall_seconds=30)
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, "bomb.pdf", documents.pdf_bomb(1_500_000_000), limits)
    assert refused.value.fault in {ParsingFault.TOO_LARGE, ParsingFault.TOO_SLOW}
    assert refused.value.page == 1


async def test_a_slow_reader_is_ended(tmp_path: Path) -> None:
    """Time is a limit too, and the page where it ran out is told."""
    with pytest.raises(ParsingFailed) as refused:
        await read(tmp_path, "long.pdf", documents.long_pdf(300), ParsingLimits(wall_seconds=0.15))
    assert refused.value.fault is ParsingFault.TOO_SLOW


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="not Linux")
async def test_where_memory_runs_out_the_reader_ends_first(tmp_path: Path) -> None:
    """The kernel is told to end the reader of a hostile file before anything else of the container."""
    path = tmp_path / "long.pdf"
    path.write_bytes(documents.long_pdf(400))
    parser = ProcessParser()
    kind = await parser.sniff(str(path), "long.pdf")
    async with aclosing(parser.parse(str(path), kind, ParsingLimits())) as told:
        await anext(told)
        asked = b"parse\0" + bytes(path)  # the one that sniffed may not have gone yet
        (reader,) = (process for process in Path("/proc").glob("[0-9]*") if asked in _command(process))
        assert (reader / "oom_score_adj").read_text(encoding="ascii").strip() == "1000"


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


async def test_leaving_off_ends_the_reader(tmp_path: Path) -> None:
    """Closing the generator in the middle ends the process at once."""
    path = tmp_path / "long.pdf"
    path.write_bytes(documents.long_pdf(400))
    parser = ProcessParser()
    kind = await parser.sniff(str(path), "long.pdf")
    async with aclosing(parser.parse(str(path), kind, ParsingLimits())) as told:
        async for each in told:
            if isinstance(each, Progress) and each.done > 3:
                break
        started = time.monotonic()
    assert time.monotonic() - started < 1


async def test_only_so_many_readers_run_at_once(tmp_path: Path) -> None:
    """Many uploads at the same moment wait for each other, and all are told."""
    path = tmp_path / "page.html"
    path.write_bytes(documents.HTML)
    parser = ProcessParser(sniffers=2)
    sniffing = asyncio.gather(*(parser.sniff(str(path), "page.html") for _ in range(6)))
    most = 0
    while not sniffing.done():
        running = psutil.Process().children()
        most = max(most, sum(1 for each in running if _reads(each, path)))
        await asyncio.sleep(0.01)
    assert {kind.format for kind in await sniffing} == {FileFormat.HTML}
    assert most in {1, 2}


def _reads(process: psutil.Process, path: Path) -> bool:
    with suppress(psutil.Error):
        return str(path) in process.cmdline()
    return False
