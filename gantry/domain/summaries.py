"""Telling a long conversation in short without a model: its own most telling sentences, in their order."""

import re
from collections import Counter
from collections.abc import Sequence

from gantry.domain.english.phrases import TELLING
from gantry.domain.passages import SENTENCE
from gantry.domain.words import content_terms

MAX_CHARACTERS = 2400
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_SHORTEST = 25  # bytes: nine Chinese characters say as much as twenty-five letters
_LONGEST = 320  # characters
_READ = 20_000  # of a message: each sentence is weighed against all others
_QUESTION_BONUS = 1.3
_TELLING_BONUS = 1.2
_TOLD = 0.4  # of a word's weight is left for the sentences after
_LABEL = 14  # characters for who said it


def summarised(messages: Sequence[tuple[bool, str]], *, max_characters: int = MAX_CHARACTERS) -> str:
    """Return the sentences that say most, each after who said it.

    Args:
        messages: Oldest first; the flag says that the person wrote it.
    """
    sentences = [
        (number, mine, sentence)
        for number, (mine, text) in enumerate(messages)
        for sentence in _sentences(text[:_READ])
    ]
    words = [frozenset(content_terms(sentence)) for *_, sentence in sentences]
    weight = {
        word: float(min(count, 12)) for word, count in Counter(w for each in words for w in each).items()
    }

    def worth(index: int) -> float:
        _number, mine, sentence = sentences[index]
        score = sum(weight[word] for word in words[index]) / (len(words[index]) + 4)
        score *= _QUESTION_BONUS if mine else 1.0
        return score * (_TELLING_BONUS if TELLING.search(sentence) else 1.0)

    kept: set[int] = set()
    room = max_characters
    waiting: list[int] = [
        index for index in range(len(sentences)) if len(sentences[index][2]) + _LABEL <= room
    ]
    while waiting:
        best = max(waiting, key=lambda index: (worth(index), -index))
        kept.add(best)
        room -= len(sentences[best][2]) + _LABEL
        for word in words[best]:
            weight[word] *= _TOLD  # what has been told once is worth less
        waiting = [at for at in waiting if at != best and len(sentences[at][2]) + _LABEL <= room]
    lines: list[str] = []
    for index in sorted(kept):
        _number, mine, sentence = sentences[index]
        lines.append(f"- {'They' if mine else 'You'}: {sentence}")
    return "\n".join(lines)


def _sentences(text: str) -> list[str]:
    parts = (part.strip(" -*#>\t") for part in SENTENCE.split(_CODE.sub(" ", text)))
    return [part[:_LONGEST] for part in parts if len(part.encode()) >= _SHORTEST]
