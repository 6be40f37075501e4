"""Every numbered behaviour of docs/behaviour.md has a browser test that carries its number."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = range(1, 71)
_NAME = re.compile(r"test_ux_(\d\d)_\w+")
_ROW = re.compile(r"^\| (\d+) \| .+ \| `(\w+)` \|$", re.MULTILINE)


def browser_tests() -> dict[str, int]:
    """Return the numbered tests of tests/e2e by name, with their numbers."""
    found: dict[str, int] = {}
    for path in sorted((ROOT / "tests/e2e").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and (named := _NAME.fullmatch(node.name)):
                assert node.name not in found, f"{node.name} is there twice"
                found[node.name] = int(named[1])
    return found


def test_every_behaviour_has_a_browser_test() -> None:
    """None of the numbers is without a test, and no test has a number that means nothing."""
    numbers = set(browser_tests().values())
    assert sorted(set(NUMBERS) - numbers) == []
    assert sorted(numbers - set(NUMBERS)) == []


def test_the_list_names_a_test_of_each_behaviour() -> None:
    """The numbers are all there, in order, each once, beside a test that exists and carries the same number."""
    rows = [(int(number), name) for number, name in _ROW.findall((ROOT / "docs/behaviour.md").read_text())]
    assert [number for number, _ in rows] == list(NUMBERS)
    tests = browser_tests()
    assert [(number, name) for number, name in rows if tests.get(name) != number] == []
