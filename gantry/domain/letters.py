"""Letters that are the same to who searches: full width and half width, accents, capitals, digits of other scripts."""

import re
import unicodedata
from functools import lru_cache

# Invisible inside words (soft hyphen, joiners, byte order mark) or drawn out for looks (Arabic tatweel).
_IGNORED = dict.fromkeys((0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x640))
_ZEROS = (0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0x1810)  # fmt: skip
_DIGITS = {zero + value: str(value) for zero in _ZEROS for value in range(10)}
_CLEANED = _IGNORED | _DIGITS | {ord("İ"): "i"}
_UNCLEAN = re.compile(f"[{''.join(map(chr, _CLEANED))}]")  # looking is far quicker than translating
# Accents of Latin, Greek and Cyrillic letters, vowel signs of Hebrew and Arabic; in other scripts marks are vowels.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]")
_KEPT = 80  # characters of a word that is remembered
_PLAIN = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ı": "i",
        "þ": "th",
        "ħ": "h",
        "ς": "σ",
    }
)


def normalised(text: str) -> str:
    """Return *text* in small letters and in one form of each character; accents stay, which tell endings apart."""
    if text.isascii():
        return text.lower()
    clean = unicodedata.normalize("NFKC", text)
    return (clean.translate(_CLEANED) if _UNCLEAN.search(clean) else clean).lower()


def plain(word: str) -> str:
    """Return a normalised word without its accents, Turkish ı as i, ß as ss."""
    if word.isascii():
        return word
    return _plain(word) if len(word) <= _KEPT else _plain.__wrapped__(word)


@lru_cache(maxsize=1 << 15)
def _plain(word: str) -> str:
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_PLAIN)
