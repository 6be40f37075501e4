"""The product as a person starts it: ``python -m gantry serve`` in a process of its own."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol, Self

import httpx

from gantry.domain.clock import utc_now
from gantry.domain.cookies import session_cookie
from gantry.domain.credentials import new_token, token_hash
from gantry.models import AuthSession
from gantry.repositories.database import Database
from gantry.settings import Settings
from tests.factories import make_account
from tests.parts.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a good long password"
START_SECONDS = 45.0
STOP_SECONDS = 15.0
# What an open page says to the server while it is away; the log of the server must stay free of these.
TROUBLE = ("Traceback (most recent call last)", "\nerror   ", "\ncritical ")
_addresses = count(1)


def build_front_end(lock: Path) -> None:
    """Compile the front end unless the last build still fits; once, however many workers ask."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = subprocess.run(
            [sys.executable, "-m", "gantry", "build"],
            cwd=ROOT,
            env=environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return our environment without what configures Gantry, and with *settings*."""
    names = {name.upper() for name in Settings.model_fields}
    names |= {f"{name}_FILE" for name in names} | {"REFLEX_REDIS_URL", "__REFLEX_SKIP_COMPILE"}
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, "PATH": beside, "PYTHONUNBUFFERED": "1", **settings}


class Served(Protocol):
    """An installation as clients see it."""

    url: str
    port: int


class RunningApp:
    """One installation: a folder with its data, a port, and the process while it runs.

    Args:
        folder: For the database, the data and the log; the same folder is the same installation.
        settings: More of ``gantry.settings.Settings``; by default answers are taken over quickly.
    """

    command: tuple[str, ...] = ("serve",)

    def __init__(self, folder: Path, *, openai_base_url: str | None = None, **settings: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "gantry.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.settings = {
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": f"sqlite:///{folder / 'gantry.db'}",
            "PORT": str(self.port),
            "PROBE_LOCAL_MODELS": "false",
            "EMBEDDING_MODEL": "lexical",
            "GENERATION_LEASE_SECONDS": "3",
            "GENERATION_HEARTBEAT_SECONDS": "0.2",
            "SWEEP_SECONDS": "0.5",
            **({"OPENAI_BASE_URL": openai_base_url} if openai_base_url else {}),
            **{name.upper(): str(value) for name, value in settings.items()},
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it, with the data of before, and wait until it is ready."""
        assert self._process is None, "it runs already"
        self._process = self.start_process()
        give_up_at = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient() as client:
            while not await self._is_ready(client):
                assert self._process.poll() is None, f"Gantry did not start:\n{self.output()}"
                assert time.monotonic() < give_up_at, f"not ready in time:\n{self.output()}"
                await asyncio.sleep(0.1)

    def start_process(self) -> "subprocess.Popen[bytes]":
        """Start its process."""
        words = [sys.executable, "-m", "gantry", *self.command]
        return self.popen(words, cwd=ROOT, env=environment(self.settings))

    def popen(
        self, words: Sequence[str | Path], *, cwd: Path, env: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        """Start a process that writes to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                words,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/ready")).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    async def kill(self) -> None:
        """End it as ``kill -9`` does; nothing happens when it does not run."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
            await asyncio.to_thread(process.wait, STOP_SECONDS)

    async def stop(self) -> None:
        """End it as a service manager does, and expect it to say that all is well."""
        process, self._process = self._process, None
        assert process is not None, "it does not run"
        process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"did not end within {STOP_SECONDS:.0f} s:\n{self.output()}") from None
        assert code == 0, f"ended with exit code {code}:\n{self.output()}"

    def output(self, since: int = 0) -> str:
        """Return what it has printed and logged, from byte *since* on."""
        return self.log.read_bytes()[since:].decode("utf-8", "replace") if self.log.exists() else ""

    def troubles(self, since: int = 0) -> list[str]:
        """Return the tracebacks and errors in the log: whatever a browser does, there should be none."""
        text = f"\n{self.output(since)}"
        return [text[at : at + 4000] for sign in TROUBLE if (at := text.find(sign)) >= 0]

    async def set_up(self, name: str = "Ada Admin") -> "Person":
        """Make the first administrator, as the set-up page does."""
        admin = Person(self, "ada@example.org", name)
        answer = await admin.rest.post(
            "/api/v1/setup", json={"email": admin.email, "password": PASSWORD, "name": name}
        )
        assert answer.status_code == 201, answer.text
        admin.id = answer.json()["account"]["id"]
        if "OPENAI_BASE_URL" in self.settings:
            await self._know_models(admin)
        return admin

    async def _know_models(self, admin: "Person") -> None:
        """Wait until the model server has been asked what it has."""
        async with asyncio.timeout(START_SECONDS):
            while len((await admin.rest.get("/api/v1/models")).json()["models"]) < 2:
                await asyncio.sleep(0.1)

    async def add_person(self, admin: "Person") -> "Person":
        """Add somebody with *admin*'s password, who is signed in.

        Straight into the database: hashing passwords on purpose takes long, and most tests are about something else.
        """
        number = next(_addresses)
        person = Person(self, f"person{number}@example.org", f"Person {number}")
        token, now = new_token(), utc_now()
        async with Database(self.settings["DATABASE_URL"]) as database, database.begin() as tx:
            known = await tx.accounts.find_by_email(admin.email)
            assert known is not None
            account = await make_account(
                tx, person.email, name=person.name, password_hash=known.password_hash
            )
            session = AuthSession(
                account_id=account.id,
                token_hash=token_hash(token),
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=1),
                agent="gantry-tests/1",
                address="127.0.0.1",
            )
            await tx.accounts.add(session)
            person.id = str(account.id)
        person.rest.cookies.set("gantry_session", token)
        return person


