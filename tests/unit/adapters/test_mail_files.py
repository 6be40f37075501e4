"""E-mail: who, when, about what, the text once, and what is attached."""

import pytest

from gantry.adapters.parsing import sniffing
from gantry.domain.parsing import FileFormat
from tests.parts import documents
from tests.parts.reading import sections, text
from tests.parts.samples import mail

pytestmark = pytest.mark.unit

HEAD = "From: Ada Müller <ada@example.org>\nTo: eve@example.org\nDate: Fri, 01 May 2026 10:00:00 +0200\nSubject: Harbor"


def test_a_message_is_read_once() -> None:
    """Of the plain text and the page that say the same, one; its subject is the heading."""
    found = sections(mail("Grüße vom Hafen.", "<p>Grüße vom Hafen.</p>"))
    assert [(each.heading, each.text.strip()) for each in found] == [
        ("Harbor", HEAD),
        ("Harbor", "Grüße vom Hafen."),
    ]


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ('text/plain; charset="iso-8859-2"', "Příliš žluťoučký".encode("iso-8859-2"), "Příliš žluťoučký"),
        ("text/html", b"<html><body><p>Only <b>this</b>.</p></body></html>", "Only this."),
        ('text/plain; charset="no-such"', "Grüße".encode(), "Grüße"),
    ],
)
@pytest.mark.parametrize("name", ["a.eml", "a"])
def test_messages_of_any_make_are_read(head: str, body: bytes, expected: str, name: str) -> None:
    """Charsets that are named, or named wrongly; pages alone; lines that end as they like."""
    begin = "Received: from x\nFrom: =?utf-8?q?J=C3=BCrg?= <j@example.org>\nSubject: =?utf-8?b?w4Q=?=\nMIME-Version: 1.0\n"
    content = f"{begin}Content-Type: {head}\nContent-Transfer-Encoding: 8bit\n\n".encode() + body + b"\n"
    found = sections(content, name)
    assert found[0].text == "From: Jürg <j@example.org>\nSubject: Ä"
    assert found[1].text.strip() == expected


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_headers_written_as_they_are_keep_their_letters(encoding: str) -> None:
    """Old programs do not say which encoding they are in."""
    content = "From: a@example.org\nMessage-ID: <1@x>\nSubject: Kündigung für März\n\nEnde.\n".encode(
        encoding
    )
    assert sections(content, "a.eml")[0].heading == "Kündigung für März"


def test_attachments_are_named_and_read() -> None:
    """Files of kinds that are read say what is in them, also inside a forwarded message; others are named."""
    inner = mail(
        "Deep down.", attached={"plan.pdf": documents.pdf(["Roses need sun, and tulips need cold."])}
    )
    content = mail("See below.", attached={"forwarded.eml": inner, "noise.bin": bytes(range(256)) * 40})
    found = sections(content)
    assert [each.heading for each in found if each.text.startswith("Attachment")] == [
        "Harbor › forwarded.eml",
        "Harbor › forwarded.eml › Harbor › plan.pdf",
        "Harbor › noise.bin",
    ]
    said = "\n".join(each.text for each in found)
    assert "Deep down." in said
    assert said.count("Roses need sun, and tulips need cold.") == 1


def test_messages_in_messages_have_a_bottom() -> None:
    """Only so many are opened; the next one is named."""
    content = mail("Number 9.")
    for number in range(8, -1, -1):
        content = mail(f"Number {number}.", attached={"inner.eml": content})
    said = text(content)
    assert "Number 3." in said
    assert "Number 4." not in said


@pytest.mark.parametrize(
    "content",
    [b"From: the garden\n\nRoses need sun.\n", b"Date: May\nSubject: roses\n\nText.", b"Note: from 5 to 6\n"],
)
def test_letters_and_notes_are_no_mail(content: bytes) -> None:
    """A text that begins with a word and a colon is a text."""
    assert sniffing.sniff(content, "notes.txt").format is FileFormat.TEXT


@pytest.mark.parametrize(
    ("boundary", "divided"),
    [
        ("other", "--mine\nContent-Type: text/plain\n\nThe boat is late.\n--mine--\n"),
        ("other", "The boat is late.\n"),
    ],
)
def test_parts_that_are_divided_otherwise_are_read(boundary: str, divided: str) -> None:
    """A message whose header names another line between its parts, or whose parts are none, is not lost."""
    head = f'{HEAD}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{boundary}"\n\n'
    assert sections((head + divided).encode(), "a.eml")[-1].text.strip() == "The boat is late."
