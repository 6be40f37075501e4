"""Finding passages in documents and in past conversations: by words and by meaning, at once, within a deadline."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from gantry.models import Chunk
from gantry.repositories.database import Database
from gantry.repositories.knowledge_search import ChunkFound, MemoryFound, Places

DEADLINE_SECONDS = 3.0
_RERANKED = 30
_MOST_JOINED = 4000  # characters of neighbouring chunks in one passage
_MEMORY_CHARACTERS = 1500  # of a long message, around what matches
_MAX_QUESTION = 4000
_READ = 6000  # characters of a message that are looked at for words
_REPEATED = 3  # times what is asked for: people and models repeat themselves

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Retriever:
    """Search over everything a person keeps; every query takes the owner, and the places already checked to be theirs."""

    database: Database
    vectors: Nearest
    reranker: Reranker | None = None
    semantic: bool = True

    async def documents(
        self,
        who: Actor,
        question: str,
        *,
        scope: DocumentScope,
        limit: int = 8,
        deadline_seconds: float = DEADLINE_SECONDS,
        floor: bool = True,
    ) -> Found:
        """Return passages of *who*'s documents in *scope*, best first; neighbouring chunks are one passage.

        Args:
            floor: Leave out what has too little to do with the question.
        """
        started = time.perf_counter()
        places = await self._places(who, scope)
        async with self.database.read() as tx:
            searched = await tx.knowledge.count_documents(owner=who.id, places=places)
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
        scores = retrieval.fused(words, meaning, DOCUMENTS)
        async with self.database.read() as tx:
            rows = await tx.knowledge.chunks(scores, owner=who.id, places=places)
        found = {each.chunk.id: each for each in rows}
        scores = {row: score for row, score in scores.items() if row in found}
        scores = retrieval.with_neighbours(scores, _beside(rows), DOCUMENTS.neighbour)
        order = [found[row] for row in retrieval.best_first(scores)]
        if floor:
            order = [each for each in order if _relevant(question, _whole(each), meaning.get(each.chunk.id))]
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
        floor: bool = True,
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
        scores = retrieval.fused(words, meaning, MEMORY)
        async with self.database.read() as tx:
            rows = await tx.knowledge.memories(scores, owner=who.id, apart=exclude)
        found = {each.item.id: each for each in rows if each.item.kind is MemoryKind.TURN}
        scores = {row: score for row, score in scores.items() if row in found}
        scores = _weighed(question, scores, found)
        order: list[MemoryFound] = []
        for each in (found[row] for row in retrieval.best_first(scores)):
            if not floor or _relevant(question, _said(each), meaning.get(each.item.id)):
                order.append(each)
            if len(order) == _REPEATED * limit:
                break
        passages = [_turn(each, scores[each.item.id], question) for each in _different(order)[:limit]]
        took = {"total": (time.perf_counter() - started) * 1000}
        return Found(passages, left_out, searched, took)

    async def _places(self, who: Actor, scope: DocumentScope) -> Places:
        """Return where to look. Files of conversations are in no collection, so "all" means all collections and this one's files."""
        async with self.database.read() as tx:
            files = await tx.knowledge.attached(scope.attached, owner=who.id) if scope.attached else []
            if scope.kind is ScopeKind.ALL:
                return Places(await tx.knowledge.collections(owner=who.id), files)
            if scope.kind is ScopeKind.NONE:
                return Places((), files)
            return Places(scope.collections, (*scope.documents, *files))

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
    at = {(each.chunk.document_id, each.chunk.ordinal): each.chunk.id for each in rows}
    return {
        row: [at[key] for key in ((document, ordinal - 1), (document, ordinal + 1)) if key in at]
        for (document, ordinal), row in at.items()
    }


def _weighed(
    question: str, scores: Mapping[UUID, float], found: Mapping[UUID, MemoryFound]
) -> dict[UUID, float]:
    """Return the scores of past turns with what stands around them, who spoke, and what they cover."""
    beside = _above_and_below(found.values(), lambda each: each.parent_id)
    again = _above_and_below(found.values(), lambda each: each.before_id)
    near = retrieval.with_neighbours(scores, beside, MEMORY.neighbour)
    same = retrieval.with_neighbours(scores, again, MEMORY.again)
    covered = retrieval.covered(question, {row: _spoken(each) for row, each in found.items()})
    return {
        row: near[row]
        + (same[row] - score)
        + MEMORY.covers * covered[row]
        + (
            retrieval.how_wished(question, found[row].item.content, MEMORY)
            if found[row].item.speaker == "user"
            else 0.0
        )
        + retrieval.who_spoke(question, found[row].item.speaker, MEMORY)
        for row, score in scores.items()
    }


