"""docs/api.md: every block of it is run."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.api_tokens import Scope
from gantry.runtime import installed
from tests.parts.api_server import serving, sign_in
from tests.parts.stack import Stack

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "api.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
EMAIL, PASSWORD = "ben@example.org", "correct horse battery"
RUN = {
    "sh": ["bash", "-euc"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
}


def test_the_document_has_all_kinds_of_blocks() -> None:
    """There is something to run in each language."""
    assert {language for language, _ in BLOCKS} == {*RUN, "json"}


async def test_the_configuration_of_mcp_clients_connects(stack: Stack) -> None:
    """With the address and the token of this place in it."""
    (block,) = (block for language, block in BLOCKS if language == "json")
    server = json.loads(block)["mcpServers"]["gantry"]
    made = await stack.services.api_tokens.create(stack.who, "Document", [Scope.READ])
    headers = {name: value.replace("gantry_…", made.secret) for name, value in server["headers"].items()}
    with installed(stack.services):
        async with serving(Guard(create_api(), page_policy="default-src 'self'")) as address:
            url = server["url"].replace("https://chat.example.com", address)
            async with (
                httpx2.AsyncClient(headers=headers) as web,
                Client(streamable_http_client(url, http_client=web)) as client,
            ):
                assert (await client.list_tools()).tools
    await stack.services.api_tokens.settle()


@pytest.mark.parametrize("number", [number for number, (language, _) in enumerate(BLOCKS) if language in RUN])
async def test_a_block_runs(stack: Stack, number: int) -> None:
    """As it stands, with the address and the token from the environment; what it prints is an answer."""
    language, block = BLOCKS[number]
    made = await stack.services.api_tokens.create(stack.who, "Document", list(Scope))
    with installed(stack.services):
        async with (
            serving(Guard(create_api(), page_policy="default-src 'self'")) as address,
            httpx.AsyncClient(base_url=address) as client,
        ):
            await sign_in(stack, client, EMAIL, PASSWORD)
            environment = {"GANTRY": address, "TOKEN": made.secret, "EMAIL": EMAIL, "PASSWORD": PASSWORD}
            running = await asyncio.create_subprocess_exec(
                *RUN[language], block,
                env=os.environ | environment,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            told, wrong = (each.decode() for each in await running.communicate())
    await stack.services.api_tokens.settle()
    assert (running.returncode, "error" in told) == (0, False), told + wrong
    assert "No model is connected" in told or "gantry_" in told or '"token"' in told
