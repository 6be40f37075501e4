"""A server of ChromaDB, over its second REST interface."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson

from gantry.adapters.chroma.client import CONFIGURATION, DATABASE, PAGE, TENANT, Client, Missing, Where, pages

_OPENING_SECONDS = 5.0
_CALL_SECONDS = 30.0  # where nobody waits any more, the thread must not either
_NOT_FOUND = 404


def server(url: str) -> Callable[[], Client]:
    """Return how to reach a server."""

    def open_it() -> Client:
        parts = urlsplit(url)
        host, secure = parts.hostname or "localhost", parts.scheme == "https"
        host = f"[{host}]" if ":" in host else host
        port = parts.port or (443 if secure else 8000)
        client = ServerClient(f"{parts.scheme or 'http'}://{host}:{port}")
        client.heartbeat(_OPENING_SECONDS)  # a connection that nobody answers must not keep whoever opens it
        return client

    return open_it


class ServerClient:
    """ChromaDB's server at *origin*."""

    def __init__(self, origin: str) -> None:
        self._http = httpx.Client(base_url=f"{origin}/api/v2", timeout=_CALL_SECONDS)
        self._database = f"/tenants/{TENANT}/databases/{DATABASE}"
        self._all = f"{self._database}/collections"

    def _ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        content = None if body is None else orjson.dumps(body)
        headers = {} if body is None else {"content-type": "application/json"}
        answer = self._http.request(method, path, content=content, headers=headers, **options)
        if answer.status_code == _NOT_FOUND:
            raise Missing(path)
        if answer.is_error:
            raise httpx.HTTPStatusError(
                f"{answer.status_code}: {answer.text[:200]}", request=answer.request, response=answer
            )
        return orjson.loads(answer.content)

    def _in(self, collection: str, doing: str, body: Any) -> Any:
        return self._ask("POST", f"{self._all}/{collection}/{doing}", body)

    def heartbeat(self, seconds: float = _CALL_SECONDS) -> None:
        """See `Client`."""
        self._ask("GET", "/heartbeat", timeout=seconds)

    def names(self) -> list[str]:
        """See `Client`."""
        found = pages(
            lambda start: self._ask("GET", self._all, params={"limit": str(PAGE), "offset": str(start)})
        )
        return [each["name"] for page in found for each in page]

    def find(self, name: str) -> str:
        """See `Client`."""
        return self._ask("GET", f"{self._all}/{quote(name)}")["id"]

    def make(self, name: str) -> str:
        """See `Client`."""
        wanted = {
            "name": name,
            "metadata": None,
            "configuration": CONFIGURATION,
            "schema": None,
            "get_or_create": True,
        }
        return self._ask("POST", self._all, wanted)["id"]

    def drop(self, name: str) -> None:
        """See `Client`."""
        self._ask("DELETE", f"{self._all}/{quote(name)}")

    def upsert(
        self, collection: str, ids: list[str], vectors: list[list[float]], about: list[dict[str, str]]
    ) -> None:
        """See `Client`."""
        self._in(collection, "upsert", {"ids": ids, "embeddings": vectors, "metadatas": about})

    def update(self, collection: str, ids: list[str], about: list[dict[str, str]]) -> None:
        """See `Client`."""
        self._in(collection, "update", {"ids": ids, "embeddings": None, "metadatas": about})

    def query(
        self, collection: str, vector: list[float], count: int, where: Where, include: list[str]
    ) -> dict[str, Any]:
        """See `Client`."""
        asked = {"query_embeddings": [vector], "n_results": count, "where": where, "include": include}
        return self._in(collection, "query", asked)

    def get(
        self, collection: str, where: Where | None, include: list[str], *, limit: int | None, offset: int
    ) -> dict[str, Any]:
        """See `Client`."""
        asked = {"where": where, "limit": limit, "offset": offset, "include": include}
        return self._in(collection, "get", asked)

    def delete(self, collection: str, where: Where) -> None:
        """See `Client`."""
        self._in(collection, "delete", {"where": where})

    def count(self, collection: str) -> int:
        """See `Client`."""
        return self._ask("GET", f"{self._all}/{collection}/count")

    def close(self) -> None:
        """See `Client`."""
        self._http.close()
