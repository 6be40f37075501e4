"""A real PostgreSQL: the one named in GANTRY_TEST_POSTGRES_URL, else Debian's binaries in a temporary folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.parts.missing import missing
from tests.parts.ports import free_port

_BINARIES = ("/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin")


def _binary(name: str) -> str | None:
    places = os.pathsep.join((*_BINARIES, os.environ.get("PATH", "")))
    return shutil.which(name, path=places)


def _as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings the account ``postgres``."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of an empty server's maintenance database; the server ends with the block.

    Unless it is *durable*, it does not wait for the disk.
    """
    given = os.environ.get("GANTRY_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    initdb, server = _binary("initdb"), _binary("postgres")
    if not initdb or not server:
        missing("PostgreSQL (Debian package postgresql)")
    with tempfile.TemporaryDirectory(prefix="gantry-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run(
            _as_owner([initdb, "-D", str(data), "-U", "gantry", "--auth=trust", "--no-sync", "-E", "UTF8"]),
            check=True,
            **quiet,
        )
        port = free_port()
        options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
        speed = (
            []
            if durable
            else ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        )
        process = subprocess.Popen(_as_owner([server, "-D", str(data), *options, *speed]), **quiet)
        try:
            _wait_until_ready(port, process)
            yield f"postgresql://gantry@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(port: int, process: subprocess.Popen[Any]) -> None:
    ready = _binary("pg_isready") or "pg_isready"
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("PostgreSQL ended while starting")
        probe = [ready, "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
        if subprocess.run(probe, check=False).returncode == 0:
            return
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError("PostgreSQL did not get ready in 20 s")
