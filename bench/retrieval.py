"""How good search is, and how quick: public query sets through the product's own ingestion and search.

``make bench-retrieval`` loads every set found under ``RETRIEVAL_DATA`` (default ``../shared/retrieval/dev``) and prints a line
for each method, ``SET METHOD recall@5 X recall@10 X ndcg@10 X``; then how long a search takes. What kind a set is, its files tell.
"""

import argparse
import asyncio
import json
import math
import os
import random
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from gantry import bootstrap
from gantry.bootstrap import Built, build
from gantry.domain import retrieval
from gantry.domain.accounts import Actor, Role
from gantry.domain.chunking import chunked, context_of
from gantry.domain.embedding import TextRole, lead_of
from gantry.domain.knowledge import DocumentScope, Passage
from gantry.domain.memory import MemoryKind
from gantry.domain.parsing import Section
from gantry.domain.passages import search_words
from gantry.domain.text import storable
from gantry.domain.vault import DocumentState
from gantry.domain.vectors import Shelf, VectorEntry, VectorScope
from gantry.models import Account, Chunk, Collection, Conversation, Document, MemoryItem, Message, new_id
from gantry.repositories.database import Database
from gantry.repositories.knowledge_search import Places
from gantry.services.learning import spoken_date
from gantry.settings import Settings
from tests.parts.minilm import model_folder

METHODS = ("reference", "keyword", "dense", "gantry")
_DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "retrieval" / "dev"
_CUT = 30  # results asked for
_AROUND = 300


@dataclass(frozen=True, slots=True)
class Hit:
    """A result as the sets count it: a document or message, a stretch of one, or a page."""

    key: str
    start: int = 0
    end: int = 0
    page: int | None = None


@dataclass(slots=True)
class Loaded:
    """A set inside the product: who owns it, and what the rows are called in it."""

    name: str
    kind: str  # "ids", "spans", "pages" or "memory"
    queries: list[dict[str, Any]]
    owners: dict[str, Actor] = field(default_factory=dict)  # by conversation; "" for documents
    names: dict[UUID, str] = field(default_factory=dict)  # of documents and messages


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read a file of one JSON object a line."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def sets_in(folder: Path) -> Iterator[Path]:
    """Yield the folders that hold a set."""
    yield from sorted(each for each in folder.iterdir() if (each / "queries.jsonl").is_file())


class Bench:
    """One process of the product over a database of its own."""

    def __init__(self, built: Built, database: Database) -> None:
        self.built = built
        self.database = database
        self.now = datetime.now(UTC)

    async def person(self) -> Actor:
        """Add somebody."""
        row = Account(
            id=new_id(),
            email=f"{new_id().hex}@example.org",
            name="Person",
            password_hash="-",
            created_at=self.now,
            password_changed_at=self.now,
        )
        async with self.database.begin() as tx:
            tx.session.add(row)
        return Actor(row.id, row.email, row.name, Role.USER)

    async def load(self, folder: Path) -> Loaded:
        """Bring a set in."""
        queries = rows_of(folder / "queries.jsonl")
        if (folder / "pages.jsonl").exists():
            loaded = Loaded(folder.name, "pages", queries)
            await self._documents(loaded, _paged(rows_of(folder / "pages.jsonl")))
            return loaded
        corpus = rows_of(folder / "corpus.jsonl")
        if "speaker" in corpus[0]:
            loaded = Loaded(folder.name, "memory", queries)
            await self._memories(loaded, corpus)
            return loaded
        kind = "spans" if "spans" in queries[0] else "ids"
        loaded = Loaded(folder.name, kind, queries)
        files = {row["id"]: (row.get("title") or row["id"], [Section(row["text"])]) for row in corpus}
        await self._documents(loaded, files)
        return loaded

    async def _documents(self, loaded: Loaded, files: dict[str, tuple[str, list[Section]]]) -> None:
        who = loaded.owners[""] = await self.person()
        shelf = Collection(
            id=new_id(),
            account_id=who.id,
            name="All",
            is_default=True,
            created_at=self.now,
            updated_at=self.now,
        )
        async with self.database.begin() as tx:
            tx.session.add(shelf)
        for key, (name, sections) in files.items():
            document = Document(
                id=new_id(),
                account_id=who.id,
                collection_id=shelf.id,
                name=name[:255],
                media_type="text/plain",
                size_bytes=1,
                sha256=new_id().hex,
                state=DocumentState.READY,
                created_at=self.now,
                updated_at=self.now,
            )
            loaded.names[document.id] = key
            chunks = [
                Chunk(
                    document_id=document.id,
                    account_id=who.id,
                    collection_id=shelf.id,
                    ordinal=chunk.ordinal,
                    page=chunk.page,
                    heading=chunk.heading,
                    start_offset=chunk.start,
                    end_offset=chunk.end,
                    context=storable(context_of(name, chunk.heading)),
                    content=storable(chunk.text),
                )
                for chunk in chunked(sections)
            ]
            async with self.database.begin() as tx:
                tx.session.add(document)
                await tx.session.flush()
                tx.session.add_all(chunks)

    async def _memories(self, loaded: Loaded, corpus: list[dict[str, Any]]) -> None:
        """Bring conversations in as the learner does: a conversation for each session, each message with what is around it."""
        by_talk: dict[str, list[dict[str, Any]]] = {}
        for row in corpus:
            by_talk.setdefault(str(row["conv"]), []).append(row)
        for talk, rows in by_talk.items():
            who = loaded.owners[talk] = await self.person()
            sessions: dict[Any, list[dict[str, Any]]] = {}
            for row in rows:
                sessions.setdefault(row["session"], []).append(row)
            for session in sessions.values():
                await self._session(loaded, who, session)

    async def _session(self, loaded: Loaded, who: Actor, rows: list[dict[str, Any]]) -> None:
        thread = Conversation(
            id=new_id(), account_id=who.id, title="Talk", created_at=self.now, updated_at=self.now
        )
        made: list[Any] = [thread]
        parent: UUID | None = None
        for at, row in enumerate(rows):
            said = datetime.fromisoformat(row["when"]).replace(tzinfo=UTC)
            speaker = str(row["speaker"])
            message = Message(
                id=new_id(),
                conversation_id=thread.id,
                account_id=who.id,
                parent_id=parent,
                depth=at,
                role="assistant" if speaker == "assistant" else "user",  # pyright: ignore[reportArgumentType]
                content=row["text"],
                created_at=said,
                memorised_at=self.now,
            )
            parent = message.id
            loaded.names[message.id] = row["id"]
            near = [rows[n]["text"][:_AROUND] for n in (at - 2, at - 1, at + 1) if 0 <= n < len(rows)]
            item = MemoryItem(
                account_id=who.id,
                kind=MemoryKind.TURN,
                conversation_id=thread.id,
                message_id=message.id,
                speaker=speaker[:16],
                content=row["text"],
                context=f"{speaker} {spoken_date(said)}",
                around=" ".join(near),
                lead=lead_of(str(rows[at - 1]["speaker"]), rows[at - 1]["text"], row["text"]) if at else "",
                said_at=said,
                created_at=self.now,
                updated_at=self.now,
            )
            made += [message, item]
        async with self.database.begin() as tx:
            for row in made:
                tx.session.add(row)
                await tx.session.flush()

    async def index(self) -> tuple[int, float]:
        """Make all vectors; returns how many rows, and how many a second."""
        started, count = time.perf_counter(), 0
        await self.built.knowledge.indexer.settle()
        while done := await self.built.knowledge.indexer.work():
            count += done
        return count, count / (time.perf_counter() - started)

    async def ask(self, loaded: Loaded, method: str, query: dict[str, Any]) -> list[Hit]:
        """Return what a method finds for a query, best first."""
        who = loaded.owners[str(query.get("conv", "")) if loaded.kind == "memory" else ""]
        question = str(query["text"])
        if loaded.kind == "memory":
            return await self._ask_memory(loaded, method, who, question)
        if method == "gantry":
            found = await self.built.knowledge.retriever.documents(
                who, question, scope=DocumentScope(), limit=_CUT, floor=False, deadline_seconds=30
            )
            return [_hit(loaded, each) for each in found.passages]
        scores = await self._scores(method, who, question, Shelf.CHUNK)
        async with self.database.read() as tx:
            rows = {
                each.chunk.id: each.chunk
                for each in await tx.knowledge.chunks(scores, owner=who.id, places=Places())
            }
        ordered = [rows[row] for row in retrieval.best_first(scores) if row in rows]
        return [
            Hit(loaded.names[row.document_id], row.start_offset, row.end_offset, row.page) for row in ordered
        ]

    async def _ask_memory(self, loaded: Loaded, method: str, who: Actor, question: str) -> list[Hit]:
        if method == "gantry":
            found = await self.built.knowledge.retriever.memory(
                who, question, limit=_CUT, floor=False, deadline_seconds=30
            )
            return [Hit(loaded.names[each.message_id]) for each in found.passages if each.message_id]
        scores = await self._scores(method, who, question, Shelf.MEMORY)
        async with self.database.read() as tx:
            rows = {each.id: each for each in await tx.knowledge.memories(scores, owner=who.id, apart=None)}
        ordered = [rows[row] for row in retrieval.best_first(scores) if row in rows]
        return [Hit(loaded.names[row.message_id]) for row in ordered if row.message_id]

    async def _scores(self, method: str, who: Actor, question: str, shelf: Shelf) -> dict[UUID, float]:
        """Return one search alone; *reference* is plain vectors with a threshold and the ten nearest, as the reference app does."""
        if method == "keyword":
            async with self.database.read() as tx:
                words = search_words(question)
                if shelf is Shelf.CHUNK:
                    return await tx.knowledge.chunks_by_words(
                        words, owner=who.id, places=Places(), limit=_CUT * 3
                    )
                return await tx.knowledge.memories_by_words(
                    words, owner=who.id, kind=MemoryKind.TURN, limit=_CUT * 3
                )
        hits = await self.built.knowledge.indexer.nearest(
            question, scope=VectorScope(who.id, shelf), limit=10 if method == "reference" else _CUT * 3
        )
        return {hit.row: hit.score for hit in hits if method != "reference" or hit.score >= 0.3}


def _paged(rows: list[dict[str, Any]]) -> dict[str, tuple[str, list[Section]]]:
    files: dict[str, tuple[str, list[Section]]] = {}
    for row in rows:
        _name, sections = files.setdefault(row["doc"], (f"{row['doc']}.pdf", []))
        sections.append(Section(row["text"], page=row["page"] + 1))
    return files


def _hit(loaded: Loaded, passage: Passage) -> Hit:
    return Hit(loaded.names[passage.source_id], passage.start, passage.end, passage.page)


def score(loaded: Loaded, query: dict[str, Any], hits: Sequence[Hit]) -> tuple[float, float, float]:
    """Return recall@5, recall@10 and nDCG@10, by the definitions of the sets' own scorer."""
    targets, matches, unit = _targets(loaded, query)
    seen: set[int] = set()
    units: set[Any] = set()
    gain, recall_5, rank = 0.0, 0.0, 0
    for hit in hits:
        key = unit(hit)
        if key is not None and key in units:
            continue
        units.add(key)
        rank += 1
        if rank > 10:
            break
        fresh = {number for number in range(targets) if number not in seen and matches(number, hit)}
        if fresh:
            gain += 1 / math.log2(rank + 1)
        seen |= fresh
        if rank <= 5:
            recall_5 = len(seen) / targets
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(targets, 10) + 1))
    return recall_5, len(seen) / targets, min(1.0, gain / ideal)


def _targets(
    loaded: Loaded, query: dict[str, Any]
) -> tuple[int, Callable[[int, Hit], bool], Callable[[Hit], Any]]:
    """Return how many targets a query has, whether a hit is on one, and what takes no rank a second time."""
    if loaded.kind == "spans":
        spans = query["spans"]

        def covers(number: int, hit: Hit) -> bool:
            span = spans[number]
            shared = min(span["end"], hit.end) - max(span["start"], hit.start)
            return hit.key == span["doc"] and shared >= (span["end"] - span["start"]) / 2

        return len(spans), covers, lambda _hit: None
    if loaded.kind == "pages":
        pages = list(dict.fromkeys(map(tuple, query["pages"])))
        return (
            len(pages),
            lambda number, hit: (hit.key, (hit.page or 0) - 1) == pages[number],
            lambda _hit: None,
        )
    wanted = list(dict.fromkeys(query["relevant"]))
    return len(wanted), lambda number, hit: hit.key == wanted[number], lambda hit: hit.key


async def measure(bench: Bench, loaded: Loaded) -> list[float]:
    """Print a line for each method; returns how long the product's own searches took, in milliseconds."""
    took: list[float] = []
    for method in METHODS:
        results: list[tuple[float, float, float]] = []
        for query in loaded.queries:
            if not query.get("answerable", True):
                continue
            started = time.perf_counter()
            hits = await bench.ask(loaded, method, query)
            if method == "gantry":
                took.append((time.perf_counter() - started) * 1000)
            results.append(score(loaded, query, hits))
        five, ten, ndcg = (statistics.mean(column) for column in zip(*results, strict=True))
        print(
            f"{loaded.name} {method} recall@5 {five:.3f} recall@10 {ten:.3f} ndcg@10 {ndcg:.3f}", flush=True
        )
    await _off_topic(bench, loaded)
    return took


async def _off_topic(bench: Bench, loaded: Loaded) -> None:
    """Print for how many questions without an answer nothing is given, where a set has such questions."""
    unanswerable = [query for query in loaded.queries if not query.get("answerable", True)]
    if not unanswerable:
        return
    silent = 0
    for query in unanswerable:
        who = loaded.owners[str(query.get("conv", ""))]
        silent += not (await bench.built.knowledge.retriever.memory(who, str(query["text"]))).passages
    print(
        f"{loaded.name} unanswerable {len(unanswerable)} nothing-given {silent / len(unanswerable):.3f}",
        flush=True,
    )


