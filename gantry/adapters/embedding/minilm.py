"""all-MiniLM-L6-v2 as ChromaDB ships it, in eight bits: ONNX, 384 dimensions."""

import hashlib
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import IO

import httpx

from gantry.adapters.embedding.onnx import EIGHT_BITS, OnnxEmbedder, Recipe
from gantry.domain.embedding import EmbeddingModel, EmbeddingUnavailable

MODEL = EmbeddingModel("minilm-int8", 384, semantic=True)
FILES = ("model.onnx", "tokenizer.json")
CHROMA_CACHE = Path(".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")  # below the home folder
_ARCHIVE = (
    "https://chroma-onnx-models.s3.amazonaws.com/all-MiniLM-L6-v2/onnx.tar.gz"  # where ChromaDB takes it from
)
_SHA256 = "913d7300ceae3b2dbc2c50d1de4baacab4be7b9380491c27fab7418616a16ec3"
_MAX_BYTES = 200_000_000
_PATIENCE_SECONDS = 60.0  # in which nothing comes
# Texts of more than 256 tokens are cut, as ChromaDB does. One at a time is as quick as more, takes least memory, and gives a text
# the same vector whatever stands beside it: what is computed in eight bits is scaled by the largest value of a batch.
_RECIPE = Recipe(MODEL, max_tokens=256, padding=("[PAD]", 0), batch=1, eight_bits=True)


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
    """Fetch the model into *folder*; blocks for as long as that takes.

    Raises:
        EmbeddingUnavailable: There is no network, or what came is not the model.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder.parent) as draft:
            with tempfile.TemporaryFile(dir=draft) as archive:
                _fetch(archive)
                archive.seek(0)
                _unpack(archive, Path(draft))
            folder.mkdir(exist_ok=True)
            for name in reversed(FILES):  # the model last: with it the folder is complete
                (Path(draft) / name).replace(folder / name)
    except (OSError, ValueError, KeyError, EOFError, zlib.error, tarfile.TarError, httpx.HTTPError) as error:
        raise EmbeddingUnavailable("The embedding model could not be downloaded.") from error


def _fetch(archive: IO[bytes]) -> None:
    told = hashlib.sha256()
    with httpx.stream("GET", _ARCHIVE, timeout=_PATIENCE_SECONDS) as answer:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            if answer.num_bytes_downloaded > _MAX_BYTES:
                raise ValueError("This is too large to be the archive of the model.")
            told.update(piece)
            archive.write(piece)
    if told.hexdigest() != _SHA256:
        raise ValueError("This is not the archive of the model.")


def _unpack(archive: IO[bytes], folder: Path) -> None:
    with tarfile.open(fileobj=archive, mode="r:gz") as tar:
        for name in FILES:
            content = tar.extractfile(f"onnx/{name}")
            if content is None:
                raise KeyError(name)
            with (folder / name).open("wb") as file:
                shutil.copyfileobj(content, file)


class MiniLm(OnnxEmbedder):
    """MiniLM in *folder*; see `OnnxEmbedder`."""

    def __init__(self, folder: Path, kept: Path) -> None:
        super().__init__(_RECIPE, folder, kept)
