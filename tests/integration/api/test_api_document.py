"""docs/api.md: every block of it is run."""

import asyncio
import os
import re
import sys
from pathlib import Path

import httpx
import pytest

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
    assert {language for language, _ in BLOCKS} == set(RUN)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
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
