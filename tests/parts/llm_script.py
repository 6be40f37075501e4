"""What the scripted model server plays: values only."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_TOKENS = re.compile(r"\s?\w{1,5}|\s?[^\w\s]{1,2}|\s+")

_OPENING = "# How a garden keeps water\n\nA garden holds **water** in its soil, its plants and its shade.\n\n"
_BLOCKS = (
    """## What the soil does

Soil with *humus* works like a sponge: every per cent of it holds about 20 litres more for each square metre.

""",
    """- mulch stops the sun
- roots open the ground
- [compost](https://example.org/compost) feeds both

""",
    """| Soil | Litres per m² | Days until dry |
| --- | ---: | ---: |
| sand | 40 | 3 |
| loam | 150 | 11 |
| clay | 190 | 14 |

""",
    """```python
def days_until_dry(litres: float, loss: float = 13.5) -> int:
    # Whole days until the bed needs water.
    return int(litres // loss)
```

""",
    """1. Water in the evening.
2. Water rarely, but *deeply*.
3. Leave `mulch` where it lies.

""",
    """> A dry surface says nothing about what lies below.

""",
    """Nach drei Tagen ohne Regen genügt es, die oberste Schicht zu prüfen – nicht mehr.

""",
)
_FILLING = (
    "Water",
    " is",
    " best",
    " given",
    " early",
    ",",
    " when",
    " the",
    " air",
    " is",
    " cool",
    ".",
    " ",
)


def split_tokens(text: str) -> list[str]:
    """Cut *text* into pieces of about the size of a model's tokens, always the same ones."""
    return _TOKENS.findall(text)


def markdown_answer(n_tokens: int) -> list[str]:
    """Return exactly *n_tokens* tokens of markdown: headings, lists, tables and code, always the same.

    Blocks are kept whole; plain words fill up what no block fits into.
    """
    tokens: list[str] = []
    for block in itertools.cycle([split_tokens(block) for block in (_OPENING, *_BLOCKS)]):
        if len(tokens) + len(block) > n_tokens:
            break
        tokens += block
    return tokens + list(itertools.islice(itertools.cycle(_FILLING), n_tokens - len(tokens)))


@dataclass(frozen=True, slots=True)
class Script:
    """How the scripted server answers one chat request.

    Attributes:
        text: The answer; a string is cut by ``split_tokens``, a sequence is played token by token as it is.
        reasoning: Played before the text, in ``reasoning_field``, or in the text between tags when ``inline``.
        tokens_per_second: None is as fast as the socket takes them.
        first_byte_delay: Seconds before anything is sent; ``headers_first`` sends the headers at once.
        pause_after: (tokens, seconds).
        cut_after: Close the socket without a word after so many tokens.
        stall_after: Say nothing more after so many tokens, but keep the line open.
        broken_sse_after: Send half a JSON value after so many tokens.
        error_after: (tokens, value): send ``data: {"error": value}`` and end.
        status, body, headers: An answer other than 200 has this body: a dict is JSON, a string is HTML.
        whole: Answer with one JSON completion though a stream was asked for.
        raw: Played instead of all else: network pieces as they are, ``raw_gap`` seconds apart.
        rejects: Names of request options answered with a 400 that names them.
        tool_deltas: Sent as ``tool_calls`` deltas before the text.
        echo_prefix: Repeat the prefix when continuing one.
        usage, prompt_tokens, completion_tokens: The usage chunk; None counts what was played.
        finish_reason, done: None and False leave out the finish reason and ``[DONE]``.
        tokens_per_write: How many tokens go out in one network write.
    """

    text: str | Sequence[str] = "Hello! This answer comes from a script, one token after the other."
    reasoning: str | Sequence[str] = ""
    reasoning_field: Literal["reasoning_content", "reasoning", "inline"] = "reasoning_content"
    tokens_per_second: float | None = None
    first_byte_delay: float = 0.0
    headers_first: bool = False
    pause_after: tuple[int, float] | None = None
    cut_after: int | None = None
    stall_after: int | None = None
    broken_sse_after: int | None = None
    error_after: tuple[int, Any] | None = None
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    raw: Sequence[bytes] | None = None
    raw_gap: float = 0.0
    rejects: tuple[str, ...] = ()
    tool_deltas: Sequence[Mapping[str, Any]] = ()
    echo_prefix: bool = False
    usage: bool = True
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finish_reason: str | None = "stop"
    done: bool = True
    tokens_per_write: int = 1

    def tokens(self) -> list[str]:
        """Return the tokens of the text."""
        return split_tokens(self.text) if isinstance(self.text, str) else list(self.text)

    def thoughts(self) -> list[str]:
        """Return the tokens of the reasoning."""
        return split_tokens(self.reasoning) if isinstance(self.reasoning, str) else list(self.reasoning)

    def played(self) -> list[tuple[str, str]]:
        """Return (field, token) in the order they are sent."""
        thoughts = self.thoughts()
        if thoughts and self.reasoning_field == "inline":
            spoken = ["<think>", *thoughts, "</think>", "\n\n", *self.tokens()]
            return [("content", token) for token in spoken]
        return [(self.reasoning_field, token) for token in thoughts] + [("content", t) for t in self.tokens()]

    def after(self, prefix: str) -> list[tuple[str, str]]:
        """Return what is played when the answer goes on after *prefix*; all of it when the text begins otherwise."""
        tokens = self.tokens()
        if not prefix or not "".join(tokens).startswith(prefix):
            return self.played()
        skip = len(prefix)
        rest: list[str] = []
        for token in tokens:
            if skip < len(token):
                rest.append(token[skip:])
            skip = max(0, skip - len(token))
        echoed = [("content", prefix)] if self.echo_prefix else []
        return echoed + [("content", token) for token in rest]
