"""Marks of a chat template around an answer, which servers pass on where they do not know a model's template."""

import re

_LEAD = re.compile(r"\s*(?:<\|start_response\|>|<\|begin_of_solution\|>)", re.IGNORECASE)
_LEADS = ("<|start_response|>", "<|begin_of_solution|>")
_ENDS = (
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|return|>", "<|end|>", "<|eot|>", "<|end_of_turn|>",
    "<|end_of_turn_token|>", "<|end_response|>", "<|end_of_solution|>", "<|im_sep|>", "<end_of_turn>", "<eos>", "</s>",
    "<｜end▁of▁sentence｜>",
)  # fmt: skip
_BLANKS = " \t\r\n"
_MOST = 400  # characters that are held back: a model that repeats a mark without end is shown doing so
_LONGEST = max(map(len, (*_ENDS, *_LEADS)))


class TemplateMarks:
    """Takes marks off the beginning and the very end of an answer; anywhere else they are its text.

    What may yet be the last mark is held back, so ``held`` is mostly empty.
    """

    __slots__ = ("_begun", "_led", "_struck", "_tail", "held")

    def __init__(self) -> None:
        self.held = ""
        self._begun = False
        self._led = False  # by a mark
        self._struck = False  # a text that is struck out ends as a model's answer does
        self._tail = ""  # the last characters that were let through

    def feed(self, text: str) -> str:
        """Return what is certainly the answer's own after *text*."""
        if self._begun and not self.held and "<" not in text:
            return self._passed(text)
        self.held += text
        if not self._begun and not self._begin():
            return ""
        return self._release(_sure(self.held) if len(self.held) <= _MOST else len(self.held))

    def flush(self) -> str:
        """Return what was held back when the answer has ended, without marks that end it."""
        rest = self.held
        while (bare := rest.rstrip(_BLANKS)) and (mark := _ending_of(bare)):
            if mark == "</s>" and (self._struck or "<s>" in self._tail + bare):
                break
            rest = bare[: -len(mark)]
        before = rest[-1:] or self._tail[-1:]
        if rest != self.held and before and before in " \t`\"'":
            rest = self.held  # a sentence about the mark
        self.held = ""
        return rest

    def _begin(self) -> bool:
        """Take a leading mark off, and blanks after it; False while there may be more."""
        if found := _LEAD.match(self.held):
            self.held, self._led = self.held[found.end() :], True
        start = self.held.lstrip()
        low = start.lower()
        if self._led:
            self.held = start
        elif any(lead.startswith(low) for lead in _LEADS):
            return False
        self._begun = bool(start)
        return self._begun

    def _release(self, length: int) -> str:
        text, self.held = self.held[:length], self.held[length:]
        return self._passed(text)

    def _passed(self, text: str) -> str:
        near = self._tail + text
        self._struck = self._struck or "<s>" in near
        self._tail = near[-2:]
        return text


def _ending_of(text: str) -> str:
    low = text[-_LONGEST:].lower()
    return next((mark for mark in _ENDS if low.endswith(mark)), "")


def _sure(text: str) -> int:
    """Return how much of *text* stays whatever follows: all but a run of marks at its end, whole or begun, and blanks around them."""
    end = len(text)
    while True:
        bare = text[:end].rstrip(_BLANKS)
        if mark := _ending_of(bare):
            end = len(bare) - len(mark)
            continue
        if end == len(text) and (begun := _begun_mark(text)):
            end -= begun
            continue
        return end if end == len(text) else len(bare)


def _begun_mark(text: str) -> int:
    """Return how long the beginning of a mark is that *text* ends with."""
    at = text.rfind("<", max(0, len(text) - _LONGEST))
    if at < 0:
        return 0
    low = text[at:].lower()
    return len(low) if any(mark.startswith(low) for mark in _ENDS) else 0
