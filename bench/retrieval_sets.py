"""Public query sets inside the product: documents uploaded and read by its ingestion, conversations learned by its memory."""

import json
import math
import pickle
import statistics
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from gantry.bootstrap import Built
from gantry.domain.accounts import Actor, Role
from gantry.domain.clock import day_in_words
from gantry.domain.embedding import lead_of
from gantry.domain.parsing import FileFormat, FileKind, ParsingLimits, Progress, Section
from gantry.domain.vault import DocumentState
from gantry.models import Account, Conversation, Document, MemoryItem, Message, new_id
from gantry.repositories.database import Database

_HELD = ("corpus.jsonl", "pages.jsonl")
_WAITING = 20  # documents uploaded before they are read

Scores = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A result as the sets count it: a document or message, a stretch of one, or a page."""

    key: str
    start: int = 0
    end: int = 0
    page: int | None = None  # 1-based


@dataclass(slots=True)
class Loaded:
    """A set inside the product: who owns it, and what the rows are called in it."""

    name: str
    kind: str  # "ids", "spans", "pages" or "memory"
    queries: list[dict[str, Any]]
    owners: dict[str, Actor] = field(default_factory=dict)  # by conversation; "" for documents
    names: dict[UUID, str] = field(default_factory=dict)  # of documents and messages
    texts: dict[str, list[tuple[Hit, str]]] = field(
        default_factory=dict
    )  # what each owner's rows say, as given

    @property
    def scored(self) -> list[dict[str, Any]]:
        """Return the queries that have an answer."""
        return [query for query in self.queries if query.get("answerable", True)]

    def owner(self, query: dict[str, Any]) -> str:
        """Return whose rows a query is about."""
        return str(query.get("conv", "")) if self.kind == "memory" else ""

    def item(self, hit: Hit) -> Any:
        """Return a result in the form that the sets' own scorer reads."""
        if self.kind == "spans":
            return {"doc": hit.key, "start": hit.start, "end": hit.end}
        if self.kind == "pages":
            return {"doc": hit.key, "page": (hit.page or 0) - 1}
        return hit.key


def sets_in(folder: Path) -> Iterator[Path]:
    """Yield the folders that hold a set: queries, and what they are asked of."""
    for each in sorted(folder.iterdir()):
        if (each / "queries.jsonl").is_file() and any((each / name).is_file() for name in _HELD):
            yield each


def small_talk_in(folder: Path) -> list[str]:
    """Return the messages that want nothing of any set; none where the folder has no such list."""
    path = folder / "smalltalk" / "queries.jsonl"
    return [str(row["text"]) for row in _rows(path)] if path.is_file() else []


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class SetParser:
    """Reads the files of the sets, which are text already: a JSON list of page (or null) and text."""

    async def sniff(self, path: str, name: str) -> FileKind:
        """Tell files with pages from files without."""
        paged = json.loads(Path(path).read_bytes())["sections"][0][0] is not None
        return FileKind(FileFormat.PDF if paged else FileFormat.TEXT, "text/plain", name)

    async def picture(self, path: str) -> None:
        """There are none."""

    async def parse(
        self, path: str, kind: FileKind, limits: ParsingLimits
    ) -> AsyncGenerator[Section | Progress]:
        """Yield the text as it stands in the file."""
        for page, text in json.loads(Path(path).read_bytes())["sections"]:
            yield Section(text, page=page)


