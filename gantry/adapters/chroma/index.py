"""ChromaDB as the index of vectors: embedded in a folder, or a server.

One set of vectors lies in 64 collections, and an account in one of them by its hash, so that the cost of a search does
not grow with what everybody else keeps; inside, account, kind and scope are part of the query.
"""

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID
from zlib import crc32

import httpx

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
_Open = Callable[[], Any]


def embedded(folder: Path) -> _Open:
    """Return how to open an index in a folder; of several processes the first has it, and the others search by words."""

    def open_it() -> Any:
        import chromadb  # noqa: PLC0415 - half a second, when it is needed
        from chromadb.config import Settings  # noqa: PLC0415

        folder.mkdir(parents=True, exist_ok=True)
        _take(folder)
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))

    return open_it


_taken: dict[Path, int] = {}


def _take(folder: Path) -> None:
    """Take the folder for this process until it ends: ChromaDB does not notice what another one writes.

    Raises:
        BlockingIOError: Another process has it.
    """
    if folder not in _taken:
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise
        _taken[folder] = lock


def server(url: str) -> _Open:
    """Return how to reach a server."""

    def open_it() -> Any:
        import chromadb  # noqa: PLC0415
        from chromadb.config import Settings  # noqa: PLC0415

        parts = urlsplit(url)
        host, secure = parts.hostname or "localhost", parts.scheme == "https"
        port = parts.port or (443 if secure else 8000)
        # ChromaDB's client waits for ever, and opening it asks the server: a connection that nobody answers any more
        # would keep its thread, and whoever waits for the client.
        heartbeat = f"{parts.scheme or 'http'}://{host}:{port}/api/v2/heartbeat"
        httpx.get(heartbeat, timeout=_DEADLINE_SECONDS).raise_for_status()
        client: Any = chromadb.HttpClient(
            host=host, port=port, ssl=secure, settings=Settings(anonymized_telemetry=False)
        )
        client._server._session.timeout = httpx.Timeout(_UPKEEP_SECONDS)  # noqa: SLF001 - it has no setting
        return client

    return open_it


