"""Which encoding bytes have: what they say of themselves, and what they look like."""

import re
import unicodedata
from codecs import getincrementaldecoder

from chardetng_py import EncodingDetector

MULTIBYTE = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
_SAMPLE = 262_144
_HEAD = 8192

# As browsers do: the larger set that a name stands for in practice.
_LARGER = {
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "l1": "cp1252",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso-8859-9": "cp1254", "iso8859-9": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874", "iso-8859-8-i": "iso8859-8",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "euc-jp": "euc_jp", "utf8": "utf-8",
    "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "koi8-r": "koi8_r", "koi8-u": "koi8_u",
    "iso-2022-jp": "iso2022_jp_ext", "iso-2022-kr": "iso2022_kr", "hz-gb-2312": "hz",
}  # fmt: skip
_NAMED = re.compile(r"(?:windows-|cp|ibm)(\d{3,4})|iso-?8859-(\d{1,2})|utf-8|mac[_-]\w{2,10}")
_SAYS = (
    re.compile(rb"<meta\b[^<>]{0,400}?\bcharset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{2,30})", re.IGNORECASE),
    re.compile(rb"\A\s{0,99}<\?xml\b[^<>]{0,200}?\bencoding\s{0,9}=\s{0,9}[\"']([\w.:-]{2,30})"),
    re.compile(
        rb"\A(?:[^\n]{0,300}\n)?[ \t\f]{0,9}(?:#|\"|//|/\*|;)[^\n]{0,80}?coding[:=][ \t]{0,9}([\w.-]{2,30})"
    ),
)
_SHIFTS = re.compile(rb"\x1b\$(?:[@B]|\(D)")
_TWO_BYTES = re.compile(rb"[\xc2-\xdf][\xa1-\xbf]")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b") + b"\x7f"
_ONE_WORD = 100
_FEW_NULS, _SOME_NULS = 0.02, 0.3
ALPHABETS = frozenset(
    {"cp1250", "cp1251", "cp1252", "cp1254", "cp1257", "iso-8859-2", "iso-8859-5", "koi8_u"}
)
DOS_AND_MAC = frozenset({"cp850", "mac_roman", "cp866", "mac_cyrillic"})
_ODD = re.compile(
    r"(?<=[^\W\d_])[^\w\s'’‑\xad·.,;:!?()\[\]/&-](?=[^\W\d_])|[a-zà-öø-ÿа-яё][A-ZÀ-ÖØ-ÞА-ЯЁ]|[\x81\x8d\x8f\x90\x9d\ufffd]"
)
_FINAL_N = re.compile(
    r"ñ(?=[bcdfghjklmnpqrstvwxz]|\b)(?!.*[^ñó\x00-\x7f])", re.IGNORECASE | re.DOTALL
)  # Polish ń, not Spanish ñ
_POUND = re.compile(r"Ł\d")
_ALONE = re.compile(r"[A-Za-z][\u3000-\u9fff]|[\u3000-\u9fff][A-Za-z]")


def codec(label: str) -> str:
    """Return Python's name for the encoding of a label; empty where there is none that a text could have."""
    name = label.strip().lower()
    if name in _LARGER:
        return _LARGER[name]
    match = _NAMED.fullmatch(name)
    if not match:
        return ""
    name = f"cp{match[1]}" if match[1] else name
    try:
        "".encode(name)
    except LookupError:
        return ""
    return name


def said_in(raw: bytes) -> str:
    """Return the encoding that a text says it has: a page, XML, source code."""
    head = _without_comments(raw[:_HEAD])
    for pattern in _SAYS:
        match = pattern.search(head)
        if match:
            return codec(match[1].decode("ascii", "ignore"))
    return ""


def _without_comments(head: bytes) -> bytes:
    kept = bytearray()
    place = 0
    while (begin := head.find(b"<!--", place)) >= 0:
        kept += head[place:begin]
        end = head.find(b"-->", begin + 4)
        place = end + 3 if end >= 0 else len(head)
    return bytes(kept + head[place:])


def shifted(raw: bytes, said: str) -> str:
    """Return the encoding of text in seven bits that is not ASCII; empty where it is."""
    if b"\x1b" in raw:
        if _SHIFTS.search(raw):
            return "iso2022_jp_ext"
        if b"\x1b$)C" in raw:
            return "iso2022_kr"
    return said if said == "hz" else ""


def by_chance(raw: bytes) -> bool:
    """Whether *raw* is UTF-8 because a few pairs of bytes of another encoding happen to look like it."""
    high = sum(1 for byte in raw[:_SAMPLE] if byte > 127)
    return high <= 8 and len(_TWO_BYTES.findall(raw)) * 2 == high


