"""The command line as whoever mistypes a command sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from reflex_base.environment import EnvironmentVariables as environment_variables  # noqa: N813 - one of them is asked

from gantry.adapters.archive.store import TarArchives
from gantry.adapters.documents.folder import LocalDocuments
from gantry.cli.serve import make_private, prepare_reflex
from gantry.repositories import migrations
from gantry.services.archive import ArchiveService
from gantry.settings import Settings
from tests.parts.app import ROOT, environment
from tests.parts.stack import test_settings

HEAVY = {"chromadb", "fastapi", "gantry.bootstrap", "reflex", "sqlalchemy", "uvicorn"}
PROGRAM = """
import sys
from gantry.cli.main import main
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


UNUSED = {
    "aiohttp",
    "alembic",
    "chromadb",
    "cryptography.fernet",
    "numpy",
    "onnxruntime",
    "opentelemetry.sdk",
    "psycopg",
    "pygments.lexers",
    "requests",
    "tokenizers",
}
SERVER = """
import sys
from gantry.thrift import quick_imports
with quick_imports():
    import gantry.bootstrap
    import gantry.gantry
print(*sys.modules)
"""


def test_a_server_starts_without_what_it_may_never_need() -> None:
    """What is large is loaded when it is used first, and what could be used and is not, never."""
    variables = environment({"__REFLEX_SKIP_COMPILE": "true", "SECRET_KEY": "k" * 40})
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    assert not UNUSED & set(done.stdout.split())


def bare(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Start Gantry's folder with a Python that has no packages, from elsewhere, with an empty environment."""
    command = [sys.executable, "-S", str(ROOT / "gantry"), *words]
    return subprocess.run(command, cwd=cwd, env={}, capture_output=True, text=True, check=False)


def test_a_backup_is_checked_anywhere(tmp_path: Path) -> None:
    """``verify`` needs no package, no setting and no place of its own; a damaged file is told from a whole one."""
    database = f"sqlite:///{tmp_path / 'gantry.db'}"
    migrations.upgrade(database)
    service = ArchiveService(database, "k" * 40, TarArchives(), LocalDocuments(tmp_path / "documents"))
    service.backup(str(tmp_path / "whole.tar"))
    done = bare("verify", "whole.tar", cwd=tmp_path)
    assert (done.returncode, "The backup is whole." in done.stdout) == (0, True), done.stderr
    content = bytearray((tmp_path / "whole.tar").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "damaged.tar").write_bytes(content)
    done = bare("verify", "damaged.tar", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "damaged" in done.stderr


@pytest.mark.parametrize("words", [["serve"], ["verify", "x.tar", "--against-database"], []])
def test_packages_that_are_missing_are_said(tmp_path: Path, words: list[str]) -> None:
    """The wrong Python is told how to become the right one."""
    done = bare(*words, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "packages are not installed for this Python" in done.stderr
    assert "make setup" in done.stderr


def test_what_is_stored_is_nobody_elses(tmp_path: Path) -> None:
    """New files are private, and those that an earlier version left open are closed at the next start."""
    database, documents = tmp_path / "gantry.db", tmp_path / "data" / "documents"
    settings = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "-m", "gantry", "migrate"]
    subprocess.run(command, cwd=ROOT, env=environment(settings), check=True, capture_output=True, umask=0o022)
    assert database.stat().st_mode & 0o077 == 0
    documents.mkdir(parents=True)
    for path in (database, documents):
        path.chmod(0o755)
    make_private(Settings(data_dir=tmp_path / "data", database_url=f"sqlite:///{database}"))
    assert [path.stat().st_mode & 0o777 for path in (database, documents)] == [0o700, 0o700]


def test_a_process_that_serves_does_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reflex is told so by the name that it reads; it would compile the front end before every start."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    prepare_reflex(test_settings("sqlite:///unused.db"))
    assert os.environ["__REFLEX_SKIP_COMPILE"] == "true"
    assert environment_variables.REFLEX_SKIP_COMPILE.name == "__REFLEX_SKIP_COMPILE"
