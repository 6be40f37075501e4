"""Telling thinking that is written inline, between marks, from the answer. Marks may be cut anywhere across pieces."""

from enum import Enum, auto

from gantry.adapters.openai.code_marks import in_code
from gantry.domain.catalog import ReasoningDelta, Recast, TextDelta

# Opening and closing marks of the families of models we know, in lower case.
_MARKS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "<unused94>thought": "<unused95>",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel>thought": "<channel|>",
    "<|inner_prefix|>": "<|inner_suffix|>",
    "<|channel|>commentary<|message|>": "<|end|>",
    "<|start|>assistant<|channel|>commentary<|message|>": "<|end|>",
    "<|channel|>analysis<|message|>": "<|end|>",
    "<|start|>assistant<|channel|>analysis<|message|>": "<|end|>",
}
# Closing marks that cannot be taken for anything else: they end thought also where no opening mark was sent.
_OPENED_BY = {close: mark for mark, close in _MARKS.items() if close != "<|end|>"}
# What may stand before the answer and is no part of it; a closing mark there ends an empty thought.
_LEADS = ("<|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>", *_OPENED_BY)
_FIRST = (*_MARKS, *_LEADS)
_LONGEST = max(map(len, _OPENED_BY))
_QUOTES = "\"'“”‘’«»`(["
_MAX_LOOKS = 20  # at closing marks that were none, each of which costs a look through the whole answer

Piece = TextDelta | ReasoningDelta | Recast


class _Part(Enum):
    BEGINNING = auto()  # of the stream, or after a thought: another may follow
    THOUGHT = auto()
    ANSWER = auto()


