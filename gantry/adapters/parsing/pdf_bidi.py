"""Arabic and Hebrew of a PDF in reading order, from where the letters stand: their order in the file follows no rule."""

import bisect
import re
import unicodedata
from collections.abc import Sequence

import pypdfium2
from pypdfium2 import raw

_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]")
_SHAPED = re.compile(r"[\ufb1d-\ufdff\ufe70-\ufefe]+")
_ALEFS = frozenset("\u0627\u0623\u0625\u0622\u0671")
_LAM = "\u0644"
_SLOPE = 2  # heights that the letters of a line may be apart, up and down
# In a line as it is seen, by classes: R and L are letters, D digits, S signs between digits, N all other.
_LEFT_RUN = re.compile(r"[LD](?:[LDSN]*[LD])?")
_RIGHT_RUN = re.compile(r"R(?:[RDSN]*R)?")
_NUMBER = re.compile(r"D(?:S?D)+")
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_CLOSED_FIRST = re.compile(r"^[^(\[{]*[)\]}].*[(\[{]", re.DOTALL)

# The library counts a bracket to the word on the wrong side of a space.
_BEFORE, _AFTER = re.compile(r"(?<=\w)([(\[{]) (?=\w)"), re.compile(r"(?<=\w) ([)\]}])(?=\w)")
_AT_THE_WRONG_END = re.compile(r"^([.،؛؟!])(?=[\u0590-\u08ff])(.*\w)$", re.DOTALL)

Placed = tuple[str, Sequence[float]]  # a letter with left, bottom, right and top
Letter = tuple[str, float, float]  # what it is, and where it begins and ends


def in_order(text: str, words: pypdfium2.PdfTextPage) -> str:
    """Return the text of a page with its lines in the order in which they are read.

    Args:
        text: What the library says.
        words: Where its letters stand.
    """
    if not _RIGHT_TO_LEFT.search(text):
        return text
    lines: list[list[Placed]] = [[]]
    for index in range(words.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(words, index))
        if letter == "\n":
            lines.append([])
        elif letter not in "\r\0":
            lines[-1].append((letter, words.get_charbox(index)))
    known = {"".join(letter for letter, _box in line if letter != " "): line for line in lines}
    classes = "".join(map(_class, text))
    turned = classes.count("R") > classes.count("L")
    told = text.replace("\r\n", "\n").split("\n")
    for number, each in enumerate(told):
        found = known.get("".join(each.split())) if _RIGHT_TO_LEFT.search(each) else None
        if found:
            told[number] = line_of(found, turned=turned)
    return "\n".join(told)


def line_of(letters: Sequence[Placed], *, turned: bool) -> str:
    """Return the letters of a line in reading order; *turned* says that the page is read from the right."""
    if not _is_level([box for letter, box in letters if letter != " "]):
        return "".join(letter for letter, _box in letters)
    groups: list[list[Letter]] = [[]]
    for letter, (left, _bottom, right, _top) in letters:
        if letter == " ":
            groups.append([])
        else:
            groups[-1].append((letter, left, right))
    placed = sorted((group for group in groups if group), key=_middle_of)
    read = _read(" ".join("".join(_as_seen(group)) for group in placed), turned=turned)
    read = _SHAPED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), read)
    read = _AFTER.sub(r"\1 ", _BEFORE.sub(r" \1", read))
    return unicodedata.normalize("NFC", _AT_THE_WRONG_END.sub(r"\2\1", read))


def _is_level(boxes: list[Sequence[float]]) -> bool:
    """Whether letters stand beside each other, not below."""
    middles = [(box[1] + box[3]) / 2 for box in boxes]
    highest = max(box[3] - box[1] for box in boxes)
    return max(middles) - min(middles) <= _SLOPE * highest


def _middle_of(group: list[Letter]) -> float:
    return (min(left for _letter, left, _right in group) + max(right for _letter, _left, right in group)) / 2


def _as_seen(group: list[Letter]) -> list[str]:
    """Return the letters of a word from left to right; vowel signs follow (in reading) the letter that they stand at."""
    bases = [each for each in group if not unicodedata.combining(each[0])]
    if not bases:
        return [letter for letter, _left, _right in group]
    # Lam and alef are often one sign, in one place; lam is read first, which is on the right.
    bases.sort(key=lambda each: (each[1] + each[2], each[0] == _LAM))
    middles = [(left + right) / 2 for _letter, left, right in bases]
    told = [letter for letter, _left, _right in bases]
    for letter, left, right in group:
        if unicodedata.combining(letter):
            middle = (left + right) / 2
            after = bisect.bisect(middles, middle)
            near = [place for place in (after - 1, after) if 0 <= place < len(bases)]
            place = min(near, key=lambda place: abs(middles[place] - middle))
            is_right = bool(_RIGHT_TO_LEFT.match(bases[place][0]))
            told[place] = letter + told[place] if is_right else told[place] + letter
    return told


def _class(letter: str) -> str:
    kind = unicodedata.bidirectional(letter)
    if kind in {"R", "AL", "NSM"}:
        return "R" if kind != "NSM" or _RIGHT_TO_LEFT.match(letter) else "L"
    if kind in {"EN", "AN"}:
        return "D"
    return "L" if kind == "L" else "S" if kind in {"CS", "ES"} else "N"


def _read(seen: str, *, turned: bool) -> str:
    """Return a line as it is read, from the line as it is seen."""
    classes = "".join(map(_class, seen))
    if turned or classes.count("R") >= classes.count("L"):
        return _reversed(seen, classes)
    told: list[str] = []
    place = 0
    for run in _RIGHT_RUN.finditer(classes):
        told += [seen[place : run.start()], _reversed(seen[run.start() : run.end()], run[0])]
        place = run.end()
    return "".join([*told, seen[place:]])


def _reversed(seen: str, classes: str) -> str:
    """Turn a line around, but for what is read from left to right in it."""
    told: list[str] = []
    place = 0
    for run in _LEFT_RUN.finditer(classes):
        kept = run[0]
        spans = [(0, len(kept))] if "L" in kept else [found.span() for found in _NUMBER.finditer(kept)]
        for start, end in spans:
            told += [seen[place : run.start() + start][::-1], seen[run.start() + start : run.start() + end]]
            place = run.start() + end
    told.append(seen[place:][::-1])
    turned = "".join(reversed(told))
    return turned.translate(_MIRRORED) if _CLOSED_FIRST.match(turned) else turned
