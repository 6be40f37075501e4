"""Finding the sentences that answer a question by its words alone."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import snowballstemmer  # pyright: ignore[reportMissingTypeStubs] - it has none

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
STOP_WORDS = frozenset(
    [
        "a",
        "about",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "he",
        "her",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "just",
        "know",
        "let",
        "like",
        "me",
        "more",
        "my",
        "no",
        "not",
        "now",
        "of",
        "on",
        "one",
        "or",
        "our",
        "out",
        "please",
        "said",
        "she",
        "should",
        "so",
        "some",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
_MAX_WORDS = 24


def search_words(question: str) -> list[str]:
    """Return the words worth searching, each once, lower case, stop words left out unless there is nothing else."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(question)))
    return ([word for word in words if word not in STOP_WORDS] or words)[:_MAX_WORDS]


@lru_cache(maxsize=1 << 15)  # texts repeat their words
def stem(word: str) -> str:
    """Cut common English endings, so that "dogs" finds "dog"; other languages mostly pass unchanged."""
    for ending in ("ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=1 << 15)
def porter_stem(word: str) -> str:
    """Cut English endings as Porter's algorithm does, which SQLite's index uses, so that "studies" finds "studying"."""
    stemmer = cast("Any", snowballstemmer).stemmer("porter")  # a new one: they are not for several threads
    return str(stemmer.stemWord(word))


def best_passage(text: str, words: Sequence[str], *, max_characters: int = 320) -> tuple[str, int]:
    """Return the passage of *text* that holds most of *words*, and how many different ones it holds.

    A passage is one sentence, lengthened by those after it while it fits.
    """
    wanted = {stem(word) for word in words}
    sentences = [part.strip() for part in _SENTENCE.split(text) if part.strip()]
    best, best_score = "", 0
    for start, sentence in enumerate(sentences):
        score = len(wanted & {stem(word.lower()) for word in _WORD.findall(sentence)})
        if score > best_score:
            best_score, best = score, " ".join(sentences[start:])
    if len(best) > max_characters:
        head = best[:max_characters]
        best = head.rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
    return best, best_score
