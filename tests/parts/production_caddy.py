"""Caddy with the Caddyfile of production, without containers.

Only what belongs to the engine is replaced: Docker's DNS by the one address of Gantry, the folders, and the ports.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from gantry.api.caddy import caddy_snippets
from gantry.api.policy import page_policy
from gantry.ui import stamp
from tests.parts.app import ROOT, RunningApp
from tests.parts.ports import free_port
from tests.parts.proxies import caddy_of, running

_DOCKERS = re.compile(r"dynamic a \{.*?\n\t\t\t\}", re.DOTALL)


@asynccontextmanager
async def production_caddy(app: RunningApp, folder: Path) -> AsyncGenerator[str]:
    """Serve the compiled pages, and *app* behind them; yields the address, on this machine and without TLS."""
    address = f"http://localhost:{free_port()}"
    file = folder / "Caddyfile"
    file.write_text(_adapted(app, folder), encoding="utf-8")
    async with (
        httpx.AsyncClient() as client,
        running(caddy_of(file), folder, lambda: _answers(client, address), DOMAIN=address),
    ):
        yield address


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
