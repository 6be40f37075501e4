"""Cutting a document's text into chunks: what search finds and what a model is given.

A document's extracted text is its sections joined by blank lines; a chunk is a stretch of it, named by its offsets. Chunks
stay on their page and, unless it is short, under their heading. They overlap, so that a sentence at a cut is whole in one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gantry.domain.parsing import Section

TARGET_CHARACTERS = 1400
OVERLAP_CHARACTERS = 250
_SHORT = 500  # a section shorter than this is joined with the next one
_JOINT = "\n\n"
_BREAKS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…。！？])\s"),
    re.compile(r"\s"),
)


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A stretch of the extracted text, from ``start`` up to ``end``."""

    ordinal: int
    text: str
    start: int
    end: int
    page: int | None
    heading: str


class Chunker:
    """Takes sections one after the other, and gives chunks as soon as they are whole."""

    def __init__(self, target: int = TARGET_CHARACTERS, overlap: int = OVERLAP_CHARACTERS) -> None:
        self._target = target
        self._overlap = overlap
        self._held = ""
        self._at = 0  # where what is held begins
        self._fresh = 0  # how much of what is held was in the chunk before
        self._page: int | None = None
        self._heading = ""
        self._count = 0
        self.characters = 0  # of the text so far

    def add(self, section: Section) -> Iterator[TextChunk]:
        """Take the next section."""
        text = section.text.strip("\n").rstrip()
        if not text.strip():
            return
        moved = section.page != self._page or (section.heading != self._heading and len(self._held) >= _SHORT)
        if self._held and moved:
            yield from self._flush()
        joint = _JOINT if self.characters else ""
        if not self._held:
            self._page, self._heading = section.page, section.heading
            self._at, self._fresh = self.characters + len(joint), 0
            self._held = text
        else:
            self._held += joint + text
        self.characters += len(joint) + len(text)
        while len(self._held) > self._target:
            yield self._cut(self._break())

    def finish(self) -> Iterator[TextChunk]:
        """Give what is left."""
        yield from self._flush()

    def _flush(self) -> Iterator[TextChunk]:
        if len(self._held) > self._fresh and self._held.strip():
            yield self._chunk(self._held)
        self._held, self._fresh = "", 0

    def _cut(self, at: int) -> TextChunk:
        made = self._chunk(self._held[:at])
        back = _word_start(self._held, max(at - self._overlap, 1), at)
        self._fresh = at - back
        self._at += back
        self._held = self._held[back:]
        return made

    def _break(self) -> int:
        """Return where to cut: at the best break in the last two fifths of a chunk."""
        for pattern in _BREAKS:
            ends = [m.end() for m in pattern.finditer(self._held, int(self._target * 0.6), self._target)]
            if ends:
                return ends[-1]
        return self._target

    def _chunk(self, held: str) -> TextChunk:
        text = held.rstrip()
        lead = len(text) - len(text.lstrip())
        made = TextChunk(
            self._count, text[lead:], self._at + lead, self._at + len(text), self._page, self._heading
        )
        self._count += 1
        return made


def _word_start(text: str, wanted: int, limit: int) -> int:
    """Return the first beginning of a sentence after *wanted*, else of a word; *wanted* where there is neither."""
    for pattern in _BREAKS[1:]:
        found = pattern.search(text, wanted, limit)
        if found and found.end() < limit:
            return found.end()
    return wanted


def chunked(sections: Iterable[Section]) -> Iterator[TextChunk]:
    """Cut whole documents at once, as tests and benchmarks do."""
    chunker = Chunker()
    for section in sections:
        yield from chunker.add(section)
    yield from chunker.finish()


def context_of(name: str, heading: str) -> str:
    """Return the words that are searched with a chunk: its document's name, readable, and the headings above it."""
    stem = name.rpartition(".")[0] or name
    readable = re.sub(r"[_\-.]+", " ", stem)
    return " › ".join(part for part in (readable, heading) if part)
