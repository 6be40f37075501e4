"""The benchmark's options: those that do not go together are refused before anything is measured."""

from pathlib import Path

import pytest

from bench.__main__ import main


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("--search --import", "--search and --import are measured one at a time."),
        ("--soak 5 --search", "--soak and --search are measured one at a time."),
        ("--quick --search", "--quick does not go with --search, which has no shorter form."),
        ("--messages 10", "--messages goes with --search alone."),
        ("--search --mb 10", "--mb goes with --import alone."),
        ("--soak 5 --database sqlite", "--database goes with --import and --search alone."),
        ("--database oracle --search", "invalid choice: 'oracle'"),
        ("--soak 0", "--soak is more than 0."),
        ("--soak nan", "--soak is more than 0."),
        ("--search --messages -1", "--messages is more than 0."),
        ("--import --mb 0", "--mb is more than 0."),
        ("--import --mb many", "invalid float value: 'many'"),
        ("--against nothing.json", "which nothing.json is not."),
    ],
)
def test_wrong_options_are_refused(given: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says why."""
    with pytest.raises(SystemExit) as ended:
        main(given.split())
    assert ended.value.code == 2
    assert why in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"figures": [{"value": 1}]}'])
def test_a_file_of_something_else_is_no_file_of_figures(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it holds."""
    file = tmp_path / "figures.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--against", str(file)])
    assert "--json has written" in capsys.readouterr().err
