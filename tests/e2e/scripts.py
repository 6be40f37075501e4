"""What the model says in browser tests, and how a test makes it say so."""

import asyncio
import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.parts.llm_server import Recorded, Script, ScriptedServer

_numbers = count(1)
_MARK = re.compile(r"\[\[script:(\w+)\]\]")

MARKDOWN = """# How a garden keeps water

A garden holds **water** in its soil.

| Soil | Litres | Days |
| --- | ---: | ---: |
| sand | 40 | 3 |
| loam | 150 | 11 |

```python
def days(litres: float) -> int:
    return int(litres // 13.5)
```

- mulch stops the sun
- [compost](https://example.org/compost) feeds both
"""


def counted(words: int, first: int = 0, *, paragraph: int = 10) -> list[str]:
    """Return *words* different words as tokens, in short paragraphs: a lost or doubled one is seen at once."""
    tokens: list[str] = []
    for number in range(first, first + words):
        last = (number + 1 - first) % paragraph == 0
        tokens.append(f"w{number:04}" + ("\n\n" if last else " "))
    return tokens


def words_of(tokens: list[str]) -> list[str]:
    """Return the words of *tokens*, as they are on screen in the end."""
    return "".join(tokens).split()


def streamed(words: int, rate: float, **values: Any) -> Script:
    """Return a script of different words at *rate* tokens a second."""
    return Script(counted(words), tokens_per_second=rate, **values)


@dataclass(slots=True)
class Cue:
    """A script that waits for its marker: put ``str(cue)`` into a message."""

    llm: ScriptedServer
    name: str

    def __str__(self) -> str:
        return f"[[script:{self.name}]]"

    @property
    def requests(self) -> list[Recorded]:
        """The requests that were answered with it, oldest first."""
        return [request for request in self.llm.requests if self._asked_in(request)]

    def _asked_in(self, request: Recorded) -> bool:
        return newest_mark(request) == self.name

    async def request(self, number: int = 1, *, seconds: float = 10.0) -> Recorded:
        """Wait until it has been asked for *number* times; return that request."""
        async with asyncio.timeout(seconds):
            while len(self.requests) < number:
                await asyncio.sleep(0.02)
        return self.requests[number - 1]

    def becomes(self, script: Script | None = None, **values: Any) -> None:
        """Play another script from now on: *script*, or the present one with other *values*."""
        self.llm.scripts[self.name] = script or dataclasses.replace(self.llm.scripts[self.name], **values)


class Cues:
    """Makes cues on one model server."""

    def __init__(self, llm: ScriptedServer) -> None:
        self._llm = llm

    def __call__(self, script: Script) -> Cue:
        """Return the cue for *script*."""
        made = Cue(self._llm, f"cue{next(_numbers)}")
        self._llm.scripts[made.name] = script
        return made


def newest_mark(request: Recorded) -> str:
    """Return the name of the script that the newest question with a marker asks for, or nothing.

    What is remembered stands before the question in the same turn, with the markers of other conversations.
    """
    for turn in reversed(request.body["messages"]):
        if turn["role"] == "user" and (marks := _MARK.findall(str(turn["content"]))):
            return marks[-1]
    return ""


def going_on(llm: ScriptedServer) -> Callable[[Recorded], Script | None]:
    """Return what a good model does when it is told to go on: it says the rest of what it began."""

    def respond(request: Recorded) -> Script | None:
        script = llm.scripts.get(newest_mark(request))
        turns = request.body["messages"]
        if script is None or len(turns) < 3 or turns[-2]["role"] != "assistant":
            return None
        rest = [token for _, token in script.after(turns[-2]["content"])]
        return dataclasses.replace(script, text=rest, reasoning="")

    return respond