class ThinkSplitter:
    """Tells thinking between marks before the answer from the answer itself.

    Only marks at the very beginning open a thought: later ones are part of the answer. A closing mark that none has
    opened makes a thought of all that came before it (``Recast``), unless it stands in code or is quoted.
    """

    __slots__ = (
        "_close", "_doubt", "_held", "_looks", "_part", "_said", "_tail", "_thought", "_trim", "_undecided",
    )  # fmt: skip

    def __init__(self) -> None:
        self._part = _Part.BEGINNING
        self._held = ""  # may yet turn out to be a mark
        self._close = ""
        self._trim = False  # the blank lines on either side of a mark belong to neither part
        self._thought: list[str] = []
        self._doubt: tuple[int, int] | None = (
            None  # a closing mark in the thought's code: it may have been meant
        )
        self._said: list[str] = []  # the answer, while a closing mark may still make a thought of it
        self._tail = ""  # its end, as long as a mark
        self._undecided = False  # what follows its last mark decides whether that counts
        self._looks = _MAX_LOOKS

    @property
    def settled(self) -> bool:
        """Whether all that comes is the answer, as it is, as long as ``passes`` says so."""
        return self._part is _Part.ANSWER and not self._trim

    def passes(self, text: str) -> bool:
        """Note *text* of a settled answer; False when it has to go through ``feed`` instead."""
        if not self._looks:
            return True
        if self._undecided or ">" in text or "]" in text or "▷" in text:  # the last characters of all marks
            return False
        self._said.append(text)
        self._tail = (self._tail + text)[-_LONGEST:]
        return True

    def trust(self) -> None:
        """Take closing marks for text from now on: the server tells thoughts apart in a field of their own."""
        self._looks = 0

    def feed(self, text: str) -> list[Piece]:
        """Return what is certain after *text*."""
        found: list[Piece] = []
        self._held += text
        while self._step(found):
            pass
        return found

    def flush(self) -> list[Piece]:
        """Return what was held back when the stream ends."""
        found: list[Piece] = []
        if self._part is _Part.ANSWER:
            self._answer(found, ended=True)
            return found
        if self._part is _Part.BEGINNING:
            self._part = _Part.ANSWER
            self._release_answer(found)
            return found
        self._release_thought(found, self._held)
        self._held = ""
        if self._doubt is not None:
            whole, (start, end) = "".join(self._thought), self._doubt
            found.append(Recast(text=whole[end:].lstrip(), reasoning=whole[:start].rstrip()))
        return found

    def _step(self, found: list[Piece]) -> bool:
        """Go one part further; False when nothing more is certain."""
        before = self._part
        if before is _Part.BEGINNING:
            self._begin()
        elif before is _Part.THOUGHT:
            self._think(found)
        else:
            self._answer(found)
        return self._part is not before

    def _begin(self) -> None:
        start = self._held.lstrip()
        low = start.lower()
        if opening := next((mark for mark in _MARKS if low.startswith(mark)), ""):
            self._part, self._close, self._trim = _Part.THOUGHT, _MARKS[opening], True
            self._held = start[len(opening) :]
            self._looks = 0  # its server marks thoughts: a closing mark in the answer is text
        elif lead := next((mark for mark in _LEADS if low.startswith(mark)), ""):
            self._part, self._trim, self._looks = _Part.ANSWER, True, 0
            self._held = start[len(lead) :]
        elif not any(mark.startswith(low) for mark in _FIRST):
            self._part = _Part.ANSWER

    def _think(self, found: list[Piece]) -> None:
        at = self._held.lower().find(self._close)
        if at < 0:
            sure = _certain(self._held, self._close)
            self._release_thought(found, self._held[:sure])
            self._held = self._held[sure:]
            return
        end = at + len(self._close)
        if in_code("".join((*self._thought, self._held[:at]))):
            self._release_thought(found, self._held[:end])
            if self._doubt is None:
                length = sum(map(len, self._thought))
                self._doubt = (length - len(self._close), length)
            self._held = self._held[end:]
            self._think(found)
            return
        self._release_thought(found, self._held[:at].rstrip())
        self._held = self._held[end:]
        self._part, self._trim, self._doubt = _Part.BEGINNING, True, None

    def _answer(self, found: list[Piece], *, ended: bool = False) -> None:
        if self._looks and (self._held or self._undecided):
            self._said.append(self._held)
            window = self._tail + self._held
            self._tail = window[-_LONGEST:]
            closes = [close for close in _OPENED_BY if close in window.lower()]
            if closes and self._turn(closes, found, ended=ended):
                return
        self._release_answer(found)

    def _turn(self, closes: list[str], found: list[Piece], *, ended: bool) -> bool:
        """Make a thought of the answer so far when it holds one of *closes* that counts."""
        whole = "".join(self._said)
        self._undecided = False
        for at, close in _places_of(closes, whole.lower()):
            end = at + len(close)
            counts = _counts(whole, at, end, ended=ended)
            if counts:
                found.append(Recast(text="", reasoning=whole[:at].strip()))
                self._held = whole[end:]
                self._part, self._trim, self._looks, self._said = _Part.BEGINNING, True, 0, []
                return True
            self._undecided |= counts is None
        if not self._undecided:
            self._looks -= 1
            self._tail = ""  # not to look at the same mark again
        return False

    def _release_answer(self, found: list[Piece]) -> None:
        text = self._held.lstrip() if self._trim else self._held
        self._held = ""
        if text:
            self._trim = False
            found.append(TextDelta(text))

    def _release_thought(self, found: list[Piece], text: str) -> None:
        text = text.lstrip() if self._trim else text
        if text:
            self._trim = False
            self._thought.append(text)
            found.append(ReasoningDelta(text))


def _certain(text: str, close: str) -> int:
    """Return how much of *text* is thought for certain: not blank space at its end, nor half a closing mark."""
    end, low = len(text), text.lower()
    for length in range(min(end, len(close) - 1), 0, -1):
        if close.startswith(low[-length:]):
            end -= length
            break
    return len(text[:end].rstrip())


def _places_of(closes: list[str], low: str) -> list[tuple[int, str]]:
    """Return where *closes* stand that none has opened, in their order, up to a bound."""
    places: list[tuple[int, str]] = []
    for close in closes:
        opened = low.find(_OPENED_BY[close])
        at = low.find(close)
        while at >= 0 and (opened < 0 or at < opened) and len(places) < _MAX_LOOKS:
            places.append((at, close))
            at = low.find(close, at + 1)
    return sorted(places)


def _counts(text: str, start: int, end: int, *, ended: bool) -> bool | None:
    """Whether a closing mark that none has opened ends a thought; None while that is not certain.

    Prose names marks, too: in code, in quotes, or between two blanks of a sentence.
    """
    before, after = text[start - 1 : start], text[end : end + 1]
    if (before and before in _QUOTES) or in_code(text[:start]):
        return False
    if before == "\n" or not before.isspace() or after == "\n":
        return True
    return after == "" and (ended or None)
