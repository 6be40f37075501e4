"""Which embedding model serves: the configured one, or the best there is."""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from gantry.adapters.embedding.lexical import LexicalEmbedder
from gantry.adapters.embedding.minilm import CHROMA_CACHE, MODEL, MiniLm, download, find_model
from gantry.adapters.embedding.multilingual import DIMENSIONS, FILES, Multilingual, find_multilingual
from gantry.adapters.openai.embeddings import OpenAiEmbedder
from gantry.domain.embedding import Embedder, EmbeddingUnavailable

AUTO, MINILM, LEXICAL = "auto", "minilm", "lexical"

log = logging.getLogger(__name__)


class Embedders:
    """Knows every model this process can use; which one is wanted may change while it runs, when a download has ended.

    Args:
        wanted: ``auto``, ``minilm``, ``lexical``, ``multilingual-e5-small``, or the name of a model of the server.
        folder: Where a downloaded model is kept; it may also lie in ChromaDB's own cache.
        of_server: Makes the embedder for a model of the server, from its name; None when there is no server.
    """

    def __init__(
        self,
        wanted: str,
        folder: Path,
        of_server: Callable[[str], OpenAiEmbedder] | None,
        *,
        fetch: bool = True,
    ) -> None:
        self._wanted = wanted
        self._models = folder
        self._folder = folder / "all-MiniLM-L6-v2" / "onnx"
        self._fetch = fetch
        self._lexical = LexicalEmbedder()
        self._of_server = of_server
        self._served: dict[str, OpenAiEmbedder] = {}
        self._minilm: MiniLm | None = None
        self._multilingual: dict[str, Multilingual] = {}
        self._fetching = False

    async def named(self, name: str) -> Embedder | None:
        """Return the model of that name, for a set made with another one than is wanted now; None when it is not here."""
        if name == LEXICAL:
            return self._lexical
        if name == MODEL.name:
            return await self._here()
        served = self._server_model(name)
        return served or await asyncio.to_thread(self._many_languages, name)

    async def wanted(self) -> Embedder:
        """Return the model to be used.

        Raises:
            EmbeddingUnavailable: The one that was asked for by name is not there (yet).
        """
        if self._wanted not in {AUTO, MINILM, LEXICAL} and (served := self._server_model(self._wanted)):
            return served
        if self._wanted == LEXICAL:
            return self._lexical
        if self._wanted in DIMENSIONS:
            if found := await asyncio.to_thread(self._many_languages, self._wanted):
                return found
            raise EmbeddingUnavailable(
                "The embedding model is not there.",
                advice=f"Put {' and '.join(FILES)} into {self._models / self._wanted}.",
            )
        minilm = await self._here()
        if minilm is not None:
            return minilm
        self._fetch_once()
        if self._wanted == AUTO:
            return self._lexical
        raise EmbeddingUnavailable("The embedding model is not ready yet.", advice="It is being downloaded.")

    def _server_model(self, name: str) -> Embedder | None:
        if self._of_server is None:
            return None
        if name not in self._served:
            self._served[name] = self._of_server(name)
        return self._served[name]

    def _many_languages(self, name: str) -> Multilingual | None:
        if name in DIMENSIONS and name not in self._multilingual:
            folder = find_multilingual(name, self._models)
            if folder is not None:
                self._multilingual[name] = Multilingual(name, folder, self._models / name / "mapped")
        return self._multilingual.get(name)

    async def _here(self) -> MiniLm | None:
        return self._minilm or await asyncio.to_thread(self._found)

    def _found(self) -> MiniLm | None:
        if self._minilm is None:
            home = Path.home() if self._fetch else self._folder
            folder = find_model(self._folder, home / CHROMA_CACHE)
            if folder is not None:
                self._minilm = MiniLm(folder, self._folder.parent)
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
        for each in self._multilingual.values():
            await each.aclose()
        for served in self._served.values():
            await served.aclose()
