"""Making passages of what search has found: chunks of one page together, each past turn once, long texts around what matches."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from gantry.domain.knowledge import Passage
from gantry.domain.retrieval import MEMORY
from gantry.domain.words import counting, languages_of
from gantry.repositories.knowledge_search import ChunkFound, MemoryFound

_MOST_JOINED = 4000  # characters of chunks in one passage
_MEMORY_CHARACTERS = 1500  # of a long message, around what matches


def joined(order: Sequence[ChunkFound], scores: Mapping[UUID, float], limit: int) -> list[Passage]:
    """Make passages: a page is given once, with all that was found on it; without pages, chunks that touch are one."""
    groups: list[list[ChunkFound]] = []
    for each in order:
        home = next((group for group in groups if _belongs(each, group)), None)
        if home is None:
            if len(groups) == limit:
                break
            groups.append([each])
        elif _fits(each, home):
            home.append(each)
    return [_passage(group, scores[group[0].id]) for group in groups]


def _belongs(chunk: ChunkFound, group: Sequence[ChunkFound]) -> bool:
    first = group[0]
    if (chunk.document_id, chunk.page) != (first.document_id, first.page):
        return False
    if chunk.page is not None:
        return True
    touches = any(abs(chunk.ordinal - each.ordinal) == 1 for each in group)
    return touches and _fits(chunk, group)


def _fits(chunk: ChunkFound, group: Sequence[ChunkFound]) -> bool:
    return len(_text([chunk, *group])) <= _MOST_JOINED


def _passage(group: Sequence[ChunkFound], score: float) -> Passage:
    chunks = _in_order(group)
    return Passage(
        rows=tuple(chunk.id for chunk in chunks),
        text=_text(chunks),
        score=min(1.0, score),
        source_id=chunks[0].document_id,
        title=chunks[0].name,
        page=chunks[0].page,
        heading=chunks[0].heading,
        start=chunks[0].start_offset,
        end=chunks[-1].end_offset,
    )


def _text(chunks: Iterable[ChunkFound]) -> str:
    ordered = _in_order(chunks)
    return ordered[0].content + "".join(_seam(left, right) for left, right in pairwise(ordered))


def _in_order(chunks: Iterable[ChunkFound]) -> list[ChunkFound]:
    return sorted(chunks, key=lambda chunk: chunk.ordinal)


def _seam(left: ChunkFound, right: ChunkFound) -> str:
    """Return what follows *left*: *right* without what both have, and a sign where something between them is left out."""
    if right.ordinal > left.ordinal + 1:
        return f"\n…\n{right.content}"
    shared = left.end_offset - right.start_offset
    return right.content[shared:] if shared > 0 else f"\n{right.content}"


def different(order: Sequence[tuple[MemoryFound, float]]) -> list[tuple[MemoryFound, float]]:
    """Leave out what says the same again of turns and their scores."""
    seen: set[str] = set()
    kept: list[tuple[MemoryFound, float]] = []
    for each, score in order:
        key = " ".join(each.content.lower().split())[:500]
        if key not in seen:
            seen.add(key)
            kept.append((each, score))
    return kept


def turn_passage(found: MemoryFound, score: float, question: str) -> Passage:
    """Make a passage of a past turn; of a long one the stretch that the question is about."""
    return Passage(
        rows=(found.id,),
        text=_around_match(found.content, question),
        score=min(1.0, score),
        source_id=found.conversation_id or found.id,
        title=found.title,
        message_id=found.message_id,
        speaker=found.speaker,
        said_at=found.said_at,
    )


def _around_match(text: str, question: str) -> str:
    """Return a long message cut to the stretch with most of the question's words."""
    if len(text) <= _MEMORY_CHARACTERS:
        return text
    counted, languages = counting(question, MEMORY.endings), languages_of(text)
    step = _MEMORY_CHARACTERS // 3
    start = max(
        range(0, len(text), step),
        key=lambda at: len(counted.count(text[at : at + _MEMORY_CHARACTERS], languages)),
    )
    cut = text[start : start + _MEMORY_CHARACTERS]
    return ("… " if start else "") + cut.strip() + (" …" if start + _MEMORY_CHARACTERS < len(text) else "")
