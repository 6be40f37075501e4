"""The API on a real port, over the product's own services."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import uvicorn

from gantry.adapters.secrets.passwords import Argon2Passwords
from gantry.api.app import create_api
from gantry.domain.clock import utc_now
from gantry.domain.credentials import new_token, token_hash
from gantry.models import AuthSession
from gantry.runtime import installed
from tests.factories import make_account
from tests.parts.ports import free_port
from tests.parts.stack import Stack

_hashes: dict[str, str] = {}  # of the passwords that tests use


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
    """Make an account with *email* and sign *client* in as it.

    Straight into the database: hashing passwords takes long on purpose, and most tests are about something else.
    """
    token, now = new_token(), utc_now()
    async with stack.database.begin() as tx:
        account = await make_account(tx, email, password_hash=await hashed(password))
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
    client.cookies.set("gantry_session", token, domain=client.base_url.host)


async def hashed(password: str) -> str:
    """Return the hash of a password, made once."""
    if password not in _hashes:
        _hashes[password] = await Argon2Passwords().hash(password)
    return _hashes[password]