async def overhead(bench: Bench, loaded: Loaded) -> None:
    """Print what looking up costs one message: documents and memory, one after the other as the slowest case."""
    took: list[float] = []
    who = next(iter(loaded.owners.values()))
    for query in loaded.queries[:60]:
        started = time.perf_counter()
        await asyncio.gather(
            bench.built.knowledge.retriever.documents(who, str(query["text"]), scope=DocumentScope()),
            bench.built.knowledge.retriever.memory(who, str(query["text"])),
        )
        took.append((time.perf_counter() - started) * 1000)
    print(f"per-message overhead p50 {_at(took, 50):.0f} ms p95 {_at(took, 95):.0f} ms", flush=True)


async def scale(bench: Bench, vectors: int, people: int) -> None:
    """Print how long a search takes for one person while others hold more and more."""
    indexer = bench.built.knowledge.indexer
    await indexer.settle()
    sets = await indexer._known()
    if sets.active is None:
        return
    dice = random.Random(7)
    dimension = sets.active.dimension
    accounts = [new_id() for _ in range(people)]
    each = vectors // people
    texts = [f"note {n} about topic {n % 97}" for n in range(400)]
    embedder = await indexer.wanted()
    base = await embedder.embed(texts, TextRole.PASSAGE)
    held = 0
    for step in (vectors // 10, vectors):
        started = time.perf_counter()
        added = 0
        while held < step:
            account = accounts[(held // each) % people]
            entries = [
                VectorEntry(
                    new_id(),
                    0,
                    [value + dice.gauss(0, 0.02) for value in dice.choice(base)],
                    new_id(),
                    account,
                )
                for _ in range(min(each, step - held))
            ]
            await indexer.index.add(sets.active.name, account, Shelf.CHUNK, entries)
            held += len(entries)
            added += len(entries)
        rate = added / (time.perf_counter() - started)
        took: list[float] = []
        for number in range(120):
            scope = VectorScope(accounts[number % people], Shelf.CHUNK)
            started = time.perf_counter()
            await indexer.nearest(texts[number], scope=scope, limit=100, feedback=3)
            took.append((time.perf_counter() - started) * 1000)
        print(
            f"scale vectors {held} people {people} dimension {dimension} insert/s {rate:.0f} "
            f"search p50 {_at(took, 50):.1f} ms p95 {_at(took, 95):.1f} ms",
            flush=True,
        )


def _at(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


async def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description="Measure how good and how quick search is.")
    parser.add_argument("sets", nargs="*", help="names of sets; all by default")
    parser.add_argument(
        "--model", default=os.environ.get("EMBEDDING_MODEL", "auto"), help="as EMBEDDING_MODEL"
    )
    parser.add_argument("--database", default="", help="a PostgreSQL URL; SQLite by default")
    parser.add_argument("--scale", action="store_true", help="only the cost of other people's vectors")
    options = parser.parse_args()
    folder = Path(os.environ.get("RETRIEVAL_DATA") or _DEFAULT)
    work = Path(tempfile.mkdtemp(prefix="gantry-bench-"))
    try:
        await _run(options, folder, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


async def _run(options: argparse.Namespace, folder: Path, work: Path) -> None:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        database_url=options.database or f"sqlite:///{work / 'bench.db'}",
        data_dir=work,
        secret_key=secrets.token_urlsafe(48),  # pyright: ignore[reportArgumentType]
        probe_local_models=False,
        embedding_model=options.model,
    )
    if options.model in {
        "auto",
        "minilm",
    }:  # where it is not in the cache and there is no network, it is built
        await asyncio.to_thread(model_folder, work / "models" / "all-MiniLM-L6-v2" / "onnx")
    await asyncio.to_thread(bootstrap.migrate, settings)
    async with AsyncExitStack() as stack:
        built = await stack.enter_async_context(build(settings))
        database = await stack.enter_async_context(Database(settings.database_url))
        bench = Bench(built, database)
        if options.scale:
            await scale(bench, 100_000, 1000)
            return
        took: list[float] = []
        loaded: Loaded | None = None
        for path in sets_in(folder):
            if options.sets and path.name not in options.sets:
                continue
            loaded = await bench.load(path)
            count, rate = await bench.index()
            print(f"{path.name} indexed {count} rows, {rate:.0f} a second", file=sys.stderr, flush=True)
            took += await measure(bench, loaded)
        if loaded is None:
            sys.exit(f"no sets found under {folder}")
        print(f"search latency p50 {_at(took, 50):.0f} ms p95 {_at(took, 95):.0f} ms", flush=True)
        await overhead(bench, loaded)


if __name__ == "__main__":
    asyncio.run(main())
