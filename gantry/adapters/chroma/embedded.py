"""ChromaDB in this process, over a folder: its engine, which is a library of its own, asked directly."""

import fcntl
import importlib
import json
import os
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gantry.adapters.chroma.client import COSINE, DATABASE, TENANT, MissingCollectionError
from gantry.adapters.chroma.held import Held, Place
from gantry.domain.embedding import Vector

_PAGE = 1000  # collections read at once
_SAID = 1000  # vectors whose places are read at once, 3 KB each meanwhile; each page goes over all before it
_OPEN = 256  # collections that are kept open, of the 64 of each set
_FILES = 5  # that each of them may need

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
        engine: Any = importlib.import_module("chromadb_rust_bindings")
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._engine: Any = engine.Bindings(
            allow_reset=False,
            sqlite_db_config=engine.SqliteDBConfig(
                hash_type=engine.MigrationHash.MD5,
                migration_mode=engine.MigrationMode.Apply,
                url=str(folder / "chroma.sqlite3"),
            ),
            persist_path=str(folder),
            hnsw_cache_size=max(1, min(_OPEN, files // _FILES)),
        )
        self._held = Held(self._said)
        self._ids: dict[str, str] = {}
        while page := self._engine.list_collections(_PAGE, len(self._ids), TENANT, DATABASE):
            self._ids.update((each.name, str(each.id)) for each in page)

    def heartbeat(self) -> None:
        """See `Client`."""
        self._engine.heartbeat()

    def names(self, limit: int, offset: int) -> list[str]:
        """See `Client`."""
        return sorted(self._ids)[offset : offset + limit]

    def collection(self, name: str, *, make: bool) -> str:
        """See `Client`."""
        if name not in self._ids:
            if not make:
                raise MissingCollectionError(name)
            made = self._engine.create_collection(
                name, json.dumps(COSINE), None, None, True, TENANT, DATABASE
            )
            self._ids[name] = str(made.id)
        return self._ids[name]

    def drop(self, name: str) -> None:
        """See `Client`."""
        if name not in self._ids:
            raise MissingCollectionError(name)
        self._engine.delete_collection(name, TENANT, DATABASE)
        self._held.forget(self._ids.pop(name))

    def upsert(
        self, key: str, ids: list[str], vectors: Sequence[Vector], metadatas: list[dict[str, Any]]
    ) -> None:
        """See `Client`."""
        rows = [_floats(each) for each in vectors]
        self._engine.upsert(self._there(key), ids, rows, metadatas, None, None, TENANT, DATABASE)
        self._held.added(key, metadatas)

    def update(self, key: str, ids: list[str], metadatas: list[dict[str, Any]]) -> None:
        """See `Client`."""
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
        asked = json.dumps(where) if where else None
        found = self._engine.get(
            self._there(key), None, asked, limit, offset, None, list(include), TENANT, DATABASE
        )
        return _as_dict(found, ["ids", *include])

    def delete(self, key: str, where: dict[str, Any]) -> None:
        """See `Client`."""
        try:
            self._engine.delete(self._there(key), None, json.dumps(where), None, None, TENANT, DATABASE)
        finally:
            self._held.forget(key)

    def count(self, key: str) -> int:
        """See `Client`."""
        return self._engine.count(self._there(key), TENANT, DATABASE)

    def close(self) -> None:
        """See `Client`; the folder stays taken."""
        self._held.close()
        self._engine = None

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