def _above_and_below(
    rows: Iterable[MemoryFound], above_of: Callable[[MemoryFound], UUID | None]
) -> Mapping[UUID, list[UUID]]:
    """Return for each memory those of the message above it, as *above_of* tells, and of the ones it is above of."""
    by_message = {each.item.message_id: each.item.id for each in rows}
    beside: dict[UUID, list[UUID]] = {}
    for each in rows:
        above = by_message.get(above_of(each))
        if above is not None:
            beside.setdefault(each.item.id, []).append(above)
            beside.setdefault(above, []).append(each.item.id)
    return beside


def _spoken(found: MemoryFound) -> str:
    return f"{found.item.speaker} {found.item.content[:_READ]}"


def _whole(found: ChunkFound) -> str:
    return f"{found.chunk.context}\n{found.chunk.content}"


def _said(found: MemoryFound) -> str:
    return f"{found.item.context}\n{found.item.content[:_READ]}\n{found.item.around}"


def _relevant(question: str, text: str, similarity: float | None) -> bool:
    near = similarity is not None and similarity >= retrieval.LEAST_SIMILARITY
    return near or retrieval.coverage(question, text) >= retrieval.LEAST_COVERAGE


def _joined(order: Sequence[ChunkFound], scores: Mapping[UUID, float], limit: int) -> list[Passage]:
    """Make passages; a chunk beside one that is taken already lengthens it, as long as it is of the same page."""
    made: list[Passage] = []
    ends: list[tuple[Chunk, Chunk]] = []
    for each in order:
        chunk = each.chunk
        for index, (first, last) in enumerate(ends):
            joined = _join(made[index], first, last, chunk)
            if joined is not None:
                made[index] = joined
                ends[index] = (chunk, last) if chunk.ordinal < first.ordinal else (first, chunk)
                break
        else:
            if len(made) == limit:
                break
            made.append(_passage(each, scores[chunk.id]))
            ends.append((chunk, chunk))
    return made


def _join(passage: Passage, first: Chunk, last: Chunk, chunk: Chunk) -> Passage | None:
    if chunk.document_id != first.document_id or chunk.page != first.page:
        return None
    before, after = chunk.ordinal == first.ordinal - 1, chunk.ordinal == last.ordinal + 1
    if not (before or after) or len(passage.text) + len(chunk.content) > _MOST_JOINED:
        return None
    if before:
        text = _seam(chunk.content, chunk.end_offset, passage.text, passage.start)
        return replace(
            passage,
            rows=(chunk.id, *passage.rows),
            text=text,
            start=chunk.start_offset,
            heading=chunk.heading,
        )
    text = _seam(passage.text, passage.end, chunk.content, chunk.start_offset)
    return replace(passage, rows=(*passage.rows, chunk.id), text=text, end=chunk.end_offset)


def _seam(left: str, end: int, right: str, start: int) -> str:
    """Put two stretches of one text together: without what both have, or with the break between them."""
    return left + right[end - start :] if end > start else f"{left}\n{right}"


def _passage(found: ChunkFound, score: float) -> Passage:
    chunk = found.chunk
    return Passage(
        rows=(chunk.id,),
        text=chunk.content,
        score=min(1.0, score),
        source_id=chunk.document_id,
        title=found.name,
        page=chunk.page,
        heading=chunk.heading,
        start=chunk.start_offset,
        end=chunk.end_offset,
    )


def _different(order: Sequence[MemoryFound]) -> list[MemoryFound]:
    """Leave out what says the same again."""
    seen: set[str] = set()
    kept: list[MemoryFound] = []
    for each in order:
        key = " ".join(each.item.content.lower().split())[:500]
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return kept


def _turn(found: MemoryFound, score: float, question: str) -> Passage:
    item = found.item
    return Passage(
        rows=(item.id,),
        text=_around_match(item.content, question),
        score=min(1.0, score),
        source_id=item.conversation_id or item.id,
        title=found.title,
        message_id=item.message_id,
        speaker=item.speaker,
        said_at=item.said_at,
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
