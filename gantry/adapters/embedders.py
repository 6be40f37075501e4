"""Which embedding model serves: the configured one, or the best there is."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from gantry.adapters.lexical_embeddings import LexicalEmbedder
from gantry.adapters.minilm import CHROMA_CACHE, MiniLm, download, find_model
from gantry.adapters.openai_embeddings import OpenAiEmbedder
from gantry.domain.embedding import Embedder, EmbeddingUnavailable

AUTO, MINILM, LEXICAL = "auto", "minilm", "lexical"

log = logging.getLogger(__name__)


class Embedders:
    """Knows every model this process can use; which one is wanted may change while it runs, when a download has ended.

    Args:
        wanted: ``auto``, ``minilm``, ``lexical``, or the name of a model of *server*.
        folder: Where a downloaded model is kept; it may also lie in ChromaDB's own cache.
    """

    def __init__(
        self, wanted: str, folder: Path, server: OpenAiEmbedder | None, *, fetch: bool = True
    ) -> None:
        self._wanted = wanted
        self._folder = folder / "all-MiniLM-L6-v2" / "onnx"
        self._fetch = fetch
        self._lexical = LexicalEmbedder()
        self._server = server
        self._minilm: MiniLm | None = None
        self._fetching = False

    @property
    def known(self) -> Mapping[str, Embedder]:
        """All models that can be used, for sets made with another one than is wanted now."""
        found: dict[str, Embedder] = {LEXICAL: self._lexical}
        if minilm := self._found():
            found[MINILM] = minilm
        return found

    async def wanted(self) -> Embedder:
        """Return the model to be used.

        Raises:
            EmbeddingUnavailable: The one that was asked for by name is not there (yet).
        """
        if self._server is not None and self._wanted not in {AUTO, MINILM, LEXICAL}:
            return self._server
        if self._wanted == LEXICAL:
            return self._lexical
        minilm = await asyncio.to_thread(self._found)
        if minilm is not None:
            return minilm
        self._fetch_once()
        if self._wanted == AUTO:
            return self._lexical
        raise EmbeddingUnavailable("The embedding model is not there yet.", advice="It is being downloaded.")

    def _found(self) -> MiniLm | None:
        if self._minilm is None:
            home = Path.home() if self._fetch else self._folder
            folder = find_model(self._folder, home / CHROMA_CACHE)
            if folder is not None:
                self._minilm = MiniLm(folder, self._folder.parent / "mapped")
        return self._minilm

    def _fetch_once(self) -> None:
        """Try to download the model, once for each process, without waiting for it."""
        if self._fetching or not self._fetch:
            return
        self._fetching = True

        def fetch() -> None:
            try:
                download(self._folder)
            except EmbeddingUnavailable:
                log.info("embedding.not_downloaded")
            else:
                log.info("embedding.downloaded")

        threading.Thread(target=fetch, name="download", daemon=True).start()

    async def aclose(self) -> None:
        """Free what is loaded."""
        if self._minilm is not None:
            await self._minilm.aclose()
        if self._server is not None:
            await self._server.aclose()
