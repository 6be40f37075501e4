"""The logic that stays in JavaScript, tested by Node's own runner."""

import os
import subprocess

from tests.parts.app import ROOT

NODE = ROOT / ".venv" / "bin" / "node"


def test_the_logic_of_islands() -> None:
    """Every test in tests/islands passes."""
    done = subprocess.run(
        [NODE, "--import", "./outside.js", "--test", "*.test.js"],
        cwd=ROOT / "tests" / "islands",
        env={"PATH": os.environ["PATH"], "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_islands_say_why_they_are_not_python() -> None:
    """Each begins with a comment."""
    for file in sorted((ROOT / "gantry/ui/islands").iterdir()):
        assert file.read_text(encoding="utf-8").startswith(("/*", "//")), file.name


def test_the_javascript_of_ours_stays_small() -> None:
    """All of it together has at most 2,000 lines: what Python, CSS or the browser can do is theirs."""
    files = [*(ROOT / "gantry/ui/islands").iterdir(), *(ROOT / "assets").glob("*.js")]
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) <= 2000
