"""What a search costs one person while others keep more and more: ``python -m bench.retrieval --scale``."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from uuid import UUID

from sqlalchemy import insert

from gantry.bootstrap import Built
from gantry.domain.accounts import Actor, Role
from gantry.domain.embedding import TextRole
from gantry.domain.knowledge import DocumentScope
from gantry.domain.vault import DocumentState
from gantry.domain.vectors import VectorEntry, VectorKind, VectorScope
from gantry.models import Account, Chunk, Collection, Document, new_id
from gantry.repositories.database import Database

_VOCABULARY = 8000
_WORDS = 120  # in a chunk
_SEARCHES = 150
_SEEDS = 400  # texts whose vectors are made; those of chunks lie beside them


async def scale(built: Built, database: Database, *, chunks: int, people: int) -> None:
    """Print how long searches of single people take when all keep a tenth of *chunks*, and when they keep all."""
    crowd = _Crowd(built, database, people)
    await crowd.begin()
    for step in (chunks // 10, chunks):
        started = time.perf_counter()
        added = await crowd.keep(step // people)
        rate = added / (time.perf_counter() - started)
        for what, search in (("whole", crowd.search), ("vectors", crowd.nearest)):
            took = await crowd.measure(search)
            print(
                f"scale chunks {step} people {people} {what} p50 {percentile(took, 50):.1f} ms "
                f"p95 {percentile(took, 95):.1f} ms (stored at {rate:.0f} a second)",
                flush=True,
            )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that *percent* of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class _Crowd:
    """People with a document each, which grows."""

    def __init__(self, built: Built, database: Database, people: int) -> None:
        self._built = built
        self._database = database
        self._dice = random.Random(7)
        self._words = [f"w{number:x}" for number in range(_VOCABULARY)]
        # Few words make up most of any text.
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))
        self._people = [Actor(new_id(), f"{n}@example.org", "Person", Role.USER) for n in range(people)]
        self._documents = [new_id() for _ in range(people)]
        self._shelves = [new_id() for _ in range(people)]
        self._held = 0  # chunks of each
        self._set = ""

    async def begin(self) -> None:
        sets = self._built.knowledge.vector_sets
        await sets.settle()
        embedder = await sets.wanted()
        self._set = (await embedder.model()).set_name
        self._base = await embedder.embed([self._text() for _ in range(_SEEDS)], TextRole.PASSAGE)
        now = datetime.now(UTC)
        everybody = list(zip(self._people, self._shelves, self._documents, strict=True))
        rows = {
            Account: [
                {"id": who.id, "email": who.email, "name": who.name, "password_hash": "-"}
                | {"created_at": now, "password_changed_at": now}
                for who, _shelf, _document in everybody
            ],
            Collection: [
                {"id": shelf, "account_id": who.id, "name": "Documents", "created_at": now, "updated_at": now}
                for who, shelf, _document in everybody
            ],
            Document: [
                {"id": document, "account_id": who.id, "collection_id": shelf, "name": "notes.txt"}
                | {"media_type": "text/plain", "size_bytes": 1, "sha256": document.hex * 2}
                | {"state": DocumentState.READY, "created_at": now, "updated_at": now}
                for who, shelf, document in everybody
            ],
        }
        async with self._database.begin() as tx:
            for table, values in rows.items():
                await tx.session.execute(insert(table), values)

    async def keep(self, each: int) -> int:
        """Let everybody keep *each* chunks; returns how many were added."""
        index = self._built.knowledge.index
        added = 0
        for who, shelf, document in zip(self._people, self._shelves, self._documents, strict=True):
            texts = [self._text() for _ in range(each - self._held)]
            rows = [
                {"id": new_id(), "document_id": document, "account_id": who.id, "collection_id": shelf}
                | {"ordinal": self._held + number, "start_offset": 0, "end_offset": len(text)}
                | {"content": text, "context": "notes", "vectors_in": self._set}
                for number, text in enumerate(texts)
            ]
            async with self._database.begin() as tx:
                await tx.session.execute(insert(Chunk), rows)
            entries = [self._entry(row["id"], document, shelf) for row in rows]  # pyright: ignore[reportArgumentType]
            await index.add(self._set, who.id, VectorKind.CHUNK, entries)
            added += len(rows)
        self._held = each
        return added

    async def measure(self, search: Callable[[Actor, str], Awaitable[object]]) -> list[float]:
        """Return how long searches took, in milliseconds, each of somebody else."""
        took: list[float] = []
        for who in self._dice.sample(self._people, _SEARCHES):
            question = " ".join(self._dice.choices(self._words, cum_weights=self._weights, k=8))
            started = time.perf_counter()
            await search(who, question)
            took.append((time.perf_counter() - started) * 1000)
        return took

    async def search(self, who: Actor, question: str) -> object:
        """Search as an answer does."""
        return await self._built.knowledge.retriever.documents(who, question, scope=DocumentScope())

    async def nearest(self, who: Actor, question: str) -> object:
        """Search by meaning alone, the question's own vector included."""
        scope = VectorScope(who.id, VectorKind.CHUNK)
        return await self._built.knowledge.vector_search.nearest(question, scope=scope, limit=100, feedback=3)

    def _entry(self, row: UUID, document: UUID, shelf: UUID) -> VectorEntry:
        vector = [value + self._dice.gauss(0, 0.02) for value in self._dice.choice(self._base)]
        return VectorEntry(row, 0, vector, document, shelf)

    def _text(self) -> str:
        return " ".join(self._dice.choices(self._words, cum_weights=self._weights, k=_WORDS))
