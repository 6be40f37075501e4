"""Caddy with the Caddyfile of production, without containers.

Only what belongs to the engine is replaced: Docker's DNS by the one address of Gantry, the folders, and the ports.
"""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from gantry.api.caddy import caddy_snippets
from gantry.api.policy import page_policy
from gantry.ui import stamp
from tests.parts.app import ROOT, RunningApp
from tests.parts.missing import missing
from tests.parts.ports import free_port

_START_SECONDS = 15.0
_DOCKERS = re.compile(r"dynamic a \{.*?\n\t\t\t\}", re.DOTALL)


@asynccontextmanager
async def production_caddy(app: RunningApp, folder: Path) -> AsyncGenerator[str]:
    """Serve the compiled pages, and *app* behind them; yields the address, on this machine and without TLS."""
    program = shutil.which("caddy", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")
    if program is None:
        missing("Caddy")
    port, log = free_port(), folder / "caddy.log"
    address = f"http://localhost:{port}"
    (folder / "Caddyfile").write_text(_adapted(app, folder), encoding="utf-8")
    with log.open("wb") as said:
        process = subprocess.Popen(
            [program, "run", "--config", "Caddyfile", "--adapter", "caddyfile"],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "DOMAIN": address},
        )  # fmt: skip
    try:
        async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient() as client:
            while not await _answers(client, address):
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        yield address
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def _adapted(app: RunningApp, folder: Path) -> str:
    built = stamp.built()
    (folder / "current").mkdir()
    (folder / "current" / "site").symlink_to(built)
    routes = stamp.routes()
    snippets = caddy_snippets(routes, policy=page_policy(built), root=str(folder))
    (folder / "current" / "site.caddy").write_text(snippets, encoding="utf-8")
    text, replaced = _DOCKERS.subn(
        f"to 127.0.0.1:{app.port}", (ROOT / "Caddyfile").read_text(encoding="utf-8")
    )
    assert replaced == 1
    for before, now in {
        "admin unix//tmp/caddy-admin.sock": "admin off",
        "/srv/gantry": str(folder),
        "/etc/caddy": str(folder / "own"),
        "127.0.0.1:8080": f"127.0.0.1:{free_port()}",
    }.items():
        assert before in text, before
        text = text.replace(before, now)
    return text


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/health")).is_success
    except httpx.TransportError:
        return False
