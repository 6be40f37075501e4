"""Embedding models as ONNX, on the processor of this machine: one small batch at a time, in bounded memory."""

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantry.adapters.embedding.eight_bits import apart, in_eight_bits
from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable, TextRole, Vector
from gantry.thrift import trim_memory

EIGHT_BITS = "model_int8.onnx"
WEIGHTS = f"{EIGHT_BITS}.data"  # beside it
_THREADS = 2
_EXTERNAL = {
    "file_name": "model.onnx.data",
    "min_size_in_bytes": "1024",
}  # how weights are written beside a graph

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model wants its texts.

    Attributes:
        model: Whose vectors these are.
        max_tokens: What it was trained on; longer texts are cut.
        padding: The token that fills a batch up, and its number.
        batch: Texts at once: how long a question may have to wait.
        before: What is put before a text, by what it is embedded for.
        centred: Sentences whose mean is taken from every vector. Some models put all texts close together: only what differs
            from any sentence tells what a text is about, and how near is near.
        eight_bits: Its weights are kept in eight bits; whoever changes this changes the model's name, for its vectors are others.
        remedy: What to do where the files in the folder are no model.
    """

    model: EmbeddingModel
    max_tokens: int
    padding: tuple[str, int]
    batch: int
    before: Mapping[TextRole, str] = field(default_factory=dict)
    centred: Sequence[str] = ()
    eight_bits: bool = False
    remedy: str = "Delete {folder} so that it is fetched again."


def _runtime() -> Any:
    """Return ONNX Runtime, told before it is loaded that it must not report to its maker, as its builds for Linux do."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415 - fifty milliseconds and twenty megabytes, when it is needed

    return onnxruntime


def _options(onnxruntime: Any) -> Any:
    options = onnxruntime.SessionOptions()
    # Threads that share one run wait for each other at each of its steps, which doubles what it costs: each run has one.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps the largest batch's memory for ever
    options.log_severity_level = 3
    return options


class OnnxEmbedder:
    """One session for each process, loaded at first use; runs in two threads of its own, a small batch in each.

    Args:
        recipe: How the model wants its texts.
        folder: Where the model lies.
        kept: Where it may put the model in the form that takes less memory: in eight bits, or to be mapped and not read,
            which processes share.
    """

    def __init__(self, recipe: Recipe, folder: Path, kept: Path) -> None:
        self._recipe = recipe
        self._folder = folder
        self._kept = kept
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="embedding")
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._centre: Any = None

    async def model(self) -> EmbeddingModel:
        """Return what it is; known without loading it."""
        return self._recipe.model

    async def embed(self, texts: Sequence[str], role: TextRole) -> Sequence[Vector]:
        """Return the mean of the tokens' vectors, of length one."""
        before, size = self._recipe.before.get(role, ""), self._recipe.batch
        loop = asyncio.get_running_loop()
        # Texts of about the same length together: a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        batches = iter([order[first : first + size] for first in range(0, len(order), size)])
        made: list[Vector] = [()] * len(texts)

        async def work() -> None:
            # Only so many at a time: a question that comes meanwhile waits for one of them.
            for batch in batches:
                some = [before + texts[index] for index in batch]
                vectors = await loop.run_in_executor(self._threads, self._run, some)
                for index, vector in zip(batch, vectors, strict=True):
                    made[index] = vector

        await asyncio.gather(*(work() for _ in range(_THREADS)))
        return made

    def _run(self, texts: list[str]) -> list[Vector]:
        tokenizer, session = self._load()
        made = self._vectors(tokenizer, session, texts)
        return list(made if self._centre is None else _unit(made - self._centre))

    def _vectors(self, tokenizer: Any, session: Any, texts: list[str]) -> Any:
        import numpy as np  # noqa: PLC0415 - only where vectors are made

        encoded = tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {each.name for each in session.get_inputs()}  # some models know no types
        hidden = session.run(None, {name: value for name, value in given.items() if name in wanted})[0]
        weights = mask[:, :, None].astype(np.float32)
        return _unit((hidden * weights).sum(1) / np.maximum(weights.sum(1), 1e-9))

    def _mean(self, tokenizer: Any, session: Any) -> Any:
        """Return the mean of what the model makes of the recipe's sentences, for each thing it embeds for."""
        texts = [before + each for before in self._recipe.before.values() for each in self._recipe.centred]
        return sum(self._vectors(tokenizer, session, [text])[0] for text in texts) / len(texts)

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                try:
                    tokenizer, session = self._open()
                    if self._recipe.centred:
                        self._centre = self._mean(tokenizer, session)
                    self._loaded = tokenizer, session
                except Exception as error:
                    raise EmbeddingUnavailable(
                        "The embedding model could not be loaded.",
                        advice=self._recipe.remedy.format(folder=self._folder),
                    ) from error
                trim_memory()  # reading a model takes more than having it
                log.info("embedding.loaded", extra={"model": self._recipe.model.name})
            return self._loaded

    def _open(self) -> tuple[Any, Any]:
        from tokenizers import Tokenizer  # noqa: PLC0415

        onnxruntime = _runtime()
        tokenizer: Any = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(max_length=self._recipe.max_tokens)
        token, number = self._recipe.padding
        tokenizer.enable_padding(pad_id=number, pad_token=token)
        options = _options(onnxruntime)
        model = self._small() if self._recipe.eight_bits else self._large(onnxruntime, options)
        return tokenizer, onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def _small(self) -> str | bytes:
        """Return the model in eight bits: its file, made at first use, or where it cannot be kept what would be in it."""
        original = self._folder / "model.onnx"
        found = self._folder / EIGHT_BITS
        if found.is_file():
            return str(found)
        kept = self._kept / f"int8-{original.stat().st_size}"
        if not (kept / EIGHT_BITS).is_file():
            made = in_eight_bits(original)
            try:
                _write(made, kept)
            except OSError:
                log.info("embedding.not_kept")  # the disk is full or read-only: it serves all the same
                return made
            with contextlib.suppress(OSError):  # what earlier versions kept
                (self._kept / f"{original.stat().st_size}-{EIGHT_BITS}").unlink(missing_ok=True)
        return str(kept / EIGHT_BITS)

    def _large(self, onnxruntime: Any, options: Any) -> str:
        """Return the file of the model as it is, to be mapped where it may be kept for that."""
        path = self._folder / "model.onnx"
        try:
            path = self._map(self._kept / f"{onnxruntime.__version__}-{path.stat().st_size}")
        except OSError:
            log.info("embedding.not_kept")
        else:
            options.graph_optimization_level = (
                onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            )  # they are done
            options.add_session_config_entry("session.disable_prepacking", "1")  # packed weights are copies
        return str(path)

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
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        self._loaded = None


def _write(model: bytes, folder: Path) -> None:
    """Write *model* to *folder*, which is there with all of it or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        graph, weights = apart(model, WEIGHTS)
        (draft / EIGHT_BITS).write_bytes(graph)
        (draft / WEIGHTS).write_bytes(weights)
        try:
            draft.rename(folder)
        except OSError:
            if not (folder / EIGHT_BITS).is_file():  # else another process was quicker
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unit(vectors: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - only where vectors are made

    return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(np.float32)
