"""Cutting text into chunks that know where they stand."""

import itertools
import random

from gantry.domain.chunking import OVERLAP_CHARACTERS, TARGET_CHARACTERS, chunked, context_of
from gantry.domain.parsing import Section


def text_of(sections: list[Section]) -> str:
    """Return the extracted text, as offsets count it."""
    return "\n\n".join(s.text.strip("\n").rstrip() for s in sections if s.text.strip())


def some_sections(seed: int) -> list[Section]:
    """Return sections of all sizes, with pages and headings that change."""
    dice = random.Random(seed)
    return [
        Section(
            " ".join(
                "word" * dice.randint(1, 3) + dice.choice(["", ".", "\n"])
                for _ in range(dice.randint(0, 700))
            ),
            page=1 + number // 3 if seed % 2 else None,
            heading=f"Heading {number // 2}",
        )
        for number in range(12)
    ]


def test_every_chunk_is_the_stretch_its_offsets_name_and_nothing_is_lost() -> None:
    """For any text: what is shown of a chunk, and marked in the preview, is what was searched."""
    for seed in range(40):
        sections = some_sections(seed)
        text = text_of(sections)
        covered = 0
        for ordinal, chunk in enumerate(chunked(sections)):
            assert chunk.ordinal == ordinal
            assert text[chunk.start : chunk.end] == chunk.text
            assert len(chunk.text) <= TARGET_CHARACTERS
            assert not text[covered : chunk.start].strip()
            covered = max(covered, chunk.end)
        assert not text[covered:].strip()


def test_a_chunk_stays_on_its_page() -> None:
    """A citation names one page."""
    chunks = list(chunked([Section("one.", page=1), Section("two.", page=2)]))
    assert [(chunk.text, chunk.page) for chunk in chunks] == [("one.", 1), ("two.", 2)]


def test_long_sections_overlap() -> None:
    """A sentence at a cut is whole in one of two chunks."""
    sentences = [f"Sentence number {n} tells something of its own." for n in range(200)]
    chunks = list(chunked([Section(" ".join(sentences))]))
    assert len(chunks) > 4
    for sentence in sentences:
        assert any(sentence in chunk.text for chunk in chunks)
    assert all(a.end - b.start <= OVERLAP_CHARACTERS for a, b in itertools.pairwise(chunks))


def test_a_name_is_searched_as_words() -> None:
    """File names are written with what is at hand."""
    assert (
        context_of("annual_report-2024.final.pdf", "Risks › Rates")
        == "annual report 2024 final › Risks › Rates"
    )
