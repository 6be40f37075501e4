"""all-MiniLM-L6-v2 as ChromaDB ships it: ONNX, 384 dimensions, on the processor of this machine."""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable, TextRole, Vector

MODEL = EmbeddingModel("minilm", 384, semantic=True)
FILES = ("model.onnx", "tokenizer.json")
CHROMA_CACHE = Path(".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")  # below the home folder
_MAX_TOKENS = 256  # what the model was trained on; longer texts are cut, as ChromaDB does
_BATCH = (
    2  # as quick as larger ones, half the memory; and a question waits for no more than this many passages
)
_THREADS = 2
_EXTERNAL = {
    "file_name": "model.onnx.data",
    "min_size_in_bytes": "1024",
}  # how weights are written beside a graph

log = logging.getLogger(__name__)


def _runtime() -> Any:
    """Return ONNX Runtime, told before it is loaded that it must not report to its maker, as its builds for Linux do."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415 - fifty milliseconds and twenty megabytes, when it is needed

    return onnxruntime


def _options(onnxruntime: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps the largest batch's memory for ever
    # Threads that sleep between two steps of one run double its time, to be woken that often; after it they do sleep.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    return options


def find_model(*folders: Path) -> Path | None:
    """Return the first of *folders* that holds the model."""
    return next((folder for folder in folders if all((folder / name).is_file() for name in FILES)), None)


def download(folder: Path) -> None:
    """Let ChromaDB fetch the model into *folder*, which ends in ``onnx``; blocks for as long as that takes.

    Raises:
        EmbeddingUnavailable: There is no network, or what came is not the model.
    """
    # The whole first: while another thread imports it too, its parts wait for each other in a circle.
    import chromadb  # noqa: F401, PLC0415 - heavy
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import (  # noqa: PLC0415 - heavy
        ONNXMiniLM_L6_V2,
    )

    class Ours(ONNXMiniLM_L6_V2):
        DOWNLOAD_PATH = folder.parent

    try:
        Ours()._download_model_if_not_exists()  # noqa: SLF001 - it has no public way to ask for it
    except Exception as error:
        raise EmbeddingUnavailable("The embedding model could not be downloaded.") from error


class MiniLm:
    """One session for each process, loaded at first use; runs in a thread of its own, one small batch after the other.

    Args:
        folder: Where the model lies.
        mapped: Where it may put the model in the form that is mapped into memory, not read: half the memory, and processes
            share it.
    """

    def __init__(self, folder: Path, mapped: Path) -> None:
        self._folder = folder
        self._mapped = mapped
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="minilm")
        self._loaded: tuple[Any, Any] | None = None

    async def model(self) -> EmbeddingModel:
        """Return what it is; known without loading it."""
        return MODEL

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return the mean of the tokens' vectors, of length one; questions and passages are treated alike."""
        loop = asyncio.get_running_loop()
        # Texts of about the same length together: a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        made: list[Vector] = [()] * len(texts)
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            vectors = await loop.run_in_executor(self._thread, self._run, [texts[index] for index in batch])
            for index, vector in zip(batch, vectors, strict=True):
                made[index] = vector
        return made

    def _run(self, texts: list[str]) -> list[Vector]:
        import numpy as np  # noqa: PLC0415 - only where vectors are made

        tokenizer, session = self._load()
        encoded = tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, inputs)[0]
        weights = mask[:, :, None].astype(np.float32)
        mean = (hidden * weights).sum(1) / np.maximum(weights.sum(1), 1e-9)
        unit = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
        return list(unit.astype(np.float32))

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                self._loaded = self._open()
            except Exception as error:
                raise EmbeddingUnavailable(
                    "The embedding model could not be loaded.",
                    advice=f"Delete {self._folder} so that it is fetched again.",
                ) from error
            log.info("embedding.loaded", extra={"model": MODEL.name})
        return self._loaded

    def _open(self) -> tuple[Any, Any]:
        from tokenizers import Tokenizer  # noqa: PLC0415

        onnxruntime = _runtime()
        tokenizer: Any = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(max_length=_MAX_TOKENS)
        tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")  # noqa: S106 - no password
        options = _options(onnxruntime)
        path = self._folder / "model.onnx"
        try:
            path = self._map(self._mapped / f"{onnxruntime.__version__}-{path.stat().st_size}")
        except OSError:
            log.info("embedding.not_mapped")  # the disk is full or read-only: it serves all the same
        else:
            options.graph_optimization_level = (
                onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            )  # they are done
            options.add_session_config_entry("session.disable_prepacking", "1")  # packed weights are copies
        return tokenizer, onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def _map(self, folder: Path) -> Path:
        """Return the model with its weights in a file of their own below *folder*, made at first use."""
        onnxruntime = _runtime()
        made = folder / "model.onnx"
        if made.is_file():
            return made
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        try:
            options = _options(onnxruntime)
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
            options.optimized_model_filepath = str(draft / made.name)
            for name, value in _EXTERNAL.items():
                options.add_session_config_entry(
                    f"session.optimized_model_external_initializers_{name}", value
                )
            onnxruntime.InferenceSession(
                str(self._folder / made.name), options, providers=["CPUExecutionProvider"]
            )
            if not made.is_file():  # else another process was quicker
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return made

    async def aclose(self) -> None:
        """Free the model once what runs has ended."""
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)
        self._loaded = None
