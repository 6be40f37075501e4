"""The headings of the sidebar. The function runs in browsers, so Node runs it here."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NODE = ROOT / ".venv" / "bin" / "node"
PROGRAM = """
const { groupOf, grouped } = await import(process.argv[1]);
const cases = JSON.parse(process.argv[2]);
const labels = cases.map(([moment, now]) => groupOf(new Date(moment), new Date(now)));
const rows = [5, 4, 3].map((hour) => ({ updated: Date.UTC(2026, 5, 15, hour) / 1000 }));
const groups = grouped(rows, new Date("2026-06-15T12:00:00Z")).map(({ label, rows }) => [label, rows.length]);
console.log(JSON.stringify({ labels, groups }));
"""
CASES = {
    "just now": ("2026-06-15T10:00:00Z", "2026-06-15T12:00:00Z", "Today"),
    "a clock that is ahead": ("2026-06-15T12:05:00Z", "2026-06-15T12:00:00Z", "Today"),
    "before midnight here": ("2026-06-14T21:59:00Z", "2026-06-14T22:01:00Z", "Yesterday"),
    "after midnight here, yesterday in UTC": ("2026-06-14T22:30:00Z", "2026-06-15T10:00:00Z", "Today"),
    "a week": ("2026-06-08T12:00:00Z", "2026-06-15T12:00:00Z", "Previous 7 days"),
    "eight days": ("2026-06-07T12:00:00Z", "2026-06-15T12:00:00Z", "Previous 30 days"),
    "thirty-one days": ("2026-05-15T12:00:00Z", "2026-06-15T12:00:00Z", "May"),
    "another year": ("2025-11-15T12:00:00Z", "2026-06-15T12:00:00Z", "November 2025"),
    "over the end of summer time": ("2026-10-24T12:00:00Z", "2026-10-25T23:30:00Z", "Previous 7 days"),
}

pytestmark = pytest.mark.skipif(not NODE.exists(), reason="needs Node")


@pytest.fixture(scope="module")
def answers() -> dict[str, list]:
    cases = json.dumps([case[:2] for case in CASES.values()])
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", PROGRAM, ROOT / "assets" / "dates.js", cases],
        env={**os.environ, "TZ": "Europe/Berlin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_heading(answers: dict[str, list], name: str) -> None:
    """A moment stands under the heading of its date in the reader's zone (here Berlin)."""
    assert answers["labels"][list(CASES).index(name)] == CASES[name][2]


def test_rows_share_a_heading(answers: dict[str, list]) -> None:
    """Rows of one day are one group."""
    assert answers["groups"] == [["Today", 3]]
