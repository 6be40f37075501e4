"""Write docs/configuration.md and .env.example from the settings: `make docs`. Tests fail when they are out of date."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from gantry.settings import Settings

_ROOT = Path(__file__).resolve().parent.parent
_HEAD = """# Configuration

Settings are environment variables, or lines of a file `.env` in the working directory, with `--data FOLDER` in that folder; the environment wins. Each secret may
also be a file: `SECRET_KEY_FILE=/run/secrets/key` (likewise for `DATABASE_URL`, `REDIS_URL`, `TABBY_ADMIN_KEY`,
`OPENAI_API_KEY`, `EMBEDDING_API_KEY`, `RERANK_API_KEY`, `ADMIN_PASSWORD`, `METRICS_TOKEN`). A wrong setting stops the start with a sentence that names it.

| name | default | |
|---|---|---|
"""
_TAIL = """
Model servers named here appear in the catalog as fixed; administrators add more under Administration → Model servers. With none, the usual local
ports are asked: Ollama 11434, LM Studio 1234, llama.cpp 8080, TabbyAPI 5000, vLLM 8000.

This page is made from `gantry/settings.py` by `make docs`.
"""


def _shown(default: Any) -> str:
    if default is None or default == "" or isinstance(default, SecretStr):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`"


def configuration() -> str:
    """Return the page."""
    rows = [
        f"| `{name.upper()}` | {_shown(field.default)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "".join(rows) + _TAIL


def example() -> str:
    """Return a file to copy to ``.env``; everything is commented out, so that the defaults hold."""
    lines = ["# Copy to .env and change what you need. docs/configuration.md says more.\n"]
    for name, field in Settings.model_fields.items():
        default = _shown(field.default).strip("`")
        lines.append(f"\n# {(field.description or '').replace('`', '')}\n#{name.upper()}={default}\n")
    return "".join(lines)


if __name__ == "__main__":
    (_ROOT / "docs" / "configuration.md").write_text(configuration(), encoding="utf-8")
    (_ROOT / ".env.example").write_text(example(), encoding="utf-8")
