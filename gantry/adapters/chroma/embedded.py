"""ChromaDB in this process, over a folder: its engine, which is a library of its own, asked directly."""

import fcntl
import importlib
import json
import logging
import os
import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from gantry.adapters.chroma.client import COSINE, DATABASE, TENANT, MissingCollectionError
from gantry.adapters.chroma.held import Held, Place
from gantry.adapters.chroma.renewal import Gate, Removed, sweep
from gantry.domain.embedding import Vector

_PAGE = 1000  # collections read at once
_SAID = 1000  # vectors whose places are read at once, 3 KB each meanwhile; each page goes over all before it
_OPEN = 256  # collections that are kept open, of the 64 of each set
_FILES = 5  # that each of them may need
_ANEW = ".anew"  # ends the name of a collection that is being written
_WRITE = 500  # vectors written at once

log = logging.getLogger(__name__)
_taken: dict[Path, int] = {}


def take(folder: Path) -> None:
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


class EmbeddedChroma:
    """Implements `Client`. What it does is what ``chromadb.api.rust`` of the pinned version does.

    The ids of collections are kept here, as nobody else writes to the folder: asked for one that is missing, the engine
    imports all of ChromaDB to say so.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._gate = Gate()
        self._removed = Removed()
        self._naming = Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="chroma-anew")
        self._closing = False
        self._engine: Any = self._opened()
        self._held = Held(self._said)
        self._ids: dict[str, str] = {}
        while page := self._engine.list_collections(_PAGE, len(self._ids), TENANT, DATABASE):
            self._ids.update((each.name, str(each.id)) for each in page)
        for name in [each for each in self._ids if each.endswith(_ANEW)]:
            self._settle(name.removesuffix(_ANEW))

    def _opened(self) -> Any:
        """Return the engine, opened."""
        sweep(self._folder)
        engine: Any = importlib.import_module("chromadb_rust_bindings")
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return engine.Bindings(
            allow_reset=False,
            sqlite_db_config=engine.SqliteDBConfig(
                hash_type=engine.MigrationHash.MD5,
                migration_mode=engine.MigrationMode.Apply,
                url=str(self._folder / "chroma.sqlite3"),
            ),
            persist_path=str(self._folder),
            hnsw_cache_size=max(1, min(_OPEN, files // _FILES)),
        )

    def heartbeat(self) -> None:
        """See `Client`."""
        with self._gate.open():
            self._engine.heartbeat()

    def names(self, limit: int, offset: int) -> list[str]:
        """See `Client`."""
        with self._gate.open():
            return sorted({each.removesuffix(_ANEW) for each in self._ids})[offset : offset + limit]

    def collection(self, name: str, *, make: bool) -> str:
        """See `Client`."""
        with self._gate.open():
            if not self._is_there(name):
                if not make:
                    raise MissingCollectionError(name)
                self._ids[name] = self._made(name)
            return self._ids[name]

    def _is_there(self, name: str) -> bool:
        """Whether there is a collection of that name; a copy that could not be given the name is given it first."""
        with self._naming:
            if name not in self._ids and name + _ANEW in self._ids:
                self._settle(name)
            return name in self._ids

    def _made(self, name: str) -> str:
        made = self._engine.create_collection(name, json.dumps(COSINE), None, None, True, TENANT, DATABASE)
        return str(made.id)

    def drop(self, name: str) -> None:
        """See `Client`."""
        with self._gate.open():
            if not self._is_there(name):
                raise MissingCollectionError(name)
            self._engine.delete_collection(name, TENANT, DATABASE)
            self._held.forget(self._ids.pop(name))
            self._removed.forget(name)

    def upsert(
        self, key: str, ids: list[str], vectors: Sequence[Vector], metadatas: list[dict[str, Any]]
    ) -> None:
        """See `Client`."""
        rows = [_floats(each) for each in vectors]
        with self._gate.open():
            self._engine.upsert(self._there(key), ids, rows, metadatas, None, None, TENANT, DATABASE)
            self._held.added(key, metadatas)

    def update(self, key: str, ids: list[str], metadatas: list[dict[str, Any]]) -> None:
        """See `Client`."""
        with self._gate.open():
            self._engine.update(self._there(key), ids, None, metadatas, None, None, TENANT, DATABASE)

    def query(
        self, key: str, vector: Vector, count: int, where: dict[str, Any], include: list[str]
    ) -> dict[str, Any]:
        """See `Client`."""
        floats = _floats(vector)

        def ask(count: int, where: str | None, include: list[str]) -> dict[str, Any]:
            found = self._engine.query(
                self._there(key), None, [floats], count, where, None, include, TENANT, DATABASE
            )
            return _as_dict(found, ["ids", *include])

        with self._gate.open():
            if set(where) == {"place"}:
                wanted = [each for each in include if each != "metadatas"]
                found = self._held.nearest((key, where["place"]), count, lambda most: ask(most, None, wanted))
                if found is not None:
                    return found
            return ask(count, json.dumps(where), include)

    def get(
        self,
        key: str,
        *,
        where: dict[str, Any] | None = None,
        include: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> dict[str, Any]:
        """See `Client`."""
        with self._gate.open():
            return self._rows(self._there(key), where, include, limit, offset)

    def _rows(
        self, key: str, where: dict[str, Any] | None, include: Sequence[str], limit: int | None, offset: int
    ) -> dict[str, Any]:
        asked = json.dumps(where) if where else None
        found = self._engine.get(key, None, asked, limit, offset, None, list(include), TENANT, DATABASE)
        return _as_dict(found, ["ids", *include])

    def delete(self, key: str, where: dict[str, Any]) -> None:
        """See `Client`."""
        with self._gate.open():
            before = self._engine.count(self._there(key), TENANT, DATABASE)
            try:
                self._engine.delete(key, None, json.dumps(where), None, None, TENANT, DATABASE)
            finally:
                self._held.forget(key)
            gone = before - self._engine.count(key, TENANT, DATABASE)
            name = next((name for name, each in self._ids.items() if each == key), "")
        if self._removed.note(name, max(0, gone)):
            self._writer.submit(self.write_anew).add_done_callback(_tell)

    def count(self, key: str) -> int:
        """See `Client`."""
        with self._gate.open():
            return self._engine.count(self._there(key), TENANT, DATABASE)

    def close(self) -> None:
        """See `Client`; the folder stays taken."""
        self._closing = True
        self._held.close()
        self._writer.shutdown(wait=True, cancel_futures=True)
        self._engine = None

    def write_anew(self) -> None:
        """Write collections anew that have lost much, one after the other: for each of them questions wait a moment."""
        written = False
        for name in self._removed.names():
            with self._gate.alone():
                key = self._ids.get(name)
                if self._closing or key is None:
                    continue
                left = self._engine.count(key, TENANT, DATABASE)
                if self._removed.is_worth_it(name, left):
                    self._removed.forget(name)  # a fault is not tried again before as many are removed
                    self._copy(name, key, left)
                    written = True
        if written:
            with self._gate.alone():
                # Only an engine that is left gives back what it holds of collections that are gone.
                self._engine = self._opened()

    def _copy(self, name: str, key: str, count: int) -> None:
        """Put a copy in the place of a collection; at each moment one of them is whole."""
        if name + _ANEW in self._ids:
            self._settle(name)  # a draft that could not be dropped
        draft = self._ids[name + _ANEW] = self._made(name + _ANEW)
        try:
            for first in range(0, count, _WRITE):
                some = self._rows(key, None, ("embeddings", "metadatas"), _WRITE, first)
                vectors = [_floats(each) for each in some["embeddings"]]
                self._engine.upsert(
                    draft, some["ids"], vectors, some["metadatas"], None, None, TENANT, DATABASE
                )
            if self._engine.count(draft, TENANT, DATABASE) == count:
                self._engine.delete_collection(name, TENANT, DATABASE)
                del self._ids[name]
                self._held.forget(key)
        finally:
            self._settle(name)

    def _settle(self, name: str) -> None:
        """Drop what was being written in the place of a collection that is there, else give it the name."""
        draft = self._ids[name + _ANEW]
        if name in self._ids:
            self._engine.delete_collection(name + _ANEW, TENANT, DATABASE)
        else:
            self._engine.update_collection(draft, name, None, None)
            self._ids[name] = draft
        del self._ids[name + _ANEW]  # only now: where it failed, the copy is all there is

    def _said(self, place: Place) -> Iterator[list[dict[str, Any]]]:
        """Read what is said of the vectors of *place*."""
        key, where = place[0], {"place": place[1]}
        first = 0
        while page := self.get(key, where=where, include=["metadatas"], limit=_SAID, offset=first)[
            "metadatas"
        ]:
            yield page
            first += len(page)

    def _there(self, key: str) -> str:
        if key not in self._ids.values():
            raise MissingCollectionError(key)
        return key


def _floats(vector: Vector) -> list[float]:
    return [float(each) for each in vector]


def _as_dict(found: Any, fields: Sequence[str]) -> dict[str, Any]:
    return {field: getattr(found, field) for field in fields}


def _tell(writing: Future[None]) -> None:
    if not writing.cancelled() and (error := writing.exception()) is not None:
        log.warning("index.not_written_anew", extra={"reason": f"{type(error).__name__}: {error}"[:300]})
