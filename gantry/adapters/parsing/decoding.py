"""Bytes to text, whatever the encoding."""

import codecs
from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 262_144
_FEW = 0.12


def decoded(raw: bytes, *, cut: bool = False) -> str | None:
    """Return *raw* as text, or None when it is none; *cut* says that it may end inside a character."""
    encoding = encoding_of(raw, cut=cut)
    return None if encoding is None else raw.decode(encoding, "replace" if not cut else "ignore")


def encoding_of(raw: bytes, *, cut: bool = False) -> str | None:
    """Return the encoding of *raw*, or None when it does not look like text."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(raw, final=not cut)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8" if b"\0" not in raw else _wide(raw)
    if b"\0" in raw:
        return _wide(raw)
    if _is_western(raw):
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to load, and rarely needed

    best = from_bytes(raw[:_SAMPLE]).best()
    return best.encoding if best else None


def _is_western(raw: bytes) -> bool:
    """Whether *raw* is mostly ASCII with some letters of Western Europe between: too little for statistics to tell."""
    odd = sum(1 for byte in raw if byte > 127)
    if odd > _FEW * len(raw):
        return False
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return False
    marks = "‘’“”–—…€•°§©®«»¿¡"
    return all(character.isalpha() or character in marks for character in text if ord(character) > 127)


def _wide(raw: bytes) -> str | None:
    """Return UTF-16 without a mark: every other byte of Latin text is zero."""
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    half = len(raw) / 2
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def read_text(path: str) -> str:
    """Return a whole file as text with plain line ends; what cannot be decoded is marked, not refused."""
    raw = Path(path).read_bytes()
    text = raw.decode(encoding_of(raw) or "utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
