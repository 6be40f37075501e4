"""A ChromaDB server, by its HTTP interface (v2)."""

from array import array
from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson

from gantry.adapters.chroma.client import COSINE, DATABASE, TENANT, MissingCollectionError
from gantry.domain.embedding import Vector

_BASE = f"/tenants/{TENANT}/databases/{DATABASE}/collections"
_MOST_SAID = 300  # characters of what a server says is wrong


class ChromaServerError(Exception):
    """The server refused; the message says why."""


class ChromaServer:
    """Implements `Client`; opening it asks the server what it can.

    Args:
        url: Where it is.
        opening_seconds: How long it may take to answer while it is being opened.
        seconds: How long an answer may take later: a connection that nobody answers any more would keep its thread.
    """

    def __init__(self, url: str, *, opening_seconds: float, seconds: float) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        secure = parts.scheme == "https"
        host = parts.hostname or "localhost"
        port = parts.port or (443 if secure else 8000)
        shown = f"[{host}]" if ":" in host else host
        self._http = httpx.Client(
            base_url=f"{'https' if secure else 'http'}://{shown}:{port}/api/v2",
            timeout=opening_seconds,
            headers={"content-type": "application/json"},
        )
        try:
            self.heartbeat()
            able = self._ask("GET", "/pre-flight-checks")
        except BaseException:
            self._http.close()
            raise
        self._packs = isinstance(able, dict) and bool(able.get("supports_base64_encoding"))
        self._http.timeout = httpx.Timeout(seconds)

    def heartbeat(self) -> None:
        """See `Client`."""
        self._ask("GET", "/heartbeat")

    def names(self, limit: int, offset: int) -> list[str]:
        """See `Client`."""
        found = self._ask("GET", _BASE, params={"limit": limit, "offset": offset})
        return [each["name"] for each in found]

    def collection(self, name: str, *, make: bool) -> str:
        """See `Client`."""
        if not make:
            return self._ask("GET", f"{_BASE}/{quote(name, safe='')}")["id"]
        return self._ask("POST", _BASE, {"name": name, "configuration": COSINE, "get_or_create": True})["id"]

    def drop(self, name: str) -> None:
        """See `Client`."""
        self._ask("DELETE", f"{_BASE}/{quote(name, safe='')}")

    def upsert(
        self, key: str, ids: list[str], vectors: Sequence[Vector], metadatas: list[dict[str, Any]]
    ) -> None:
        """See `Client`."""
        rows = [array("f", each) for each in vectors]
        embeddings = [b64encode(row).decode() if self._packs else row.tolist() for row in rows]
        self._ask(
            "POST",
            f"{_BASE}/{key}/upsert",
            {"ids": ids, "embeddings": embeddings, "metadatas": metadatas},
        )

    def update(self, key: str, ids: list[str], metadatas: list[dict[str, Any]]) -> None:
        """See `Client`."""
        self._ask("POST", f"{_BASE}/{key}/update", {"ids": ids, "metadatas": metadatas})

    def query(
        self, key: str, vector: Vector, count: int, where: dict[str, Any], include: list[str]
    ) -> dict[str, Any]:
        """See `Client`."""
        asked = {
            "query_embeddings": [array("f", vector).tolist()],
            "n_results": count,
            "where": where,
            "include": include,
        }
        return self._ask("POST", f"{_BASE}/{key}/query", asked)

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
        asked = {"where": where, "include": list(include), "limit": limit, "offset": offset}
        return self._ask("POST", f"{_BASE}/{key}/get", asked)

    def delete(self, key: str, where: dict[str, Any]) -> None:
        """See `Client`."""
        self._ask("POST", f"{_BASE}/{key}/delete", {"where": where})

    def count(self, key: str) -> int:
        """See `Client`."""
        return int(self._ask("GET", f"{_BASE}/{key}/count"))

    def close(self) -> None:
        """See `Client`."""
        self._http.close()

    def _ask(
        self, method: str, path: str, content: dict[str, Any] | None = None, *, params: Any = None
    ) -> Any:
        body = None if content is None else orjson.dumps(content)
        answer = self._http.request(method, path, content=body, params=params)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise MissingCollectionError(path)
        if not answer.is_success:
            raise ChromaServerError(f"{answer.status_code}: {answer.text[:_MOST_SAID]}")
        return orjson.loads(answer.content) if answer.content else None
