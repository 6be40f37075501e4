"""Rerankers behind ``POST /v1/rerank``, as vLLM, llama.cpp, Jina and Cohere speak it."""

from collections.abc import Sequence

import httpx
import orjson

from gantry.adapters.http.calls import body_of, sent
from gantry.adapters.http.server_words import server_message
from gantry.domain.connections import address_below
from gantry.domain.errors import Unavailable

_TIMEOUT = httpx.Timeout(5, connect=2)
_MAX_BYTES = 4 * 1024 * 1024


def _refused(reason: str) -> Unavailable:
    said = f" It says: {reason[:300]}" if reason else ""
    return Unavailable(
        f"The reranker does not answer as it should.{said}", advice="Check RERANK_BASE_URL and RERANK_MODEL."
    )


class HttpReranker:
    """One model of one server."""

    def __init__(self, base_url: str, name: str, *, api_key: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._address = address_below(base_url, "rerank")
        self._client = httpx.AsyncClient(headers=headers, timeout=_TIMEOUT)
        self._name = name

    async def rank(self, question: str, texts: Sequence[str]) -> Sequence[int]:
        """Return the indexes of all *texts*, best first; those the server does not mention come last."""
        body = {"model": self._name, "query": question, "documents": list(texts), "top_n": len(texts)}
        try:
            request = self._client.build_request("POST", self._address, json=body)
            async with sent(self._client, request) as response:
                content = await body_of(response, _MAX_BYTES)
            if not response.is_success:
                raise _refused(server_message(content) or f"HTTP status {response.status_code}")
            results = sorted(
                orjson.loads(content)["results"], key=lambda each: -float(each["relevance_score"])
            )
            ranked = [int(each["index"]) for each in results]
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise _refused(str(error)) from error
        known = list(dict.fromkeys(index for index in ranked if 0 <= index < len(texts)))
        return [*known, *(index for index in range(len(texts)) if index not in known)]

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()
