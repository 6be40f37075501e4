"""``python -m gantry build``: compiling the front end."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from gantry.cli.failing import CommandError
from gantry.places import is_installed, root
from gantry.settings import as_origin

REFLEX = {
    "REFLEX_ENV_MODE": "prod",
    "REFLEX_USE_NPM": "1",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",  # reflex.lock says what, not from where
}


def build(chosen: argparse.Namespace) -> None:
    """Compile the front end unless it is up to date; write it where it is asked for."""
    try:
        backend = as_origin(chosen.backend) if chosen.backend else ""
    except ValueError as error:
        raise CommandError(f"The backend's address {error}.") from error
    if chosen.caddy and (backend or not chosen.out):
        raise CommandError(
            "--caddy needs --out, and serves the backend on its own address: without --backend."
        )
    if chosen.force and is_installed():
        raise CommandError("This front end came compiled; only a clone of Gantry can compile another.")
    if not build_if_changed(force=chosen.force):
        print("The front end is up to date.")
    if chosen.out:
        _write_front_end(Path(chosen.out), backend, chosen.caddy)


def _write_front_end(out: Path, backend: str, caddy: str | None) -> None:
    """Write the build to *out*: for Caddy with its snippets in the file *caddy*, else for any static host."""
    from gantry.api.caddy import caddy_snippets  # noqa: PLC0415
    from gantry.api.export import ExportError, write_export, write_site  # noqa: PLC0415
    from gantry.api.policy import page_policy  # noqa: PLC0415
    from gantry.ui import stamp  # noqa: PLC0415

    try:
        if caddy:
            write_site(stamp.built(), out)
            snippets = caddy_snippets(stamp.routes(), policy=page_policy(stamp.built()))
            Path(caddy).write_text(snippets, encoding="utf-8")
        else:
            write_export(stamp.built(), out, backend=backend)
    except ExportError as error:
        raise CommandError(str(error)) from error
    print(f"Written to {out}; its backend is {backend or 'where the pages come from'}.")


def build_if_changed(*, force: bool = False) -> bool:
    """Compile the front end unless the last build still fits; returns whether it had to be."""
    from gantry.ui import stamp  # noqa: PLC0415

    if not force and stamp.is_fresh():
        return False
    stamp.clear()
    _compile()
    stamp.write()
    return True


def _compile() -> None:
    """Compile the front end in a process of its own: the compiler's memory is not the server's."""
    print("Building the front end (about half a minute; only after changes) …", flush=True)
    begun = time.monotonic()
    reflex = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--env", "prod"]
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, **REFLEX, "PATH": beside}
    for name in ("REDIS_URL", "REFLEX_REDIS_URL", "__REFLEX_SKIP_COMPILE"):
        environment.pop(name, None)
    environment["NPM_CONFIG_REGISTRY"] = _npm_registry(environment)
    done = subprocess.run(  # noqa: S603 - our own interpreter, fixed arguments
        reflex,
        cwd=root(),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(f"{done.stdout}\nThe front end could not be built; the reason is above.")
    print(f"Front end built in {time.monotonic() - begun:.0f} s.", flush=True)


def _npm_registry(environment: dict[str, str]) -> str:
    """Return the registry npm is set up for: not told, Reflex would time two of them before every build."""
    asked = subprocess.run(
        ["npm", "config", "get", "registry"],  # noqa: S607 - the one beside our interpreter: PATH is ours
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
