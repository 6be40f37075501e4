"""The product needs nothing dangerous from Redis: it runs as a user that may not even read the configuration."""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from tests.parts.app import ROOT, RunningApp, environment
from tests.parts.database import fresh_postgres
from tests.parts.live_reader import FeedReader, LiveReader
from tests.parts.llm_server import Script, ScriptedServer
from tests.parts.missing import missing
from tests.parts.redis import RedisServer
from tests.parts.replicas import Deployment, program
from tests.parts.wire_tab import WireTab

pytestmark = pytest.mark.timeout(120)

# As in deploy/redis.conf and deploy/init.
EVENTS = "K$gxe"
COMMANDS = "~* &* -@all +@read +@write +@pubsub +@connection +eval +evalsha +script|load +time -@dangerous"


@pytest.fixture
async def locked(
    postgres_url: str, postgres_template: str, replica_llm: ScriptedServer, tmp_path: Path
) -> AsyncIterator[tuple[Deployment, RedisServer]]:
    """Yield a deployment whose Redis allows what the compose file's does; its URL is given as a file."""
    binary = shutil.which("redis-server") or missing("Redis (redis-server on PATH)")
    server = RedisServer(
        str(binary), str(tmp_path), options={"notify-keyspace-events": EVENTS}, user=COMMANDS
    )
    server.start()
    (tmp_path / "redis_url").write_text(f"{server.url}\n")
    with fresh_postgres(postgres_url, postgres_template) as url:
        deployment = Deployment(
            tmp_path,
            replica_llm,
            database_url=url,
            redis_url_file=tmp_path / "redis_url",
            openai_base_url=replica_llm.url,
        )
        try:
            yield deployment, server
        finally:
            await deployment.stop()
            server.stop()


def is_quiet(replica: RunningApp) -> bool:
    """Nothing in the log complains of what Redis does not allow."""
    said = replica.output().lower()
    return "noperm" not in said and "redis_away" not in said and not replica.troubles()


async def test_everything_works_without_dangerous_commands(locked: tuple[Deployment, RedisServer]) -> None:
    """Tabs move, a lock is waited for, notices and live text go between replicas; Redis has refused CONFIG alone."""
    deployment, server = locked
    first, second = await deployment.running(2)
    person = await deployment.person()
    deployment.llm.scripts["locked"] = Script([f"w{n:03} " for n in range(60)], tokens_per_second=60)
    async with (
        WireTab(person.session) as tab,
        FeedReader(person.session) as feed,
        program(first, person.session) as client,
    ):
        await tab.open(first)
        await feed.open(second)
        await tab.send(AskingState.event_handlers["send"], text="[[script:locked]]", key="k", conversation="")
        await tab.until(lambda: tab.conversation)
        reader = LiveReader(person.session, tab.var(ChatState, "generation_id"))
        await reader.follow([second])
        assert reader.status == "complete"
        assert len(reader.text) == 300
        await feed.until(lambda feed: any(each["data"].get("ended") for each in feed.notices))
        await tab.lose_sight()
        await tab.open(second)
        assert tab.new_tokens == []
        wrong = {"email": person.email, "password": "not the password"}
        assert (await client.post("/api/v1/session", json=wrong)).status_code == 401
    assert is_quiet(first), first.output()
    assert is_quiet(second), second.output()
    # The PING is the test's own, before anybody signed in.
    assert await refused_commands(server) == {"config|set", "ping"}


async def refused_commands(server: RedisServer) -> set[str]:
    """Return what Redis was asked and has refused."""
    async with Redis.from_url(server.root_url, decode_responses=True) as root:
        stats = await root.info("commandstats")
    return {name.removeprefix("cmdstat_") for name, each in stats.items() if each["rejected_calls"]}


def test_reflex_finds_redis_by_its_file(tmp_path: Path) -> None:
    """Reflex reads REDIS_URL_FILE as the settings do; a build, where the file is missing, needs no Redis."""
    path = tmp_path / "redis_url"
    asked = "import rxconfig; print(rxconfig.config.redis_url, rxconfig.config.state_manager_mode.value)"

    def told() -> str:
        command = [sys.executable, "-c", asked]
        settings = environment({"REDIS_URL_FILE": str(path)})
        return subprocess.run(
            command, cwd=ROOT, env=settings, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert told() == "None memory"
    path.write_text("redis://:secret@redis:6379/0\n")
    assert told() == "redis://:secret@redis:6379/0 redis"
