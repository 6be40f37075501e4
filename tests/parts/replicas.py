"""Several real replicas of the product on one PostgreSQL and one Redis, with a scripted model server."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.parts.app import Person, RunningApp, app_client
from tests.parts.database import fresh_postgres
from tests.parts.llm_server import ScriptedServer, ServerThread
from tests.parts.redis import RedisServer
from tests.parts.stack import SECRET

LEASE_SECONDS = 15.0  # the product's own default; tests of takeovers say what they wait for
_numbers = count(1)


class Replica(RunningApp):
    """One replica: the backend, as a container starts it."""

    command = ("serve", "--backend-only")
    _since = 0  # where the log of the present process begins

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self._since = self.log.stat().st_size if self.log.exists() else 0
        await super().start()

    @property
    def misses_redis(self) -> bool:
        """Whether it has said that the state of tabs cannot be kept in Redis, and not yet that it can again."""
        said = self.output(self._since)
        return said.count("state.redis_away") > said.count("state.redis_back")


class Deployment:
    """Replicas that share a database, a Redis and a model server.

    Args:
        folder: For the logs.
        shared: The settings that all have in common.
    """

    def __init__(self, folder: Path, llm: ScriptedServer, **shared: Any) -> None:
        self.llm = llm
        self.shared = {
            "secret_key": SECRET,
            "generation_lease_seconds": LEASE_SECONDS,
            "generation_heartbeat_seconds": 1,
            "sweep_seconds": 3,
            **shared,
        }
        self._folder = folder
        self.replicas: list[Replica] = []
        self.admin: Person | None = None

    async def running(self, number: int) -> list[Replica]:
        """Return *number* replicas that run, starting those that do not."""
        while len(self.replicas) < number:
            self.replicas.append(self.another())
        chosen = self.replicas[:number]
        await asyncio.gather(*(each.start() for each in chosen if not each.runs))
        if self.admin is None and "openai_base_url" in self.shared:
            self.admin = await chosen[0].set_up()
        return chosen

    def another(self, **settings: Any) -> Replica:
        """Return one more replica, not started; *settings* are its own."""
        folder = self._folder / f"replica{next(_numbers)}"
        folder.mkdir(parents=True)
        return Replica(folder, **{**self.shared, **settings})

    async def person(self) -> Person:
        """Return somebody of the test's own, who is signed in."""
        assert self.admin is not None
        return await self.replicas[0].add_person(self.admin)

    async def has_redis(self) -> None:
        """Wait until every replica that runs has found Redis again."""
        async with asyncio.timeout(15):
            while any(each.runs and each.misses_redis for each in self.replicas):
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End all replicas."""
        await asyncio.gather(*(each.kill() for each in self.replicas))


def program(app: RunningApp, session: str):
    """Return a program at *app* that has the cookie of *session*."""
    client = app_client(app)
    client.cookies.set("gantry_session", session)
    return client


@pytest.fixture(scope="session")
def replica_llm() -> Iterator[ScriptedServer]:
    """Yield the model server of the replicas; it lives as long as the session, whatever loop a test runs in."""
    with ServerThread() as server:
        yield server


@pytest.fixture(scope="module")
def deployment(
    postgres_url: str,
    postgres_template: str,
    own_redis: RedisServer,
    replica_llm: ScriptedServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """Yield a deployment that the module's tests share; ask it for replicas."""
    own_redis.start()
    with fresh_postgres(postgres_url, postgres_template) as url:
        deployment = Deployment(
            tmp_path_factory.mktemp("replicas"),
            replica_llm,
            database_url=url,
            redis_url=own_redis.url,
            openai_base_url=replica_llm.url,
        )
        try:
            yield deployment
        finally:
            asyncio.run(deployment.stop())
