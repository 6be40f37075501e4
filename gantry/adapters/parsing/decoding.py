"""Bytes to text, whatever the encoding."""

import codecs
from unicodedata import category

from gantry.adapters.parsing import encodings
from gantry.adapters.parsing.source import Source, raw_of

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = bytes(range(128, 256))
_SELDOM = encodings.ALPHABETS | encodings.DOS_AND_MAC
_REPLACED = "\ufffd"


def decoded(raw: bytes, *, cut: bool = False, declared: str = "") -> str:
    """Return *raw* as text; what cannot be decoded is marked (U+FFFD), not refused.

    Args:
        raw: The bytes of a text, or of anything: what comes out of a picture is full of control characters.
        cut: It may end inside a character, which is then left out.
        declared: The encoding that something outside says it has, such as the header of a mail. What the text says of
            itself (``<meta charset>``, ``<?xml encoding>``, ``coding:``) is read here. Either counts only where it fits.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _as(raw, name, cut=cut)
    wide = encodings.wide(raw)
    if wide:
        return _as(raw, wide, cut=cut)
    said = encodings.codec(declared) or encodings.said_in(raw)
    if raw.isascii():
        return _seven_bit(raw, said)
    return _eight_bit(raw, said, cut=cut)


def _as(raw: bytes, encoding: str, *, cut: bool) -> str:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(raw, final=not cut)
    return text.removeprefix("\ufeff")


def _seven_bit(raw: bytes, said: str) -> str:
    """Read ASCII; Japanese and Korean mail switch to their letters and back with escapes."""
    shifted = encodings.shifted(raw, said)
    return raw.decode(shifted, "replace") if shifted else raw.decode("ascii")


def _eight_bit(raw: bytes, said: str, *, cut: bool) -> str:
    text = _as(raw, "utf-8", cut=cut)
    bad = text.count(_REPLACED) - raw.count(_REPLACED.encode())
    valid = len(text) - len(text.encode("ascii", "ignore")) - text.count(_REPLACED)
    if not bad and not (said in encodings.MULTIBYTE and encodings.by_chance(raw)):
        return text
    if said and said != "utf-8":
        as_said = _as(raw, said, cut=cut)
        odd = len(as_said) - len(as_said.encode("ascii", "ignore"))
        if as_said.count(_REPLACED) <= max(1, odd // 100) and (valid < bad or not bad):
            return as_said
    guess = encodings.guessed(raw)
    # Letters of an older alphabet form UTF-8 by chance seldom, those of East Asia one time in eight.
    often = valid >= bad or (valid * 3 >= bad and guess in _SELDOM)
    if valid > 2 * bad or (often and not any(category(letter) in {"Mn", "Cn", "Co"} for letter in text)):
        return _mixed(raw, text)
    return _as(raw, guess, cut=cut)


def _mixed(raw: bytes, text: str) -> str:
    """Read UTF-8 with bad bytes; lines of an older encoding, which somebody appended, are read as that."""
    lines, texts = raw.split(b"\n"), text.split("\n")
    older = [
        number
        for number, line in enumerate(texts)
        if _REPLACED in line and all(letter == _REPLACED for letter in line if letter > "\x7f")
    ]
    guess = encodings.guessed(b"\n".join(lines[number] for number in older)) if older else ""
    for number in older:
        texts[number] = lines[number].decode(guess, "replace")
    return "\n".join(texts)


def read_text(source: Source, *, declared: str = "") -> str:
    """Return a whole file as text with plain line ends."""
    text = decoded(raw_of(source), declared=declared)
    return without_nuls(text.replace("\r\n", "\n").replace("\r", "\n"))


def without_nuls(text: str) -> str:
    """Leave a stray NUL out; several are padding, and stand for a space."""
    if "\0" not in text:
        return text
    while "\0\0\0" in text:
        text = text.replace("\0\0\0", "\0\0")
    return text.replace("\0\0", " ").replace("\0", "")
