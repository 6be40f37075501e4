"""The stack file on Docker Swarm; runs last, because it needs the ports of the deployment."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.deploy.conftest import Figures
from tests.parts.compose import Stack, bridge_address

NAME = "gantryswarm"


@pytest.fixture
def swarm(stack: Stack) -> Iterator[Stack]:
    """Yield the installation while this machine is a swarm of one, with the ports free."""
    stack.compose("stop", "--timeout", "5")
    _forget(stack)
    stack.script(stack.docker, "swarm", "init", "--advertise-addr", bridge_address())
    try:
        yield stack
    finally:
        stack.script(stack.docker, "stack", "rm", NAME, check=False)
        stack.script(stack.docker, "swarm", "leave", "--force")
        _forget(stack)


def _forget(stack: Stack) -> None:
    """Remove what a deployment has stored: its passwords would be those of another installation."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # until its last container has gone
        listed = stack.script(
            stack.docker, "volume", "ls", "--quiet", "--filter", f"name={NAME}_"
        ).stdout.split()
        if not listed or stack.script(stack.docker, "volume", "rm", *listed, check=False).returncode == 0:
            return
        time.sleep(0.5)
    raise AssertionError("volumes of an earlier deployment are still in use")


async def test_stack_deploy(swarm: Stack, figures: Figures) -> None:
    """``docker stack deploy`` brings the application up, and updates it start-first without a failed request."""
    deploy = ("stack", "deploy", "--resolve-image", "never", "--compose-file", "deploy/stack.yml", NAME)
    begun = asyncio.get_running_loop().time()
    await asyncio.to_thread(swarm.script, swarm.docker, *deploy)
    # Its certificate is by another authority than the one of the compose installation.
    async with httpx.AsyncClient(verify=False) as client:
        async with asyncio.timeout(180):
            while not await _is_ready(client, swarm):
                await asyncio.sleep(0.5)
        figures.add("swarm: deploy to ready", f"{asyncio.get_running_loop().time() - begun:.0f} s")

        updating = asyncio.create_task(
            asyncio.to_thread(swarm.script, swarm.docker, "service", "update", "--force", f"{NAME}_backend")
        )
        asked, failed = 0, []
        while not updating.done():
            answer = await client.get(f"{swarm.url}/api/v1/session")
            asked += 1
            if answer.status_code >= 500:
                failed.append(answer.status_code)
            await asyncio.sleep(0.1)
        await updating
    figures.add("swarm: requests during an update / failed", f"{asked} / {len(failed)}")
    assert not failed


async def _is_ready(client: httpx.AsyncClient, stack: Stack) -> bool:
    try:
        return (await client.get(f"{stack.url}/ready")).status_code == 200
    except httpx.TransportError:
        return False
