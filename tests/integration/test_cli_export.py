"""``python -m gantry export``: a person's conversations as a ZIP."""

import asyncio
import json
import zipfile
from pathlib import Path

import pytest

from gantry.cli.main import main
from gantry.repositories.database import Database
from tests.factories import make_account
from tests.parts.rich import add_rich


@pytest.fixture(autouse=True)
def _settings(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SECRET_KEY", "kT7-vQ2_mZ9xR4wLp8sN1bYc6dGhJfAe")

    async def fill() -> None:
        async with Database(database_url) as database, database.begin() as tx:
            await add_rich(tx, (await make_account(tx, "ann@example.org")).id)

    asyncio.run(fill())


def test_the_command_writes_one_file_and_says_what_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON by default; a file that is there is never replaced, and of a failure nothing is left."""
    assert main(["export", "--owner", "Ann@example.org", "--out", "mine.zip"]) == 0
    assert "1 conversation, 5 messages and 0 files" in capsys.readouterr().out
    packed = zipfile.ZipFile(tmp_path / "mine.zip")
    document = json.loads(packed.read("conversations/Fish & chips.json"))
    assert len(document["conversations"][0]["messages"]) == 5
    assert main(["export", "--owner", "ann@example.org", "--out", "mine.zip"]) == 1
    assert main(["export", "--owner", "nobody@example.org", "--out", "none.zip"]) == 1
    assert "There is no account nobody@example.org." in capsys.readouterr().err
    assert not (tmp_path / "none.zip").exists()


def test_every_form_can_be_written(tmp_path: Path) -> None:
    """The suffix of the members tells which."""
    for form, suffix in (("markdown", "md"), ("html", "html"), ("pdf", "pdf")):
        assert main(["export", "--owner", "ann@example.org", "--format", form, "--out", f"{form}.zip"]) == 0
        assert zipfile.ZipFile(tmp_path / f"{form}.zip").namelist()[0].endswith(f".{suffix}")
