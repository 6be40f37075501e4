"""Telling a long conversation in short without a model: its own most telling sentences, in their order."""

import re
from collections import Counter
from collections.abc import Sequence

from gantry.domain.passages import search_words, stem

MAX_CHARACTERS = 2400
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_SHORTEST, _LONGEST = 25, 320
_TELLING = re.compile(
    r"\d|\b(?:decided|agreed|will|must|should|plan|because|important|remember|name|deadline)\b", re.IGNORECASE
)
_QUESTION_BONUS = 1.3


def summarised(messages: Sequence[tuple[bool, str]], *, max_characters: int = MAX_CHARACTERS) -> str:
    """Return the sentences that say most, each after who said it.

    Args:
        messages: Oldest first; the flag says that the person wrote it.
    """
    sentences = [
        (number, mine, sentence)
        for number, (mine, text) in enumerate(messages)
        for sentence in _sentences(text)
    ]
    counts = Counter(word for *_, sentence in sentences for word in {stem(w) for w in search_words(sentence)})

    def worth(entry: tuple[int, bool, str]) -> float:
        _number, mine, sentence = entry
        words = {stem(word) for word in search_words(sentence)}
        score = sum(min(counts[word], 12) for word in words) / (len(words) + 4)
        score *= _QUESTION_BONUS if mine else 1.0
        return score * (1.2 if _TELLING.search(sentence) else 1.0)

    kept: set[int] = set()
    room = max_characters
    for index in sorted(range(len(sentences)), key=lambda at: -worth(sentences[at])):
        cost = len(sentences[index][2]) + 14
        if cost <= room:
            kept.add(index)
            room -= cost
    lines: list[str] = []
    for index in sorted(kept):
        _number, mine, sentence = sentences[index]
        lines.append(f"- {'They' if mine else 'You'}: {sentence}")
    return "\n".join(lines)


def _sentences(text: str) -> list[str]:
    parts = (part.strip(" -*#>\t") for part in _SENTENCE.split(_CODE.sub(" ", text)))
    return [part[:_LONGEST] for part in parts if len(part) >= _SHORTEST]
