"""ChromaDB as the index of vectors: embedded in a folder, or a server.

One set of vectors lies in 64 collections, and an account in one of them by its hash, so that the cost of a search does
not grow with what everybody else keeps; inside, account, kind and scope are part of the query.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID
from zlib import crc32

from gantry.adapters.chroma.client import Client, MissingCollectionError
from gantry.adapters.chroma.server import ChromaServer
from gantry.domain.embedding import Vector
from gantry.domain.vectors import IndexUnavailable, VectorEntry, VectorHit, VectorKind, VectorScope

BUCKETS = 64
EMBEDDED, SERVER = "embedded", "server"
_PREFIX = "gantry"
_WRITE = 500  # vectors in one call
_READ = 20_000  # each page goes over all before it
_MENTIONED = 400  # ids in one condition
_DEADLINE_SECONDS = 5.0
_UPKEEP_SECONDS = 30.0  # for what no question waits for
_PAUSE_SECONDS = 3.0  # after a failure, in which it is not asked again
_PARTS = 4  # about how many parts of the same row may crowd a result

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")
_Open = Callable[[], Client]
_Work = Callable[[Client, str], _Result]  # with a collection, by its id


def embedded(folder: Path) -> _Open:
    """Return how to open an index in a folder; of several processes the first has it, and the others search by words."""

    def open_it() -> Client:
        from gantry.adapters.chroma.embedded import EmbeddedChroma, take  # noqa: PLC0415 - where there is no server

        folder.mkdir(parents=True, exist_ok=True)
        take(folder)
        return EmbeddedChroma(folder)

    return open_it


def server(url: str) -> _Open:
    """Return how to reach a server."""
    return partial(ChromaServer, url, opening_seconds=_DEADLINE_SECONDS, seconds=_UPKEEP_SECONDS)


class ChromaIndex:
    """The index in ChromaDB, asked in a few threads of its own."""

    def __init__(self, open_it: _Open, kind: str) -> None:
        self._open = open_it
        self._kind = kind
        self._known: dict[str, str] = {}  # ids of collections
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="chroma")
        self._client: asyncio.Future[Client] | None = None
        self._away_until = 0.0

    async def add(
        self, set_name: str, account: UUID, kind: VectorKind, entries: Sequence[VectorEntry]
    ) -> None:
        """Add or replace."""
        for first in range(0, len(entries), _WRITE):
            batch = entries[first : first + _WRITE]
            ids = [f"{entry.row.hex}:{entry.part}" for entry in batch]
            about = [
                {
                    "place": _place(account, kind),
                    "row": entry.row.hex,
                    "source": entry.source.hex,
                    "group": entry.group.hex,
                }
                for entry in batch
            ]
            vectors = [entry.vector for entry in batch]

            def put(
                client: Client,
                key: str,
                ids: list[str] = ids,
                vectors: list[Vector] = vectors,
                about: list[dict[str, Any]] = about,
            ) -> None:
                client.upsert(key, ids, vectors, about)

            await self._run(put, set_name, account, make=True)

    async def query(
        self, set_name: str, vector: Vector, *, scope: VectorScope, limit: int, vectors: bool = False
    ) -> list[VectorHit]:
        """Return the nearest rows inside *scope*, each once."""
        # Few rows have more than one part: most searches end with the first.
        counts = (limit + limit // 4, limit * _PARTS) if scope.kind is VectorKind.MEMORY else (limit,)
        # ChromaDB reads what it is asked for row by row, which takes longer than the search.
        include = [
            "distances",
            *(["metadatas"] if scope.without_source is not None else []),
            *(["embeddings"] if vectors else []),
        ]

        def search(
            client: Client, key: str, count: int, where: dict[str, Any], without: UUID | None
        ) -> tuple[list[VectorHit], bool]:
            """Return the rows among the *count* nearest parts, and whether there may be more."""
            found = client.query(key, vector, count, where, include)
            return _hits(found, without)[:limit], len(found["ids"][0]) == count

        def ask(client: Client, key: str) -> list[VectorHit]:
            inside, without = _where(scope), scope.without_source
            hits, more = [], True
            for count in counts:
                if len(hits) < limit and more:
                    hits, more = search(client, key, count, inside, without)
            if len(hits) < limit and more and without is not None:
                other = {"source": {"$ne": without.hex}}
                hits, _ = search(client, key, counts[-1], {"$and": [inside, other]}, None)
            return hits

        return await self._run(ask, set_name, scope.account, seconds=_DEADLINE_SECONDS) or []

    async def delete(
        self,
        set_name: str,
        account: UUID,
        kind: VectorKind,
        *,
        rows: Collection[UUID] | None = None,
        sources: Collection[UUID] | None = None,
    ) -> None:
        """Remove what belongs to *rows* or *sources*; with neither, all of the account's of the kind."""
        base = {"place": _place(account, kind)}
        if rows is None and sources is None:
            await self._run(lambda client, key: client.delete(key, base), set_name, account)
        for field, values in (("row", rows), ("source", sources)):
            for some in _some(list(values or ()), _MENTIONED):
                where = {"$and": [base, {field: {"$in": [value.hex for value in some]}}]}
                await self._run(lambda client, key, where=where: client.delete(key, where), set_name, account)

    async def move(self, set_name: str, account: UUID, *, source: UUID, group: UUID) -> None:
        """Give all vectors of a document another group."""
        where = {"$and": [{"place": _place(account, VectorKind.CHUNK)}, {"source": source.hex}]}

        def change(client: Client, key: str) -> None:
            for some in _some(client.get(key, where=where)["ids"], _WRITE):
                client.update(key, some, [{"group": group.hex}] * len(some))

        await self._run(change, set_name, account)

    async def rows(self, set_name: str, account: UUID, kind: VectorKind) -> set[UUID]:
        """Return which rows of an account have vectors."""
        where = {"place": _place(account, kind)}

        def read(client: Client, key: str) -> set[UUID]:
            pages = _pages(lambda start: client.get(key, where=where, limit=_READ, offset=start)["ids"])
            return {UUID(key.partition(":")[0]) for page in pages for key in page}

        return await self._run(read, set_name, account) or set()

    async def accounts(self, set_name: str) -> set[UUID]:
        """Return which accounts have vectors in a set."""

        def read(client: Client, key: str) -> set[UUID]:
            pages = _pages(
                lambda start: client.get(key, include=["metadatas"], limit=_READ, offset=start)["metadatas"]
            )
            return {UUID(each["place"].partition(":")[0]) for page in pages for each in page}

        found: set[UUID] = set()
        for name in await self._collections(set_name):
            found |= await self._in(name, read) or set()
        return found

    async def count(self, set_name: str) -> int:
        """Return how many vectors a set holds."""
        return sum(
            [
                await self._in(name, lambda client, key: client.count(key)) or 0
                for name in await self._collections(set_name)
            ]
        )

    async def drop(self, set_name: str) -> None:
        """Remove a whole set."""
        for name in await self._collections(set_name):
            await self._call(lambda client, name=name: client.drop(name), _UPKEEP_SECONDS)
            self._known.pop(name, None)

    async def set_names(self) -> set[str]:
        """Return the sets there are."""
        names = await self._call(_names, _UPKEEP_SECONDS)
        return {
            name.removeprefix(f"{_PREFIX}.").rpartition(".")[0]
            for name in names
            if name.startswith(f"{_PREFIX}.")
        }

    async def ping(self) -> str:
        """Return a word on what answers."""
        self._away_until = 0.0
        await self._call(lambda client: client.heartbeat())
        return self._kind

    async def aclose(self) -> None:
        """Let go of the index; what runs in a thread is waited for."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        opened, self._client = self._client, None
        self._known.clear()
        if opened is not None and opened.done() and not _has_failed(opened):
            await asyncio.to_thread(opened.result().close)

    async def _collections(self, set_name: str) -> list[str]:
        start = f"{_PREFIX}.{set_name}."
        return [name for name in await self._call(_names, _UPKEEP_SECONDS) if name.startswith(start)]

    async def _run(
        self,
        work: _Work[_Result],
        set_name: str,
        account: UUID,
        *,
        make: bool = False,
        seconds: float = _UPKEEP_SECONDS,
    ) -> _Result | None:
        """Do *work* with the collection an account is in; None when there is none and it is not to be made."""
        name = f"{_PREFIX}.{set_name}.{crc32(account.bytes) % BUCKETS:02d}"
        return await self._in(name, work, make=make, seconds=seconds)

    async def _in(
        self,
        name: str,
        work: _Work[_Result],
        *,
        make: bool = False,
        seconds: float = _UPKEEP_SECONDS,
    ) -> _Result | None:
        def do(client: Client) -> _Result | None:
            for fresh in (False, True):
                if fresh:
                    self._known.pop(name, None)  # the server may have another collection of this name by now
                try:
                    if name not in self._known:
                        self._known[name] = client.collection(name, make=make)
                except MissingCollectionError:
                    if make:
                        raise  # the server has lost what collections are kept in
                    return None
                try:
                    return work(client, self._known[name])
                except MissingCollectionError:
                    if fresh:
                        raise
            return None

        return await self._call(do, seconds)

    async def _call(self, work: Callable[[Client], _Result], deadline: float = _DEADLINE_SECONDS) -> _Result:
        if time.monotonic() < self._away_until:
            raise IndexUnavailable("The vector index does not answer.")
        try:
            async with asyncio.timeout(deadline):
                client = await self._connected()
                return await asyncio.get_running_loop().run_in_executor(self._threads, work, client)
        except Exception as error:
            self._away_until = time.monotonic() + _PAUSE_SECONDS
            log.warning("index.failed", extra={"reason": f"{type(error).__name__}: {error}"[:300]})
            raise IndexUnavailable("The vector index does not answer.") from error

    async def _connected(self) -> Client:
        """Return the client, opened at first use; opening goes on when whoever asked has no more time to wait for it."""
        if self._client is None or _has_failed(self._client):
            self._client = asyncio.get_running_loop().run_in_executor(self._threads, self._open)
            self._client.add_done_callback(
                _has_failed
            )  # looked at, so that nobody is told of it a second time
        return await asyncio.shield(self._client)


def _has_failed(future: asyncio.Future[Any]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def _names(client: Client) -> list[str]:
    return [name for page in _pages(lambda start: client.names(_READ, start)) for name in page]


def _pages(read: Callable[[int], Sequence[Any]]) -> Iterator[Sequence[Any]]:
    start = 0
    while page := read(start):
        yield page
        start += len(page)
        if len(page) < _READ:
            return


def _some(values: Sequence[Any], count: int) -> Iterator[list[Any]]:
    for first in range(0, len(values), count):
        yield list(values[first : first + count])


def _place(account: UUID, kind: VectorKind) -> str:
    """Return account and kind as one value.

    ChromaDB finds the rows of each condition in all collections before it looks for those that meet every one, so a
    value that everybody's rows share costs time with everybody's rows: at 100,000 vectors 29 ms instead of 2.
    """
    return f"{account.hex}:{kind.value}"


def _where(scope: VectorScope) -> dict[str, Any]:
    """Return the conditions of *scope* but ``without_source``, which most rows of everybody would meet."""
    place = {"place": _place(scope.account, scope.kind)}
    if scope.sources is None and scope.groups is None:
        return place
    inside = [
        {field: {"$in": [value.hex for value in values]}}
        for field, values in (("source", scope.sources), ("group", scope.groups))
        if values
    ]
    return {"$and": [place, {"$or": inside} if len(inside) > 1 else inside[0] if inside else {"row": ""}]}


def _hits(found: dict[str, Any], without_source: UUID | None) -> list[VectorHit]:
    """Return each row of a result once, nearest first, but for those of *without_source*."""
    keys, distances = found["ids"][0], found["distances"][0]
    nothing: list[Any] = [None] * len(keys)
    about = found["metadatas"][0] if found.get("metadatas") is not None else nothing
    made = found["embeddings"][0] if found.get("embeddings") is not None else nothing
    best: dict[str, VectorHit] = {}
    for key, distance, row_about, vector in zip(keys, distances, about, made, strict=True):
        row, _, part = key.partition(":")
        if row not in best and (without_source is None or row_about["source"] != without_source.hex):
            best[row] = VectorHit(UUID(row), int(part), 1.0 - float(distance), vector)
    return list(best.values())
