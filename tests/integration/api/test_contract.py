"""The API keeps what its OpenAPI document says, whatever is asked: tried by schemathesis on a process of its own."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.parts.app import ROOT, RunningApp, build_front_end

RULES = ROOT / "tests" / "openapi"
TOKENS = 30  # each may make 600 requests in a minute
EXAMPLES = 6  # of each route, beside those that cover every boundary of its schema


@pytest.mark.timeout(600)
@pytest.mark.slow
async def test_nothing_is_answered_that_is_not_declared(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With an administrator's tokens: no error of the server, no status, type or shape that is not declared, no nonsense accepted.

    What one request makes the next ones take, as the document's links say.
    """
    await asyncio.to_thread(build_front_end, tmp_path_factory.getbasetemp().parent / "front-end.lock")
    async with RunningApp(tmp_path) as app:
        admin = await app.set_up()
        wanted = {"name": "Schemathesis", "scopes": ["chat", "read", "write", "admin"]}
        made = [(await admin.rest.post("/api/v1/me/tokens", json=wanted)).json() for _ in range(TOKENS)]
        environment = {
            "GANTRY_TOKENS": " ".join(each["token"] for each in made),
            "SCHEMATHESIS_HOOKS": "tests.openapi.signing_in",
            "PYTHONPATH": str(ROOT),
        }
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(RULES / "schemathesis.toml"), "run",
            f"{app.url}/api/v1/openapi.json", "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
            "--max-examples", str(EXAMPLES), "--seed", "1", "--warnings", "off", "--no-color",
        ]  # fmt: skip
        running = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=os.environ | environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await running.communicate()
        assert running.returncode == 0, told.decode("utf-8", "replace")[-20_000:]
        assert app.troubles() == []