def wide(raw: bytes) -> str:
    """Return UTF-16 or UTF-32 without a mark; empty where it is neither."""
    sample = raw[:_SAMPLE]
    nuls = sample.count(0)
    plain = sample.replace(b"\0", b"")
    controls = len(plain) - len(plain.translate(None, _CONTROLS))
    few = nuls <= _FEW_NULS * len(sample) or (nuls < _SOME_NULS * len(sample) and _is_utf8(plain))
    few = few or (nuls == 1 and not _is_half(sample, sample.find(0)))
    if few and controls <= 0.01 * len(plain):
        return ""
    best: tuple[int, int, int] | None = None
    found = ""
    for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        cost = _cost(sample, name)
        if cost is not None and (best is None or cost < best):
            best, found = cost, name
    return found


def _is_half(sample: bytes, place: int) -> bool:
    """Whether a NUL is what UTF-16 has beside a space or a line's end."""
    start = place & ~1
    return sample[start : start + 2].strip(b"\0") in {b" ", b"\n", b"\r", b"\t"}


def _is_utf8(sample: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _cost(sample: bytes, encoding: str) -> tuple[int, int, int] | None:
    """Return how little *sample* looks like text in that encoding; None where it does not at all."""
    try:
        text = getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None
    bad = sum(1 for letter in text if _unlikely(letter))
    if not text or bad > max(0.01 * len(text), 1 if len(text) > 20 else 0):
        return None
    spaces = sum(map(text.count, " \n\r\t\u3000。、，"))
    if not spaces and len(text) < _ONE_WORD:  # a few bytes are letters of some script by chance
        return None
    return bad, -spaces, len({ord(letter) >> 8 for letter in text})


def _unlikely(letter: str) -> bool:
    return letter not in "\t\n\r\f\ufeff" and unicodedata.category(letter) in {"Cc", "Cn", "Co", "Cs"}


def guessed(raw: bytes) -> str:
    """Return the older encoding that *raw* has most likely, told from its lines that are not ASCII."""
    lines = [line for line in raw.split(b"\n") if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE]
    detector = EncodingDetector()
    detector.feed(sample, last=True)
    name = codec(detector.guess(tld=None, allow_utf8=False)) or "cp1252"
    if name in MULTIBYTE:
        return name
    return _older(sample, name)


def _older(sample: bytes, name: str) -> str:
    """Correct what the detector does not know: pages of DOS and of the Macintosh, and some words of a language."""
    if name not in ALPHABETS:
        return name
    text = sample.decode(name, "replace")
    better = _by_language(name, text)
    if better:
        return better
    oddities = _oddities(text)
    if not oddities:
        return name
    if _japanese(sample):
        return "cp932"
    fewest, other = min((_oddities(sample.decode(other, "replace")), other) for other in DOS_AND_MAC)
    return other if fewest * 4 < oddities else name


def _oddities(text: str) -> int:
    """Count signs within words, and capital letters after small ones."""
    return sum(1 for match in _ODD.finditer(text) if not match[0].isascii())


def _japanese(sample: bytes) -> bool:
    """Whether *sample* is whole words of Japanese in Shift JIS, not Latin words with a sign between."""
    try:
        text = sample.decode("cp932")
    except UnicodeDecodeError:
        return False
    letters = [letter for letter in text if letter > "\x7f"]
    return all("\u3000" <= letter <= "\u9fff" for letter in letters) and not _ALONE.search(text)


def _by_language(name: str, text: str) -> str:
    """Return the encoding in which the letters of a few words are those of a language; empty where they are already."""
    if name == "cp1252" and (_hungarian(text) or _FINAL_N.search(text)):
        return "cp1250"
    if name == "iso-8859-2" and _polish(text):
        return "cp1250"
    letters = {letter for letter in text.lower() if letter > "\x7f" and letter.isalpha()}
    # â is written in more languages than ā, and a pound stands before a number.
    alone = letters == {"ā"} if name == "cp1257" else letters == {"ł"} and bool(_POUND.search(text))
    return "cp1252" if alone else ""


def _polish(text: str) -> bool:
    """Whether š is ą: Polish has none, and is without its ą, ś and ź in the other encoding."""
    letters = set(text.lower())
    return "š" in letters and bool(letters & set("łżęćń")) and not letters & set("ąśźěčřů")


def _hungarian(text: str) -> bool:
    """Whether õ and û are ő and ű: the other letters are Hungarian ones, and Portuguese and French write them elsewhere."""
    lower = text.lower()
    letters = {letter for letter in lower if letter > "\x7f" and letter.isalpha()}
    if not letters & {"õ", "û"} or not letters <= set("áéíóöúüõû") or "õe" in lower or "oû" in lower:
        return False
    return "õ" in letters or bool(letters & set("áíóúöü"))
