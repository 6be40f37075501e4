"""The command line as whoever mistypes a command sees it."""

import subprocess
import sys

import pytest

from tests.parts.app import ROOT, environment

HEAVY = {"chromadb", "fastapi", "gantry.bootstrap", "reflex", "sqlalchemy", "uvicorn"}
PROGRAM = """
import sys
from gantry.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("words", [["--help"], ["reindex", "--help"], ["srve"]])
def test_help_and_mistakes_answer_at_once(words: list[str]) -> None:
    """They load nothing of what makes a command slow to begin."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "usage: " in done.stdout + done.stderr
    assert not HEAVY & set(done.stderr.split())
