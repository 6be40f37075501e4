"""The model for many languages: its files are put beside the data by hand. A small one of the same shape stands for it."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from gantry.adapters.embedding.choice import Embedders
from gantry.adapters.embedding.multilingual import Multilingual
from gantry.domain.embedding import EmbeddingUnavailable, TextRole
from gantry.settings import Settings
from tests.integration.adapters.test_embedders import likeness

NAME = "multilingual-e5-small"
WORDS = ["<s>", "<pad>", "</s>", "<unk>", "query", "passage", ":", "garden", "jardin", "invoice", "the", "le"]


def put_model(folder: Path, *, types: bool) -> None:
    """Write a model that gives each token a vector of its own; "jardin" lies beside "garden".

    Args:
        types: Whether it also takes ``token_type_ids``, as the small one does and the larger ones do not.
    """
    folder.mkdir(parents=True)
    tokenizer: Any = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(7).normal(size=(len(WORDS), 384)).astype(np.float32)
    table[WORDS.index("jardin")] = table[WORDS.index("garden")] + 0.1 * table[WORDS.index("le")]
    table += 3.0  # all texts close together, as that family puts them
    shape = ["batch", "tokens"]
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if types else [])]
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "small",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in names],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, 384])],
        [numpy_helper.from_array(table, "table")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, folder / "model.onnx")


@pytest.mark.parametrize(("below", "types"), [("", True), ("onnx", False)])
async def test_its_files_beside_the_data_are_enough(tmp_path: Path, below: str, types: bool) -> None:
    """In its folder, or in one of it as the model's own repository has it; with every shape of input."""
    put_model(tmp_path / NAME / below, types=types)
    embedders = Embedders(NAME, tmp_path, None, fetch=False)
    embedder = await embedders.wanted()
    model = await embedder.model()
    assert (model.name, model.dimension, model.semantic) == (NAME, 384, True)
    passages = await embedder.embed(["the garden", "the invoice", ""], TextRole.PASSAGE)
    (question,) = await embedder.embed(["le jardin"], TextRole.QUERY)
    assert all(abs(float(np.linalg.norm(np.asarray(each))) - 1) < 1e-4 for each in (*passages, question))
    # All its tokens lie close together: as they are, the wrong passage has a cosine of 0.97 too.
    assert likeness(question, passages[0]) > likeness(question, passages[1]) + 0.1
    assert likeness(question, passages[1]) < 0.8
    assert await embedders.named(NAME) is embedder
    await embedders.aclose()


async def test_a_question_is_told_from_a_passage(tmp_path: Path) -> None:
    """The model was trained with a word before each."""
    put_model(tmp_path / "files", types=True)
    embedder = Multilingual(NAME, tmp_path / "files", tmp_path / "mapped")
    (asked,) = await embedder.embed(["garden"], TextRole.QUERY)
    (kept,) = await embedder.embed(["garden"], TextRole.PASSAGE)
    assert 0.3 < likeness(asked, kept) < 0.999
    await embedder.aclose()


async def test_what_is_missing_or_broken_is_said_with_the_place(tmp_path: Path) -> None:
    """Nothing is fetched for it."""
    embedders = Embedders(NAME, tmp_path, None, fetch=False)
    with pytest.raises(EmbeddingUnavailable) as missing:
        await embedders.wanted()
    assert str(tmp_path / NAME) in missing.value.advice
    folder = tmp_path / NAME
    put_model(folder, types=True)
    (folder / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(EmbeddingUnavailable) as broken:
        await (await embedders.wanted()).embed(["garden"], TextRole.QUERY)
    assert str(folder) in broken.value.advice
    await embedders.aclose()


def test_it_needs_no_server() -> None:
    """Its name alone chooses it."""
    assert Settings(_env_file=None, embedding_model=NAME).embedding_model == NAME  # pyright: ignore[reportCallIssue]
