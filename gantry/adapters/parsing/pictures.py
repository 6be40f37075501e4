"""Pictures of text, by text recognition."""

from collections.abc import Iterator

from gantry.adapters.parsing import recognition
from gantry.adapters.parsing.source import Source, raw_of
from gantry.domain.parsing import ParsingLimits, Progress, Section


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of each page."""
    raw = raw_of(source)
    yield Progress(0, len(raw))
    seconds = min(recognition.SECONDS, limits.recognition_seconds)
    pages = recognition.text_of(raw, seconds=seconds).rstrip("\f\n ").split("\f")
    for number, text in enumerate(pages, 1):
        lines = [line.rstrip() for line in text.split("\n")]
        if any(letter.isalnum() for letter in text):
            yield Section("\n".join(lines).strip("\n"), page=number if len(pages) > 1 else None)
    yield Progress(len(raw), len(raw))
