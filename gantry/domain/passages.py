"""Finding the sentences that answer a question by its words alone."""

import re
from collections.abc import Sequence

from gantry.domain.words import Asked, Counting, languages_of, porter_stem

# Chinese and Japanese put no space after a full stop; Hindi, Arabic, Khmer and Burmese have full stops of their own.
SENTENCE = re.compile(r"(?<=[.!?…;؟۔।။។])\s+|(?<=[。！？｡])\s*|\n+")


def best_passage(text: str, words: Sequence[Asked], *, max_characters: int = 320) -> tuple[str, int]:
    """Return the passage of *text* that holds most of *words*, and how many different ones it holds.

    A passage is one sentence, lengthened by those after it while it fits.
    """
    counting, languages = Counting(words, porter_stem), languages_of(text)
    sentences = [part.strip() for part in SENTENCE.split(text) if part.strip()]
    best, best_score = "", 0
    for start, sentence in enumerate(sentences):
        score = len(counting.count(sentence, languages))
        if score > best_score:
            best_score, best = score, " ".join(sentences[start:])
    if len(best) > max_characters:
        head = best[:max_characters]
        best = head.rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
    return best, best_score
