"""A real Redis: the one named in GANTRY_TEST_REDIS_URL, else ``redis-server`` on a free port."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gantry.adapters.redis.link import connect
from tests.parts.missing import missing
from tests.parts.ports import free_port

START_SECONDS = 10.0


class RedisServer:
    """A Redis of the tests' own, without persistence: after a restart it is empty.

    Args:
        options: More of its configuration, for example ``{"notify-keyspace-events": "Kg"}``.
        user: What its one user may do, in the words of an ACL; the password is added.
    """

    def __init__(
        self, binary: str, folder: str, *, options: Mapping[str, str] | None = None, user: str = ""
    ) -> None:
        self._binary = binary
        self._folder = folder
        self._options = dict(options or {})
        self._password = ""
        if user:
            self._password = "a-password-of-the-tests"
            self._options["user"] = f"default on >{self._password} {user}"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens, also after a restart."""
        secret = f":{self._password}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self._port}/0"

    @property
    def root_url(self) -> str:
        """The same for a user who may do everything, where there are users."""
        return self.url.replace("redis://:", "redis://root:", 1)

    def start(self) -> None:
        """Start it and wait until it answers; does nothing when it runs."""
        if self._process is not None:
            return
        options = {
            "port": self._port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "save": "",
            "appendonly": "no",
            **self._options,
        }
        lines = [f"{name} {value}" if value else f'{name} ""' for name, value in options.items()]
        if self._password:
            lines.append(f"user root on >{self._password} ~* &* +@all")
        configuration = Path(self._folder) / f"{self._port}.conf"
        configuration.write_text("\n".join(lines) + "\n")
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [self._binary, str(configuration)], stdin=quiet, stdout=quiet, stderr=quiet
        )
        self._wait_until_ready()

    def stop(self) -> None:
        """Take it away at once, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have it accept connections and answer nothing for the duration of the block."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Take it away and bring it back, empty."""
        self.stop()
        self.start()

    def _wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError("redis-server ended while starting")
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1) as probe:
                    probe.sendall(b"PING\r\n")
                    if probe.recv(16).startswith((b"+PONG", b"-NOAUTH")):
                        return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"redis-server did not answer within {START_SECONDS:.0f} s")


@pytest.fixture(scope="session")
def own_redis() -> Iterator[RedisServer]:
    """A Redis that the session may stop and start; ask for ``redis_server`` instead."""
    binary = shutil.which("redis-server")
    if binary is None:
        missing("Redis (redis-server on PATH; GANTRY_TEST_REDIS_URL does not allow taking it away)")
    with tempfile.TemporaryDirectory(prefix="gantry-redis-", ignore_cleanup_errors=True) as folder:
        server = RedisServer(binary, folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def redis_server(own_redis: RedisServer) -> Iterator[RedisServer]:
    """A running Redis that the test may take away; it runs again afterwards."""
    own_redis.start()
    yield own_redis
    own_redis.start()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """The URL of a running Redis: shared with other tests, so use names of your own in it."""
    given = os.environ.get("GANTRY_TEST_REDIS_URL")
    if given:
        return given
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client as Gantry makes them, closed afterwards."""
    async with connect(redis_url) as client:
        yield client
