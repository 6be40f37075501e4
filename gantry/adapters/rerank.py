"""Rerankers behind ``POST /v1/rerank``, as vLLM, llama.cpp, Jina and Cohere speak it."""

from collections.abc import Sequence

import httpx

from gantry.domain.errors import Unavailable

_TIMEOUT = httpx.Timeout(5, connect=2)


class HttpReranker:
    """One model of one server."""

    def __init__(self, base_url: str, name: str, *, api_key: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/", headers=headers, timeout=_TIMEOUT
        )
        self._name = name

    async def rank(self, question: str, texts: Sequence[str]) -> Sequence[int]:
        """Return the indexes of all *texts*, best first; those the server does not mention come last."""
        body = {"model": self._name, "query": question, "documents": list(texts), "top_n": len(texts)}
        try:
            answer = await self._client.post("rerank", json=body)
            answer.raise_for_status()
            results = sorted(answer.json()["results"], key=lambda each: -float(each["relevance_score"]))
            ranked = [int(each["index"]) for each in results]
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise Unavailable(
                "The reranker does not answer as it should.", advice="Check RERANK_BASE_URL."
            ) from error
        known = list(dict.fromkeys(index for index in ranked if 0 <= index < len(texts)))
        return [*known, *(index for index in range(len(texts)) if index not in known)]

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()
