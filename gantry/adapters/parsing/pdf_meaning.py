"""Text layers without meaning: fonts that number their letters and do not say which they are."""

import unicodedata

import pypdfium2
from pypdfium2 import raw

_SAMPLED = 200  # characters of a page whose fonts are asked
_UNKNOWN, _ODD = 0.5, 0.03  # shares of such characters, and of those that no text holds
_MOST_ODD = 0.3  # whatever the fonts say
_VOWELS = (0.2, 0.6)  # of the letters, in any language of Latin letters
_FEW = 60  # letters: too few to count vowels
_LEAST = 8  # letters in what was recovered
_LONGEST = 12  # letters in a word, on average


def is_missing(text: str, words: pypdfium2.PdfTextPage) -> bool:
    """Whether what comes out of a page are numbers of its fonts, not letters."""
    odd = _odd(text)
    if odd > _MOST_ODD:
        return True
    if _unknown(words) < _UNKNOWN:
        return False
    latin, vowels = _latin(text)
    return odd > _ODD or (latin > _FEW and not _VOWELS[0] < vowels < _VOWELS[1])


def recovered(words: pypdfium2.PdfTextPage) -> str:
    """Read the numbers in the order that most TrueType fonts have; empty where that gives no words either."""
    letters: list[str] = []
    for index in range(words.count_chars()):
        code = raw.FPDFText_GetUnicode(words, index)
        known = raw.FPDFText_HasUnicodeMapError(words, index) != 1
        letters.append(chr(code) if known else _in_usual_order(code))
    text = "".join(letters)
    latin, vowels = _latin(text)
    means = _odd(text) <= _ODD and latin >= _LEAST and _VOWELS[0] < vowels < _VOWELS[1]
    return text if means and latin <= _LONGEST * len(text.split()) else ""


def are_fonts_there(page: pypdfium2.PdfPage) -> bool:
    """Whether the file holds the letters that a page shows; others would be drawn in their place."""
    texts = page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=2)
    return all(raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(each)) == 1 for each in texts)


def _in_usual_order(glyph: int) -> str:
    """Return the letter of a glyph: the printable ones of ASCII from 3 on, then those of the Macintosh."""
    if 3 <= glyph <= 97:
        return chr(glyph + 29)
    if 98 <= glyph <= 225:
        return bytes([glyph + 30]).decode("mac_roman")
    return "\ufffd"


def _odd(text: str) -> float:
    """Return the share of characters that no text holds."""
    letters = [letter for letter in text if letter not in " \n\r\t\f\xa0"]
    odd = sum(1 for each in letters if each == "\ufffd" or unicodedata.category(each) in {"Cc", "Cn", "Co"})
    return odd / max(1, len(letters))


def _latin(text: str) -> tuple[int, float]:
    """Return how many Latin letters there are, and the share of vowels among them."""
    latin = [letter for letter in text.lower() if "a" <= letter <= "z"]
    return len(latin), sum(map("aeiouy".count, latin)) / max(1, len(latin))


def _unknown(words: pypdfium2.PdfTextPage) -> float:
    """Return the share of characters, among some of a page, whose font does not say what they are."""
    count = words.count_chars()
    told = [
        raw.FPDFText_HasUnicodeMapError(words, index) == 1
        for index in range(0, count, max(1, count // _SAMPLED))
    ]
    return sum(told) / max(1, len(told))
