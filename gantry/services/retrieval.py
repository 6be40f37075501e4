"""Finding passages in documents and in past conversations: by words and by meaning, at once, within a deadline."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from gantry.domain import relevance, retrieval
from gantry.domain.accounts import Actor
from gantry.domain.errors import Unavailable
from gantry.domain.knowledge import DocumentScope, Found, Nothing, Passage, ScopeKind
from gantry.domain.memory import MemoryKind
from gantry.domain.relevance import Evidence
from gantry.domain.rerank import Reranker
from gantry.domain.retrieval import DOCUMENTS, MEMORY, Mix
from gantry.domain.text import storable
from gantry.domain.vectors import Near, Nearest, VectorKind, VectorScope
from gantry.domain.words import asked, languages_of
from gantry.repositories.by_words import WordsFound
from gantry.repositories.database import Database
from gantry.repositories.knowledge_search import ChunkFound, Mark, MemoryFound, Places
from gantry.repositories.unit import UnitOfWork
from gantry.services.making_passages import different, joined, turn_passage

DEADLINE_SECONDS = 3.0
_RERANKED = 30
_READ = 6000  # characters of a message that are looked at for words
_IN_TURN = (1.0, 2.0, 0.5)  # what a word counts in a past turn, in its speaker and day, in the turns around,
_IN_CHUNK = (1.0, 3.0)  # in a chunk, in the names of its document and headings
_STANDING = 2  # instructions for all times that are told with talk about nothing
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
        started, question = time.perf_counter(), storable(question)
        async with self.database.read() as tx:
            places, searched = await _places(tx, who, scope)
        if not searched:
            chosen = scope.kind is ScopeKind.SOME
            return Found(nothing=Nothing.MISSING if chosen else Nothing.EMPTY)
        if not question.strip():
            return Found(searched=searched, nothing=Nothing.UNRELATED)
        question = question[: retrieval.MAX_SOUGHT_CHARACTERS]
        near, words, left_out = await self._both(
            partial(
                self.vectors.nearest,
                question,
                scope=_vector_scope(who, places),
                limit=DOCUMENTS.candidates,
                feedback=DOCUMENTS.feedback,
            ),
            partial(self._chunk_words, who, question, places),
            deadline_seconds,
        )
        async with self.database.read() as tx:
            rows = await tx.knowledge.chunks({*words.scores, *_scores(near)}, owner=who.id, places=places)
        found = {each.id: each for each in rows}
        meaning = _scores(near)
        held = {row: _in_chunk(question, each) for row, each in found.items()}
        weighed = _evidence(question, held.values(), words, near, DOCUMENTS)
        scores = _ranked(found, held, words, near, share=weighed.share)
        named = relevance.names_documents(question)
        lean = named or bool(scope.documents)
        whole = lean and relevance.asks_of_whole(question)
        given = whole or relevance.has_to_do(weighed, lean=lean)
        order = [
            each
            for each in (found[row] for row in retrieval.best_first(scores))
            if whole
            or each.document_id in scope.sent
            or (given and _is_related(question, held[each.id], meaning.get(each.id), near, DOCUMENTS))
        ]
        order, missing = await self._reranked(question, order, [_whole(each) for each in order[:_RERANKED]])
        passages = joined(order, scores, limit)
        took = {"total": (time.perf_counter() - started) * 1000}
        asks = named or (scope.kind is ScopeKind.SOME and weighed.words > 0)
        return Found(passages, (*left_out, *missing), searched, took, _why(passages, left_out, asks=asks))

    async def memory(
        self,
        who: Actor,
        question: str,
        *,
        exclude: UUID | None = None,
        limit: int = 6,
        deadline_seconds: float = DEADLINE_SECONDS,
        counted: tuple[int, int] | None = None,
    ) -> Found:
        """Return past turns of *who*'s conversations, best first.

        Args:
            exclude: The conversation they are asked in.
            counted: How many there are, and how many of them are *exclude*'s, where the caller has just counted.
        """
        started = time.perf_counter()
        question = storable(question)[: retrieval.MAX_SOUGHT_CHARACTERS]
        if counted is None:
            async with self.database.read() as tx:
                counted = await tx.knowledge.count_memories(owner=who.id, conversation=exclude)
        searched, here = counted
        if not searched or not question.strip():
            return Found(searched=searched, nothing=Nothing.UNRELATED if searched else Nothing.EMPTY)
        # The index is slow to leave out a conversation; one that has just begun has nothing to leave out.
        scope = VectorScope(who.id, VectorKind.MEMORY, without_source=exclude if here else None)
        near, words, left_out = await self._both(
            partial(
                self.vectors.nearest,
                question,
                scope=scope,
                limit=MEMORY.candidates,
                feedback=MEMORY.feedback,
            ),
            partial(self._memory_words, who, question),
            deadline_seconds,
        )
        nearness = _scores(near)
        async with self.database.read() as tx:
            rows = await tx.knowledge.memories({*words.scores, *nearness}, owner=who.id, apart=exclude)
        # Counted through below: a UUID is hashed in Python, each time it is looked up.
        found = dict(enumerate(rows))
        meaning, by_words = _numbered(found, nearness), _numbered(found, words.scores)
        held = {row: _in_turn(question, each) for row, each in found.items()}
        scores = _weighed(question, found, held, by_words, meaning)
        asks = relevance.recalls(question)
        weighed = _evidence(question, held.values(), words, near, MEMORY)
        given = asks or relevance.has_to_do(
            weighed,
            lean=relevance.asks_of_own(question),
            of_someone=relevance.asks_of_someone(question),
        )
        order: list[tuple[MemoryFound, float]] = []
        for row in retrieval.best_first(scores):
            # What somebody prefers is told where anything is; what they want done always, whatever they say.
            each = found[row]
            if given:
                told = _is_related(question, held[row], meaning.get(row), near, MEMORY) or _wished(
                    question, each, 0.0
                )
            else:
                told = retrieval.is_standing(each.content) and _wished(question, each, 0.0)
            if told:
                order.append((each, scores[row]))
            if len(order) == _REPEATED * limit:
                break
        most = limit if given else min(limit, _STANDING)
        passages = [turn_passage(each, score, question) for each, score in different(order)[:most]]
        took = {"total": (time.perf_counter() - started) * 1000}
        return Found(passages, left_out, searched, took, _why(passages, left_out, asks=asks))

    async def _chunk_words(self, who: Actor, question: str, places: Places) -> WordsFound:
        async with self.database.read() as tx:
            return await tx.knowledge.chunks_by_words(
                asked(question), owner=who.id, places=places, limit=DOCUMENTS.candidates
            )

    async def _memory_words(self, who: Actor, question: str) -> WordsFound:
        async with self.database.read() as tx:
            return await tx.knowledge.memories_by_words(
                asked(question), owner=who.id, kind=MemoryKind.TURN, limit=MEMORY.candidates
            )

    async def _both(
        self,
        meaning: Callable[[], Awaitable[Near]],
        words: Callable[[], Awaitable[WordsFound]],
        deadline_seconds: float,
    ) -> tuple[Near | None, WordsFound, tuple[str, ...]]:
        """Wait for both searches; one that fails or is late is left out, and named."""
        (near, no_vectors), (found, no_words) = await asyncio.gather(
            _in_time(meaning, deadline_seconds, None), _in_time(words, deadline_seconds, WordsFound())
        )
        return near, found, ("vectors",) * no_vectors + ("keywords",) * no_words

    async def _reranked(
        self, question: str, order: list[ChunkFound], texts: Sequence[str]
    ) -> tuple[list[ChunkFound], tuple[str, ...]]:
        """Let a reranker put the best in its own order, where there is one."""
        if self.reranker is None or len(texts) < 2:
            return order, ()
        ranks, late = await _in_time(partial(self.reranker.rank, question, texts), DEADLINE_SECONDS, None)
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


async def _in_time(
    work: Callable[[], Awaitable[_Result]], seconds: float, otherwise: _Result
) -> tuple[_Result, bool]:
    try:
        async with asyncio.timeout(seconds):
            return await work(), False
    except (TimeoutError, Unavailable) as error:
        log.info("retrieval.part_left_out", extra={"reason": type(error).__name__})
        return otherwise, True


def _vector_scope(who: Actor, places: Places) -> VectorScope:
    return VectorScope(
        who.id,
        VectorKind.CHUNK,
        sources=tuple(places.documents or ()),
        groups=tuple(places.collections or ()),
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


def _ranked(
    found: Mapping[UUID, ChunkFound],
    held: Mapping[UUID, _Held],
    words: WordsFound,
    near: Near | None,
    *,
    share: float,
) -> dict[UUID, float]:
    """Return the scores of chunks by words and meaning; *share* is how much of the question's words one of them holds."""
    mix = retrieval.trusting(DOCUMENTS, share)
    counted = retrieval.okapi(held, _IN_CHUNK)
    scores = retrieval.mingled(counted, _within(found, words.scores), mix)
    scores = retrieval.fused(scores, _within(found, _scores(near)), mix)
    return retrieval.with_neighbours(scores, _beside(list(found.values())), mix.neighbour)


