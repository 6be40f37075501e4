"""Putting what words and what meaning have found into one order. Pure functions; scores are between 0 and 1.

The numbers were chosen on public query sets, one configuration for all documents and one for all memory
(``make bench-retrieval``, docs/retrieval.md).
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from gantry.domain.english.phrases import ANSWERED_BEFORE, PAST, PREFERENCE, STANDING_WISH
from gantry.domain.oneself import about_oneself
from gantry.domain.words import counting, porter_stem, stem

MAX_SOUGHT_CHARACTERS = 4000  # of a question that are searched for; what is longer is mostly pasted
_WORD = re.compile(r"[^\W_]+")
_LONGEST_INSTRUCTION = 250  # characters; a longer message is about something else as well
_LONGEST_PREFERENCE = 600
_SATURATION = 1.2  # BM25's k1 and b, as everybody has them: how soon another occurrence counts no more,
_LENGTH = 0.75  # and how much a long text's occurrences count less
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Mix:
    """How the two searches are put together, and what is added to their score.

    Attributes:
        words: Share of the score by words, where both searches answered,
        trust: and how much it grows from a question whose words stand nowhere to one whose words all stand in one row.
        counted: Share of that which is counted among the rows that were found. The rest is the database's: which of all
            the person's rows hold a word, not how often.
        endings: Cuts the endings of English words where they are counted; other languages have rules of their own.
        neighbour: Share of the better neighbour's score that is added: what is found is often found twice.
        feedback: Nearest rows that the question is moved towards.
        candidates: Rows taken from each search.
        speaker: Added where the question names who spoke.
        own: Added to the person's own words where they ask about themselves.
        person: Added to the person's own words in any case: answers are long, and hold many words.
        covers: Times the share of the question's words that a row holds, rare ones counting more.
        again: Share of the score of what the same speaker said just before or after.
        standing: Times its nearness in meaning, added to an instruction that the person gave for all times.
        preference: Added to what the person says they prefer: both hold for requests that share no word with them.
        unseen: Share of the lowest similarity, which a row gets that search by meaning did not return.
    """

    words: float
    counted: float
    endings: Callable[[str], str]
    neighbour: float
    feedback: int
    candidates: int
    speaker: float = 0.0
    own: float = 0.0
    person: float = 0.0
    covers: float = 0.0
    again: float = 0.0
    standing: float = 0.0
    preference: float = 0.0
    unseen: float = 0.7
    trust: float = 0.0


DOCUMENTS = Mix(
    words=0.4, trust=0.4, counted=0.7, endings=porter_stem, neighbour=0.05, feedback=3, candidates=100
)
MEMORY = Mix(
    words=0.45,
    counted=1.0,
    endings=stem,  # people say again what they said much as they said it
    neighbour=0.12,
    feedback=0,
    candidates=200,
    speaker=0.12,
    own=0.3,
    person=0.1,
    covers=0.15,
    again=0.1,
    standing=0.8,
    preference=0.15,
    unseen=0.85,
)
_LEAST_NEAR = 0.3  # nearness of a standing instruction that search by meaning did not return


def fused(words: Mapping[_Key, float], meaning: Mapping[_Key, float], mix: Mix) -> dict[_Key, float]:
    """Return one score for each row that either search found; each search counts relative to its best."""
    if not meaning:
        best = max(words.values(), default=1.0) or 1.0
        return {row: score / best for row, score in words.items()}
    top = max(meaning.values()) or 1.0
    low = max(0.0, min(meaning.values())) * mix.unseen
    if not words:
        return {row: max(0.0, score) / top for row, score in meaning.items()}
    best = max(words.values()) or 1.0
    return {
        row: mix.words * words.get(row, 0.0) / best + (1 - mix.words) * max(0.0, meaning.get(row, low)) / top
        for row in {*words, *meaning}
    }


def trusting(mix: Mix, share: float) -> Mix:
    """Return the mix for one question: words count more, the more of the question's words one row holds.

    A question in other words than its answer, or one of many words of which each page of a report has a few, is better found by meaning.

    Args:
        share: The most that one row holds of the question's words, rare ones counting more; 0 to 1.
    """
    return replace(mix, words=mix.words + mix.trust * (share - 0.5))


def mingled(counted: Mapping[_Key, float], found: Mapping[_Key, float], mix: Mix) -> dict[_Key, float]:
    """Return scores by words: counted among the rows, and as the database has found them, each relative to its best."""
    shares = ((counted, mix.counted), (found, 1 - mix.counted))
    scores: dict[_Key, float] = {}
    for part, share in shares:
        best = max(part.values(), default=0.0) or 1.0
        for row, score in part.items() if share else ():
            scores[row] = scores.get(row, 0.0) + share * score / best
    return scores


def with_neighbours(
    scores: Mapping[_Key, float], neighbours: Mapping[_Key, Iterable[_Key]], share: float
) -> dict[_Key, float]:
    """Return the scores, each raised by a share of its better neighbour's."""
    return {
        key: score + share * max((scores.get(each, 0.0) for each in neighbours.get(key, ())), default=0.0)
        for key, score in scores.items()
    }


