"""Books: chapters in their order, under their headings."""

import pytest

from gantry.adapters.parsing import sniffing
from gantry.domain.parsing import ParsingFailed, ParsingFault
from tests.parts.reading import sections
from tests.parts.samples import epub

pytestmark = pytest.mark.unit

_LOCK = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'


def test_chapters_come_in_the_order_of_the_spine() -> None:
    """A chapter without a heading has that of the contents, which are no text themselves."""
    content = epub(
        {
            "z": "<h1>Roses</h1><p>They need sun.</p><h2>Water</h2><p>Seldom.</p>",
            "a": "<p>They need cold.</p>",
        },
        {"z": "Roses", "a": "Tulips"},
    )
    assert [(each.heading, each.text) for each in sections(content)] == [
        ("", "Title: Lights\nAuthor: Ada"),
        ("Roses", "Roses\nThey need sun."),
        ("Roses › Water", "Water\nSeldom."),
        ("Tulips", "They need cold."),
    ]


def test_names_of_chapter_files_are_no_text() -> None:
    """What stands in a page's title is not seen in a book."""
    content = epub({"a": "<p>They need cold.</p>"})
    named = content.replace(b"<title>x</title>", b"<title>a.x</title>")
    assert [each.text for each in sections(named)][1:] == ["They need cold."]


def test_a_protected_book_says_so() -> None:
    """Scrambled fonts are no protection; scrambled chapters are."""
    for method, locked in (
        ("http://www.w3.org/2001/04/xmlenc#aes256-cbc", True),
        ("http://www.idpf.org/2008/embedding", False),
    ):
        content = epub({"a": "<p>x</p>"}, more={"META-INF/encryption.xml": _LOCK.format(method)})
        if not locked:
            assert sections(content)
            continue
        with pytest.raises(ParsingFailed) as refused:
            sniffing.sniff(content, "a.epub")
        assert refused.value.fault is ParsingFault.ENCRYPTED


def test_a_chapter_whose_address_names_a_place_is_read() -> None:
    """Some programs list ``a.xhtml#start`` as a file."""
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="a" href="a.xhtml#start" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    content = epub({"a": "<p>They need cold.</p>"}, more={"OEBPS/book.opf": package})
    assert [each.text for each in sections(content)] == ["They need cold."]