def _numbered(found: Mapping[int, MemoryFound], scores: Mapping[UUID, float]) -> dict[int, float]:
    """Return the scores of rows that were found, by their numbers there: an index may know what is deleted or elsewhere."""
    scored = ((row, scores.get(each.id)) for row, each in found.items())
    return {row: score for row, score in scored if score is not None}


def _weighed(
    question: str,
    found: Mapping[int, MemoryFound],
    held: Mapping[int, _Held],
    words: Mapping[int, float],
    meaning: Mapping[int, float],
) -> dict[int, float]:
    """Return the scores of past turns: by words and meaning, by what stands around them, who spoke, and what they cover."""
    counted = retrieval.okapi(held, _IN_TURN)
    scores = retrieval.fused(retrieval.mingled(counted, words, MEMORY), meaning, MEMORY)
    nearest = max(meaning.values(), default=0.0) or 1.0
    beside = _above_and_below(found, lambda each: each.above)
    again = _above_and_below(found, lambda each: each.before)
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
    found: Mapping[int, MemoryFound], above_of: Callable[[MemoryFound], Mark]
) -> Mapping[int, list[int]]:
    """Return for each memory those of the message above it, as *above_of* tells, and of the ones it is above of."""
    by_message = {each.message: row for row, each in found.items()}
    beside: dict[int, list[int]] = {}
    for row, each in found.items():
        above = by_message.get(above_of(each))
        if above is not None:
            beside.setdefault(row, []).append(above)
            beside.setdefault(above, []).append(row)
    return beside


