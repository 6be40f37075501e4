"""How a process stays small."""

import subprocess
import sys

import pytest

from tests.parts.app import ROOT

MEMORY = """
import re, ssl, sqlite3, xml.parsers.expat
from pathlib import Path
from gantry.thrift import trim_memory

def of_files():
    return int(re.search(r"RssFile:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def work():
    ssl.create_default_context()
    return sqlite3.connect(":memory:").execute("SELECT upper('as before')").fetchone()[0]

assert work() == "AS BEFORE"
before = of_files()
trim_memory()
after = of_files()
assert work() == "AS BEFORE"
print(before, after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="libraries are let go of on Linux alone")
def test_what_only_loading_needed_of_libraries_is_let_go_of() -> None:
    """A process has fewer pages of its libraries afterwards, and these work as before."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    assert after < 0.7 * before