class ChromaIndex:
    """The index through ChromaDB's own client, in a few threads of its own."""

    def __init__(self, open_it: _Open, kind: str) -> None:
        self._open = open_it
        self._kind = kind
        self._known: dict[str, Any] = {}
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="chroma")
        self._client: asyncio.Future[Any] | None = None
        self._away_until = 0.0

    async def add(
        self, set_name: str, account: UUID, kind: VectorKind, entries: Sequence[VectorEntry]
    ) -> None:
        """Add or replace."""
        for first in range(0, len(entries), _WRITE):
            batch = entries[first : first + _WRITE]
            rows = {
                "ids": [f"{entry.row.hex}:{entry.part}" for entry in batch],
                "embeddings": [_plain(entry.vector) for entry in batch],
                "metadatas": [
                    {
                        "place": _place(account, kind),
                        "row": entry.row.hex,
                        "source": entry.source.hex,
                        "group": entry.group.hex,
                    }
                    for entry in batch
                ],
            }
            await self._run(lambda c, rows=rows: c.upsert(**rows), set_name, account, make=True)

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
            collection: Any, count: int, where: dict[str, Any], without: UUID | None
        ) -> tuple[list[VectorHit], bool]:
            """Return the rows among the *count* nearest parts, and whether there may be more."""
            found = collection.query(
                query_embeddings=[_plain(vector)], n_results=count, where=where, include=include
            )
            return _hits(found, without)[:limit], len(found["ids"][0]) == count

        def ask(collection: Any) -> list[VectorHit]:
            inside, without = _where(scope), scope.without_source
            hits, more = [], True
            for count in counts:
                if len(hits) < limit and more:
                    hits, more = search(collection, count, inside, without)
            if len(hits) < limit and more and without is not None:
                other = {"source": {"$ne": without.hex}}
                hits, _ = search(collection, counts[-1], {"$and": [inside, other]}, None)
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
            await self._run(lambda c: c.delete(where=base), set_name, account)
        for field, values in (("row", rows), ("source", sources)):
            for some in _some(list(values or ()), _MENTIONED):
                where = {"$and": [base, {field: {"$in": [value.hex for value in some]}}]}
                await self._run(lambda c, where=where: c.delete(where=where), set_name, account)

    async def move(self, set_name: str, account: UUID, *, source: UUID, group: UUID) -> None:
        """Give all vectors of a document another group."""
        where = {"$and": [{"place": _place(account, VectorKind.CHUNK)}, {"source": source.hex}]}

        def change(collection: Any) -> None:
            ids = collection.get(where=where, include=[])["ids"]
            for some in _some(ids, _WRITE):
                collection.update(ids=some, metadatas=[{"group": group.hex}] * len(some))

        await self._run(change, set_name, account)

    async def rows(self, set_name: str, account: UUID, kind: VectorKind) -> set[UUID]:
        """Return which rows of an account have vectors."""
        where = {"place": _place(account, kind)}

        def read(collection: Any) -> set[UUID]:
            pages = _pages(
                lambda start: collection.get(where=where, include=[], limit=_READ, offset=start)["ids"]
            )
            return {UUID(key.partition(":")[0]) for page in pages for key in page}

        return await self._run(read, set_name, account) or set()

    async def accounts(self, set_name: str) -> set[UUID]:
        """Return which accounts have vectors in a set."""

        def read(collection: Any) -> set[UUID]:
            pages = _pages(
                lambda start: collection.get(include=["metadatas"], limit=_READ, offset=start)["metadatas"]
            )
            return {UUID(each["place"].partition(":")[0]) for page in pages for each in page}

        found: set[UUID] = set()
        for name in await self._collections(set_name):
            found |= await self._in(name, read) or set()
        return found

    async def count(self, set_name: str) -> int:
        """Return how many vectors a set holds."""
        return sum(
            [await self._in(name, lambda c: c.count()) or 0 for name in await self._collections(set_name)]
        )

    async def drop(self, set_name: str) -> None:
        """Remove a whole set."""
        for name in await self._collections(set_name):
            await self._call(lambda client, name=name: client.delete_collection(name), _UPKEEP_SECONDS)
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
        # An embedded one keeps files and threads; the client of a server would lose its connections, open as they are.
        if self._kind == EMBEDDED and opened is not None and opened.done() and not _has_failed(opened):
            await asyncio.to_thread(opened.result().close)

    async def _collections(self, set_name: str) -> list[str]:
        start = f"{_PREFIX}.{set_name}."
        return [name for name in await self._call(_names, _UPKEEP_SECONDS) if name.startswith(start)]

    async def _run(
        self,
        work: Callable[[Any], _Result],
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
        work: Callable[[Any], _Result],
        *,
        make: bool = False,
        seconds: float = _UPKEEP_SECONDS,
    ) -> _Result | None:
        def do(client: Any) -> _Result | None:
            for fresh in (False, True):
                collection = self._collection(client, name, make=make, fresh=fresh)
                if collection is None:
                    return None
                try:
                    return work(collection)
                except Exception as error:
                    if fresh or not _is_missing(error):
                        raise  # else the server has another collection of this name by now: look again
            return None

        return await self._call(do, seconds)

    def _collection(self, client: Any, name: str, *, make: bool, fresh: bool) -> Any:
        if fresh or name not in self._known:
            self._known.pop(name, None)
            try:
                if make:
                    found = client.get_or_create_collection(
                        name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
                    )
                else:
                    found = client.get_collection(name, embedding_function=None)
            except Exception as error:
                if _is_missing(error):
                    return None
                raise
            self._known[name] = found
        return self._known[name]

    async def _call(self, work: Callable[[Any], _Result], deadline: float = _DEADLINE_SECONDS) -> _Result:
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

    async def _connected(self) -> Any:
        """Return the client, opened at first use; opening goes on when whoever asked has no more time to wait for it."""
        if self._client is None or _has_failed(self._client):
            self._client = asyncio.get_running_loop().run_in_executor(self._threads, self._open)
            self._client.add_done_callback(
                _has_failed
            )  # looked at, so that nobody is told of it a second time
        return await asyncio.shield(self._client)


def _has_failed(future: asyncio.Future[Any]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def _names(client: Any) -> list[str]:
    pages = _pages(lambda start: client.list_collections(limit=_READ, offset=start))
    return [each if isinstance(each, str) else each.name for page in pages for each in page]


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


def _plain(vector: Vector) -> Any:
    import numpy as np  # noqa: PLC0415

    return np.asarray(vector, dtype=np.float32)


def _is_missing(error: Exception) -> bool:
    """Whether ChromaDB says that there is no such collection; versions differ in how."""
    return type(error).__name__ in {"NotFoundError", "InvalidCollectionException"} or "does not exist" in str(
        error
    )