def _in_turn(question: str, found: MemoryFound) -> _Held:
    """Return what a past turn holds of the question's words: as it was said, in its speaker and day, and in the turns around."""
    texts = (found.content[:_READ], found.context, found.around)
    return _held(question, texts, MEMORY)


def _in_chunk(question: str, found: ChunkFound) -> _Held:
    """Return what a chunk holds of the question's words: in its text, and in the names above it."""
    return _held(question, (found.content, found.context), DOCUMENTS)


def _held(question: str, texts: Sequence[str], mix: retrieval.Mix) -> _Held:
    languages = languages_of(texts[0])  # the others are too short to tell
    return [(retrieval.occurrences(question, text, mix, languages), len(text)) for text in texts]


def _whole(found: ChunkFound) -> str:
    return f"{found.context}\n{found.content}"


def _scores(near: Near | None) -> dict[UUID, float]:
    return {hit.row: hit.score for hit in near.hits} if near else {}


def _evidence(
    question: str, held: Collection[_Held], words: WordsFound, near: Near | None, mix: Mix
) -> Evidence:
    """Return what speaks for the question, as a whole, having to do with anything that was found."""
    return relevance.evidence(
        relevance.says_what(asked(question, mix.endings, alone=False)),
        [{word for part, _length in fields for word in part} for fields in held],
        holders=words.holders,
        kept=words.kept,
        similarity=near.similarity if near and _tells(near, question) else None,
    )


def _tells(near: Near, question: str) -> bool:
    """Whether similarity counts: of a model that is not measured it has to, or a question in other words would find nothing."""
    unmeasured = near.model.semantic and near.model.name not in relevance.MEASURED
    return unmeasured or relevance.knows(near.model.name, question)


def _is_related(question: str, held: _Held, similarity: float | None, near: Near | None, mix: Mix) -> bool:
    """Whether one row is near enough, or holds enough of the question's words."""
    if near is not None and similarity is not None:
        # A model whose cosines are not known tells by its order alone; those of words are known.
        known = near.model.name in relevance.MEASURED or not near.model.semantic
        if similarity >= relevance.LEAST_SIMILARITY or not known:
            return True
    least = relevance.LEAST_COVERAGE if near else relevance.LEAST_COVERAGE_ALONE
    return retrieval.coverage(question, (words for words, _length in held), mix) >= least


def _why(passages: Sequence[Passage], left_out: Collection[str], *, asks: bool) -> Nothing | None:
    if passages or {"vectors", "keywords"} <= set(left_out):
        return None
    return Nothing.MISSING if asks else Nothing.UNRELATED
