"""The API on a real port, over the product's own services."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn

from gantry.api.app import create_api
from gantry.domain.accounts import SYSTEM, Role
from gantry.runtime import installed
from tests.parts.ports import free_port
from tests.parts.stack import Stack


@asynccontextmanager
async def serving(app: Any) -> AsyncGenerator[str]:
    """Serve an ASGI application; yields its address."""
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def api_of(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """Serve the API over *stack*; yields a client that is not signed in."""
    with installed(stack.services):
        async with serving(create_api()) as address, httpx.AsyncClient(base_url=address) as client:
            yield client


async def sign_in(
    stack: Stack, client: httpx.AsyncClient, email: str, password: str = "correct horse battery"
) -> None:
    """Make an account with *email* and sign *client* in as it."""
    await stack.services.accounts.create_account(
        SYSTEM, email, email.split("@", maxsplit=1)[0], Role.USER, password
    )
    answer = await client.post("/api/v1/session", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
