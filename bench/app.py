"""The product under measurement: the real one, started as a person would start it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.processes import ROOT, cpu_seconds, resident_mb, starved_seconds, stopped
from tests.parts.ports import free_port

EMAIL = "bench@example.org"
PASSWORD = "correct horse battery staple"  # of an installation that lives for minutes, on loopback
SECRET = "hJ0kLaEcRiOzK3vQ9xW7mB1nT5rY8uP2sD6fG4"
START_SECONDS = 90


class BenchError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running product."""

    pid: int
    port: int
    start_seconds: float
    start_cpu_seconds: float

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """CPU time so far."""
        return cpu_seconds(self.pid)

    def starved_seconds(self) -> float:
        """How long it has waited for a core so far."""
        return starved_seconds(self.pid)

    def resident_mb(self) -> float:
        """Resident memory now."""
        return resident_mb(self.pid)


def environment(data: Path, model_url: str, redis_url: str = "") -> dict[str, str]:
    """Return the settings of the product, and of whoever opens its database from outside."""
    kept = ("PATH", "HOME", "LANG", "NPM_CONFIG_REGISTRY")
    values = {name: os.environ[name] for name in kept if name in os.environ}
    values |= {
        "DATA_DIR": str(data),
        "DATABASE_URL": database_url(data),
        "OPENAI_BASE_URL": model_url,
        "PROBE_LOCAL_MODELS": "false",
        "ADMIN_EMAIL": EMAIL,
        "ADMIN_PASSWORD": PASSWORD,
        "SECRET_KEY": SECRET,
        "LOG_LEVEL": "warning",
        "MAX_CONNECTIONS_PER_ADDRESS": "0",  # all of the crowd comes from this machine
    }
    return values | ({"REDIS_URL": redis_url} if redis_url else {})


def database_url(data: Path) -> str:
    """Return where the product keeps its rows."""
    return f"sqlite:///{data}/gantry.db"


def migrate(settings: dict[str, str]) -> None:
    """Bring an empty database to the schema; a server does so by itself on SQLite alone."""
    done = subprocess.run([sys.executable, "-m", "gantry", "migrate"], cwd=ROOT, env=settings, check=False)
    if done.returncode:
        raise BenchError("The database could not be migrated.")


def build() -> None:
    """Make sure the front end fits its sources; done before, so that no start time contains it."""
    done = subprocess.run([sys.executable, "-m", "gantry", "build"], cwd=ROOT, check=False)
    if done.returncode:
        raise BenchError("The front end could not be built.")


@contextmanager
def running(settings: dict[str, str]) -> Iterator[Product]:
    """Run the product while the block runs; it is ready when the block begins."""
    port = free_port()
    command = [sys.executable, "-m", "gantry", "serve", "--port", str(port)]
    with started(command, settings, port, "/ready", Path(settings["DATA_DIR"]), folder=ROOT) as product:
        yield product


@contextmanager
def started(
    command: list[str],
    settings: dict[str, str],
    port: int,
    ready: str,
    data: Path,
    folder: Path,
    patience: float = START_SECONDS,
) -> Iterator[Product]:
    """Run *command* in *folder* while the block runs; the block begins when the path *ready* is answered on *port*."""
    log = data / "server.log"
    with log.open("a") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=settings, stdout=output, stderr=subprocess.STDOUT, text=True
        )
        with stopped(process):
            took = _wait_ready(process, f"http://127.0.0.1:{port}{ready}", began, log, patience)
            yield Product(process.pid, port, took, cpu_seconds(process.pid))


def wait_listed(origin: str, model: str = "openai/scripted") -> None:
    """Wait until the product knows the model: asked before, the built-in answerer would answer."""
    with httpx.Client(base_url=origin, trust_env=False, timeout=10) as client:
        client.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD}).raise_for_status()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if model in client.get("/api/v1/models").text:
                return
            time.sleep(0.2)
    raise BenchError("The product does not list the model server's model.")


def _wait_ready(
    process: subprocess.Popen[str], ready: str, began: float, log: Path, patience: float
) -> float:
    with httpx.Client(trust_env=False, timeout=2) as client:
        while (took := time.monotonic() - began) < patience:
            if process.poll() is not None:
                break
            try:
                if client.get(ready).status_code == 200:
                    return time.monotonic() - began
            except httpx.HTTPError:
                pass
            time.sleep(0.02)
    raise BenchError(f"The product did not start within {took:.0f} s:\n{log.read_text()[-3000:]}")
