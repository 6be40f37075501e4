"""Clients that generators make of the OpenAPI document work: from sign-in to an answer, and on every kind of error."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.accounts import Role
from gantry.domain.api_tokens import Scope
from gantry.runtime import installed
from tests.factories import actor_of, make_account
from tests.parts.api_server import hashed, serving
from tests.parts.app import ROOT
from tests.parts.missing import missing
from tests.parts.stack import Stack

PROGRAMS = ROOT / "tests" / "openapi"
MODULES = ROOT / "tests" / "islands" / "node_modules"
EMAIL, PASSWORD = "ben@example.org", "correct horse battery"
BESIDE = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(create_api().openapi()), encoding="utf-8")
    return path


async def run(folder: Path, *command: str | Path, **environment: str) -> str:
    """Run a program in *folder*; returns what it printed."""
    running = await asyncio.create_subprocess_exec(
        *map(str, command), cwd=folder, env=os.environ | {"PATH": BESIDE} | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await running.communicate()
    assert running.returncode == 0, told.decode()
    return told.decode()


async def used(stack: Stack, folder: Path, *command: str | Path) -> str:
    """Run a program that uses a client, against Gantry on a real port; returns what it printed."""
    async with stack.database.begin() as tx:
        account = await make_account(tx, EMAIL, password_hash=await hashed(PASSWORD), role=Role.ADMIN)
        ben = actor_of(account)
    reader, admin = [
        (await stack.services.api_tokens.create(ben, scope, [scope])).secret
        for scope in (Scope.READ, Scope.ADMIN)
    ]
    with installed(stack.services):
        async with serving(Guard(create_api(), page_policy="default-src 'self'")) as address:
            told = await run(
                folder, *command, GANTRY=address, EMAIL=EMAIL, PASSWORD=PASSWORD, READER=reader, ADMIN=admin
            )
    await stack.services.api_tokens.settle()
    return told


@pytest.mark.slow
async def test_a_python_client_is_made_and_used(stack: Stack, document: Path, tmp_path: Path) -> None:
    """By openapi-python-client, with all of the document understood."""
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--overwrite"]
    told = await run(
        tmp_path, *generator, "--path", document, "--config", PROGRAMS / "python-client.yaml",
        "--output-path", tmp_path / "gantry_client",
    )  # fmt: skip
    assert "WARNING parsing" not in told
    assert "No model is connected" in await used(
        stack, tmp_path, sys.executable, "-c", (PROGRAMS / "use_client.py").read_text(encoding="utf-8")
    )


@pytest.mark.slow
async def test_a_typescript_client_is_made_and_used(stack: Stack, document: Path, tmp_path: Path) -> None:
    """By openapi-typescript and openapi-fetch; the compiler knows what each call may answer."""
    if not (MODULES / "openapi-fetch").exists():
        missing("openapi-fetch")
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    shutil.copy(PROGRAMS / "use-client.ts", tmp_path)
    tools = MODULES / ".bin"
    await run(
        tmp_path, tools / "openapi-typescript", document, "--default-non-nullable=false", "-o", "gantry.d.ts"
    )
    await run(
        tmp_path, tools / "tsc", "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext",
        "--skipLibCheck", "use-client.ts",
    )  # fmt: skip
    assert "No model is connected" in await used(stack, tmp_path, "node", "use-client.ts")
