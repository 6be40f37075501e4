"""What turns texts into vectors: MiniLM as ChromaDB has it, a server, hashed words."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantry.adapters.embedding.choice import Embedders
from gantry.adapters.embedding.lexical import LexicalEmbedder
from gantry.adapters.embedding.minilm import MiniLm, find_model
from gantry.domain.embedding import EmbeddingUnavailable, TextRole
from tests.parts.app import ROOT

TEXTS = [
    "The lighthouse keeper was called Amalia.",
    "Who looked after the beacon?",
    "short",
    "A long text about gardens and water. " * 60,
    "",
]


def likeness(left: Any, right: Any) -> float:
    """Return the cosine of two vectors."""
    a, b = np.asarray(left), np.asarray(right)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


async def test_minilm_makes_the_vectors_that_chromadb_makes(minilm_folder: Path, tmp_path: Path) -> None:
    """In eight bits, and whatever the batch, each vector is close to ChromaDB's own, and of length one."""
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import (  # noqa: PLC0415 - slow to load
        ONNXMiniLM_L6_V2,
    )

    class Theirs(ONNXMiniLM_L6_V2):
        DOWNLOAD_PATH = minilm_folder.parent

    embedder = MiniLm(minilm_folder, tmp_path)
    ours = await embedder.embed(TEXTS, TextRole.PASSAGE)
    theirs = await asyncio.to_thread(Theirs(), TEXTS[:4])
    for one, other in zip(ours, theirs, strict=False):
        assert likeness(one, other) > 0.998
    assert all(abs(float(np.linalg.norm(np.asarray(each))) - 1) < 1e-4 for each in ours)
    assert likeness(ours[0], ours[1]) > likeness(ours[2], ours[1])
    await embedder.aclose()


_EMBED = """
import asyncio, pathlib, sys
from gantry.adapters.embedding.minilm import MiniLm
from gantry.domain.embedding import TextRole
folder, kept = map(pathlib.Path, sys.argv[1:])
asyncio.run(MiniLm(folder, kept).embed(["a word"], TextRole.QUERY))
"""


async def test_nobody_is_told_that_a_model_runs(minilm_folder: Path, tmp_path: Path) -> None:
    """The runtime's own reporting begins with an identifier in the home folder; there is none."""
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-c", _EMBED, str(minilm_folder), str(tmp_path / "kept")]
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "HOME": str(home)}, cwd=ROOT)
    assert await process.wait() == 0
    assert not list(home.rglob("*"))


async def test_a_model_that_cannot_be_kept_serves_all_the_same(minilm_folder: Path, tmp_path: Path) -> None:
    """A disk that takes no more costs memory, not search; two that make it at once get in nobody's way."""
    (tmp_path / "file").write_text("not a folder")
    plain = MiniLm(minilm_folder, tmp_path / "file")
    first, second = (MiniLm(minilm_folder, tmp_path / "kept") for _ in range(2))
    vectors = await asyncio.gather(*(each.embed(TEXTS, TextRole.PASSAGE) for each in (plain, first, second)))
    for others in vectors[1:]:
        assert all(likeness(a, b) > 0.9999 for a, b in zip(vectors[0], others, strict=True))
    assert len(list((tmp_path / "kept").iterdir())) == 1
    (small,) = (tmp_path / "kept").iterdir()
    assert {each.name for each in small.iterdir()} == {"model_int8.onnx", "model_int8.onnx.data"}
    (small / "tokenizer.json").symlink_to(minilm_folder / "tokenizer.json")
    assert find_model(small) == small  # the original is needed no more
    alone = MiniLm(small, tmp_path / "file")
    assert likeness(vectors[0][0], (await alone.embed(TEXTS[:1], TextRole.PASSAGE))[0]) > 0.9999
    for each in (plain, first, second, alone):
        await each.aclose()


async def test_a_file_that_is_no_model_is_said(minilm_folder: Path, tmp_path: Path) -> None:
    """Half a download, or another file under its name: search goes on with words alone."""
    (tmp_path / "tokenizer.json").write_bytes((minilm_folder / "tokenizer.json").read_bytes())
    whole = (minilm_folder / "model.onnx").read_bytes()
    for content in (b"", b"no model", whole[: len(whole) // 2], whole[:100]):
        (tmp_path / "model.onnx").write_bytes(content)
        embedder = MiniLm(tmp_path, tmp_path / "kept")
        with pytest.raises(EmbeddingUnavailable):
            await embedder.embed(["a word"], TextRole.QUERY)
        await embedder.aclose()
    assert not (tmp_path / "kept").exists()


async def test_a_question_overtakes_a_long_list_of_passages(minilm_folder: Path, tmp_path: Path) -> None:
    """While many passages are embedded a question waits for one small batch only."""
    embedder = MiniLm(minilm_folder, tmp_path)
    await embedder.embed(["warm"], TextRole.QUERY)
    bulk = asyncio.create_task(embedder.embed([f"passage {n} " * 40 for n in range(60)], TextRole.PASSAGE))
    await asyncio.sleep(0)
    started = time.perf_counter()
    await embedder.embed(["a question"], TextRole.QUERY)
    waited = time.perf_counter() - started
    assert not bulk.done()
    await bulk
    assert waited < (time.perf_counter() - started) / 4
    await embedder.aclose()


async def test_hashed_words_are_the_same_everywhere() -> None:
    """No model is needed: the same words are near, other words are not."""
    first, second, other = await LexicalEmbedder().embed(
        ["Roses need much sun", "the roses needed sun", "An invoice of March"], TextRole.PASSAGE
    )
    assert likeness(first, second) > 0.6 > likeness(first, other)


@pytest.mark.parametrize(("wanted", "name"), [("lexical", "lexical"), ("auto", "minilm-int8")])
async def test_the_best_there_is_is_chosen(
    tmp_path: Path, minilm_folder: Path, wanted: str, name: str
) -> None:
    """With the model there it is used; what is asked for by name is taken."""
    target = tmp_path / "all-MiniLM-L6-v2"
    target.mkdir()
    (target / "onnx").symlink_to(minilm_folder)
    embedders = Embedders(wanted, tmp_path, None, fetch=False)
    assert (await (await embedders.wanted()).model()).name == name
    await embedders.aclose()


async def test_without_a_model_words_are_compared(tmp_path: Path) -> None:
    """A machine that has no model and no network works all the same."""
    embedders = Embedders("auto", tmp_path, None, fetch=False)
    model = await (await embedders.wanted()).model()
    assert (model.name, model.semantic) == ("lexical", False)
