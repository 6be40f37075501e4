"""Installations: a database of either engine, a folder of data, and the command line."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from gantry import bootstrap
from gantry.adapters.archive.store import TarArchives
from gantry.adapters.documents.folder import LocalDocuments
from gantry.cli.main import main
from gantry.services.archive import ArchiveService
from gantry.settings import Settings
from tests.parts.app import environment
from tests.parts.database import fresh_postgres

SECRET = "kT7-vQ2_mZ9xR4wLp8sN1bYc6dGhJfAe"


@dataclass(frozen=True)
class Installation:
    """One Gantry: where its data is, and its command line: words, then settings by name."""

    database_url: str
    data: Path
    run: Callable[..., tuple[int, str]]

    @property
    def service(self) -> ArchiveService:
        """The service over this data."""
        return ArchiveService(
            self.database_url, SECRET, TarArchives(), LocalDocuments(self.data / "documents")
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Hold what a serving process holds."""
        settings = Settings(database_url=self.database_url, data_dir=self.data, secret_key=SecretStr(SECRET))
        with bootstrap._only_process(settings):
            yield

    @property
    def environment(self) -> dict[str, str]:
        """What a process of its own needs."""
        return environment(
            {"DATABASE_URL": self.database_url, "DATA_DIR": str(self.data), "SECRET_KEY": SECRET}
        )


Install = Callable[[str], Installation]


@pytest.fixture
def install(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Install]:
    """Return a function that makes an empty, migrated installation on an engine."""
    with ExitStack() as stack:

        def install(engine: str) -> Installation:
            data = tmp_path / f"{engine}-{len(list(tmp_path.iterdir()))}"
            data.mkdir()
            if engine == "sqlite":
                shutil.copy(request.getfixturevalue("sqlite_template"), data / "gantry.db")
                url = f"sqlite:///{data / 'gantry.db'}"
            else:
                server = request.getfixturevalue("postgres_url")
                url = stack.enter_context(
                    fresh_postgres(server, request.getfixturevalue("postgres_template"))
                )

            def run(*words: str, **settings: str) -> tuple[int, str]:
                given = {"DATABASE_URL": url, "DATA_DIR": str(data), "SECRET_KEY": SECRET, **settings}
                capsys.readouterr()
                with pytest.MonkeyPatch.context() as patch:
                    patch.chdir(tmp_path)
                    for name, value in given.items():
                        patch.setenv(name, value)
                    try:
                        code = main(words)
                    except SystemExit as ended:
                        code = ended.code if isinstance(ended.code, int) else 1
                told = capsys.readouterr()
                return code, told.out + told.err

            return Installation(url, data, run)

        yield install


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, install: Install) -> Installation:
    """An empty installation; each test that asks runs on both engines."""
    return install(request.param)