def coverage(question: str, held: Iterable[Mapping[str, int]], mix: Mix) -> float:
    """Return the share of the question's words among the `occurrences` in a row's fields."""
    return counting(question, mix.endings).covered(word for field in held for word in field)


def occurrences(question: str, text: str, mix: Mix, languages: Sequence[str] = ()) -> dict[str, int]:
    """Return how often *text* holds each of the question's words, endings aside; without those it does not hold.

    Args:
        languages: Of the text, where that is known from a longer one around it.
    """
    return counting(question, mix.endings).count(text, languages)


def okapi(
    rows: Mapping[_Key, Sequence[tuple[Mapping[str, int], int]]], weights: Sequence[float]
) -> dict[_Key, float]:
    """Return a BM25 score for each row that holds any word; how rare a word is, the rows themselves tell.

    The database's own score counts the rows of everybody: what one person finds would depend on what others keep.

    Args:
        rows: For each field of a row the `occurrences` in it and its length in characters.
        weights: What an occurrence counts in each field; rarity is told by the first.
    """
    if not rows:
        return {}
    rarities = _rarities([fields[0][0] for fields in rows.values()])
    unheard = _rarity(0, len(rows))
    lengths = {key: sum(length for _held, length in fields) for key, fields in rows.items()}
    usual = max(1.0, sum(lengths.values()) / len(lengths))
    scores: dict[_Key, float] = {}
    for key, fields in rows.items():
        counts: dict[str, float] = {}
        for (held, _length), weight in zip(fields, weights, strict=True):
            for word, times in held.items():
                counts[word] = counts.get(word, 0.0) + weight * times
        if counts:
            flat = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[key] / usual)
            score = 0.0
            for word, times in counts.items():
                score += rarities.get(word, unheard) * times * (_SATURATION + 1) / (times + flat)
            scores[key] = score
    return scores


def covered(rows: Mapping[_Key, Mapping[str, int]]) -> dict[_Key, float]:
    """Return for each row the share of the question's words among its `occurrences`; words that few of the rows hold count more."""
    counts = _holders(rows.values())
    worth = {word: math.log(1 + len(rows) / (1 + count)) for word, count in counts.items()}
    whole = sum(worth.values()) or 1.0
    return {key: sum(worth[word] for word in held) / whole for key, held in rows.items()}


def _rarities(rows: Collection[Mapping[str, int]]) -> dict[str, float]:
    return {word: _rarity(count, len(rows)) for word, count in _holders(rows).items()}


def _rarity(holding: int, rows: int) -> float:
    return math.log(1 + (rows - holding + 0.5) / (holding + 0.5))


def _holders(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return how many of the rows hold each word."""
    counts: dict[str, int] = {}
    for held in rows:
        for word in held:
            counts[word] = counts.get(word, 0) + 1
    return counts


def is_standing(text: str) -> bool:
    """Whether a person's message is an instruction for all times, such as “always answer in French”."""
    return len(text) <= _LONGEST_INSTRUCTION and STANDING_WISH.search(text) is not None


def how_wished(question: str, text: str, nearness: float, mix: Mix) -> float:
    """Return what is added to a person's own message for telling how they want things done.

    Nothing where the question is about what has been: that is no request, and wishes would only be in the way.

    Args:
        nearness: Similarity of question and message, relative to the most similar one.
    """
    if _asks_for_past(question):
        return 0.0
    if is_standing(text):
        return mix.standing * max(_LEAST_NEAR, nearness)
    prefers = len(text) <= _LONGEST_PREFERENCE and PREFERENCE.search(text) is not None
    return mix.preference if prefers else 0.0


def who_spoke(question: str, speaker: str, mix: Mix) -> float:
    """Return what is added for who said something: the person themselves, unless what was answered is asked for too, or somebody the question names."""
    asked = _asked(question)
    if speaker == "user":
        if _asks_for_answers(question):
            return 0.0
        return mix.person + mix.own * _about_oneself(question)
    return mix.speaker * (speaker.lower() in asked)


@lru_cache(maxsize=64)
def _asked(question: str) -> frozenset[str]:
    return frozenset(_WORD.findall(question.lower()))


@lru_cache(maxsize=64)
def _asks_for_past(question: str) -> bool:
    return PAST.search(question) is not None


@lru_cache(maxsize=64)
def _about_oneself(question: str) -> bool:
    return about_oneself(question)


@lru_cache(maxsize=64)
def _asks_for_answers(question: str) -> bool:
    return ANSWERED_BEFORE.search(question) is not None


def best_first(scores: Mapping[_Key, float]) -> Sequence[_Key]:
    """Return the keys, the highest score first; ties keep their order."""
    return sorted(scores, key=lambda key: -scores[key])
