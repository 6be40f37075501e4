"""The product as somebody has it who installed the wheel: an environment, a home and a folder with nothing else in them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.parts.app import ROOT, RunningApp

_UV = Path(sys.executable).with_name("uv")


class Installed:
    """The wheel in an environment of its own; ``run`` gives one of its commands in an empty folder.

    Args:
        folder: For all of it.
    """

    def __init__(self, folder: Path) -> None:
        self.wheel = self._build(folder / "wheels")
        self.environment = folder / "environment"
        self.home = folder / "home"
        self.folder = folder / "elsewhere"
        self.home.mkdir()
        self.folder.mkdir()
        python = self.environment / "bin" / "python"
        _run(_UV, "venv", "--quiet", "--python", sys.executable, self.environment)
        # As pip does by itself; otherwise the first start does it.
        _run(_UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, self.wheel)
        self.files = self._files()

    @property
    def command(self) -> Path:
        """Where the command is."""
        return self.environment / "bin" / "gantry"

    @property
    def variables(self) -> dict[str, str]:
        """The whole environment of its processes: no Node, no settings, nothing of ours."""
        return {"HOME": str(self.home), "PATH": str(self.command.parent), "LANG": "C.UTF-8"}

    async def run(self, *words: str | Path) -> str:
        """Give a command and return what it says."""
        return await asyncio.to_thread(_run, self.command, *words, cwd=self.folder, env=self.variables)

    def by_uvx(self, *words: str) -> str:
        """Give a command with ``uvx``, which makes an environment of its own and keeps it."""
        packages = os.environ.get("UV_CACHE_DIR") or Path.home() / ".cache" / "uv"
        variables = {
            **self._network(),
            **self.variables,
            "PATH": "/usr/bin:/bin",
            "UV_CACHE_DIR": str(packages),
        }
        tool = ("tool", "run", "--quiet", "--python", sys.executable, "--from", self.wheel, "gantry")
        return _run(_UV, *tool, *words, cwd=self.folder, env=variables)

    @staticmethod
    def _network() -> dict[str, str]:
        """What package installers are told about where packages are."""
        return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}

    def written(self) -> set[Path]:
        """Return the files that are in the environment and were not installed."""
        return self._files() - self.files

    def _files(self) -> set[Path]:
        return {path for path in self.environment.rglob("*") if path.suffix != ".pyc" and path.is_file()}

    @staticmethod
    def _build(folder: Path) -> Path:
        options = ("--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
        _run(_UV, "build", *options, "--out-dir", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        return wheel


class InstalledApp(RunningApp):
    """The installed command, serving; its settings are in ``.env`` of the folder that ``--data`` names."""

    def __init__(self, installed: Installed, folder: Path, *, openai_base_url: str) -> None:
        super().__init__(folder, openai_base_url=openai_base_url)
        self.installed = installed
        self.data = folder / "data"
        self.settings["DATABASE_URL"] = f"sqlite:///{self.data / 'gantry.db'}"
        self.data.mkdir()
        kept = {"PORT", "PROBE_LOCAL_MODELS", "EMBEDDING_MODEL", "OPENAI_BASE_URL"}
        lines = (f"{name}={value}\n" for name, value in self.settings.items() if name in kept)
        (self.data / ".env").write_text("".join(lines), encoding="utf-8")

    def start_process(self) -> "subprocess.Popen[bytes]":
        """Start it in the empty folder."""
        words = [self.installed.command, "serve", "--data", self.data]
        return self.popen(words, cwd=self.installed.folder, env=self.installed.variables)


def _run(*words: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [os.fspath(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout
