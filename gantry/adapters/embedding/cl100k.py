"""Texts of token numbers, as OpenAI's clients count them where they know no better: in cl100k_base.

``cl100k_base.xz`` holds that vocabulary as tiktoken 0.14 reads it (MIT licence, © 2022 OpenAI, Shantanu Jain): the length of
each token in a byte, then the tokens. Turning numbers into text takes no more than that, and no vocabulary from the internet.
"""

import asyncio
import lzma
from array import array
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

from gantry.domain.embedding import TOKEN_NUMBERS

_VOCABULARY = Path(__file__).with_name("cl100k_base.xz")


class Cl100kTexts:
    """Implements ``domain.embedding.ReadsTokens``; the vocabulary is read by the first who needs it."""

    async def texts(self, numbers: Sequence[Sequence[int]]) -> list[str]:
        """Return the text of each list; half a character at a list's end becomes a replacement mark."""
        return await asyncio.to_thread(lambda: [_text(each) for each in numbers])


def _text(numbers: Sequence[int]) -> str:
    starts, tokens = _vocabulary()
    return b"".join([tokens[starts[each] : starts[each + 1]] for each in numbers]).decode("utf-8", "replace")


@cache
def _vocabulary() -> tuple["array[int]", bytes]:
    raw = lzma.decompress(_VOCABULARY.read_bytes())
    return array("I", accumulate(raw[:TOKEN_NUMBERS], initial=0)), raw[TOKEN_NUMBERS:]
