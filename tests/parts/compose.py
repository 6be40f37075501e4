"""The production deployment on a real engine: ``docker-compose.prod.yml`` in a folder of its own."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.parts.app import ROOT
from tests.parts.minilm import model_folder
from tests.parts.missing import missing

_SHARED_RIG = ROOT.parent / "shared" / "deploy-rig" / "up"
_MADE_HERE = {".git", ".venv", ".web", ".cache", ".env", "data", "dist", "test-results", "deploy/secrets"}
_MADE_ANYWHERE = shutil.ignore_patterns("__pycache__", ".*_cache", "node_modules")
_WIPE = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"


def _made(folder: str, names: list[str]) -> set[str]:
    """Return which *names* in a *folder* of the source tree are no sources, as ``shutil.copytree`` asks."""
    below = Path(folder).relative_to(ROOT)
    return {name for name in names if (below / name).as_posix() in _MADE_HERE} | set(
        _MADE_ANYWHERE(folder, names)
    )


def engine() -> str:
    """Return the path of the docker client; a missing engine is prepared where there is a rig for it."""
    if not _answers() and _SHARED_RIG.is_file():
        subprocess.run([_SHARED_RIG], check=True)
    if not _answers():
        missing("Docker engine with compose v2 (docker info)")
    docker = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else shutil.which("docker")
    assert docker is not None
    return docker


def _answers() -> bool:
    asked = (["docker", "compose", "version"], ["docker", "info"])
    try:
        return all(subprocess.run(one, capture_output=True, check=False).returncode == 0 for one in asked)
    except FileNotFoundError:
        return False


def bridge_address() -> str:
    """Return this machine's address on the engine's own network, where containers look for ``host-gateway``."""
    form = "{{(index .IPAM.Config 0).Gateway}}"
    asked = [engine(), "network", "inspect", "bridge", "--format", form]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def offer_embedding_model() -> None:
    """Put the embedding model where the image takes it from, when this machine has it: the build has no network here."""
    target = ROOT / "deploy/models/all-MiniLM-L6-v2/onnx"
    held = model_folder(target)
    if held is not None and held != target and not target.is_dir():
        shutil.copytree(held, target)


class Stack:
    """One installation, made as docs/deployment.md says.

    Args:
        folder: Where a copy of the source tree is deployed from.
        settings: Further lines of ``.env``.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.docker = engine()
        self.folder = folder / "gantry"
        self.url = "https://localhost"
        self.port = 443
        offer_embedding_model()
        shutil.copytree(ROOT, self.folder, ignore=_made)
        self.script("deploy/init")
        with (self.folder / ".env").open("a") as env:
            env.writelines(f"{name}={value}\n" for name, value in settings.items())

    # commands

    def script(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the installation's folder; its output is in the error when it fails."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
        return done

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run ``docker compose …`` and return what it printed."""
        return self.script(self.docker, "compose", *arguments, check=check).stdout

    async def compose_async(self, *arguments: str) -> str:
        """Do the same without stopping the loop."""
        return await asyncio.to_thread(self.compose, *arguments)

    def build(self) -> float:
        """Build the images and return how many seconds that took; what a failed step printed is in the error."""
        begun = time.monotonic()
        self.compose("--progress", "plain", "build")
        return time.monotonic() - begun

    def up(self, *arguments: str) -> float:
        """Start what does not run, wait until all is healthy, and return how many seconds that took."""
        begun = time.monotonic()
        self.compose("up", "--detach", "--wait", "--quiet-pull", *arguments)
        return time.monotonic() - begun

    def gantry(self, *arguments: str, service: str = "backend") -> str:
        """Run a command of the product in a container that runs."""
        return self.compose("exec", "-T", service, "python", "-m", "gantry", *arguments)

    def wipe(self) -> None:
        """Stop what writes, and lose everything people have: database, documents and vectors on the volume."""
        self.compose("stop", "backend", "backup")
        self.compose("exec", "-T", "postgres", "psql", "-q", "-U", "gantry", "-d", "gantry", "-c", _WIPE)
        self.beside("sh", "-c", "rm -rf /data/documents /data/chroma")

    def beside(self, *command: str, check: bool = True) -> str:
        """Run a command in a container of its own, with the volumes of the stopped application."""
        return self.compose("run", "--rm", "--no-deps", "-T", "backup", *command, check=check)

    # what runs

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """Return the containers of *service*, or all, as the engine describes them; oldest first."""
        ids = self.compose("ps", "--all", "--quiet", *([service] if service else [])).split()
        if not ids:
            return []
        found = json.loads(self.script(self.docker, "inspect", *ids).stdout)
        return sorted(found, key=lambda one: one["Created"])

    def healthy(self, service: str = "backend") -> list[str]:
        """Return the ids of those that run and are healthy."""
        states = {one["Id"]: one["State"] for one in self.containers(service)}
        return [
            each for each, state in states.items() if (state.get("Health") or {}).get("Status") == "healthy"
        ]

    def start_seconds(self, service: str = "backend") -> float:
        """Return how long the slowest container of *service* took from its start to its first good health check."""
        took = [0.0]
        for one in self.containers(service):
            good = [each for each in one["State"]["Health"]["Log"] if each["ExitCode"] == 0]
            took.append((_moment(good[0]["End"]) - _moment(one["State"]["StartedAt"])).total_seconds())
        return max(took)

    async def until_healthy(self, count: int, service: str = "backend", seconds: float = 60.0) -> None:
        """Wait until *count* containers of *service* are healthy."""
        async with asyncio.timeout(seconds):
            while len(await asyncio.to_thread(self.healthy, service)) < count:
                await asyncio.sleep(0.2)

    def kill_process(self, container: Mapping[str, Any]) -> None:
        """Kill a container's first process from outside, as the kernel does when memory runs out.

        ``docker kill`` would not do: the engine takes it for a wish and does not start the container again.
        """
        pid = int(container["State"]["Pid"])
        assert pid > 1, "it does not run"
        os.kill(pid, 9)

    def trust(self, to: Path) -> Path:
        """Write the certificate of Caddy's own authority to *to*."""
        to.write_text(self.compose("exec", "-T", "web", "cat", ROOT_CERTIFICATE))
        return to

    def logs(self, *services: str) -> str:
        """Return what containers have printed."""
        return self.compose("logs", "--no-color", "--no-log-prefix", *services)

    def down(self) -> None:
        """Remove everything, volumes too."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)


def _moment(text: str) -> datetime:
    """Read the engine's time, which has nine decimals."""
    return datetime.fromisoformat(f"{text[:26]}+00:00")
