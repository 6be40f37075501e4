"""all-MiniLM-L6-v2 as ChromaDB ships it: ONNX, 384 dimensions."""

import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path

import httpx

from gantry.adapters.embedding.onnx import OnnxEmbedder, Recipe
from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable

MODEL = EmbeddingModel("minilm", 384, semantic=True)
FILES = ("model.onnx", "tokenizer.json")
CHROMA_CACHE = Path(".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")  # below the home folder
_ARCHIVE = "https://chroma-onnx-models.s3.amazonaws.com/all-MiniLM-L6-v2/onnx.tar.gz"
_SHA256 = "913d7300ceae3b2dbc2c50d1de4baacab4be7b9380491c27fab7418616a16ec3"
_PATIENCE_SECONDS = 30.0
# Texts of more than 256 tokens are cut, as ChromaDB does. Two at a time are as quick as more, in half the memory.
_RECIPE = Recipe(MODEL, max_tokens=256, padding=("[PAD]", 0), batch=2)


def find_model(*folders: Path) -> Path | None:
    """Return the first of *folders* that holds the model."""
    return next((folder for folder in folders if all((folder / name).is_file() for name in FILES)), None)


def download(folder: Path) -> None:
    """Fetch the model as ChromaDB publishes it into *folder*, which ends in ``onnx``; blocks for as long as that takes.

    Raises:
        EmbeddingUnavailable: There is no network, or what came is not the model.
    """
    place = folder.parent
    place.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".fetching-", dir=place))
    try:
        _fetch(draft / "archive")
        with tarfile.open(draft / "archive") as archive:
            archive.extractall(draft, filter="data")
        folder.mkdir(exist_ok=True)
        for each in (draft / "onnx").iterdir():
            each.replace(folder / each.name)
    except (OSError, tarfile.TarError, httpx.HTTPError) as error:
        raise EmbeddingUnavailable("The embedding model could not be downloaded.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fetch(path: Path) -> None:
    seen = hashlib.sha256()
    with httpx.stream("GET", _ARCHIVE, timeout=_PATIENCE_SECONDS) as answer, path.open("wb") as file:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            seen.update(piece)
            file.write(piece)
    if seen.hexdigest() != _SHA256:
        raise OSError("What came is not the model.")


class MiniLm(OnnxEmbedder):
    """MiniLM in *folder*; see `OnnxEmbedder`."""

    def __init__(self, folder: Path, mapped: Path) -> None:
        super().__init__(_RECIPE, folder, mapped)
