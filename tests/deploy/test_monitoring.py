"""Prometheus as the profile ``monitoring`` starts it."""

import asyncio
import json
from pathlib import Path

import yaml

from tests.deploy.conftest import REPLICAS
from tests.parts.compose import Stack
from tests.unit.test_monitoring import MONITORING, exercised, expressions


def _promtool(stack: Stack, folder: Path, *arguments: str) -> None:
    """Have Prometheus' own checker look at files of ours; *folder* is where it finds them."""
    image = ("--entrypoint", "promtool", "prom/prometheus:v2.53.3")
    stack.script(stack.docker, "run", "--rm", "--volume", f"{folder}:/etc/prometheus:ro", *image, *arguments)


def test_prometheus_accepts_its_files(stack: Stack, tmp_path: Path) -> None:
    """The checker finds nothing wrong with configuration, rules and the dashboard's queries."""
    asked = [{"record": "checked", "expr": each.replace("$__rate_interval", "1m")} for each in expressions()]
    for number, each in enumerate(asked):
        each["record"] += f":{number}"
    for name in ("prometheus.yml", "alerts.yml"):
        (tmp_path / name).write_text((MONITORING / name).read_text())
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": asked}]}))
    (tmp_path / "figures.txt").write_bytes(exercised().exposition().content)
    tmp_path.chmod(0o755)
    for each in tmp_path.iterdir():
        each.chmod(0o644)
    _promtool(stack, tmp_path, "check", "config", "--syntax-only", "/etc/prometheus/prometheus.yml")
    _promtool(stack, tmp_path, "check", "rules", "/etc/prometheus/alerts.yml", "/etc/prometheus/queries.yml")


async def test_every_replica_is_scraped(stack: Stack) -> None:
    """Prometheus finds all replicas by DNS and reads their figures."""
    await stack.compose_async("--profile", "monitoring", "up", "--detach", "prometheus")
    ask = (
        "exec", "-T", "prometheus", "promtool", "query", "instant", "--format=json",
        "http://127.0.0.1:9090", "gantry_ready == 1",
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while len(_found(stack.compose(*ask, check=False))) < REPLICAS:
                await asyncio.sleep(1)
        await stack.until_healthy(1, "prometheus")
    finally:
        await stack.compose_async("--profile", "monitoring", "rm", "--stop", "--force", "prometheus")


def _found(printed: str) -> list[object]:
    try:
        return json.loads(printed)
    except ValueError:  # not ready yet
        return []
