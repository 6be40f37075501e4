"""Finding passages in documents and in past conversations: by words and by meaning, at once, within a deadline."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from gantry.domain import retrieval
from gantry.domain.accounts import Actor
from gantry.domain.errors import Unavailable
from gantry.domain.knowledge import DocumentScope, Found, Passage, ScopeKind
from gantry.domain.memory import MemoryKind
from gantry.domain.passages import search_words
from gantry.domain.rerank import Reranker
from gantry.domain.retrieval import DOCUMENTS, MEMORY
from gantry.domain.vectors import Nearest, Shelf, VectorHit, VectorScope
from gantry.repositories.database import Database
from gantry.repositories.knowledge_search import ChunkFound, MemoryFound, Places
from gantry.repositories.unit import UnitOfWork

DEADLINE_SECONDS = 3.0
_RERANKED = 30
_MOST_JOINED = 4000  # characters of chunks in one passage
_MEMORY_CHARACTERS = 1500  # of a long message, around what matches
_MAX_QUESTION = 4000
_READ = 6000  # characters of a message that are looked at for words
_IN_TURN = (1.0, 2.0, 0.5)  # what a word counts in a past turn, in its speaker and day, in the turns around,
_IN_CHUNK = (1.0, 3.0)  # in a chunk, in the names of its document and headings
_REPEATED = 3  # times what is asked for: people and models repeat themselves

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")
# For each field of a row: how often it holds each word that was asked for, and its length.
_Held = list[tuple[dict[str, int], int]]


@dataclass(frozen=True, slots=True)
class Retriever:
    """Search over everything a person keeps; every query takes the owner, and the places already checked to be theirs."""

    database: Database
    vectors: Nearest
    reranker: Reranker | None = None

    async def documents(
        self,
        who: Actor,
        question: str,
        *,
        scope: DocumentScope,
        limit: int = 8,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Found:
        """Return passages of *who*'s documents in *scope*, best first; a page, or chunks that touch, are one passage."""
        started = time.perf_counter()
        async with self.database.read() as tx:
            places, searched = await _places(tx, who, scope)
        if not searched or not question.strip():
            return Found(searched=searched)
        question = question[:_MAX_QUESTION]
        meaning, words, left_out = await self._both(
            self.vectors.nearest(
                question,
                scope=_vector_scope(who, places),
                limit=DOCUMENTS.candidates,
                feedback=DOCUMENTS.feedback,
            ),
            self._chunk_words(who, question, places),
            deadline_seconds,
        )
        async with self.database.read() as tx:
            rows = await tx.knowledge.chunks({*words, *meaning}, owner=who.id, places=places)
        found = {each.id: each for each in rows}
        words, meaning = _within(found, words), _within(found, meaning)
        held = {row: _in_chunk(question, each) for row, each in found.items()}
        counted = retrieval.okapi(held, _IN_CHUNK)
        scores = retrieval.fused(retrieval.mingled(counted, words, DOCUMENTS), meaning, DOCUMENTS)
        scores = retrieval.with_neighbours(scores, _beside(rows), DOCUMENTS.neighbour)
        order = [found[row] for row in retrieval.best_first(scores)]
        least = _least(left_out)
        order = [
            each
            for each in order
            if _near(meaning.get(each.id))
            or retrieval.coverage(question, _words(held[each.id]), DOCUMENTS) >= least
        ]
        order, missing = await self._reranked(question, order, [_whole(each) for each in order[:_RERANKED]])
        passages = _joined(order, scores, limit)
        took = {"total": (time.perf_counter() - started) * 1000}
        return Found(passages, (*left_out, *missing), searched, took)

    async def memory(
        self,
        who: Actor,
        question: str,
        *,
        exclude: UUID | None = None,
        limit: int = 6,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Found:
        """Return past turns of *who*'s conversations, best first; *exclude* is the conversation they are asked in."""
        started = time.perf_counter()
        question = question[:_MAX_QUESTION]
        async with self.database.read() as tx:
            searched = await tx.knowledge.count_memories(owner=who.id)
        if not searched or not question.strip():
            return Found(searched=searched)
        scope = VectorScope(who.id, Shelf.MEMORY, without_source=exclude)
        meaning, words, left_out = await self._both(
            self.vectors.nearest(question, scope=scope, limit=MEMORY.candidates, feedback=MEMORY.feedback),
            self._memory_words(who, question),
            deadline_seconds,
        )
        async with self.database.read() as tx:
            rows = await tx.knowledge.memories({*words, *meaning}, owner=who.id, apart=exclude)
        found = {each.id: each for each in rows if each.kind is MemoryKind.TURN}
        held = {row: _in_turn(question, each) for row, each in found.items()}
        scores = _weighed(question, found, held, _within(found, words), _within(found, meaning))
        least = _least(left_out)
        order: list[MemoryFound] = []
        for each in (found[row] for row in retrieval.best_first(scores)):
            # What somebody wants done always or prefers is told however little it has to do with the question.
            if (
                _near(meaning.get(each.id))
                or retrieval.coverage(question, _words(held[each.id]), MEMORY) >= least
                or _wished(question, each, 0.0) > 0
            ):
                order.append(each)
            if len(order) == _REPEATED * limit:
                break
        passages = [_turn(each, scores[each.id], question) for each in _different(order)[:limit]]
        took = {"total": (time.perf_counter() - started) * 1000}
        return Found(passages, left_out, searched, took)

    async def _chunk_words(self, who: Actor, question: str, places: Places) -> dict[UUID, float]:
        async with self.database.read() as tx:
            return await tx.knowledge.chunks_by_words(
                search_words(question), owner=who.id, places=places, limit=DOCUMENTS.candidates
            )

    async def _memory_words(self, who: Actor, question: str) -> dict[UUID, float]:
        async with self.database.read() as tx:
            return await tx.knowledge.memories_by_words(
                search_words(question), owner=who.id, kind=MemoryKind.TURN, limit=MEMORY.candidates
            )

    async def _both(
        self,
        meaning: Awaitable[Sequence[VectorHit]],
        words: Awaitable[dict[UUID, float]],
        deadline_seconds: float,
    ) -> tuple[dict[UUID, float], dict[UUID, float], tuple[str, ...]]:
        """Wait for both searches; one that fails or is late is left out, and named."""
        (hits, no_vectors), (scores, no_words) = await asyncio.gather(
            _in_time(meaning, deadline_seconds, []), _in_time(words, deadline_seconds, {})
        )
        left_out = ("vectors",) * no_vectors + ("keywords",) * no_words
        return {hit.row: hit.score for hit in hits}, scores, left_out

    async def _reranked(
        self, question: str, order: list[ChunkFound], texts: Sequence[str]
    ) -> tuple[list[ChunkFound], tuple[str, ...]]:
        """Let a reranker put the best in its own order, where there is one."""
        if self.reranker is None or len(texts) < 2:
            return order, ()
        ranks, late = await _in_time(self.reranker.rank(question, texts), DEADLINE_SECONDS, None)
        if late or ranks is None:
            return order, ("reranker",)
        return [*(order[index] for index in ranks), *order[len(texts) :]], ()


async def _places(tx: UnitOfWork, who: Actor, scope: DocumentScope) -> tuple[Places, int]:
    """Return where to look, and how many documents that is.

    Files of conversations are in no collection, so "all" means all collections and this one's files.
    """
    files = await tx.knowledge.attached(scope.attached, owner=who.id) if scope.attached else []
    if scope.kind is ScopeKind.ALL:
        held = await tx.knowledge.collections(owner=who.id)
        if not files:
            return Places(held, ()), sum(held.values())
        places = Places(held, files)
    elif scope.kind is ScopeKind.NONE:
        places = Places((), files)
    else:
        places = Places(scope.collections, (*scope.documents, *files))
    return places, await tx.knowledge.count_documents(owner=who.id, places=places)


async def _in_time(work: Awaitable[_Result], seconds: float, otherwise: _Result) -> tuple[_Result, bool]:
    try:
        async with asyncio.timeout(seconds):
            return await work, False
    except (TimeoutError, Unavailable) as error:
        log.info("retrieval.part_left_out", extra={"reason": type(error).__name__})
        return otherwise, True


def _vector_scope(who: Actor, places: Places) -> VectorScope:
    return VectorScope(
        who.id, Shelf.CHUNK, sources=tuple(places.documents or ()), groups=tuple(places.collections or ())
    )


def _beside(rows: Sequence[ChunkFound]) -> Mapping[UUID, list[UUID]]:
    at = {(each.document_id, each.ordinal): each.id for each in rows}
    return {
        row: [at[key] for key in ((document, ordinal - 1), (document, ordinal + 1)) if key in at]
        for (document, ordinal), row in at.items()
    }


def _within(found: Container[UUID], scores: Mapping[UUID, float]) -> dict[UUID, float]:
    """Return the scores of rows that were found: an index may know what is deleted or elsewhere."""
    return {row: score for row, score in scores.items() if row in found}


def _weighed(
    question: str,
    found: Mapping[UUID, MemoryFound],
    held: Mapping[UUID, _Held],
    words: Mapping[UUID, float],
    meaning: Mapping[UUID, float],
) -> dict[UUID, float]:
    """Return the scores of past turns: by words and meaning, by what stands around them, who spoke, and what they cover."""
    counted = retrieval.okapi(held, _IN_TURN)
    scores = retrieval.fused(retrieval.mingled(counted, words, MEMORY), meaning, MEMORY)
    nearest = max(meaning.values(), default=0.0) or 1.0
    beside = _above_and_below(found.values(), lambda each: each.parent_id)
    again = _above_and_below(found.values(), lambda each: each.before_id)
    near = retrieval.with_neighbours(scores, beside, MEMORY.neighbour)
    same = retrieval.with_neighbours(scores, again, MEMORY.again)
    covered = retrieval.covered({row: fields[0][0] for row, fields in held.items()})
    return {
        row: near[row]
        + (same[row] - score)
        + MEMORY.covers * covered[row]
        + _wished(question, found[row], meaning.get(row, 0.0) / nearest)
        + retrieval.who_spoke(question, found[row].speaker, MEMORY)
        for row, score in scores.items()
    }


def _wished(question: str, found: MemoryFound, nearness: float) -> float:
    return retrieval.how_wished(question, found.content, nearness, MEMORY) if found.speaker == "user" else 0.0


def _above_and_below(
    rows: Iterable[MemoryFound], above_of: Callable[[MemoryFound], UUID | None]
) -> Mapping[UUID, list[UUID]]:
    """Return for each memory those of the message above it, as *above_of* tells, and of the ones it is above of."""
    by_message = {each.message_id: each.id for each in rows}
    beside: dict[UUID, list[UUID]] = {}
    for each in rows:
        above = by_message.get(above_of(each))
        if above is not None:
            beside.setdefault(each.id, []).append(above)
            beside.setdefault(above, []).append(each.id)
    return beside


def _in_turn(question: str, found: MemoryFound) -> _Held:
    """Return what a past turn holds of the question's words: as it was said, in its speaker and day, and in the turns around."""
    texts = (found.content[:_READ], found.context, found.around)
    return [(retrieval.occurrences(question, text, MEMORY), len(text)) for text in texts]


def _in_chunk(question: str, found: ChunkFound) -> _Held:
    """Return what a chunk holds of the question's words: in its text, and in the names above it."""
    texts = (found.content, found.context)
    return [(retrieval.occurrences(question, text, DOCUMENTS), len(text)) for text in texts]


def _whole(found: ChunkFound) -> str:
    return f"{found.context}\n{found.content}"


def _near(similarity: float | None) -> bool:
    return similarity is not None and similarity >= retrieval.LEAST_SIMILARITY


def _least(left_out: Collection[str]) -> float:
    """Return the share of the question's words that what is not near in meaning must hold."""
    return retrieval.LEAST_COVERAGE_ALONE if "vectors" in left_out else retrieval.LEAST_COVERAGE


def _words(held: _Held) -> Iterable[Mapping[str, int]]:
    return (words for words, _length in held)


def _joined(order: Sequence[ChunkFound], scores: Mapping[UUID, float], limit: int) -> list[Passage]:
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


def _different(order: Sequence[MemoryFound]) -> list[MemoryFound]:
    """Leave out what says the same again."""
    seen: set[str] = set()
    kept: list[MemoryFound] = []
    for each in order:
        key = " ".join(each.content.lower().split())[:500]
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return kept


def _turn(found: MemoryFound, score: float, question: str) -> Passage:
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
    words = search_words(question)
    step = _MEMORY_CHARACTERS // 3
    lower = text.lower()
    start = max(
        range(0, len(text), step),
        key=lambda at: sum(
            1 for word in words if re.search(rf"\b{word}", lower[at : at + _MEMORY_CHARACTERS])
        ),
    )
    cut = text[start : start + _MEMORY_CHARACTERS]
    return ("… " if start else "") + cut.strip() + (" …" if start + _MEMORY_CHARACTERS < len(text) else "")
