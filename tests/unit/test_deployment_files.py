"""The files for compose and for Swarm say the same of the application."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
# Swarm names its secrets after the stack.
_FILES = {"DATABASE_URL_FILE", "REDIS_URL_FILE", "SECRET_KEY_FILE", "METRICS_TOKEN_FILE"}


def test_swarm_passes_on_every_setting_that_compose_does() -> None:
    """What is set in .env counts in either."""
    compose, stack = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["x-backend"]["environment"]
        for name in ("docker-compose.prod.yml", "deploy/stack.yml")
    )
    assert {name: value for name, value in stack.items() if name not in _FILES} == {
        name: value for name, value in compose.items() if name not in _FILES
    }
