"""ChromaDB in this process, over a folder."""

import fcntl
import importlib.util
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gantry.adapters.chroma.client import CONFIGURATION, DATABASE, PAGE, TENANT, Client, Missing, Where, pages

_FILES_OF_AN_INDEX = 5
_ERRORS = "chromadb.errors"
_ABSENT = {"NotFoundError", "InvalidCollectionException"}


def embedded(folder: Path) -> Callable[[], Client]:
    """Return how to open an index in a folder; of several processes the first has it, and the others search by words."""

    def open_it() -> Client:
        folder.mkdir(parents=True, exist_ok=True)
        _take(folder)
        return EmbeddedClient(folder)

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


def _library() -> Any:
    """Return the database itself; it raises what ``chromadb.errors`` defines, which is loaded without the package."""
    if _ERRORS not in sys.modules:
        package = importlib.util.find_spec("chromadb")
        if package is None or package.origin is None:
            raise ModuleNotFoundError("chromadb is not installed.", name="chromadb")
        spec = importlib.util.spec_from_file_location(_ERRORS, Path(package.origin).with_name("errors.py"))
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"{_ERRORS} is not installed.", name=_ERRORS)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[_ERRORS] = module
    import chromadb_rust_bindings  # noqa: PLC0415 - fifteen megabytes, when they are needed

    return chromadb_rust_bindings


@contextmanager
def _told() -> Iterator[None]:
    """Raise `Missing` where there is no such collection."""
    try:
        yield
    except Exception as error:
        if type(error).__name__ in _ABSENT or "does not exist" in str(error):
            raise Missing(str(error)) from error
        raise


class EmbeddedClient:
    """ChromaDB's library over *folder*, called as its Python package calls it."""

    def __init__(self, folder: Path) -> None:
        library = _library()
        self._bindings: Any = library.Bindings(
            allow_reset=False,
            sqlite_db_config=library.SqliteDBConfig(
                hash_type=library.MigrationHash.MD5,
                migration_mode=library.MigrationMode.Apply,
                url=str(folder / "chroma.sqlite3"),
            ),
            persist_path=str(folder),
            hnsw_cache_size=resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _FILES_OF_AN_INDEX,
        )

    def heartbeat(self) -> None:
        """See `Client`."""
        self._bindings.heartbeat()

    def names(self) -> list[str]:
        """See `Client`."""
        return [each.name for each in self._collections()]

    def find(self, name: str) -> str:
        """See `Client`."""
        for each in self._collections():  # asked for one that is not there, the library would log an error
            if each.name == name:
                return str(each.id)
        raise Missing(name)

    def _collections(self) -> list[Any]:
        found = pages(lambda start: self._bindings.list_collections(PAGE, start, TENANT, DATABASE))
        return [each for page in found for each in page]

    def make(self, name: str) -> str:
        """See `Client`."""
        made = self._bindings.create_collection(
            name, json.dumps(CONFIGURATION), None, None, True, TENANT, DATABASE
        )
        return str(made.id)

    def drop(self, name: str) -> None:
        """See `Client`."""
        with _told():
            self._bindings.delete_collection(name, TENANT, DATABASE)

    def upsert(
        self, collection: str, ids: list[str], vectors: list[list[float]], about: list[dict[str, str]]
    ) -> None:
        """See `Client`."""
        with _told():
            self._bindings.upsert(collection, ids, vectors, about, None, None, TENANT, DATABASE)

    def update(self, collection: str, ids: list[str], about: list[dict[str, str]]) -> None:
        """See `Client`."""
        with _told():
            self._bindings.update(collection, ids, None, about, None, None, TENANT, DATABASE)

    def query(
        self, collection: str, vector: list[float], count: int, where: Where, include: list[str]
    ) -> dict[str, Any]:
        """See `Client`."""
        with _told():
            found = self._bindings.query(
                collection, None, [vector], count, json.dumps(where), None, include, TENANT, DATABASE
            )
        return {"ids": found.ids, **{field: getattr(found, field) for field in include}}

    def get(
        self, collection: str, where: Where | None, include: list[str], *, limit: int | None, offset: int
    ) -> dict[str, Any]:
        """See `Client`."""
        wanted = json.dumps(where) if where else None
        with _told():
            found = self._bindings.get(
                collection, None, wanted, limit, offset, None, include, TENANT, DATABASE
            )
        return {"ids": found.ids, **{field: getattr(found, field) for field in include}}

    def delete(self, collection: str, where: Where) -> None:
        """See `Client`."""
        with _told():
            self._bindings.delete(collection, None, json.dumps(where), None, None, TENANT, DATABASE)

    def count(self, collection: str) -> int:
        """See `Client`."""
        with _told():
            return self._bindings.count(collection, TENANT, DATABASE)

    def close(self) -> None:
        """See `Client`."""
        del self._bindings  # its files are closed with it
