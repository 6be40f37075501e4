"""Marks tests by their folder and names the parts they use."""

import os
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = [
    "tests.parts.database",
    "tests.parts.redis",
    "tests.parts.chroma",
    "tests.parts.minilm",
    "tests.parts.stack",
    "tests.parts.knowledge",
    "tests.parts.replicas",
]

_ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test the mark of its folder; unit tests may open no socket."""
    for item in items:
        level = item.path.relative_to(_ROOT).parts[0]
        if level in {"unit", "integration", "e2e", "deploy"}:
            item.add_marker(level)
        if level in {"integration", "e2e", "deploy"} and os.environ.get("CI"):
            item.add_marker(
                pytest.mark.flaky(reruns=1)
            )  # a shared machine; the summary names what was repeated
        if "deployment" in getattr(item, "fixturenames", ()):
            # One worker for all tests of a module: others would start its replicas once more.
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if level == "unit":
            item.add_marker(pytest.mark.disable_socket)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say why tests were repeated: that they passed in the end does not tell."""
    repeated = terminalreporter.stats.get("rerun", [])
    if repeated:
        terminalreporter.section("why tests were repeated")
    for report in repeated:
        lines = report.longreprtext.splitlines()
        said = [line for line in lines if line.startswith("E  ")][:12]
        terminalreporter.write_line(f"{report.nodeid}, {report.when}:")
        for line in said or lines[-12:]:
            terminalreporter.write_line(line[:300])
