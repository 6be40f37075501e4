"""What has been stored or sent on in English, said in another language: the messages it was made of are recognised."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from gantry.domain.messages import Message
from gantry.languages import ENGLISH, catalogue, translated

_SENTENCE_ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = r"\d[\d,]*"
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")
_MESSAGES_WITHIN = {"what", "why", "images", "documents", "products", "file"}  # places that hold messages
_NEVER_STORED = ("gantry/ui/", "gantry/state/", "gantry/domain/exported_text.py")
# Pages and streams ask for this between two events: what is longer or deeper than this stays English.
_MOST_SENTENCES = 100
_MOST_CHARACTERS = 1000  # of one message
_MOST_LEVELS = 4  # of messages within messages
_REMEMBERED = 512


def recalled(text: str, language: str) -> str:
    """Return *text*, which has been stored or sent on in English, in *language* if it was made of messages; the rest of it stays."""
    if language == ENGLISH or isinstance(text, Message):
        return translated(text, language)
    return _remembered(text, language) if len(text) <= _MOST_CHARACTERS else _recalled(text, language, 0)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str, language: str) -> str:
    return _recalled(text, language, 0)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a message looks like when its places are filled.

    Attributes:
        pattern: Matches it. Its places may span sentences.
        starts: What stands before its first place.
        ends: What stands after its last place.
        words: The longest text that it always has.
        letters: How much of it is outside of places.
        sentences: How many it has, if none is in a place.
        msgid: Its name in the catalogues.
        plural: The same for more than one.
    """

    pattern: re.Pattern[str]
    starts: str
    ends: str
    words: str
    letters: int
    sentences: int
    msgid: str
    plural: str

    def match(self, text: str) -> re.Match[str] | None:
        """Return how *text* is this message; what it always has is looked for first, for that is quick."""
        if self.words in text and text.startswith(self.starts) and text.endswith(self.ends):
            return self.pattern.fullmatch(text)
        return None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a text: one message if there is a *shape*, else words of others."""

    text: str
    shape: _Shape | None = None

    @property
    def letters(self) -> int:
        return self.shape.letters if self.shape else 0

    def said(self, language: str, level: int) -> str:
        """Return it in *language*."""
        found = self.shape.match(self.text) if self.shape else None
        if not self.shape or not found:
            return self.text
        values = {name: _value(name, each, language, level + 1) for name, each in found.groupdict().items()}
        return translated(Message(self.shape.msgid, values, self.shape.plural), language)


def _recalled(text: str, language: str, level: int) -> str:
    """Return *text* in *language*: as one message, or as several one after the other, whichever says more itself.

    A name may hold what looks like the end of a sentence ("Reading v1. Final.pdf"): only as a whole is it one message then.
    """
    if level == _MOST_LEVELS:
        return text
    sentences = _SENTENCE_ENDS.split(text, maxsplit=_MOST_SENTENCES)
    rest = sentences[_MOST_SENTENCES:]
    pieces = _pieces(sentences[:_MOST_SENTENCES])
    whole = _piece(text, _shapes())
    if whole and not rest and whole.letters >= sum(each.letters for each in pieces):
        pieces = [whole]
    return " ".join([*(each.said(language, level) for each in pieces), *rest])


def _pieces(sentences: Sequence[str]) -> list[_Piece]:
    """Return what *sentences* are. A message may be several of them: the most that are one come first."""
    pieces: list[_Piece] = []
    at = 0
    while at < len(sentences):
        runs = (
            (count, _piece(" ".join(sentences[at : at + count]), shapes))
            for count, shapes in _by_sentences().items()
            if at + count <= len(sentences)
        )
        count, piece = next(((count, piece) for count, piece in runs if piece), (1, _Piece(sentences[at])))
        pieces.append(piece)
        at += count
    return pieces


def _piece(text: str, shapes: Sequence[_Shape]) -> _Piece | None:
    if len(text) > _MOST_CHARACTERS:
        return None
    return next((_Piece(text, shape) for shape in shapes if shape.match(text)), None)


def _value(name: str, text: str, language: str, level: int) -> str | int:
    """Return what stood at a place as it was before: a number, another message, or a text."""
    if name == "count" or _GROUPED.fullmatch(text):
        return int(text.replace(",", ""))
    return _recalled(text, language, level) if name in _MESSAGES_WITHIN or text.endswith(".") else text


@cache
def _shapes() -> list[_Shape]:
    """Return the messages that may have been stored, those that say most themselves first: all but what pages alone say."""
    shapes: list[_Shape] = []
    for each in catalogue("de"):
        if not each.id or all(file.startswith(_NEVER_STORED) for file, _line in each.locations):
            continue
        msgid, plural = each.id if isinstance(each.id, tuple) else (str(each.id), "")
        shapes += [_shape(form, msgid, plural) for form in (msgid, plural) if form]
    return sorted(shapes, key=lambda shape: -shape.letters)


@cache
def _by_sentences() -> dict[int, list[_Shape]]:
    """Return them by how many sentences they have, the most first."""
    counts = sorted({shape.sentences for shape in _shapes()}, reverse=True)
    return {count: [shape for shape in _shapes() if shape.sentences == count] for count in counts}


def _shape(form: str, msgid: str, plural: str) -> _Shape:
    parts = _PLACE.split(form)
    pattern = "".join(
        f"(?P<{part}>{_NUMBER if part == 'count' else '.+'})" if at % 2 else re.escape(part)
        for at, part in enumerate(parts)
    )
    fixed = parts[::2]
    return _Shape(
        pattern=re.compile(pattern, re.DOTALL),
        starts=fixed[0],
        ends=fixed[-1],
        words=max(fixed, key=len),
        letters=sum(map(len, fixed)),
        sentences=len(_SENTENCE_ENDS.split(_PLACE.sub("A", form))),
        msgid=msgid,
        plural=plural,
    )
