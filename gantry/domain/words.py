"""What counts as a word, in every language: the same for what is indexed, what is asked, and what is counted.

Words between spaces are cut to their stems, each language by its own rules. Chinese and Japanese, Korean, Thai, Lao, Khmer
and Burmese are taken by overlapping pairs of characters, which need no dictionary. A term is letters, digits and marks
alone, so that both databases keep it as it is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Any, cast

import snowballstemmer  # pyright: ignore[reportMissingTypeStubs] - it has none

from gantry.domain import stop_words
from gantry.domain.letters import normalised, plain
from gantry.domain.unspaced import RUN, SPACED, UNSPACED, asked_pairs, pairs

ENGLISH = "english"
APART = "·"  # ends the stems of other Latin languages: they are never taken for English words
_LONGEST = 64  # characters of a term
_CUT = 80  # characters of a word that are read: the term and room for its ending. A longer word is not remembered
_MAX_WORDS = 24  # of a question, and
_MAX_PAIRS = 36  # where pairs of characters are among them
_MOST_KNOWN = 1 << 16  # words whose terms are kept, of each language
_READ = 200  # words of a text that are looked at for its language
_MOST_READ = 1 << 14  # texts whose languages are kept: the same are searched again and again
_SECOND = 0.25  # of the first language's evidence, from which a text is of two languages
# Cutting ASCII at these bytes is three times as quick as matching words.
_TO_SPACES = bytes(byte if chr(byte).isascii() and chr(byte).isalnum() else ord(" ") for byte in range(256))
# Letters that tell a language where no short word does.
_HINTS = {
    "ß": "german", "ä": "german", "ü": "german", "ñ": "spanish", "¿": "spanish", "ğ": "turkish", "ı": "turkish", "ş": "turkish",
    "ł": "polish", "ż": "polish", "ę": "polish", "ą": "polish", "ř": "czech", "ě": "czech", "ů": "czech", "ã": "portuguese",
    "õ": "portuguese", "ő": "hungarian", "ű": "hungarian", "ț": "romanian", "ș": "romanian", "ă": "romanian", "ø": "danish",
    "å": "swedish", "ê": "french", "è": "french", "œ": "french", "ç": "french",
}  # fmt: skip
_SCRIPTS = (
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u04ff", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)
Endings = Callable[[str], str]
_read: dict[int, tuple[str, ...]] = {}


@lru_cache(maxsize=1 << 15)  # texts repeat their words
def stem(word: str) -> str:
    """Cut common English endings, so that "dogs" finds "dog"; other languages mostly pass unchanged."""
    for ending in ("ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=1 << 15)
def porter_stem(word: str) -> str:
    """Cut English endings as Porter's algorithm does, so that "studies" finds "studying"."""
    return _stemmed(word, "porter")


def _stemmed(word: str, algorithm: str) -> str:
    stemmer = cast("Any", snowballstemmer).stemmer(algorithm)  # a new one: they are not for several threads
    return str(stemmer.stemWord(word))


@dataclass(frozen=True, slots=True)
class Asked:
    """A word of a question.

    Attributes:
        word: As it was asked, in small letters.
        terms: The terms of an index that are this word, whatever language the text is in.
        places: Where it stands in the question: pairs of characters overlap.
    """

    word: str
    terms: tuple[str, ...]
    places: frozenset[int]


def languages_of(text: str) -> tuple[str, ...]:
    """Return the Latin languages a text is written in, at most two; English where nothing tells."""
    key = hash(text)  # the text itself would be a thousand times as much to keep
    known = _read.get(key)
    if known is None:
        if len(_read) >= _MOST_READ:
            _read.clear()
        known = _read[key] = _languages(_spaced(normalised(text)))
    return known


def is_english(text: str) -> bool:
    """Whether rules that know English alone may read a text: no other language has a part in it."""
    clean = normalised(text)
    words = _spaced(clean)
    foreign = sum(word[0] > "\u024f" for word in words) + sum(1 for _ in _unspaced(clean))
    return _languages(words) == (ENGLISH,) and 3 * foreign <= len(words)


def terms(text: str, languages: Sequence[str] = (), endings: Endings = porter_stem) -> list[str]:
    """Return what *text* is found by, in its order.

    Args:
        languages: Of the text, where that is known from a longer one around it.
        endings: Cuts the endings of English words.
    """
    clean = normalised(text)
    words = _spaced(clean)
    known = _terms_of(tuple(languages) or _languages(words), endings)
    if clean.isascii() or not UNSPACED.search(clean):
        return list(chain.from_iterable(map(known.__getitem__, words)))
    found: list[str] = []
    for run in RUN.finditer(clean):
        if run.lastgroup == "word":
            found += known[run.group()]
        else:
            found += pairs(run.group(), run.lastgroup or "")
    return found