def session_of(client: httpx.AsyncClient) -> str:
    """Return the session's token of a client that is signed in."""
    token = session_cookie("; ".join(f"{one.name}={one.value}" for one in client.cookies.jar))
    assert token is not None, "it is not signed in"
    return token


class Person:
    """Somebody with an account; ``rest`` is a program of theirs, with a session of its own."""

    def __init__(self, app: Served, email: str, name: str) -> None:
        self.app = app
        self.email = email
        self.name = name
        self.id = ""
        self.rest = app_client(app)

    @property
    def session(self) -> str:
        """The token in the session's cookie."""
        return session_of(self.rest)

    async def sign_in(self) -> None:
        """Open the session that ``rest`` uses."""
        answer = await self.rest.post("/api/v1/session", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.id = answer.json()["account"]["id"]

    async def new_session(self) -> str:
        """Open one more session and return its token."""
        async with app_client(self.app) as client:
            answer = await client.post("/api/v1/session", json={"email": self.email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            return session_of(client)

    async def conversation(self, title: str = "", **values: Any) -> str:
        """Make an empty conversation and return its id."""
        answer = await self.rest.post("/api/v1/conversations", json={"title": title, **values})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def send(self, conversation: str, text: str) -> dict[str, str]:
        """Send a message as a program does; returns the ids of what it started."""
        answer = await self.rest.post(
            f"/api/v1/conversations/{conversation}/messages", json={"content": text}
        )
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def ask(self, text: str, conversation: str = "") -> str:
        """Have a question answered to its end; returns the conversation's id."""
        conversation = conversation or await self.conversation()
        started = await self.send(conversation, text)
        await self.settled(conversation, started["message_id"])
        return conversation

    async def settled(self, conversation: str, message: str, seconds: float = 15.0) -> dict[str, Any]:
        """Wait until a message is no longer being written, and return it as stored."""
        async with asyncio.timeout(seconds):
            while True:
                found = next(each for each in await self.messages(conversation) if each["id"] == message)
                if found["status"] != "streaming":
                    return found
                await asyncio.sleep(0.05)

    async def messages(self, conversation: str) -> list[dict[str, Any]]:
        """Return all messages of a conversation as stored, oldest first."""
        answer = await self.rest.get(f"/api/v1/conversations/{conversation}")
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"]

    async def conversations(self) -> list[dict[str, Any]]:
        """Return the newest conversations."""
        answer = await self.rest.get("/api/v1/conversations")
        assert answer.status_code == 200, answer.text
        return answer.json()["conversations"]


def app_client(app: Served) -> httpx.AsyncClient:
    """Return a program that is not signed in.

    Sign-ins are limited by address, and a test run makes more of them than one address may; uvicorn takes the word of
    a proxy on this machine for where a request comes from.
    """
    number = next(_addresses)
    # An IPv4 address each: limits are by network, and these are all networks of their own.
    address = f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
    headers = {"x-forwarded-for": address, "user-agent": "gantry-tests/1", "origin": app.url}
    no_leftovers = httpx.Limits(
        max_keepalive_connections=0
    )  # nothing of it stays open, so nobody need close it
    return httpx.AsyncClient(base_url=app.url, headers=headers, timeout=20, limits=no_leftovers)
