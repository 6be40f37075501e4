"""``/metrics`` on an address of its own: there and nothing else, told to whoever reaches it."""

import socket
from pathlib import Path

import httpx
import pytest
import websockets

from tests.integration.operations.conftest import Install
from tests.parts.app import RunningApp
from tests.parts.ports import free_port


class Backend(RunningApp):
    """Without pages, which take a build."""

    command = ("serve", "--backend-only")


@pytest.mark.timeout(120)
async def test_figures_are_told_on_their_own_address(tmp_path: Path) -> None:
    """Without a token, through whatever program; the other address tells them to nobody, not even to this machine."""
    port = free_port()
    async with (
        Backend(tmp_path, metrics_address=f"127.0.0.1:{port}") as app,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as watch,
        httpx.AsyncClient(base_url=app.url) as people,
    ):
        told = await watch.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"})
        assert (told.status_code, "gantry_build_info" in told.text) == (200, True)
        assert (await watch.head("/metrics")).status_code == 200
        for path in ("/", "/health", "/api/v1/me", "/v1/models", "/mcp", "/metrics/", "/_event"):
            assert (await watch.get(path)).status_code == 404, path
        assert (await watch.post("/metrics")).status_code == 404
        assert (await watch.get("/metrics", headers={"Host": "evil.example"})).status_code == 404
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"ws://127.0.0.1:{port}/_event/")
        assert (await people.get("/metrics")).status_code == 404
        assert (await people.get("/health")).status_code == 200
        assert app.troubles() == []


def test_an_address_that_cannot_be_used(install: Install) -> None:
    """It is said by the name of the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = install("sqlite").run(
            "serve", "--backend-only", "--port", "0", METRICS_ADDRESS=f"127.0.0.1:{port}"
        )
    assert (code, f"METRICS_ADDRESS=127.0.0.1:{port + 1}" in said) == (1, True), said


def test_the_port_of_everything_else(install: Install) -> None:
    """It is refused also where the command line chose it: otherwise no page would be served any more."""
    port = str(free_port())
    code, said = install("sqlite").run(
        "serve", "--backend-only", "--host", "127.0.0.1", "--port", port, METRICS_ADDRESS=f"127.0.0.2:{port}"
    )
    assert (code, "METRICS_ADDRESS needs a port of its own" in said) == (1, True), said
