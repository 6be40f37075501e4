"""Replicas die, leave and are renewed while many people read: nobody loses anything."""

import asyncio
import os
import statistics

import pytest

from tests.deploy.conftest import REPLICAS, Figures
from tests.e2e.scripts import Cue, Cues, counted
from tests.parts.app import Person
from tests.parts.compose import Stack
from tests.parts.crowd import Account, Crowd, Prober
from tests.parts.llm_server import Script, ScriptedServer

# Everything shares this machine: replicas, services, model server and the people themselves. Two slow cores carry twenty.
PEOPLE = int(os.environ.get("GANTRY_TEST_PEOPLE", "20"))
UPDATE_PEOPLE = (
    PEOPLE // 2
)  # beside somebody who asks all the time, and three updates that want the same cores
RECONNECT_SECONDS = 5.0
START_SECONDS = 120.0  # of a replica, while everybody else wants the same cores
TOKENS = counted(30)
TOKENS_PER_SECOND = 1.0  # an answer takes half a minute: each loss meets all of them

pytestmark = pytest.mark.timeout(600, func_only=True)


@pytest.fixture
def cue(deploy_llm: ScriptedServer) -> Cue:
    """Return the script of the crowd's answers."""
    return Cues(deploy_llm)(Script(TOKENS, tokens_per_second=TOKENS_PER_SECOND))


def _judge(account: Account, figures: Figures, name: str, *, people: int) -> None:
    waits = sorted(account.reconnects)
    figures.add(f"{name}: answers read to the end", str(account.answers))
    if waits:
        figures.add(f"{name}: reconnect p50 / worst", f"{statistics.median(waits):.2f} / {waits[-1]:.2f} s")
        whole = statistics.median(account.refills)
        figures.add(f"{name}: page whole again p50 / worst", f"{whole:.2f} / {max(account.refills):.2f} s")
    assert not account.wrong, account.wrong
    assert account.answers >= people
    # The worst of hundreds says how busy the machine was, with everything on it; it is printed above.
    assert not waits or statistics.median(waits) <= RECONNECT_SECONDS


async def test_replicas_killed_one_after_another(
    stack: Stack, admin: Person, cue: Cue, figures: Figures
) -> None:
    """Three replicas are killed with SIGKILL in turn; every answer is read once, whole, and stored once."""
    await stack.compose_async("up", "--detach", "--no-recreate", "--scale", "backend=3", "backend")
    await stack.until_healthy(3)
    crowd, began = Crowd(stack, admin, cue, TOKENS), asyncio.Event()
    running = asyncio.create_task(crowd.run(PEOPLE, began))
    try:
        await asyncio.wait({running, asyncio.create_task(began.wait())}, return_when=asyncio.FIRST_COMPLETED)
        for container in await asyncio.to_thread(stack.containers, "backend"):
            stack.kill_process(container)
            await asyncio.sleep(1)  # the engine notices
            await stack.until_healthy(3, seconds=START_SECONDS)
        crowd.finish()
        account = await running
    finally:
        scale = ("--scale", f"backend={REPLICAS}")
        await stack.compose_async("up", "--detach", "--no-recreate", *scale, "backend")
    _judge(account, figures, "SIGKILL", people=PEOPLE)
    assert len(account.reconnects) >= PEOPLE  # everybody lost a connection, one of three each time


async def test_a_rolling_update_and_one_that_fails(
    stack: Stack, admin: Person, cue: Cue, figures: Figures
) -> None:
    """``deploy/update`` changes version under load with no failed request; a broken version is taken back by itself."""
    _derive(stack, "next", "LABEL next=yes")
    _derive(stack, "broken", 'CMD ["python", "-c", "raise SystemExit(1)"]')
    first = {one["Id"] for one in stack.containers("backend")}
    crowd, began, done = Crowd(stack, admin, cue, TOKENS), asyncio.Event(), asyncio.Event()
    prober = Prober(stack, admin)
    running = asyncio.create_task(crowd.run(UPDATE_PEOPLE, began))
    await asyncio.wait({running, asyncio.create_task(began.wait())}, return_when=asyncio.FIRST_COMPLETED)
    probing = asyncio.create_task(prober.run(done))

    updated = await asyncio.to_thread(stack.script, "deploy/update", "next")
    second = await asyncio.to_thread(stack.containers, "backend")
    assert not first & {one["Id"] for one in second}, updated.stdout
    assert len(second) == len(first)
    assert all(one["Config"]["Image"].endswith(":next") for one in second)

    failed = await asyncio.to_thread(
        lambda: stack.script("deploy/update", "broken", check=False, NO_BACKUP="1")
    )
    assert failed.returncode == 1, failed.stdout
    assert "next is running" in failed.stdout
    third = await asyncio.to_thread(stack.containers, "backend")
    assert {one["Id"] for one in third} == {one["Id"] for one in second}

    back = await asyncio.to_thread(lambda: stack.script("deploy/update", "--rollback", NO_BACKUP="1"))
    assert all(one["Config"]["Image"].endswith(":latest") for one in stack.containers("backend")), back.stdout

    done.set()
    await probing
    crowd.finish()
    figures.add("update: requests meanwhile / failed", f"{prober.asked} / {len(prober.failed)}")
    figures.add("update: slowest request", f"{prober.slowest:.2f} s")
    assert not prober.failed, prober.failed
    _judge(await running, figures, "update", people=UPDATE_PEOPLE)


def _derive(stack: Stack, tag: str, line: str) -> None:
    """Make images of another version out of ours."""
    folder = stack.folder / "derived"
    folder.mkdir(exist_ok=True)
    for name, lines in (
        ("gantry-backend", f"FROM gantry-backend:latest\n{line}\n"),
        ("gantry-web", "FROM gantry-web:latest\n"),
    ):
        (folder / "Dockerfile").write_text(lines)
        stack.script(stack.docker, "build", "--quiet", "--tag", f"{name}:{tag}", str(folder))
