"""``python -m gantry user``: accounts from the command line."""

import argparse
import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from gantry.cli.user import add_user_commands
from gantry.domain.accounts import Role
from gantry.domain.errors import NotSignedIn
from gantry.repositories.database import Database
from tests.parts.accounts import HOME, PASSWORD, Accounts

Run = Callable[..., str]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> Run:
    """Return a function that runs one command against the database and returns what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SECRET_KEY", "kT7-vQ2_mZ9xR4wLp8sN1bYc6dGhJfAe")

    def run(*words: str) -> str:
        parser = argparse.ArgumentParser()
        add_user_commands(parser.add_subparsers())
        chosen = parser.parse_args(["user", *words])
        chosen.run(chosen)
        return capsys.readouterr().out

    return run


def can_sign_in(database_url: str, email: str, password: str) -> Role | None:
    """Return the role somebody signs in with, or None."""

    async def attempt() -> Role | None:
        async with Database(database_url) as database:
            try:
                return (await Accounts(database).service.sign_in(email, password, HOME)).actor.role
            except NotSignedIn:
                return None

    return asyncio.run(attempt())


def password_in(told: str) -> str:
    return told.rpartition("Password: ")[2].strip()


def test_created_administrator_can_sign_in(run: Run, database_url: str) -> None:
    """A new administrator's password is printed, and opens a session."""
    told = run("create", "Root@Example.org", "--admin", "--name", "Rita Root")
    assert told.startswith("The administrator root@example.org has been created.\n")
    assert can_sign_in(database_url, "root@example.org", password_in(told)) is Role.ADMIN


def test_password_is_read_from_standard_input(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password that is given is used, and not printed."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    told = run("create", "ann@example.org", "--password-stdin")
    assert told == "The administrator ann@example.org has been created.\n"
    assert can_sign_in(database_url, "ann@example.org", PASSWORD) is Role.ADMIN


def test_list_tells_everybody(run: Run) -> None:
    """The list has one line a person, and says so when there is none."""
    assert run("list") == "There is no account yet.\n"
    run("create", "root@example.org", "--admin", "--name", "Rita Root")
    run("create", "ann@example.org")
    assert run("list").splitlines() == [
        "ann@example.org   user   active    ann",
        "root@example.org  admin  active    Rita Root",
    ]
    assert run("list", "--search", "rita").splitlines() == ["root@example.org  admin  active    Rita Root"]
    assert run("list", "--search", "nobody") == "There is no such account.\n"


def test_reset_password_replaces_the_old_one(run: Run, database_url: str) -> None:
    """After a reset only the printed password works."""
    old = password_in(run("create", "ann@example.org"))
    new = password_in(run("reset-password", " ANN@example.org"))
    assert can_sign_in(database_url, "ann@example.org", old) is None
    assert can_sign_in(database_url, "ann@example.org", new) is Role.ADMIN


def test_disabled_person_is_kept_out_until_enabled(run: Run, database_url: str) -> None:
    """Disabling keeps somebody out with the right password, enabling lets them in with the old one."""
    run("create", "root@example.org")
    password = password_in(run("create", "ann@example.org"))
    assert run("disable", "Ann@example.org") == (
        "ann@example.org cannot sign in any more; open sessions have ended.\n"
    )
    assert can_sign_in(database_url, "ann@example.org", password) is None
    assert run("enable", "ann@example.org") == "ann@example.org can sign in.\n"
    assert can_sign_in(database_url, "ann@example.org", password) is Role.USER


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("disable", "ann@example.org"), "last active administrator"),
        (("disable", "nobody@example.org"), "no account nobody@example.org"),
        (("create", "ann@example.org"), "already an account"),
        (("create", "not an address"), "valid e-mail address"),
        (("reset-password", "nobody@example.org"), "no account nobody@example.org"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, words: tuple[str, ...], sentence: str) -> None:
    """A mistake ends the command with a sentence, and so with exit code 1."""
    run("create", "ann@example.org")
    with pytest.raises(SystemExit, match=sentence):
        run(*words)


def test_database_without_schema_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str
) -> None:
    """Before the first migration the command says what to run."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(SystemExit, match="python -m gantry migrate"):
        run("list")
