"""How good search is, and how quick: public query sets through the product's own ingestion and search.

``make bench-retrieval`` loads every set found under ``RETRIEVAL_DATA`` and prints a line
for each method, ``SET METHOD recall@5 X recall@10 X ndcg@10 X``, and ``smalltalk SET given X``: the share of the messages in
``smalltalk``, which want nothing, that are given something all the same. Then how long a search takes. What kind a set is, its
files tell.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.retrieval_scale import percentile, scale
from bench.retrieval_sets import Hit, Loaded, Loader, Scores, average, score, sets_in, small_talk_in
from gantry import bootstrap
from gantry.bootstrap import Built, build
from gantry.domain.accounts import Actor
from gantry.domain.embedding import TextRole
from gantry.domain.knowledge import DocumentScope, Found
from gantry.domain.retrieval import is_standing
from gantry.domain.vectors import IndexUnavailable, Near, VectorKind, VectorScope
from gantry.repositories.database import Database
from gantry.repositories.knowledge_search import Places
from gantry.settings import Settings
from tests.parts.minilm import model_folder

METHODS = ("reference", "keyword", "dense", "gantry")
_CUT = 30  # results asked for
_TRIES = 5
_REFERENCE_CHARACTERS = 2000  # of a chunk of the reference app,
_REFERENCE_SIMILARITY = 0.3  # what it takes at least
_REFERENCE_CUT = 10  # and at most


class Reference:
    """The reference app as documented: whole messages, chunks of 2,000 characters, the ten nearest that are near enough."""

    def __init__(self, built: Built, loaded: Loaded) -> None:
        self._built = built
        self._loaded = loaded
        self._hits: dict[str, list[Hit]] = {}
        self._vectors: dict[str, Any] = {}

    async def load(self) -> None:
        """Make the vectors."""
        for owner, texts in self._loaded.texts.items():
            pieces = [
                piece
                for hit, text in texts
                for piece in ([(hit, text)] if self._loaded.kind == "memory" else _cut(hit, text))
            ]
            self._hits[owner] = [hit for hit, _text in pieces]
            embedder = await self._built.knowledge.vector_sets.wanted()
            self._vectors[owner] = _unit(
                await embedder.embed([text for _hit, text in pieces], TextRole.PASSAGE)
            )

    async def ask(self, owner: str, question: str) -> list[Hit]:
        """Return the nearest, best first."""
        embedder = await self._built.knowledge.vector_sets.wanted()
        asked = _unit(await embedder.embed([question], TextRole.QUERY))[0]
        likeness = self._vectors[owner] @ asked
        best = np.argsort(-likeness, kind="stable")[:_REFERENCE_CUT]
        return [self._hits[owner][at] for at in best if likeness[at] >= _REFERENCE_SIMILARITY]


def _unit(vectors: Sequence[Any]) -> Any:
    made = np.asarray(vectors, dtype=np.float32)
    return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)


def _cut(hit: Hit, text: str) -> list[tuple[Hit, str]]:
    return [
        (
            Hit(hit.key, at, min(at + _REFERENCE_CHARACTERS, len(text)), hit.page),
            text[at : at + _REFERENCE_CHARACTERS],
        )
        for at in range(0, max(1, len(text)), _REFERENCE_CHARACTERS)
    ]


class Bench:
    """One process of the product over a database of its own."""

    def __init__(self, built: Built, database: Database) -> None:
        self.built = built
        self.database = database
        self.loader = Loader(built, database)

    async def ask(self, loaded: Loaded, method: str, query: dict[str, Any]) -> list[Hit]:
        """Return what a method of the product finds for a query, best first."""
        who, question = loaded.owners[loaded.owner(query)], str(query["text"])
        if method in {"gantry", "keyword"}:
            found = await self.search(loaded, who, question, words_alone=method == "keyword")
            return [
                Hit(loaded.names[each.message_id or each.source_id], each.start, each.end, each.page)
                for each in found.passages
            ]
        shelf = VectorKind.MEMORY if loaded.kind == "memory" else VectorKind.CHUNK
        near = await self.built.knowledge.vector_search.nearest(
            question, scope=VectorScope(who.id, shelf), limit=_CUT * 3
        )
        order = [hit.row for hit in near.hits]
        async with self.database.read() as tx:
            if shelf is VectorKind.MEMORY:
                turns = {
                    each.id: each for each in await tx.knowledge.memories(order, owner=who.id, apart=None)
                }
                said = [turns[row].message_id for row in order if row in turns]
                return [Hit(loaded.names[one]) for one in said if one]
            chunks = await tx.knowledge.chunks(order, owner=who.id, places=Places())
        rows = {each.id: each for each in chunks}
        return [
            Hit(loaded.names[row.document_id], row.start_offset, row.end_offset, row.page)
            for row in (rows[one] for one in order if one in rows)
        ]

    async def search(self, loaded: Loaded, who: Actor, question: str, *, words_alone: bool = False) -> Found:
        """Search as the product does, with time enough on any machine: again where the index was too late."""
        found = Found()
        for _ in range(_TRIES):
            found = await self._search(loaded, who, question, words_alone=words_alone)
            if words_alone or not found.left_out:
                return found
        raise SystemExit(f"search leaves out {', '.join(found.left_out)}: the machine is too busy to measure")

    async def _search(self, loaded: Loaded, who: Actor, question: str, *, words_alone: bool) -> Found:
        retriever = self.built.knowledge.retriever
        if words_alone:
            retriever = replace(retriever, vectors=_Away())
        if loaded.kind == "memory":
            return await retriever.memory(who, question, limit=_CUT, deadline_seconds=30)
        return await retriever.documents(
            who, question, scope=DocumentScope(), limit=_CUT, deadline_seconds=30
        )


class _Away:
    """Search by meaning while ChromaDB is away."""

    async def nearest(self, question: str, *, scope: VectorScope, limit: int, feedback: int = 0) -> Near:
        raise IndexUnavailable("Left out.")


async def measure(
    bench: Bench, loaded: Loaded, out: Path | None, small_talk: Sequence[str], methods: Sequence[str]
) -> list[float]:
    """Print a line for each method; returns how long the product's own searches took, in milliseconds.

    Args:
        out: Where results are written for the sets' own scorer, as ``SET.METHOD.jsonl``.
    """
    took: list[float] = []
    reference = Reference(bench.built, loaded)
    if "reference" in methods:
        await reference.load()
    for method in methods:
        results: list[Scores] = []
        lines: list[str] = []
        for query in loaded.scored:
            started = time.perf_counter()
            if method == "reference":
                hits = await reference.ask(loaded.owner(query), str(query["text"]))
            else:
                hits = await bench.ask(loaded, method, query)
            if method == "gantry":
                took.append((time.perf_counter() - started) * 1000)
            results.append(score(loaded, query, hits))
            lines.append(json.dumps({"query_id": query["id"], "results": [loaded.item(hit) for hit in hits]}))
        five, ten, ndcg = average(results)
        print(
            f"{loaded.name} {method} recall@5 {five:.3f} recall@10 {ten:.3f} ndcg@10 {ndcg:.3f}", flush=True
        )
        if out is not None:
            (out / f"{loaded.name}.{method}.jsonl").write_text("\n".join(lines) + "\n")
    await _off_topic(bench, loaded)
    if small_talk:
        await _small_talk(bench, loaded, small_talk)
        if "keyword" in methods:
            await _small_talk(bench, loaded, small_talk, words_alone=True)
    return took


async def _small_talk(
    bench: Bench, loaded: Loaded, messages: Sequence[str], *, words_alone: bool = False
) -> None:
    """Print which share of messages is given anything; what a person wants done always may be."""
    given = 0
    for who in loaded.owners.values():
        for message in messages:
            found = await bench.search(loaded, who, message, words_alone=words_alone)
            given += any(not is_standing(each.text) for each in found.passages)
    share = given / (len(messages) * len(loaded.owners))
    print(f"smalltalk {loaded.name}{' keyword' * words_alone} given {share:.3f}", flush=True)


async def _off_topic(bench: Bench, loaded: Loaded) -> None:
    """Print for how many questions without an answer nothing is given, where a set has such questions."""
    unanswerable = [query for query in loaded.queries if not query.get("answerable", True)]
    if not unanswerable:
        return
    silent = 0
    for query in unanswerable:
        who = loaded.owners[loaded.owner(query)]
        silent += not (await bench.search(loaded, who, str(query["text"]))).passages
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
    print(
        f"per-message overhead p50 {percentile(took, 50):.0f} ms p95 {percentile(took, 95):.0f} ms",
        flush=True,
    )


async def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description="Measure how good and how quick search is.")
    parser.add_argument("sets", nargs="*", help="names of sets; all by default")
    parser.add_argument(
        "--model", default=os.environ.get("EMBEDDING_MODEL", "auto"), help="as EMBEDDING_MODEL"
    )
    parser.add_argument("--database", default="", help="a PostgreSQL URL; SQLite by default")
    parser.add_argument("--out", type=Path, help="a folder for results that the sets' own scorer reads")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="all by default")
    parser.add_argument("--keep", type=Path, help="a folder where sets stay loaded, one for each model")
    parser.add_argument("--scale", action="store_true", help="only the cost of what other people keep")
    options = parser.parse_args()
    folder = Path(os.environ.get("RETRIEVAL_DATA") or "retrieval")
    folder = folder / "dev" if (folder / "dev").is_dir() else folder
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        await _run(options, folder, options.keep.resolve())
        return
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
    if options.model in {"auto", "minilm"}:
        # Where it is not in the cache and there is no network, it is built.
        await asyncio.to_thread(model_folder, work / "models" / "all-MiniLM-L6-v2" / "onnx")
    await asyncio.to_thread(bootstrap.migrate, settings)
    async with AsyncExitStack() as stack:
        built = await stack.enter_async_context(build(settings))
        database = await stack.enter_async_context(Database(settings.database_url))
        bench = Bench(built, database)
        if options.scale:
            await scale(built, database, chunks=100_000, people=1000)
            return
        took: list[float] = []
        loaded: Loaded | None = None
        for path in sets_in(folder):
            if options.sets and path.name not in options.sets:
                continue
            started = time.perf_counter()
            loaded = await bench.loader.load(path, kept=work / f"{path.name}.loaded")
            print(f"{path.name} loaded in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            took += await measure(bench, loaded, options.out, small_talk_in(folder), options.methods)
        if loaded is None:
            sys.exit(f"no sets found under {folder}")
        if not took:
            return
        print(
            f"search latency p50 {percentile(took, 50):.0f} ms p95 {percentile(took, 95):.0f} ms", flush=True
        )
        await overhead(bench, loaded)


if __name__ == "__main__":
    asyncio.run(main())
