"""Reflex's own configuration; ours is gantry/settings.py."""

import os
from pathlib import Path

import reflex as rx
from reflex.constants import StateManagerMode

from gantry.ui.build import GantryBuild


def _redis_url() -> str | None:
    """Return REDIS_URL, or what REDIS_URL_FILE holds; gantry/settings.py says what is wrong with them."""
    path = os.environ.get("REDIS_URL_FILE")
    if os.environ.get("REDIS_URL") or not path:
        return os.environ.get("REDIS_URL") or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except OSError:  # a build has no secrets, and a server reports it when it reads its settings
        return None


_REDIS_URL = _redis_url()
# A Redis that refuses CONFIG has been set up for keyspace notifications already.
os.environ.setdefault("REFLEX_IGNORE_REDIS_CONFIG_ERROR", "true")

_HOUR_SECONDS = 3600

config = rx.Config(
    app_name="gantry",
    frontend_port=3000,
    backend_port=8000,
    backend_host="127.0.0.1",  # only `make dev` listens there
    transport="websocket",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    redis_url=_REDIS_URL,
    cors_allowed_origins=[],  # gantry/api/guard.py decides
    plugins=[GantryBuild()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    state_manager_mode=StateManagerMode.REDIS if _REDIS_URL else StateManagerMode.MEMORY,
    # A tab's state can always be rebuilt; in memory an abandoned one should not stay for long.
    redis_token_expiration=(7 * 24 if _REDIS_URL else 12) * _HOUR_SECONDS,
    vite_allowed_hosts=False,
)