def content_terms(text: str, endings: Endings = stem) -> list[str]:
    """Return the terms of a text's own words, each once, stop words left out: for comparing texts with each other."""
    written = languages_of(text)
    words = (word for word in _spaced(normalised(text)) if not _is_stop(word, written))
    spaced = (_term(word[:_CUT], language, endings) for word in words for language in written)
    return list(dict.fromkeys((*spaced, *_unspaced(normalised(text)))))


def content_words(text: str) -> tuple[Counter[str], Counter[str]]:
    """Return how often a text has each word between spaces, without accents and stop words, and each pair of characters."""
    clean = normalised(text)
    words = _spaced(clean)
    written = _languages(words)
    return Counter(plain(word[:_CUT]) for word in words if not _is_stop(word, written)), Counter(
        _unspaced(clean)
    )


@lru_cache(maxsize=256)  # one question is compared with hundreds of texts
def asked(question: str, endings: Endings = porter_stem, *, alone: bool = True) -> tuple[Asked, ...]:
    """Return the words of a question worth searching, each once.

    Args:
        endings: Cuts the endings of English words.
        alone: Return stop words where there is nothing else.
    """
    clean = normalised(question)
    written = _languages(_spaced(clean))
    words = [one for one in _asked(clean, endings, whole=False) if not _is_stop(one.word, written)]
    if alone and not words:
        words = list(_asked(clean, endings, whole=True))
    unspaced = not clean.isascii() and any(one.terms == (one.word,) for one in words)
    different: dict[str, Asked] = {}
    for one in words:  # of two forms of a word the first
        known = different.setdefault(one.terms[0], one)
        different[one.terms[0]] = replace(known, places=known.places | one.places)
    first = sorted(different.values(), key=lambda one: len(one.word) == 1)  # single characters say least
    return tuple(first)[: _MAX_PAIRS if unspaced else _MAX_WORDS]


def _asked(clean: str, endings: Endings, *, whole: bool) -> Iterator[Asked]:
    for run in RUN.finditer(clean):
        if run.lastgroup == "word":
            yield Asked(run.group(), _alternatives(run.group()[:_CUT], endings), frozenset([run.start()]))
        else:
            for term, start, end in asked_pairs(run.group(), run.lastgroup or "", whole=whole):
                yield Asked(term, (term,), frozenset(range(run.start() + start, run.start() + end)))


class _Terms(dict[str, tuple[str, ...]]):
    """The terms of words in texts of these languages, each found out once: texts repeat their words."""

    def __init__(self, written: Sequence[str], endings: Endings) -> None:
        super().__init__()
        self._written, self._endings = written, endings

    def __missing__(self, word: str) -> tuple[str, ...]:
        made = (_made(word[:_CUT], language, self._endings) for language in self._written)
        found = tuple(dict.fromkeys(made))
        if len(self) >= _MOST_KNOWN:
            self.clear()
        if len(word) <= _CUT:
            self[word] = found
        return found


@lru_cache(maxsize=32)
def _terms_of(written: tuple[str, ...], endings: Endings) -> _Terms:
    return _Terms(written, endings)


class _Known(dict[str, str | None]):
    """Which word of a question a word of a text is, in a text of these languages; found out once for each word."""

    def __init__(self, exact: Mapping[str, str], written: Sequence[str], endings: Endings) -> None:
        super().__init__()
        self._exact, self._written, self._endings = exact, written, endings
        self._first = {term[0] for term in exact}

    def __missing__(self, word: str) -> str | None:
        found = None
        for language in self._written:
            # No English ending changes how a word begins, so that most words need not lose theirs.
            if language != ENGLISH or not word.isascii() or word[0] in self._first:
                found = self._exact.get(_term(word[:_CUT], language, self._endings))
                if found is not None:
                    break
        if len(word) <= _CUT:
            self[word] = found
        return found


