"""all-MiniLM-L6-v2 as ChromaDB ships it, in eight bits: ONNX, 384 dimensions."""

from pathlib import Path

from gantry.adapters.embedding.onnx import EIGHT_BITS, OnnxEmbedder, Recipe
from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable

MODEL = EmbeddingModel("minilm-int8", 384, semantic=True)
FILES = ("model.onnx", "tokenizer.json")
CHROMA_CACHE = Path(".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")  # below the home folder
# Texts of more than 256 tokens are cut, as ChromaDB does. Two at a time are as quick as more, in half the memory.
_RECIPE = Recipe(MODEL, max_tokens=256, padding=("[PAD]", 0), batch=2, eight_bits=True)


def find_model(*folders: Path) -> Path | None:
    """Return the first of *folders* that holds the model."""
    kinds = (FILES, (EIGHT_BITS, *FILES[1:]))
    return next(
        (
            folder
            for folder in folders
            if any(all((folder / name).is_file() for name in names) for names in kinds)
        ),
        None,
    )


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


class MiniLm(OnnxEmbedder):
    """MiniLM in *folder*; see `OnnxEmbedder`."""

    def __init__(self, folder: Path, kept: Path) -> None:
        super().__init__(_RECIPE, folder, kept)
