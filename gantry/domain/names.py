"""Names that can be seen: of people, files, collections, conversations, model servers."""

import re
import unicodedata

from gantry.domain.text import storable

# Default-ignorable characters whose category does not say so: fillers, joiners of graphemes, selectors of variants.
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset(
    "\u200c\u200d"
)  # written in Persian and many Indian scripts, and between the parts of an emoji
_EMOJI_STYLE = "\ufe0f"
_JOINED = ("L", "M", "S")


def is_plain(text: str) -> bool:
    """Whether every character of *text* can be seen, or is a space."""
    return (text.isascii() and text.isprintable()) or not any(map(_is_hidden, text))


def on_one_line(text: str) -> str:
    """Return *text* as a name can be shown: on one line, without what cannot be seen or turns the direction of writing.

    Joiners stay where writing needs them: between letters or signs that are not Latin.
    """
    text = " ".join(storable(text).split())
    if is_plain(text):
        return text
    kept = [each for at, each in enumerate(text) if not _is_hidden(each) or _is_needed(text, at)]
    return " ".join("".join(kept).split())


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or _FILLERS.match(character) is not None


def _is_needed(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] == _EMOJI_STYLE:
        return before != "" and unicodedata.category(before) == "So"
    return text[at] in _JOINERS and _is_joined(before) and _is_joined(after)


def _is_joined(character: str) -> bool:
    return character > "\u02ff" and unicodedata.category(character).startswith(_JOINED)
