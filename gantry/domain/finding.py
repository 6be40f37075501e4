"""Finding what was said while a query is typed: what it asks for, where a text has it, and what is shown of that text."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.chat import MessageRole
from gantry.domain.letters import normalised, plain
from gantry.domain.unspaced import RUN, SPACED, UNSPACED
from gantry.domain.words import APART, Asked, Counting, asked, languages_of, porter_stem

MAX_QUERY_CHARACTERS = 200
_LONGEST_TYPED = 60  # letters: terms are cut after 64
_SHORTEST_STEM, _LONGEST_ENDING = 3, 7  # as many as Porter cuts off "installations"
_SATURATION, _USUAL = 1.2, 800  # of BM25; the characters of a usual message
_EXCERPT = 180
_BEFORE = 48  # characters of an excerpt before the first marked word
_MOST_FORMS = 60
# Signs of Markdown: around words, and at the beginning of lines.
_SIGNS = re.compile(r"(?<!\s)[*`~]+|[*`~]+(?!\s)|(?<!\w)_+|_+(?!\w)|(?m:^[ \t]*(?:#{1,6}|>|[-+]|\d+\.)[ \t])")
_BLANK = re.compile(r"[\s|]+")
_HEAD = 2  # letters that no ending of a language reaches
_LATIN_ENDS = "\u0370"
_ASCII_WORD = re.compile("[A-Za-z0-9]+")
_WORD = r"[\p{L}\p{N}\p{M}]"


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query asks for.

    Attributes:
        words: The words that are complete.
        typed: The letters of the last one while it may go on, without accents; empty where it is complete too.
        last: That word as if it were complete.
    """

    words: tuple[Asked, ...]
    typed: str = ""
    last: tuple[Asked, ...] = ()

    @property
    def stems(self) -> tuple[str, ...]:
        """The terms of an index that the last word may become without beginning with its letters: stems are shorter."""
        whole = [term for one in self.last for term in one.terms]
        lengths = range(max(_SHORTEST_STEM, len(self.typed) - _LONGEST_ENDING), len(self.typed))
        cut = [f"{self.typed[:length]}{end}" for length in lengths for end in ("", APART)]
        return tuple(dict.fromkeys((*whole, *cut))) if self.typed else ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which messages are looked at: said by whom, from and until (not included) when, answered by which model, in which conversations."""

    role: MessageRole | None = None
    after: datetime | None = None
    before: datetime | None = None
    model: str | None = None
    folder: UUID | None = None
    persona: UUID | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text that holds the word *number* of what is sought."""

    start: int
    end: int
    number: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of what is shown of a text."""

    text: str
    marked: bool = False


def sought(query: str) -> Sought:
    """Return what *query* asks for; its last word may be the beginning of one, unless something stands after it."""
    clean = normalised(query[:MAX_QUERY_CHARACTERS])
    runs = list(RUN.finditer(clean))
    if not runs:
        return Sought(())
    last = runs[-1]
    if last.lastgroup != "word" or last.end() != len(clean):
        return Sought(asked(clean))
    words = asked(clean[: last.start()], alone=False)
    if words and not asked(last.group(), alone=False):
        return Sought(words)
    return Sought(words, plain(last.group())[:_LONGEST_TYPED], asked(last.group()))


class Finder:
    """Finds what is sought in texts."""

    def __init__(self, wanted: Sought) -> None:
        self._typed = wanted.typed
        self._counting = Counting((*wanted.words, *wanted.last), porter_stem)
        self._numbers = {one.word: n for n, one in enumerate(wanted.words)}
        self._last = len(wanted.words)
        heads = [wanted.typed, *(term for one in (*wanted.words, *wanted.last) for term in one.terms)]
        self._heads = _Heads(head.rstrip(APART)[:_HEAD] for head in heads if head)
        # A character of a pair says nothing that the pair does not say.
        self._unspaced = [
            (one.word, n)
            for n, one in enumerate(wanted.words)
            if UNSPACED.search(one.word) and not any(one.places < other.places for other in wanted.words)
        ]
        is_last_known = not wanted.typed or any(one.word.startswith(wanted.typed) for one in wanted.words)
        #: The number of the word that an index only guesses; None: there is none.
        self.guessed = None if is_last_known else self._last
        self._known: dict[tuple[str, ...], _Known] = {}

    def marks(self, text: str) -> list[Mark]:
        """Return the places that hold something of it, in their order."""
        written = languages_of(text)
        known = self._known.setdefault(written, _Known(self, written))
        if text.isascii() or not UNSPACED.search(text):
            runs = (_ASCII_WORD if text.isascii() else SPACED).finditer(text)
            words = ((run, known[run.group()]) for run in runs)
            return [Mark(*run.span(), number) for run, number in words if number is not None]
        found: list[Mark] = []
        for run in RUN.finditer(text):
            if run.lastgroup != "word":
                found += self._in_run(run)
            elif (number := known[run.group()]) is not None:
                found.append(Mark(*run.span(), number))
        return found

    def score(self, text: str, marks: Sequence[Mark]) -> float:
        """Return how good a find is: more of the words, more often, in a shorter text."""
        length = _SATURATION * (0.5 + 0.5 * len(text) / _USUAL)
        times = Counter(mark.number for mark in marks).values()
        return sum(count * (_SATURATION + 1) / (count + length) for count in times)

    def number_of(self, word: str, written: Sequence[str]) -> int | None:
        """Return which word of what is sought *word* is in a text of these languages; None: it is none."""
        clean = normalised(word)
        # Endings are cut, beginnings are not, but in Indonesian and in scripts of their own.
        if clean < _LATIN_ENDS and plain(clean)[:_HEAD] not in self._heads and "indonesian" not in written:
            return None
        for held in self._counting.count(clean, written):
            return self._numbers.get(held, self._last)
        return self._last if self._typed and plain(clean).startswith(self._typed) else None

    def _in_run(self, run: re.Match[str]) -> list[Mark]:
        pieces = [normalised(character) for character in run.group()]  # of some there are two
        clean = "".join(pieces)
        at_of = [run.start() + n for n, piece in enumerate(pieces) for _ in piece]
        found = [
            Mark(at_of[at], at_of[at + len(word) - 1] + 1, number)
            for word, number in self._unspaced
            for at in _places(clean, word)
        ]
        return _together(sorted(found, key=lambda mark: mark.start))


class _Heads(frozenset[str]):
    """First letters of words; one letter stands for all that begin with it."""

    def __contains__(self, head: object) -> bool:
        return super().__contains__(head) or (isinstance(head, str) and super().__contains__(head[:1]))


class _Known(dict[str, int | None]):
    """Which word of what is sought a word of a text is; found out once for each."""

    def __init__(self, finder: Finder, written: Sequence[str]) -> None:
        super().__init__()
        self._finder, self._written = finder, written

    def __missing__(self, word: str) -> int | None:
        self[word] = number = self._finder.number_of(word, self._written)
        return number


def _together(marks: Sequence[Mark]) -> list[Mark]:
    """Leave single pairs out where longer pieces of a word stand in the same run."""
    longest = max((mark.end - mark.start for mark in _merged(marks)), default=0)
    kept = [whole for whole in _merged(marks) if 2 * (whole.end - whole.start) >= longest]
    return [mark for mark in marks if any(one.start <= mark.start and mark.end <= one.end for one in kept)]


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def segments(text: str, marks: Sequence[Mark]) -> tuple[Segment, ...]:
    """Cut *text* at its marks; what is blank or a sign of Markdown between them is one blank."""
    pieces: list[Segment] = []
    at = 0
    for mark in marks:
        if mark.end <= at:
            continue
        start = max(mark.start, at)
        pieces += [Segment(_tidy(text[at:start])), Segment(text[start : mark.end], marked=True)]
        at = mark.end
    pieces.append(Segment(_tidy(text[at:])))
    return tuple(_joined(piece for piece in pieces if piece.text))


def excerpt(text: str, marks: Sequence[Mark]) -> tuple[Segment, ...]:
    """Return the part of *text* with most of what is sought, its beginning where there is none of it."""
    start = max(0, _richest(marks) - _BEFORE)
    if start:
        blank = text.find(" ", start, start + _BEFORE // 2)
        start = blank + 1 if blank >= 0 else start
    end = start + _EXCERPT
    inside = [
        Mark(mark.start - start, mark.end - start, mark.number)
        for mark in marks
        if mark.start >= start and mark.end <= end
    ]
    cut = segments(text[start:end].rstrip(), inside)
    before, after = [Segment("…")] * bool(start), [Segment("…")] * (end < len(text))
    return tuple(_joined((*before, *cut, *after)))


def pattern(text: str, marks: Sequence[Mark]) -> str:
    """Return a regular expression of JavaScript (flag ``u``) for what is marked in *text*, as it is written there."""
    forms = dict.fromkeys(text[mark.start : mark.end] for mark in _merged(marks))
    longest = sorted(list(forms)[:_MOST_FORMS], key=len, reverse=True)
    spaced = [form for form in longest if not UNSPACED.search(form)]
    parts = [form for form in longest if UNSPACED.search(form)]
    if spaced:
        parts.append(f"(?<!{_WORD})(?:{'|'.join(spaced)})(?!{_WORD})")
    return "|".join(parts)  # letters, digits and marks alone: nothing to be quoted


def _richest(marks: Sequence[Mark]) -> int:
    best, most = 0, 0
    for n, first in enumerate(marks[:200]):
        held = {one.number for one in marks[n : n + 40] if one.end <= first.start + _EXCERPT - _BEFORE}
        if len(held) > most:
            best, most = first.start, len(held)
    return best


def _merged(marks: Sequence[Mark]) -> list[Mark]:
    """Put marks together that overlap."""
    found: list[Mark] = []
    for mark in marks:
        if found and mark.start < found[-1].end:
            found[-1] = Mark(found[-1].start, max(mark.end, found[-1].end), mark.number)
        else:
            found.append(mark)
    return found


def _joined(pieces: Iterator[Segment] | Sequence[Segment]) -> Iterator[Segment]:
    held: Segment | None = None
    for piece in pieces:
        if held and held.marked == piece.marked:
            held = Segment(held.text + piece.text, held.marked)
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def _tidy(text: str) -> str:
    return _BLANK.sub(" ", _SIGNS.sub("", text))
