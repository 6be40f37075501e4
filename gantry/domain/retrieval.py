"""Putting what words and what meaning have found into one order. Pure functions; scores are between 0 and 1.

The numbers were chosen on public query sets, one configuration for all documents and one for all memory
(``make bench-retrieval``, docs/retrieval.md).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from gantry.domain.passages import STOP_WORDS, search_words, stem

_WORD = re.compile(r"[^\W_]+")
_STANDING = re.compile(
    r"(?:^|[.!?]\s+)(?:please )?(?:always|never|from now on|whenever i|when i ask)\b", re.IGNORECASE
)
_PREFERENCE = re.compile(
    r"\bi(?:'d| would)? (?:really |usually |always |generally )?prefer\b|\bmy preference\b", re.IGNORECASE
)
_LONGEST_INSTRUCTION = 250  # characters; a longer message is about something else as well
_LONGEST_PREFERENCE = 600
_PAST = frozenset(
    [
        "did",
        "have",
        "had",
        "has",
        "was",
        "were",
        "been",
        "ve",
        "earlier",
        "before",
        "previously",
        "mentioned",
        "said",
        "told",
        "conversation",
        "conversations",
        "chat",
        "chats",
        "order",
    ]
)
_ANSWERED = re.compile(
    r"\b(?:did|have|had) you\b"
    r"|\byou(?:'ve| have| had)? (?:recommended|suggested|advised|proposed|explained|described|outlined|said|told|mentioned"
    r"|gave|given|helped|provided|wrote|listed)\b"
    r"|\byour (?:advice|recommendations?|suggestions?|explanations?|answers?)\b",
    re.IGNORECASE,
)
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Mix:
    """How the two searches are put together."""

    words: float  # share of the score by words, where both searches answered
    neighbour: (
        float  # share of the better neighbour's score that is added: what is found is often found twice
    )
    feedback: int  # nearest rows the question is moved towards
    candidates: int  # taken from each search
    speaker: float = 0.0  # added where the question names who spoke
    own: float = 0.0  # added to the person's own words where they ask about themselves
    person: float = 0.0  # added to the person's own words in any case: answers are long, and hold many words
    covers: float = 0.0  # times the share of the question's words that a row holds, rare ones counting more
    again: float = 0.0  # share of the score of what the same speaker said just before or after
    standing: float = 0.0  # added to the person's standing instructions, and
    preference: float = (
        0.0  # to what they say they prefer: both hold for requests that share no word with them
    )
    unseen: float = 0.7  # of the lowest similarity: what a row gets that search by meaning did not return


DOCUMENTS = Mix(words=0.5, neighbour=0.05, feedback=3, candidates=100)
MEMORY = Mix(
    words=0.5,
    neighbour=0.12,
    feedback=0,
    candidates=200,
    speaker=0.12,
    own=0.3,
    person=0.1,
    covers=0.15,
    again=0.1,
    standing=0.3,
    preference=0.15,
    unseen=0.8,
)
LEXICAL_WORDS = 0.75  # share of the score by words where the vectors are only hashed words

# A passage is worth giving when it is near enough in meaning, or holds enough of the question's words.
LEAST_SIMILARITY = 0.3
LEAST_COVERAGE = 0.5


def fused(words: Mapping[UUID, float], meaning: Mapping[UUID, float], mix: Mix) -> dict[UUID, float]:
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


def with_neighbours(
    scores: Mapping[_Key, float], neighbours: Mapping[_Key, Iterable[_Key]], share: float
) -> dict[_Key, float]:
    """Return the scores, each raised by a share of its better neighbour's."""
    return {
        key: score + share * max((scores.get(each, 0.0) for each in neighbours.get(key, ())), default=0.0)
        for key, score in scores.items()
    }


def coverage(question: str, text: str) -> float:
    """Return the share of the question's words that *text* holds, endings aside."""
    wanted = _wanted(question)
    return len(_held(wanted, text)) / len(wanted) if wanted else 0.0


def covered(question: str, texts: Mapping[_Key, str]) -> dict[_Key, float]:
    """Return for each text the share of the question's words it holds; words that few of the texts hold count more."""
    wanted = _wanted(question)
    held = {key: _held(wanted, text) for key, text in texts.items()}
    counts = Counter(word for words in held.values() for word in words)
    worth = {word: math.log(1 + len(texts) / (1 + count)) for word, count in counts.items()}
    whole = sum(worth.values()) or 1.0
    return {key: sum(worth[word] for word in words) / whole for key, words in held.items()}


def _wanted(question: str) -> frozenset[str]:
    return frozenset(stem(word) for word in search_words(question) if word not in STOP_WORDS)


def _held(wanted: frozenset[str], text: str) -> set[str]:
    """Return which stems a text holds."""
    lower = text.lower()
    return {one for one in wanted if _holds(lower, one)}


def _holds(text: str, wanted: str) -> bool:
    """Whether a word of *text* has the stem *wanted*. Looks at the words that begin like it only: texts are many, and long."""
    at = text.find(wanted)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            word = _WORD.match(text, at)
            if word is not None and stem(word.group()) == wanted:
                return True
        at = text.find(wanted, at + 1)
    return False


def is_standing(text: str) -> bool:
    """Whether a person's message is an instruction for all times, such as “always answer in French”."""
    return len(text) <= _LONGEST_INSTRUCTION and _STANDING.search(text) is not None


def how_wished(question: str, text: str, mix: Mix) -> float:
    """Return what is added to a person's own message for telling how they want things done.

    Nothing where the question is about what has been: that is no request, and wishes would only be in the way.
    """
    if _asked(question) & _PAST:
        return 0.0
    if is_standing(text):
        return mix.standing
    prefers = len(text) <= _LONGEST_PREFERENCE and _PREFERENCE.search(text) is not None
    return mix.preference if prefers else 0.0


def who_spoke(question: str, speaker: str, mix: Mix) -> float:
    """Return what is added for who said something: the person themselves, unless they ask what was answered, or somebody the question names."""
    asked = _asked(question)
    if speaker == "user":
        if _asks_for_answers(question):
            return 0.0
        return mix.person + mix.own * bool(asked & {"i", "my", "me", "mine", "myself"})
    return mix.speaker * (speaker.lower() in asked)


@lru_cache(maxsize=64)  # one question is compared with hundreds of rows
def _asked(question: str) -> frozenset[str]:
    return frozenset(_WORD.findall(question.lower()))


@lru_cache(maxsize=64)
def _asks_for_answers(question: str) -> bool:
    return _ANSWERED.search(question) is not None


def best_first(scores: Mapping[_Key, float]) -> Sequence[_Key]:
    """Return the keys, the highest score first; ties keep their order."""
    return sorted(scores, key=lambda key: -scores[key])
