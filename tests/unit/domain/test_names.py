"""Names that can be seen."""

import pytest

from gantry.domain.accounts import checked_name, normal_email
from gantry.domain.chat import cleaned_title
from gantry.domain.connections import checked_connection_name
from gantry.domain.errors import Invalid
from gantry.domain.names import on_one_line
from gantry.domain.vault import cleaned_name

HIDDEN = {
    "zero width space": "\u200b",
    "joiner between Latin letters": "\u200d",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "escape": "\x1b",
    "C1 control": "\x9b",
    "line separator": "\u2028",
    "Hangul filler": "\u3164",
    "grapheme joiner": "\u034f",
    "selector of a variant": "\ufe01",
    "tag": "\U000e0061",
    "private": "\ue000",
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_what_cannot_be_seen_is_in_no_name(hidden: str) -> None:
    """Two names that look the same are the same; none changes the direction of the line it stands in."""
    raw = f"inv{hidden}oice.txt"
    assert on_one_line(raw) in {"invoice.txt", "inv oice.txt"}
    seen = on_one_line(raw)
    assert cleaned_name(raw) == cleaned_title(raw) == checked_connection_name(raw) == seen
    assert checked_name(raw, "ann@example.org") == seen
    with pytest.raises(Invalid):
        normal_email(f"an{hidden}n@example.org")


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم",
        "ක්\u200dෂ",
        "👩\u200d💻 notes",
        "❤\ufe0f",
        "Zoë O’Neil-Ó Súilleabháin",
        "日本語 ノート",
        "שלום",
        "naïve…",
    ],
)
def test_what_writing_needs_stays(name: str) -> None:
    """Joiners inside Persian, Sinhala and emoji, accents, and every script."""
    assert on_one_line(name) == name


def test_an_address_may_have_letters_of_any_script() -> None:
    """What is seen is allowed."""
    assert normal_email("Zoë@Example.org") == "zoë@example.org"