class Counting:
    """Counts the words of one question in many texts."""

    def __init__(self, words: Iterable[Asked], endings: Endings) -> None:
        self._endings = endings
        self._words = tuple(words)
        self._exact = {term: one.word for one in self._words for term in one.terms}
        self._places = {one.word: one.places for one in self._words}
        self._length = len({place for places in self._places.values() for place in places})
        self._known: dict[tuple[str, ...], _Known] = {}

    def count(self, text: str, languages: Sequence[str] = ()) -> dict[str, int]:
        """Return how often *text* holds each word of the question; without those it does not hold.

        Args:
            languages: Of the text, where that is known from a longer one around it.
        """
        clean = normalised(text)
        words = _spaced(clean)
        written = tuple(languages) or _languages(words)
        known = self._known.get(written)
        if known is None:
            known = self._known[written] = _Known(self._exact, written, self._endings)
        found: dict[str, int] = {}
        for word in filter(None, map(known.__getitem__, words)):  # few of many
            found[word] = found.get(word, 0) + 1
        if not clean.isascii():
            for term in _unspaced(clean):
                if (word := self._exact.get(term)) is not None:
                    found[word] = found.get(word, 0) + 1
        return found

    def covered(self, words: Iterable[str]) -> float:
        """Return the share of the question that *words* of it are; of scripts without spaces each character counts."""
        held = {place for word in words for place in self._places[word]}
        return len(held) / self._length if held else 0.0


@lru_cache(maxsize=64)
def counting(question: str, endings: Endings = porter_stem) -> Counting:
    """Return what counts a question's words, stop words left out."""
    return Counting(asked(question, endings, alone=False), endings)


@lru_cache(maxsize=16)  # a text is asked for its language, then for its words
def _spaced(clean: str) -> tuple[str, ...]:
    if clean.isascii():
        return tuple(_ascii_words(clean))
    if not UNSPACED.search(clean):
        return tuple(SPACED.findall(clean))
    return tuple(run.group() for run in RUN.finditer(clean) if run.lastgroup == "word")


def _ascii_words(clean: str) -> list[str]:
    return clean.encode().translate(_TO_SPACES).decode().split()


def _unspaced(clean: str) -> Iterator[str]:
    for run in RUN.finditer(clean) if UNSPACED.search(clean) else ():
        if run.lastgroup != "word":
            yield from pairs(run.group(), run.lastgroup or "")


def _languages(words: Sequence[str]) -> tuple[str, ...]:
    told = list(filter(None, map(stop_words.LANGUAGES_OF_WORD.get, words[:_READ])))
    if not told:
        return (_hinted(words[:_READ]),)
    if all(ENGLISH in languages for languages in set(told)):
        return (ENGLISH,)
    evidence = Counter(told)
    first, hits = _likeliest(evidence)
    second, others = _likeliest({each: times for each, times in evidence.items() if first not in each})
    return (first, second) if others >= max(2, _SECOND * hits) else (first,)


def _likeliest(evidence: Mapping[tuple[str, ...], int]) -> tuple[str, int]:
    hits: Counter[str] = Counter()
    for told, times in evidence.items():
        for language in told:
            hits[language] += times
    return max(hits.items(), key=lambda each: (each[1], each[0] == ENGLISH), default=("", 0))


def _hinted(words: Sequence[str]) -> str:
    letters = (letter for word in words if not word.isascii() for letter in word)
    hints = Counter(_HINTS[letter] for letter in letters if letter in _HINTS)
    return max(hints, key=lambda language: (hints[language], language), default=ENGLISH)


def _is_stop(word: str, written: Sequence[str]) -> bool:
    return word in stop_words.ANY or any(word in stop_words.LATIN.get(language, ()) for language in written)


@lru_cache(maxsize=1 << 16)
def _term(word: str, language: str, endings: Endings) -> str:
    return _made(word, language, endings)


def _made(word: str, language: str, endings: Endings) -> str:
    """Return the term of a word between spaces in a text of that language; where nothing is left of it, as of the s in "it's", the word."""
    if word > "\u036f":  # a script of its own
        algorithm = next((name for first, last, name in _SCRIPTS if first <= word[0] <= last), None)
        return (plain(_stemmed(word, algorithm) if algorithm else word) or word)[:_LONGEST]
    if language == ENGLISH or word[0].isdigit():
        return (plain(endings(plain(word))) or word)[:_LONGEST]
    return f"{(plain(_stemmed(word, language)) or word)[: _LONGEST - 1]}{APART}"


@lru_cache(maxsize=1 << 12)
def _alternatives(word: str, endings: Endings) -> tuple[str, ...]:
    """Return the terms a word has in texts of any language: a question is too short to tell."""
    return tuple(dict.fromkeys(_made(word, language, endings) for language in (ENGLISH, *stop_words.LATIN)))
