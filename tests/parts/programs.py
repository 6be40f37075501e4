"""Gantry as OpenAI's own clients see it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from openai import AsyncOpenAI

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import Scope
from gantry.runtime import installed
from tests.parts.api_server import serving
from tests.parts.stack import Stack


@asynccontextmanager
async def openai_client(
    stack: Stack, who: Actor | None = None, *scopes: Scope
) -> AsyncGenerator[AsyncOpenAI]:
    """Serve Gantry behind its guard; yields the official client with a token of *who*."""
    made = await stack.services.api_tokens.create(who or stack.who, "OpenAI", scopes or (Scope.CHAT,))
    with installed(stack.services):
        async with (
            serving(Guard(create_api(), page_policy="default-src 'self'")) as address,
            AsyncOpenAI(base_url=f"{address}/v1", api_key=made.secret, max_retries=0, timeout=10) as client,
        ):
            yield client
    await stack.services.programs.exchanges.settle()
    await stack.services.api_tokens.settle()