class Loader:
    """Brings sets into one process of the product.

    Args:
        built: The product; its ingestion reads the sets' files from now on.
    """

    def __init__(self, built: Built, database: Database) -> None:
        self.built = built
        self.database = database
        self._now = datetime.now(UTC)
        built.knowledge.ingestion.parser = SetParser()
        self._uploads = replace(built.knowledge.uploads, parser=built.knowledge.ingestion.parser)

    async def load(self, folder: Path, *, kept: Path) -> Loaded:
        """Bring a set in, rows and vectors; or, where *kept* tells that the database has it, only its queries."""
        if kept.exists():
            loaded: Loaded = pickle.loads(kept.read_bytes())
            loaded.queries = _rows(folder / "queries.jsonl")
            return loaded
        await self.built.knowledge.vector_sets.settle()
        loaded = await self._rows_of(folder)
        while await self.built.knowledge.indexer.work():
            pass
        kept.write_bytes(pickle.dumps(loaded))
        return loaded

    async def _rows_of(self, folder: Path) -> Loaded:
        queries = _rows(folder / "queries.jsonl")
        if (folder / "pages.jsonl").exists():
            loaded = Loaded(folder.name, "pages", queries)
            pages: dict[str, list[tuple[int | None, str]]] = {}
            for row in _rows(folder / "pages.jsonl"):
                pages.setdefault(row["doc"], []).append((row["page"] + 1, row["text"]))
            await self._documents(loaded, {key: (f"{key}.pdf", sections) for key, sections in pages.items()})
            return loaded
        corpus = _rows(folder / "corpus.jsonl")
        if "speaker" in corpus[0]:
            loaded = Loaded(folder.name, "memory", queries)
            await self._talks(loaded, corpus)
        else:
            loaded = Loaded(folder.name, "spans" if "spans" in queries[0] else "ids", queries)
            await self._documents(
                loaded, {row["id"]: (row.get("title") or row["id"], [(None, row["text"])]) for row in corpus}
            )
        return loaded

    async def _person(self) -> Actor:
        row = Account(
            id=new_id(),
            email=f"{new_id().hex}@example.org",
            name="Person",
            password_hash="-",
            created_at=self._now,
            password_changed_at=self._now,
        )
        async with self.database.begin() as tx:
            tx.session.add(row)
        return Actor(row.id, row.email, row.name, Role.USER)

    async def _documents(
        self, loaded: Loaded, files: dict[str, tuple[str, list[tuple[int | None, str]]]]
    ) -> None:
        who = loaded.owners[""] = await self._person()
        texts = loaded.texts[""] = []
        for number, (key, (name, sections)) in enumerate(files.items()):
            if number % _WAITING == 0:
                await self._read(who)
            received = await self._uploads.receive(
                who, _once(json.dumps({"id": key, "sections": sections}).encode())
            )
            accepted = await self._uploads.accept(who, received, name=name)
            loaded.names[accepted.document.id] = key
            texts += [(Hit(key, page=page), text) for page, text in sections]
        await self._read(who)

    async def _read(self, who: Actor) -> None:
        ingestion = self.built.knowledge.ingestion
        while await ingestion.sweep() or ingestion.count:
            await ingestion.woken(1.0)
        async with self.database.read() as tx:
            query = select(Document.name).where(
                col(Document.account_id) == who.id, col(Document.state) != DocumentState.READY
            )
            left = (await tx.session.execute(query)).scalars().all()
        assert not left, f"not read: {left}"

    async def _talks(self, loaded: Loaded, corpus: list[dict[str, Any]]) -> None:
        """Store conversations, one for each session, and let memory learn them."""
        by_talk: dict[str, dict[Any, list[dict[str, Any]]]] = {}
        for row in corpus:
            by_talk.setdefault(str(row["conv"]), {}).setdefault(row["session"], []).append(row)
        for talk, sessions in by_talk.items():
            who = loaded.owners[talk] = await self._person()
            loaded.texts[talk] = [(Hit(row["id"]), row["text"]) for rows in sessions.values() for row in rows]
            messages = [each for rows in sessions.values() for each in await self._talk(loaded, who, rows)]
            while await self.built.knowledge.learner.learn():
                pass
            speakers = {message: row["speaker"] for message, row in messages}
            if not {"user", "assistant"} & set(speakers.values()):
                await self._name_speakers(who, speakers)

    async def _talk(
        self, loaded: Loaded, who: Actor, rows: list[dict[str, Any]]
    ) -> list[tuple[UUID, dict[str, Any]]]:
        thread = Conversation(
            id=new_id(), account_id=who.id, title="Talk", created_at=self._now, updated_at=self._now
        )
        made: list[tuple[UUID, dict[str, Any]]] = []
        async with self.database.begin() as tx:
            tx.session.add(thread)
            await tx.session.flush()
            for depth, row in enumerate(rows):
                message = Message(
                    id=new_id(),
                    conversation_id=thread.id,
                    account_id=who.id,
                    parent_id=made[-1][0] if made else None,
                    depth=depth,
                    role="assistant" if row["speaker"] == "assistant" else "user",  # pyright: ignore[reportArgumentType]
                    content=row["text"],
                    created_at=datetime.fromisoformat(row["when"]).replace(tzinfo=UTC),
                )
                loaded.names[message.id] = row["id"]
                made.append((message.id, row))
                tx.session.add(message)
                await tx.session.flush()
        return made

    async def _name_speakers(self, who: Actor, speakers: dict[UUID, str]) -> None:
        """Put names where the product knows a person and an assistant only: some sets are talks of two people."""
        query = (
            select(MemoryItem, Message.parent_id)
            .join(Message, col(Message.id) == col(MemoryItem.message_id))
            .where(col(MemoryItem.account_id) == who.id, col(MemoryItem.speaker) != "")
        )
        async with self.database.begin() as tx:
            found = [(item, parent) for item, parent in await tx.session.execute(query)]
            said = {item.message_id: item.content for item, _parent in found}
            for item, parent in found:
                item.speaker = speakers[item.message_id][:16]
                item.context = f"{item.speaker} {day_in_words(item.said_at)}"
                item.lead = lead_of(speakers[parent], said[parent], item.content) if parent in said else ""


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def average(results: Sequence[Scores]) -> Scores:
    """Return the mean of each figure."""
    five, ten, ndcg = (statistics.mean(column) for column in zip(*results, strict=True))
    return five, ten, ndcg


def score(loaded: Loaded, query: dict[str, Any], hits: Sequence[Hit]) -> Scores:
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
